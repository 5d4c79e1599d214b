//! A backend with the shape of Apache Usergrid, for its own clients: token endpoints, `users`, one
//! collection, revocation.
//!
//! It keeps its own tokens and judges every request by itself, so that what the filter lets through
//! is judged once more. It trusts no identity header. Only what the clients here use is there;
//! everything else is answered 404.

mod answer;
mod clock;
mod collections;
mod introspect;
mod judge;
mod login;
mod refusal;
pub mod relay;
mod request;
mod revoke;
mod store;
pub mod token;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde_json::Value;

use self::refusal::Refusal;
use self::request::Request;
use self::store::Store;
use crate::harness::server::{Exchange, Handler, Server, lock};
use crate::servers::stub::backend::Seen;

pub use self::store::{
    ADMIN, APPLICATION_CLIENT, APPLICATION_UUID, ORGANIZATION_CLIENT, PASSWORD, SALT,
};

/// Listens until dropped.
#[derive(Debug)]
pub struct Usergrid {
    server: Server,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    store: Mutex<Store>,
    seen: Mutex<Vec<Seen>>,
}

impl Usergrid {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr) -> Result<Self> {
        let state =
            Arc::new(State { store: Mutex::new(Store::new()), seen: Mutex::new(Vec::new()) });
        let server = Server::start(address, Arc::clone(&state) as Arc<dyn Handler>)?;
        Ok(Self { server, state })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Every request up to now as it arrived, calls to the introspection endpoint included.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }
}

impl Handler for State {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let head = &exchange.head;
        lock(&self.seen).push(Seen {
            method: head.method.clone(),
            path: head.path.clone(),
            headers: head.headers.clone(),
            body_bytes: body.len(),
            body: body.clone(),
            complete: true,
        });
        let request = Request::new(head, &body);
        let (status, answer) = match answer(&mut lock(&self.store), &request) {
            Ok(answer) => (200, answer),
            Err(refusal) => (refusal.status, refusal.body()),
        };
        let headers = vec![("content-type".into(), b"application/json".to_vec())];
        exchange.respond(status, &headers, format!("{answer}\n").as_bytes())?;
        Ok(true)
    }
}

fn answer(store: &mut Store, request: &Request) -> Result<Value, Refusal> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["oauth2", "introspect"]) => introspect::answer(store, request),
        ("GET" | "POST", ["management", "token"]) => login::management(store, request),
        ("PUT" | "POST", ["management", "users", user, what]) => {
            revoke::management(store, request, user, what)
        }
        (_, [organization, application, rest @ ..]) => {
            let key = store.application(organization, application)?;
            match (request.method.as_str(), rest) {
                ("GET" | "POST", ["token"]) => login::application(store, request, &key),
                _ => collections::answer(store, request, &key, rest),
            }
        }
        _ => Err(Refusal::not_found(&path)),
    }
}
