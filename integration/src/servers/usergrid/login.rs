//! The token endpoints: a password or a client's secret for a token.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::request::Request;
use super::store::{ADMIN, Key, LIFE, PASSWORD, Principal, Store};

/// `/management/token`: administrators and clients.
pub fn management(store: &mut Store, request: &Request) -> Result<Value, Refusal> {
    let life = life(request)?;
    match request.parameter("grant_type").as_deref() {
        Some("password") => {
            let sent = (request.parameter("username"), request.parameter("password"));
            if sent != (Some(ADMIN.into()), Some(PASSWORD.into())) {
                return Err(Refusal::invalid_grant());
            }
            let user = json!({
                "username": ADMIN, "adminUser": true, "activated": true, "disabled": false,
                "organizations": { "acme": Store::organization() },
            });
            let token = store.issue(Principal::Admin("acme".into()), life);
            Ok(answer(&token, life, "user", &user))
        }
        _ => client(store, request, life),
    }
}

/// `/{org}/{app}/token`: users and clients.
pub fn application(store: &mut Store, request: &Request, key: &Key) -> Result<Value, Refusal> {
    let life = life(request)?;
    match request.parameter("grant_type").as_deref() {
        Some("password") => {
            let name = request.parameter("username").unwrap_or_default();
            let password = request.parameter("password").unwrap_or_default();
            let user = store.log_in(key, &name, &password).cloned();
            let user = user.ok_or_else(Refusal::invalid_grant)?;
            let uuid = user["uuid"].as_str().unwrap_or_default().to_owned();
            let token = store.issue(Principal::User(key.clone(), uuid), life);
            Ok(answer(&token, life, "user", &user))
        }
        _ => client(store, request, life),
    }
}

/// Either endpoint takes either kind of client.
fn client(store: &mut Store, request: &Request, life: u64) -> Result<Value, Refusal> {
    let right = request.parameter("grant_type").as_deref() == Some("client_credentials");
    let pair = request.pair_or_fields().filter(|_| right);
    let client = pair.and_then(|pair| Store::client(&pair)).ok_or_else(Refusal::invalid_grant)?;
    let token = store.issue(client.clone(), life);
    Ok(match &client {
        Principal::Application(key) => {
            let uuid = store.uuid(key).into();
            answer(&token, life, "application", &uuid)
        }
        _ => answer(&token, life, "organization", &Store::organization()),
    })
}

/// `ttl`, in milliseconds; 0 is the longest.
fn life(request: &Request) -> Result<u64, Refusal> {
    let Some(text) = request.parameter("ttl") else { return Ok(LIFE) };
    let refuse = |why: String| {
        Refusal::bad_request("illegal_argument", why, "java.lang.IllegalArgumentException")
    };
    let life: u64 = text.parse().map_err(|_| refuse("ttl must be a number >= 0".into()))?;
    if life > LIFE {
        let most = format!("maximum age of {LIFE} milliseconds");
        return Err(refuse(format!("Your token age cannot be more than the {most}")));
    }
    Ok(if life == 0 { LIFE } else { life })
}

fn answer(token: &str, life: u64, kind: &str, whose: &Value) -> Value {
    json!({ "access_token": token, "expires_in": life / 1000, kind: whose })
}
