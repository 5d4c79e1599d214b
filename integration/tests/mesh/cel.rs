//! The CEL rules of a CRD (`x-kubernetes-validations`), which an API server runs and a schema alone
//! does not. Of Kubernetes' own functions those are here that the rules about our manifests use.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use cel::extractors::This;
use cel::{Context, Program, Value as Cel};
use serde_json::{Value, json};

/// Kubernetes' `isURL`: absolute, with a host, or nothing but a path.
fn is_url(text: &str) -> bool {
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let mut letters = scheme.chars();
            let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
            let goes_on = letters.all(|it| it.is_ascii_alphanumeric() || "+-.".contains(it));
            begins && goes_on && !rest.is_empty() && !rest.contains(' ')
        }
        None => text.starts_with('/'),
    }
}

fn scheme(text: &str) -> String {
    text.split_once("://").map_or("", |(scheme, _)| scheme).to_owned()
}

/// Whether a rule holds for a value.
fn holds(rule: &str, value: &Value) -> Result<bool> {
    let program = Program::compile(rule).map_err(|error| anyhow!("{rule}: {error}"))?;
    let mut context = Context::default();
    let told = cel::to_value(value).map_err(|error| anyhow!("{error}"))?;
    context.add_variable_from_value("self", told);
    // A URL is its text here.
    let _ = context.add_function("isURL", |text: Arc<String>| is_url(&text));
    let _ = context.add_function("url", |text: Arc<String>| text);
    let _ = context.add_function("getScheme", |This(text): This<Arc<String>>| scheme(&text));
    match program.execute(&context) {
        Ok(Cel::Bool(verdict)) => Ok(verdict),
        Ok(other) => Err(anyhow!("{rule}: {other:?}")),
        Err(error) => Err(anyhow!("{rule}: {error}")),
    }
}

/// Every rule that a value breaks, with the place. `schema` is as the CRD has it.
pub fn broken(schema: &Value, value: &Value, place: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let text = rule["rule"].as_str().unwrap_or_default();
        if !holds(text, value)? {
            found.push(format!("{place}: {}", rule["message"].as_str().unwrap_or(text)));
        }
    }
    for (name, below) in value.as_object().into_iter().flatten() {
        let known = schema.pointer(&format!("/properties/{name}"));
        let Some(known) = known.or_else(|| schema.get("additionalProperties")) else { continue };
        found.extend(broken(known, below, &format!("{place}/{name}"))?);
    }
    for (index, below) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(broken(&schema["items"], below, &format!("{place}/{index}"))?);
    }
    Ok(found)
}

#[test]
fn rules_are_run() -> Result<()> {
    let schema = json!({
        "x-kubernetes-validations": [{ "rule": "!has(self.a) || self.b.size() == 2", "message": "two" }],
        "properties": { "b": { "items": {
            "x-kubernetes-validations": [{ "rule": "isURL(self) && url(self).getScheme() in ['oci']" }],
        } } },
    });
    let of = |value: Value| broken(&schema, &value, "");
    assert!(of(json!({ "b": [] }))?.is_empty());
    assert!(of(json!({ "a": 1, "b": ["oci://x/y", "oci://z"] }))?.is_empty());
    assert_eq!(of(json!({ "a": 1, "b": [] }))?, [": two"]);
    assert_eq!(of(json!({ "b": ["ftp://x"] }))?.len(), 1);
    assert!(holds("self.nothing", &json!({})).is_err());
    Ok(())
}
