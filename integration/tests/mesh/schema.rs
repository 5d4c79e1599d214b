//! Every document against the schema of its kind, as an API server checks it.
//!
//! - `WasmPlugin`: the CRD of Istio (istio/api at b8f8791d9653). `EnvoyExtensionPolicy`: the CRD of
//!   Envoy Gateway (envoyproxy/gateway at d32f28294245). Both are copied as they are, under
//!   Apache-2.0.
//! - `TrafficExtension`: put together here from the CRD of `WasmPlugin`, whose fields it has under
//!   `spec` and `spec.wasm`.
//! - All other kinds: `schemas/shapes.yaml`, which is ours and only knows what the manifests use.
//!   It finds slips, not misunderstandings.
//!
//! An API server drops a field that it does not know, or refuses it; here it is an error wherever
//! the schema does not keep it. The CRDs' rules are run by `cel.rs`, Kubernetes' own kinds are the
//! matter of `core_kinds.rs`.

use anyhow::{Context, Result, bail, ensure};
use integration::harness::bootstrap::merge;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::cel;
use crate::manifests::{self, Manifest};

const WASM_PLUGIN: &str = include_str!("schemas/istio-wasmplugin-crd.yaml");
const EXTENSION_POLICY: &str = include_str!("schemas/envoygateway-envoyextensionpolicy-crd.yaml");
const SHAPES: &str = include_str!("schemas/shapes.yaml");

/// What stays under `spec` in a `TrafficExtension`; the rest is under `spec.wasm`.
const AROUND: [&str; 5] = ["selector", "targetRefs", "phase", "priority", "match"];

/// All that is wrong with a document.
pub fn problems(manifest: &Manifest) -> Result<Vec<String>> {
    let schema = schema(manifest.kind())?;
    let validator: Validator = jsonschema::options()
        // OpenAPI 3.0 has the keywords of this draft.
        .with_draft(Draft::Draft4)
        .build(&schema)
        .map_err(|error| anyhow::anyhow!("schema of {}: {error}", manifest.kind()))?;
    let wrong = validator.iter_errors(&manifest.value);
    let mut wrong: Vec<String> =
        wrong.map(|error| format!("{}: {error}", error.instance_path())).collect();
    // They are about values of the right form.
    if wrong.is_empty() {
        wrong = cel::broken(&schema, &manifest.value, "")?;
    }
    Ok(wrong)
}

/// The whole object, of which a CRD only describes `spec`.
fn schema(kind: &str) -> Result<Value> {
    let (version, mut spec) = match kind {
        "WasmPlugin" => crd(WASM_PLUGIN)?,
        "EnvoyExtensionPolicy" => crd(EXTENSION_POLICY)?,
        "TrafficExtension" => traffic_extension()?,
        other => shape(other)?,
    };
    close(&mut spec);
    let text = json!({ "type": "string", "minLength": 1 });
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    Ok(json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": { "enum": [version] },
            "kind": { "enum": [kind] },
            "metadata": {
                "type": "object",
                "additionalProperties": false,
                "required": ["name", "namespace"],
                "properties": { "name": text, "namespace": text, "labels": texts, "annotations": texts },
            },
            "spec": spec,
        },
    }))
}

fn crd(text: &str) -> Result<(String, Value)> {
    let mut documents = manifests::parse("a CRD", text)?;
    let mut crd = documents.pop().context("no CRD")?.value;
    let group = crd.pointer("/spec/group").and_then(Value::as_str).context("no group")?;
    let version = crd.pointer("/spec/versions/0/name").and_then(Value::as_str);
    let version = format!("{group}/{}", version.context("no version")?);
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
    Ok((version, crd.pointer_mut(spec).context("no spec")?.take()))
}

fn traffic_extension() -> Result<(String, Value)> {
    let (version, mut wasm) = crd(WASM_PLUGIN)?;
    let fields = wasm.get_mut("properties").and_then(Value::as_object_mut).context("no fields")?;
    fields.remove("targetRef");
    let mut around = Map::new();
    for name in AROUND {
        around.insert(name.into(), fields.remove(name).with_context(|| name.to_owned())?);
    }
    around.insert("wasm".into(), wasm);
    Ok((version, json!({ "type": "object", "required": ["wasm"], "properties": around })))
}

fn shape(kind: &str) -> Result<(String, Value)> {
    let shapes: Value = serde_yaml_ng::from_str(SHAPES)?;
    let shape = shapes.get(kind).with_context(|| format!("no schema for the kind {kind}"))?;
    let version = shape.get("apiVersion").and_then(Value::as_str).context("no version")?;
    Ok((version.to_owned(), shape.get("spec").context("no spec")?.clone()))
}

