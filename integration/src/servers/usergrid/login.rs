//! The token endpoints: a password or a client's secret for a token.

use serde_json::{Value, json};

use super::judge;
use super::management;
use super::principal::{Key, Principal};
use super::refusal::Refusal;
use super::request::Request;
use super::seed::PASSWORD;
use super::store::{LIFE, Store};
use super::token::Category;

/// `/management/token`: administrators and clients.
pub fn management(store: &mut Store, request: &Request) -> Result<Value, Refusal> {
    let life = life(request)?;
    match request.parameter("grant_type").as_deref() {
        Some("password") => {
            let name = request.parameter("username").unwrap_or_default();
            let right = request.parameter("password").as_deref() == Some(PASSWORD);
            if !right || !store.admins.contains_key(&name) {
                return Err(Refusal::invalid_grant());
            }
            let token = store.issue(Principal::Admin(name.clone()), Category::Access, life);
            Ok(management::described(store, &name, &token, life / 1000))
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
            match judge::barred(&user) {
                Some("Disabled identity") => return Err(Refusal::grant("user disabled")),
                Some(_) => return Err(Refusal::grant("user not activated")),
                None => (),
            }
            let uuid = user["uuid"].as_str().unwrap_or_default().to_owned();
            let principal = Principal::User(key.clone(), uuid);
            let token = store.issue(principal, Category::Access, life);
            Ok(answer(&token, life, "user", &user))
        }
        _ => client(store, request, life),
    }
}

/// Either endpoint takes either kind of client.
fn client(store: &mut Store, request: &Request, life: i64) -> Result<Value, Refusal> {
    let right = request.parameter("grant_type").as_deref() == Some("client_credentials");
    let pair = request.pair_or_fields().filter(|_| right);
    let client = pair.and_then(|pair| store.client(&pair)).ok_or_else(Refusal::invalid_grant)?;
    let token = store.issue(client.clone(), Category::Access, life);
    Ok(match &client {
        Principal::Application(key) => {
            let uuid = store.uuid(key).into();
            answer(&token, life, "application", &uuid)
        }
        Principal::Organization(name) => {
            answer(&token, life, "organization", &store.organization(name))
        }
        _ => return Err(Refusal::invalid_grant()),
    })
}

/// `ttl`, in milliseconds; 0 is the longest.
pub fn life(request: &Request) -> Result<i64, Refusal> {
    let Some(text) = request.parameter("ttl") else { return Ok(LIFE) };
    let refuse = |why: String| {
        Refusal::bad_request("illegal_argument", why, "java.lang.IllegalArgumentException")
    };
    let life = text.parse().ok().filter(|life| *life >= 0);
    let life: i64 = life.ok_or_else(|| refuse("ttl must be a number >= 0".into()))?;
    if life > LIFE {
        let most = format!("maximum age of {LIFE} milliseconds");
        return Err(refuse(format!("Your token age cannot be more than the {most}")));
    }
    Ok(if life == 0 { LIFE } else { life })
}

fn answer(token: &str, life: i64, kind: &str, whose: &Value) -> Value {
    json!({ "access_token": token, "expires_in": life / 1000, kind: whose })
}
