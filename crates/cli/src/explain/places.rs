//! Where a request holds credentials: every accepted place is looked at by itself, by the code that
//! looks at all of them.

use serde_json::{Value, json};
use usergrid_auth_config::{Config, KEYS, Profile, Protocol};
use usergrid_auth_core::credential::{self, Presented};
use usergrid_auth_core::header_map::HeaderMap;

use super::Request;

/// The entries of `credentials.sources` in which the request presents something.
#[must_use]
pub fn presented(document: &Value, request: &Request) -> Vec<String> {
    let headers = HeaderMap::new(request.headers.clone());
    let holds = |source: &Value| {
        let mut document = document.clone();
        if !document["credentials"].is_object() {
            document["credentials"] = json!({});
        }
        document["credentials"]["sources"] = json!([source]);
        // What its variables hold is not looked at.
        let config = Config::parse(document.to_string().as_bytes(), &|_| Some(b"x".to_vec()));
        config.is_ok_and(|config| {
            credential::find(&headers, &config.credentials).presented != Presented::Nothing
        })
    };
    let sources = sources(document);
    let found = sources.iter().filter(|source| holds(source));
    found.map(|source| source.as_str().map_or_else(|| source.to_string(), str::to_owned)).collect()
}

fn sources(document: &Value) -> Vec<Value> {
    if let Some(given) = document["credentials"]["sources"].as_array() {
        return given.clone();
    }
    let row = KEYS.iter().find(|key| key.path() == "credentials.sources");
    let profile = match document["profile"].as_str() {
        Some("oauth") => Profile::Oauth,
        _ => Profile::Usergrid,
    };
    let default = row.and_then(|row| row.default_json(Protocol::Rfc7662, profile));
    default.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}