/// Makes unknown fields errors and says in JSON Schema what OpenAPI says in words of its own. In a
/// structural schema only these places describe fields.
fn close(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if members.remove("x-kubernetes-int-or-string").is_some() {
        members.remove("type");
    }
    if members.remove("nullable").is_some_and(|nullable| nullable == true)
        && let Some(known) = members.get_mut("type")
    {
        *known = json!([known.take(), "null"]);
    }
    let keeps = members.get("x-kubernetes-preserve-unknown-fields") == Some(&true.into());
    if let Some(Value::Object(fields)) = members.get_mut("properties") {
        fields.values_mut().for_each(close);
        if !keeps {
            members.entry("additionalProperties").or_insert(false.into());
        }
    }
    for name in ["items", "additionalProperties"] {
        members.get_mut(name).into_iter().for_each(close);
    }
}

#[test]
fn every_document_is_what_its_kind_allows() -> Result<()> {
    let mut wrong = Vec::new();
    let documents = manifests::all()?;
    ensure!(documents.len() >= 20, "only {} documents", documents.len());
    for manifest in documents.iter().filter(|manifest| manifest.kind() != "Deployment") {
        let found = problems(manifest).with_context(|| manifest.file.clone())?;
        wrong.extend(found.iter().map(|text| format!("{}: {text}", manifest.file)));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// A change to one document, as in RFC 7396, and what is said about it.
fn refused(file: &str, change: &Value, expected: &str) -> Result<()> {
    let mut manifest = manifests::plugin(file)?;
    merge(&mut manifest.value, change);
    let found = problems(&manifest)?;
    ensure!(
        found.iter().any(|text| text.contains(expected)),
        "{file} with {change}: {found:?} instead of {expected}"
    );
    Ok(())
}

#[test]
fn slips_are_found() -> Result<()> {
    let plugin = "istio/usergrid";
    refused(plugin, &json!({ "spec": { "failstrategy": "FAIL_CLOSE" } }), "failstrategy")?;
    refused(plugin, &json!({ "spec": { "failStrategy": "FAIL_CLOSED" } }), "FAIL_CLOSED")?;
    refused(plugin, &json!({ "spec": { "phase": "AUTHENTICATION" } }), "AUTHENTICATION")?;
    refused(plugin, &json!({ "spec": { "url": null } }), "url")?;
    refused(plugin, &json!({ "spec": { "sha256": "1234" } }), "1234")?;
    refused(plugin, &json!({ "apiVersion": "extensions.istio.io/v1" }), "apiVersion")?;
    refused(plugin, &json!({ "metadata": { "label": {} } }), "label")?;
    let env = json!({ "spec": { "vmConfig": { "env": [{ "name": "X", "from": "HOST" }] } } });
    refused(plugin, &env, "from")?;
    // What only the CRD's rules know.
    let both = json!({ "spec": { "targetRefs": [{ "kind": "Gateway", "name": "x" }] } });
    refused(plugin, &both, "only one of targetRefs or selector can be set")?;
    refused(plugin, &json!({ "spec": { "url": "ftp://x/y" } }), "url must have schema one of")?;
    let labels = json!({ "spec": { "selector": { "matchLabels": { "istio": "*" } } } });
    refused(plugin, &labels, "wildcard not allowed")?;
    let value = json!([{ "name": "X", "valueFrom": "HOST", "value": "x" }]);
    let env = json!({ "spec": { "vmConfig": { "env": value } } });
    refused(plugin, &env, "value may only be set when valueFrom is INLINE")?;
    let extension = "istio/traffic-extension/oauth";
    refused(extension, &json!({ "spec": { "pluginConfig": {} } }), "pluginConfig")?;
    refused(extension, &json!({ "spec": { "wasm": { "phase": "AUTHN" } } }), "phase")?;
    refused(extension, &json!({ "spec": { "wasm": null } }), "wasm")?;
    let policy = "gateway/oauth";
    refused(policy, &json!({ "spec": { "wasms": [] } }), "wasms")?;
    refused(policy, &json!({ "spec": { "wasm": [{ "name": "x" }] } }), "code")?;
    let host_keys = json!({ "code": { "type": "Image" }, "env": { "hostkeys": [] } });
    refused(policy, &json!({ "spec": { "wasm": [host_keys] } }), "hostkeys")?;
    let code = json!({ "type": "HTTP", "image": { "url": "x" } });
    let wasm = json!({ "spec": { "wasm": [{ "code": code }] } });
    refused(policy, &wasm, "If type is HTTP, http field needs to be set")?;
    let kind = json!({ "group": "gateway.networking.k8s.io", "kind": "Service", "name": "api" });
    refused(policy, &json!({ "spec": { "targetRefs": [kind] } }), "targetRefs[*].kind")?;
    refused(policy, &json!({ "spec": { "targetRefs": null } }), "targetRef or targetRefs")
}

#[test]
fn a_kind_without_a_schema_is_an_error() -> Result<()> {
    match schema("VirtualService") {
        Ok(_) => bail!("accepted"),
        Err(error) => ensure!(error.to_string().contains("VirtualService"), "{error}"),
    }
    Ok(())
}
