//! What a configuration may say and what a wrong one is told: the documents under `tests/config`,
//! and how a test makes up one of its own.

mod docs;
mod documents;
mod keys;
mod profiles;
mod properties;
mod protocols;
mod shapes;
mod values;

use std::fs;
use std::path::{Path, PathBuf};

use usergrid_auth_config::{Config, Protocol};

/// Stands for every secret in the documents: no message may show it.
const MARK: &str = "TOPSECRET";

fn environment(name: &str) -> Option<Vec<u8>> {
    let value: &[u8] = match name {
        "INTROSPECTION_SECRET" => b"TOPSECRET-of-the-environment",
        "USERGRID_TOKEN_SALT" => b"TOPSECRET salt",
        "DEFAULT_SALT" => b"super secret token value",
        "EMPTY" => b"",
        "LINE_BREAK" => b"TOPSECRET\n",
        _ => return None,
    };
    Some(value.to_vec())
}

fn documents(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(kind);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let mut paths: Vec<PathBuf> = entries.filter(is_json).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn minimal(rest: &str) -> String {
    format!(r#"{{"introspection":{{"cluster":"introspection","path":"/introspect"}}{rest}}}"#)
}

fn problems(text: impl AsRef<[u8]>) -> String {
    Config::parse(text.as_ref(), &environment).unwrap_err().to_string()
}

/// A document with everything that is required and `keys` on top; with protocol `usergrid` where
/// one of them goes with that alone.
fn with(keys: &[(&str, &str)]) -> String {
    let protocol = ("introspection.protocol", "\"usergrid\"");
    if keys.iter().any(|key| *key == protocol || !goes_with(key.0, Protocol::Rfc7662)) {
        return with_usergrid(keys);
    }
    document(
        serde_json::json!({
            "introspection": { "cluster": "introspection", "path": "/introspect" },
            "client_credentials": { "cluster": "usergrid", "path": "/token" },
        }),
        keys,
    )
}

/// The same with protocol `usergrid`.
fn with_usergrid(keys: &[(&str, &str)]) -> String {
    document(
        serde_json::json!({ "introspection": { "protocol": "usergrid", "cluster": "usergrid" } }),
        keys,
    )
}

/// Whether the key at this path goes with a protocol, its default included.
fn goes_with(path: &str, protocol: Protocol) -> bool {
    let of_usergrid = ["management", "restricted_users", "offline_if_error", "probe_application"];
    let of_introspection = [
        "protocol",
        "path",
        "client_auth",
        "leeway",
        "token_type_hint",
        "parameters",
        "issuer",
        "audience",
        "scope",
        "roles",
        "scopes",
    ];
    let others = match protocol {
        Protocol::Rfc7662 => &of_usergrid[..],
        Protocol::Usergrid => &of_introspection[..],
    };
    let elsewhere =
        ["claims", "authorization.roles", "authorization.scopes", "authorization.require_scope"];
    match path.strip_prefix("introspection.") {
        Some(key) => !others.contains(&key.split('.').next().unwrap()),
        None => {
            let is_below = |key: &str| path == key || path.starts_with(&format!("{key}."));
            protocol == Protocol::Rfc7662 || !elsewhere.into_iter().any(is_below)
        }
    }
}

/// `document` with `keys` on top.
fn document(mut document: serde_json::Value, keys: &[(&str, &str)]) -> String {
    if keys.iter().any(|(path, _)| path.starts_with("guest[]")) {
        document["guest"] =
            serde_json::json!([{ "applications": ["*/sandbox"], "permissions": ["get:/**"] }]);
    }
    if keys.iter().any(|(path, _)| path.starts_with("guards[]")) {
        document["guards"] =
            serde_json::json!([{ "rules": ["get:/x"], "principals": ["admin_user"] }]);
    }
    if let Some((path, _)) =
        keys.iter().find(|(path, _)| path.starts_with("authorization.require_scope[]"))
    {
        let scopes = if path.ends_with("any_of") { "any_of" } else { "all_of" };
        document["authorization"]["require_scope"] =
            serde_json::json!([{ "rules": ["get:/x"], scopes: ["x"] }]);
    }
    for (path, value) in keys {
        let pointer = format!("/{}", path.replace("[]", ".0").replace('.', "/"));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut before = String::new();
        for section in parent.split('/').skip(1) {
            let around = document.pointer_mut(&before).unwrap();
            if around.pointer(&format!("/{section}")).is_none() {
                around[section] = serde_json::json!({});
            }
            before = format!("{before}/{section}");
        }
        document.pointer_mut(parent).unwrap()[name] = serde_json::from_str(value).unwrap();
    }
    document.to_string()
}
