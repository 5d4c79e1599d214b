//! The JSON Schema of the configuration, made from the table that the reader uses, so that an editor
//! knows every key, its bounds and its default.
//!
//! What a schema cannot say, only the reader does: `tests/schema.rs` lists it.

mod conditions;
mod narrower;
mod pages;
mod shapes;
mod tree;

use usergrid_auth_config::{KEYS, KeySpec, Profile, Protocol, Shape};

use tree::Tree;

/// The dialect.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a configuration, as the text of `docs/config.schema.json`.
#[must_use]
pub fn configuration() -> String {
    let head = Tree::of("$schema", DRAFT)
        .with("title", "Configuration of usergrid-auth-filter")
        .with("description", "Made by `cargo auth schema`. docs/configuration.md says more.");
    let mut sections: Vec<&str> = Vec::new();
    for key in KEYS.iter().filter(|key| !key.section.is_empty()) {
        if !sections.contains(&key.section) {
            sections.push(key.section);
        }
    }
    let definitions = sections.into_iter().map(|name| (shapes::definition(name), section(name)));
    let root = section("");
    match (head, root) {
        (Tree::Object(mut head), Tree::Object(root)) => {
            head.extend(root);
            Tree::Object(head).with("$defs", Tree::Object(definitions.collect()))
        }
        (head, _) => head,
    }
    .text()
}

/// The schema of the resources of Istio and Envoy Gateway that carry a configuration: nothing is
/// said about them but what the filter's own part of them is.
#[must_use]
pub fn manifests() -> String {
    let places: [(&str, &[&str]); 3] = [
        ("WasmPlugin", &["spec", "pluginConfig"]),
        ("TrafficExtension", &["spec", "wasm", "pluginConfig"]),
        ("EnvoyExtensionPolicy", &["spec", "wasm", "[]", "config"]),
    ];
    let kinds = places.map(|(kind, place)| {
        let is_kind = Tree::of("kind", Tree::of("const", kind));
        let mut inside = Tree::of("$ref", "config.schema.json");
        for step in place.iter().rev() {
            inside = match *step {
                "[]" => Tree::of("items", inside),
                name => Tree::of("properties", Tree::of(name, inside)),
            };
        }
        Tree::of("if", Tree::of("properties", is_kind).with("required", Tree::list(["kind"])))
            .with("then", inside)
    });
    Tree::of("$schema", DRAFT)
        .with("title", "Resources with a configuration of usergrid-auth-filter")
        .with("description", "Made by `cargo auth schema --manifests`. Beside config.schema.json.")
        .with("allOf", Tree::List(kinds.into()))
        .text()
}

/// An object of the keys of a section, and no others.
fn section(name: &str) -> Tree {
    let keys: Vec<&KeySpec> = KEYS.iter().filter(|key| key.section == name).collect();
    let properties = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let mut object = Tree::of("type", "object")
        .with("additionalProperties", false)
        .with("properties", Tree::Object(properties));
    let required: Vec<&str> =
        keys.iter().filter(|key| conditions::always_required(key)).map(|key| key.name).collect();
    if !required.is_empty() {
        object = object.with("required", Tree::list(required));
    }
    let conditions = conditions::of(name, &keys);
    if conditions.is_empty() { object } else { object.with("allOf", Tree::List(conditions)) }
}

/// What a key takes, what it means, and what leaving it out means.
fn property(key: &KeySpec) -> Tree {
    let path = key.path();
    let mut description = pages::meaning(&path);
    if let Shape::Duration { .. } = key.shape {
        description.push_str(&format!(" A {}.", key.kind()));
    }
    let [standard, others @ ..] = [
        (Protocol::Rfc7662, Profile::Usergrid),
        (Protocol::Usergrid, Profile::Usergrid),
        (Protocol::Rfc7662, Profile::Oauth),
    ]
    .map(|(protocol, profile)| key.default_json(protocol, profile));
    let is_standard = |other: &Option<String>| *other == standard;
    let default = if others.iter().all(is_standard) { standard } else { None };
    if default.is_none() && !conditions::always_required(key) {
        description.push_str(&format!(" Left out: {}.", key.when_left_out()));
    }
    let mut property = Tree::of("description", description);
    if let Some(default) = default.and_then(|json| serde_json::from_str(&json).ok()) {
        property = property.with("default", Tree::Leaf(default));
    }
    let narrower = narrower::pattern(&path).map(|pattern| narrowed(&key.shape, pattern));
    match (property, narrower.unwrap_or_else(|| shapes::of(&key.shape))) {
        (Tree::Object(mut property), Tree::Object(shape)) => {
            property.extend(shape);
            Tree::Object(property)
        }
        (property, _) => property,
    }
}

/// A string of this pattern in the place of every string of the shape.
fn narrowed(shape: &Shape, pattern: &str) -> Tree {
    let string = || Tree::of("type", "string").with("pattern", pattern);
    let list = || Tree::of("type", "array").with("items", string());
    match shape {
        Shape::Array(_) => list(),
        Shape::NonEmptyArray(_) => list().with("minItems", 1),
        Shape::OneOrMany(_) => Tree::of("anyOf", Tree::List(vec![string(), list()])),
        _ => string(),
    }
}
