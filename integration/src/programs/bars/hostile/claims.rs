//! Answers of a hostile tenant's server: as much as an answer may hold, in every way that costs.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// Rules in one answer; with their lengths, near the most that one may have.
const RULES: usize = 200;
const APPLICATIONS: usize = 100;
/// A header of nearly the longest value.
const LONG: usize = 3_900;

/// Where an answer's number stands. Made once: a hundred thousand answers take their time otherwise.
const NUMBER: &str = "@";
static TEMPLATES: LazyLock<[String; 3]> =
    LazyLock::new(|| [many_rules(), long_names(), many_tenants()].map(|claims| claims.to_string()));

/// The answer with this number. Each differs from every other, so nothing can be kept once for two. It lets its holder
/// read everything in `acme/shop`.
#[must_use]
pub fn hostile(number: usize) -> String {
    let template = TEMPLATES.get(number % TEMPLATES.len()).map(String::as_str).unwrap_or_default();
    template.replace(NUMBER, &number.to_string())
}

fn many_rules() -> Value {
    let rule = |rule| format!("get,post:/{NUMBER}/*x{rule}*/**/y");
    let rules: Vec<String> = (0..RULES).map(rule).chain(["get:/**".into()]).collect();
    json!({ "active": true, "sub": NUMBER, "permissions": rules })
}

fn long_names() -> Value {
    let long = |name: &str| format!("{name}-{NUMBER}-{}", "x".repeat(LONG));
    json!({
        "active": true, "sub": long("s"), "username": long("u"), "client_id": long("c"), "email": long("e"),
    })
}

fn many_tenants() -> Value {
    let application = |other| format!("org-{NUMBER}/application-{other:04}");
    let named = (0..APPLICATIONS).map(application).chain(["acme/shop".into()]);
    let scopes: Vec<String> =
        (0..APPLICATIONS).map(|scope| format!("scope-{NUMBER}-{scope}")).collect();
    json!({
        "active": true, "sub": NUMBER, "application": named.collect::<Vec<_>>(),
        "scope": scopes.join(" "), "roles": scopes,
    })
}

/// Rules that take as long to be compared with [`hard_path`] as rules can, and allow nothing there.
#[must_use]
pub fn hard_to_match() -> Value {
    let rule = |number: usize| match number % 2 {
        0 => format!("get:/**/a/**/a/**/a/**/a/**/b{number}"),
        _ => format!("get:/**/*a*a*a*a*a*b{number}/**"),
    };
    let rules: Vec<String> = (0..RULES).map(rule).collect();
    json!({ "active": true, "sub": "hostile", "permissions": rules })
}

/// The path of a request to go with [`hard_to_match`].
#[must_use]
pub fn hard_path() -> String {
    format!("/acme/shop{}/{}", "/a".repeat(100), "a".repeat(200))
}
