//! `users` and `books`: list, read, create, change, delete. And `credentials`.

use serde_json::{Value, json};

use super::answer::envelope;
use super::clock::now;
use super::principal::{Key, Principal};
use super::refusal::Refusal;
use super::request::Request;
use super::store::Store;
use super::{judge, revoke};

/// Answers a request within an application; `path` is what follows its name.
pub fn answer(
    store: &mut Store,
    request: &Request,
    principal: &Principal,
    key: &Key,
    path: &[&str],
) -> Result<Value, Refusal> {
    if request.method == "GET" && path == ["credentials"] {
        return credentials(store, principal, key);
    }
    // Usergrid checks this one form of a revocation nowhere.
    let open = matches!(path, ["users", _, "revoketokens"]) && request.method == "POST";
    if !open {
        judge::permit(store, principal, &request.method, key, path)?;
    }
    let missing = || Refusal::not_found(path);
    let (collection, entities) = match (request.method.as_str(), path) {
        ("PUT" | "POST", ["users", user, what]) => {
            return revoke::application(store, request, key, user, what);
        }
        ("GET", [collection @ ("users" | "books")]) => {
            (collection, store.list(key, collection).to_vec())
        }
        ("POST", [collection @ ("users" | "books")]) => {
            (collection, vec![store.create(key, collection, request.json.clone())?])
        }
        ("GET", ["users", "me"]) => (&"users", vec![myself(store, principal, key)?]),
        // Where an SDK sends the type in place of the collection's name, Usergrid takes it.
        (method, [collection @ ("users" | "books" | "book"), id]) => {
            let name = if *collection == "book" { "books" } else { collection };
            let entity = match method {
                "GET" => store.find(key, name, id).cloned(),
                "PUT" => store.update(key, name, id, &request.json),
                "DELETE" => store.delete(key, name, id),
                _ => None,
            };
            (collection, vec![entity.ok_or_else(missing)?])
        }
        _ => return Err(missing()),
    };
    let collection = if *collection == "book" { "books" } else { collection };
    let mut answer = envelope(store, request, key, collection, &entities);
    if request.method == "GET" && path.len() == 1 {
        answer["count"] = entities.len().into();
    }
    Ok(answer)
}

/// `users/me`: a user is looked up by his UUID, and is not found in an application that is not his.
/// To everybody else `me` is a name like any other, and there may be a user of that name.
fn myself(store: &Store, principal: &Principal, key: &Key) -> Result<Value, Refusal> {
    let (name, refusal) = match principal {
        Principal::User(_, uuid) => (uuid.as_str(), Refusal::no_entity(uuid)),
        Principal::Admin(name) => {
            let uuid = store.admins.get(name).map_or("", |admin| admin.uuid.as_str());
            (uuid, Refusal::no_entity(uuid))
        }
        _ => ("me", Refusal::nobody()),
    };
    store.find(key, "users", name).cloned().ok_or(refusal)
}

fn credentials(store: &Store, principal: &Principal, key: &Key) -> Result<Value, Refusal> {
    judge::administer(store, principal, key)?;
    let owner = Principal::Application(key.clone());
    let (id, (secret, _)) =
        store.clients.iter().find(|(_, (_, of))| *of == owner).ok_or_else(Refusal::nobody)?;
    Ok(json!({
        "action": "get application credentials",
        "credentials": { "client_id": id, "client_secret": secret },
        "timestamp": now(),
        "duration": 1,
    }))
}
