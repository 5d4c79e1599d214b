//! Tokens that end before their time: Usergrid's way to log out (`docs/usergrid.md`, section
//! Revocation).

use serde_json::{Value, json};

use super::answer::done;
use super::principal::{Key, Principal};
use super::refusal::Refusal;
use super::request::Request;
use super::store::{Issued, Store};

/// Below `/{org}/{app}/users/{user}`; the caller's right was looked at before.
pub fn application(
    store: &mut Store,
    request: &Request,
    key: &Key,
    user: &str,
    what: &str,
) -> Result<Value, Refusal> {
    let missing = || Refusal::not_found(&["users", user, what]);
    match (request.method.as_str(), what) {
        // Neither the user nor the application is compared with the token's: so does Usergrid.
        (_, "revoketoken") => {
            let token = request.query("token").unwrap_or_default();
            match store.issued(token) {
                Ok(Issued { principal: Principal::User(..), .. }) => store.revoke(token),
                _ => return Err(Refusal::no_match(token)),
            }
            Ok(done("revoked user token"))
        }
        (method, "revoketokens" | "deactivate") if what == "revoketokens" || method == "POST" => {
            let uuid = store.find(key, "users", user).ok_or_else(missing)?["uuid"].clone();
            let uuid = uuid.as_str().unwrap_or_default();
            if what == "deactivate" {
                let Value::Object(change) = json!({ "activated": false }) else {
                    return Err(missing());
                };
                store.update(key, "users", uuid, &change);
            }
            store.revoke_all(&Principal::User(key.clone(), uuid.into()));
            let deactivated = what == "deactivate";
            Ok(done(if deactivated { "Deactivate user" } else { "revoked user tokens" }))
        }
        _ => Err(missing()),
    }
}

/// Below `/management/users/{user}`. Usergrid looks at nobody's right here.
pub fn management(
    store: &mut Store,
    request: &Request,
    user: &str,
    what: &str,
) -> Result<Value, Refusal> {
    if !store.admins.contains_key(user) {
        let description = format!("Could not find user for username: {user}");
        return Err(Refusal::management(description));
    }
    let admin = Principal::admin(user);
    match what {
        "revoketokens" => store.revoke_all(&admin),
        "revoketoken" => {
            let token = request.query("token").unwrap_or_default();
            match store.issued(token) {
                Ok(issued) if issued.principal == admin => store.revoke(token),
                _ => return Err(Refusal::no_match(token)),
            }
        }
        _ => return Err(Refusal::not_found(&["management", "users", user, what])),
    }
    Ok(done("revoked user tokens"))
}
