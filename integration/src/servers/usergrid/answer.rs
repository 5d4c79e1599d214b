//! Answers that grant something, in Usergrid's words: the envelope around entities.

use serde_json::{Value, json};

use super::clock::now;
use super::principal::Key;
use super::request::Request;
use super::store::Store;

/// The envelope around what a request of a collection has found or made.
pub fn envelope(
    store: &Store,
    request: &Request,
    key: &Key,
    collection: &str,
    entities: &[Value],
) -> Value {
    json!({
        "action": request.method.to_lowercase(),
        "application": store.uuid(key),
        "params": request.query_values(),
        "path": format!("/{collection}"),
        "uri": format!("http://usergrid.example.com/{}/{}/{collection}", key.0, key.1),
        "entities": entities,
        "timestamp": now(),
        "duration": 1,
        "organization": key.0,
        "applicationName": key.1,
    })
}

/// The envelope of what is no entity, such as a revocation.
pub fn done(action: &str) -> Value {
    json!({ "action": action, "timestamp": now(), "duration": 1 })
}
