//! Who is calling, and whether they may (`docs/usergrid.md`, section Permission rules). A
//! credential that is bad never makes a guest.

use super::refusal::Refusal;
use super::request::Request;
use super::store::{Key, Principal, Store};

pub fn principal(store: &Store, request: &Request) -> Result<Principal, Refusal> {
    if let Some(token) = request.token() {
        let (principal, _) = store.holder(token)?;
        if let Principal::User(key, uuid) = &principal {
            known(store, key, uuid)?;
        }
        return Ok(principal);
    }
    let Some(pair) = request.pair() else { return Ok(Principal::Guest) };
    let refused = || Refusal::security("invalid_client", "Unable to authenticate (OAuth)");
    Store::client(&pair).ok_or_else(refused)
}

fn known(store: &Store, key: &Key, uuid: &str) -> Result<(), Refusal> {
    match store.find(key, "users", uuid) {
        Some(user) if user["activated"] == true => Ok(()),
        Some(_) => Err(Refusal::security("authentication", "Unactivated identity")),
        None => {
            let description = "Unable to authenticate due to corrupt access token";
            Err(Refusal::security("auth_bad_access_token", description))
        }
    }
}

/// Whether `principal` may do this within an application; `path` is what follows the application.
pub fn permit(
    store: &Store,
    principal: &Principal,
    method: &str,
    key: &Key,
    path: &[&str],
) -> Result<(), Refusal> {
    let permitted = match principal {
        Principal::Guest => allow(store.guest(key), method, path),
        Principal::User(home, uuid) => {
            let own = method == "GET" && matches!(path, ["users", id] if *id == "me" || id == uuid);
            home == key && (own || allow(store.rules(key, uuid), method, path))
        }
        Principal::Application(home) => home == key,
        // The administrator's only organisation bears the name of the principal's.
        Principal::Organization(home) | Principal::Admin(home) => *home == key.0,
    };
    permitted.then_some(()).ok_or_else(Refusal::unauthorized)
}

/// `<operations>:<path>` with `*` for one segment and `**` for the rest: what the rules here need
/// of Usergrid's grammar.
fn allow(rules: &[&str], method: &str, path: &[&str]) -> bool {
    rules.iter().filter_map(|rule| rule.split_once(":/")).any(|(operations, pattern)| {
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
