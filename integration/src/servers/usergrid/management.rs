//! `/management/me` and `/management/organizations/{org}`: what they tell about administrators.

use serde_json::{Value, json};

use super::clock::now;
use super::login;
use super::principal::Principal;
use super::refusal::Refusal;
use super::request::Request;
use super::store::{MANAGEMENT_APPLICATION, Store};
use super::token::Category;
use super::version::Version;

/// `/management/me`, and `/management/token` if the request has a good token: an administrator is
/// described and, but on master at `me`, gets a new token. Everybody else needs a grant.
pub fn me(
    store: &mut Store,
    request: &Request,
    caller: &Principal,
    only_me: bool,
) -> Result<Value, Refusal> {
    let name = match caller {
        Principal::Admin(name) => name,
        Principal::User(..) => return Err(Refusal::runtime("Entity is null")),
        _ => return login::management(store, request),
    };
    let (token, expires_in) = match request.token().filter(|_| only_me) {
        Some(token) if store.version == Version::Master => {
            let left = store.issued(token)?.expiry.saturating_sub(now());
            (token.to_owned(), left)
        }
        _ => {
            let life = login::life(request)?;
            (store.issue(caller.clone(), Category::Access, life), life / 1000)
        }
    };
    Ok(described(store, name, &token, expires_in))
}

/// An administrator and his token.
pub fn described(store: &Store, name: &str, token: &str, expires_in: i64) -> Value {
    let admin = store.admins.get(name);
    let organizations = admin.map_or(&[][..], |admin| admin.organizations);
    let organizations: serde_json::Map<String, Value> =
        organizations.iter().map(|name| ((*name).into(), store.organization(name))).collect();
    json!({
        "access_token": token,
        "expires_in": expires_in,
        "passwordChanged": 1_699_000_000_000_i64,
        "user": {
            "applicationId": MANAGEMENT_APPLICATION,
            "uuid": admin.map(|admin| &admin.uuid),
            "username": name,
            "name": name,
            "email": format!("{name}@example.com"),
            "activated": true,
            "confirmed": true,
            "disabled": false,
            "adminUser": true,
            "properties": {},
            "organizations": organizations,
        },
    })
}

/// `/management/organizations/{org}`, for those who administer it.
pub fn organization(store: &Store, caller: &Principal, name: &str) -> Result<Value, Refusal> {
    if !store.organizations.contains_key(name) {
        let description = format!("Could not find organization for name: {name}");
        return Err(Refusal::management(description));
    }
    if !store.administers(caller, name) {
        return Err(Refusal::security("unauthorized", "No organization access authorized"));
    }
    Ok(json!({ "organization": store.organization(name), "timestamp": now(), "duration": 1 }))
}
