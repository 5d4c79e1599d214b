//! Who is calling, and whether they may (`docs/usergrid.md`, section Permission rules). A
//! credential that is bad never makes a guest.

use serde_json::Value;

use super::fault::What;
use super::principal::{Key, Principal};
use super::refusal::Refusal;
use super::request::Request;
use super::store::Store;
use super::version::Version;

/// The three filters before routing: token, Basic, id and secret in the query. Each credential that
/// is there has to be good, and the last one counts.
pub fn principal(
    store: &Store,
    request: &Request,
    fault: Option<&What>,
) -> Result<Principal, Refusal> {
    let mut principal = Principal::Guest;
    let outage = fault == Some(&What::Outage);
    if let Some(token) = request.token() {
        let issued = store.issued(token);
        // What a token says by itself comes first, what the database has after it.
        principal = match issued {
            Ok(_) if outage => return Err(Refusal::unverified()),
            issued => issued?.principal,
        };
        if fault == Some(&What::PrincipalOutage) {
            return Err(Refusal::bad_token());
        }
        known(store, &principal, fault)?;
    }
    let client = |pair: &str| store.client(pair).filter(|_| !outage);
    // The last release knows Basic for its superuser alone.
    if let Some(pair) = request.basic().filter(|_| store.version == Version::Master) {
        let description = "Unable to authenticate due to invalid client credentials";
        let refused = || Refusal::security("auth_invalid_credentials", description);
        principal = client(&pair).ok_or_else(refused)?;
    }
    if let Some(pair) = request.query_pair() {
        let refused = || Refusal::security("invalid_client", "Unable to authenticate (OAuth)");
        principal = client(&pair).ok_or_else(refused)?;
    }
    Ok(principal)
}

/// Whether whom a token was issued to is still there and may log in.
fn known(store: &Store, principal: &Principal, fault: Option<&What>) -> Result<(), Refusal> {
    match principal {
        Principal::User(key, _) | Principal::Application(key)
            if !store.applications.contains_key(key) =>
        {
            Err(Refusal::lost_application(store.version))
        }
        Principal::User(key, uuid) => {
            let user = store.find(key, "users", uuid).ok_or_else(Refusal::bad_token)?;
            match barred(user) {
                Some(description) if fault != Some(&What::CachedIdentities) => {
                    Err(Refusal::identity(description))
                }
                _ => Ok(()),
            }
        }
        Principal::Organization(name) if !store.organizations.contains_key(name) => {
            Err(Refusal::bad_token())
        }
        Principal::Admin(name) if !store.admins.contains_key(name) => Err(Refusal::bad_token()),
        _ => Ok(()),
    }
}

/// Why a user may not log in, if so.
pub fn barred(user: &Value) -> Option<&'static str> {
    if user["disabled"] == true {
        return Some("Disabled identity");
    }
    (user["activated"] == false).then_some("Unactivated identity")
}

/// Whether a principal belongs to an application, whatever it may do there. Guests do.
pub fn access(store: &Store, principal: &Principal, key: &Key) -> Result<(), Refusal> {
    let belongs = match principal {
        Principal::Guest => true,
        Principal::User(home, _) | Principal::Application(home) => home == key,
        Principal::Organization(_) | Principal::Admin(_) => store.administers(principal, &key.0),
    };
    let refused = || Refusal::security("unauthorized", "No application access authorized");
    belongs.then_some(()).ok_or_else(refused)
}

/// Whether `principal` may do this within an application; `path` is what follows the application.
/// Master looks at the path first, and lets everybody ask who he is; the last release looks at
/// whether the caller is of the application, and then at the rules alone.
pub fn permit(
    store: &Store,
    principal: &Principal,
    method: &str,
    key: &Key,
    path: &[&str],
) -> Result<(), Refusal> {
    let of_release = store.version == Version::Release210;
    let asks_who = method == "GET" && path == ["users", "me"];
    if of_release {
        access(store, principal, key)?;
    } else if asks_who {
        return Ok(());
    }
    // The service layer knows users by their UUID.
    let resolved: Vec<&str> = match (principal, path) {
        (Principal::User(_, uuid), ["users", "me", rest @ ..]) => {
            [&["users", uuid.as_str()], rest].concat()
        }
        _ => path.to_vec(),
    };
    let permitted = access(store, principal, key).is_ok()
        && match principal {
            Principal::Guest => {
                // Nobody is found then, and the last release says so as well.
                asks_who || allow(store.guest(key), method, path)
            }
            Principal::User(_, uuid) => {
                let own = method == "GET" && resolved == ["users", uuid];
                (own && !of_release) || allow(store.rules(key, uuid), method, &resolved)
            }
            _ => true,
        };
    if permitted {
        return Ok(());
    }
    if !of_release {
        return Err(Refusal::unauthorized());
    }
    let (method, uuid) = (method.to_lowercase(), store.uuid(key));
    Err(Refusal::permission(&format!("applications:{method}:{uuid}:/{}", resolved.join("/"))))
}

/// `GET /{org}/{app}/credentials`: for clients and administrators, and users with a rule `*:*`.
pub fn administer(store: &Store, principal: &Principal, key: &Key) -> Result<(), Refusal> {
    access(store, principal, key)?;
    let permitted = match principal {
        Principal::Guest => false,
        Principal::User(_, uuid) => store.rules(key, uuid).contains(&"*:*"),
        _ => true,
    };
    permitted.then_some(()).ok_or_else(Refusal::no_administrator)
}

/// `<operations>:<path>` with `*` for one segment and `**` for the rest: what the rules here need
/// of Usergrid's grammar.
fn allow(rules: &[&str], method: &str, path: &[&str]) -> bool {
    rules.contains(&"*:*")
        || rules.iter().filter_map(|rule| rule.split_once(":/")).any(|(operations, pattern)| {
            operations.split(',').any(|operation| operation.eq_ignore_ascii_case(method))
                && covers(pattern, path)
        })
}

fn covers(pattern: &str, path: &[&str]) -> bool {
    if pattern == "**" {
        return true;
    }
    let pattern: Vec<&str> = pattern.split('/').collect();
    pattern.len() == path.len()
        && pattern.iter().zip(path).all(|(part, segment)| *part == "*" || part == segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_cover_what_they_say() {
        let rules = &["get:/**", "put,post:/users/*/revoketoken"];
        assert!(allow(rules, "GET", &["books", "dune"]));
        assert!(!allow(rules, "DELETE", &["books", "dune"]));
        assert!(allow(rules, "PUT", &["users", "ann", "revoketoken"]));
        assert!(!allow(rules, "PUT", &["users", "ann"]));
    }
}
