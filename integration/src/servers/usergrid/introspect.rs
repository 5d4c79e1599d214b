//! RFC 7662 for Usergrid's tokens. Usergrid itself has no such endpoint: whoever runs it behind the
//! filter provides one.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::request::Request;
use super::store::{ADMIN, Principal, Store};
use crate::harness::gateway::GATEWAY_SECRET;

/// `/oauth2/introspect`, for the client `gateway`.
pub fn answer(store: &Store, request: &Request) -> Result<Value, Refusal> {
    if request.pair() != Some(format!("gateway:{GATEWAY_SECRET}")) {
        return Err(Refusal::invalid_client());
    }
    let Ok((principal, expiry)) = store.holder(request.form("token").unwrap_or_default()) else {
        return Ok(json!({ "active": false }));
    };
    let mut answer = match principal {
        Principal::User(key, uuid) => {
            let Some(user) = store.find(&key, "users", &uuid).filter(|u| u["activated"] == true)
            else {
                return Ok(json!({ "active": false }));
            };
            json!({
                "principal": "application_user",
                "sub": uuid,
                "username": user["username"],
                "organization": key.0,
                "application": format!("{}/{}", key.0, key.1),
                "roles": [store.role(&key, &uuid)],
                "permissions": store.rules(&key, &uuid),
            })
        }
        Principal::Application(key) => json!({
            "principal": "application",
            "sub": store.uuid(&key),
            "organization": key.0,
            "application": format!("{}/{}", key.0, key.1),
        }),
        Principal::Organization(name) => {
            json!({ "principal": "organization", "sub": name, "organization": name })
        }
        Principal::Admin(name) => json!({
            "principal": "admin_user", "sub": ADMIN, "username": ADMIN, "organization": name,
        }),
        Principal::Guest => return Ok(json!({ "active": false })),
    };
    answer["active"] = true.into();
    answer["exp"] = (expiry / 1000).into();
    Ok(answer)
}
