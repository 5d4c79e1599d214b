//! `users` and `books`: list, read, create, change, delete.

use serde_json::Value;

use super::answer::envelope;
use super::refusal::Refusal;
use super::request::Request;
use super::store::{Key, Principal, Store};
use super::{judge, revoke};

/// Answers a request within an application; `path` is what follows its name.
pub fn answer(
    store: &mut Store,
    request: &Request,
    key: &Key,
    path: &[&str],
) -> Result<Value, Refusal> {
    let principal = judge::principal(store, request)?;
    // Usergrid checks this one form of a revocation nowhere.
    let open = matches!(path, ["users", _, "revoketokens"]) && request.method == "POST";
    if !open {
        judge::permit(store, &principal, &request.method, key, path)?;
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
        ("GET", ["users", "me"]) => {
            let Principal::User(_, uuid) = &principal else { return Err(missing()) };
            (&"users", vec![store.find(key, "users", uuid).cloned().ok_or_else(missing)?])
        }
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
    Ok(envelope(store, request, key, collection, &entities))
}
