//! A backend that answers as Apache Usergrid does, for its own clients and for whoever verifies
//! tokens by it: token endpoints, `users`, one collection, revocation, and what administrators ask.
//!
//! It keeps its own tokens and judges every request by itself, so that what the filter lets through
//! is judged once more. It trusts no identity header. It has no introspection endpoint, since
//! Usergrid has none; [`relay`] makes one of it. Only what the clients and verifiers here use is
//! there; everything else is answered 404.

mod answer;
pub mod calls;
mod clock;
mod collections;
pub mod fault;
mod judge;
mod login;
mod management;
pub mod principal;
mod refusal;
pub mod relay;
mod request;
mod revoke;
mod seed;
mod store;
pub mod token;
pub mod version;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use self::calls::{Calls, Kind};
use self::fault::{Effect, Fault, Faults, What};
use self::principal::{Principal, key};
use self::refusal::Refusal;
use self::request::Request;
use self::store::Store;
use self::token::Category;
use self::version::Version;
use crate::harness::server::{Exchange, Handler, Server, lock};
use crate::servers::stub::answer::Answer;
use crate::servers::stub::backend::Seen;
use crate::servers::stub::control::Controlled;

pub use self::seed::{
    ADMIN, APPLICATION_CLIENT, APPLICATION_UUID, BULK, ORGANIZATION_CLIENT, PASSWORD,
};
pub use self::store::{LIFE, MANAGEMENT_APPLICATION, SALT};

/// Listens until dropped.
#[derive(Debug)]
pub struct Usergrid {
    server: Server,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    store: Mutex<Store>,
    faults: Faults,
    calls: Mutex<Calls>,
    seen: Mutex<Vec<Seen>>,
}

impl Usergrid {
    /// Starts to listen as master does; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr) -> Result<Self> {
        Self::start_version(address, Version::Master)
    }

    /// The same as another version.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start_version(address: SocketAddr, version: Version) -> Result<Self> {
        let state = Arc::new(State {
            store: Mutex::new(Store::new(version)),
            faults: Faults::default(),
            calls: Mutex::default(),
            seen: Mutex::default(),
        });
        let server = Server::start(address, Arc::clone(&state) as Arc<dyn Handler>)?;
        Ok(Self { server, state })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What [`crate::servers::stub::control`] needs of it.
    #[must_use]
    pub fn controlled(&self) -> Arc<dyn Controlled> {
        Arc::clone(&self.state) as Arc<dyn Controlled>
    }

    /// Every request up to now as it arrived.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// How many requests of each kind there were since the last [`Usergrid::forget`].
    #[must_use]
    pub fn calls(&self) -> Calls {
        lock(&self.state.calls).clone()
    }

    /// Forgets what it has seen, as if nobody had asked anything.
    pub fn forget(&self) {
        self.state.forget();
    }

    /// From now on something is wrong, or no longer.
    pub fn fault(&self, fault: Option<Fault>) {
        self.state.faults.set(fault);
    }

    /// A user of an application `org/app`, by name.
    ///
    /// # Errors
    /// If there is none.
    pub fn user(&self, application: &str, name: &str) -> Result<Principal> {
        let key = key(application);
        let store = lock(&self.state.store);
        let user = store.find(&key, "users", name);
        let uuid = user.and_then(|user| user["uuid"].as_str()).map(str::to_owned);
        let uuid = uuid.with_context(|| format!("{application} has no user `{name}`"))?;
        Ok(Principal::User(key, uuid))
    }

    /// The UUID of an administrator.
    ///
    /// # Errors
    /// If there is none.
    pub fn admin_uuid(&self, name: &str) -> Result<String> {
        let store = lock(&self.state.store);
        let admin = store.admins.get(name).with_context(|| format!("no administrator `{name}`"))?;
        Ok(admin.uuid.clone())
    }

    /// The UUID of an application `org/app`.
    #[must_use]
    pub fn application_uuid(&self, name: &str) -> String {
        lock(&self.state.store).uuid(&key(name)).to_owned()
    }

    /// Client id and secret of an application or organisation.
    ///
    /// # Errors
    /// If it has none.
    pub fn client(&self, of: &Principal) -> Result<(String, String)> {
        let store = lock(&self.state.store);
        let found = store.clients.iter().find(|(_, (_, owner))| owner == of);
        let (id, (secret, _)) = found.with_context(|| format!("no client for {of:?}"))?;
        Ok((id.clone(), secret.clone()))
    }

    /// A token for anybody, good for so many milliseconds, or over since then. That of an
    /// application that is not there is the token of one that is gone.
    #[must_use]
    pub fn issue(&self, principal: &Principal, life: i64) -> String {
        lock(&self.state.store).issue(principal.clone(), Category::Access, life)
    }

    /// The same of another category, which does not end.
    #[must_use]
    pub fn issue_other(&self, principal: &Principal, category: Category) -> String {
        lock(&self.state.store).issue(principal.clone(), category, LIFE)
    }

    /// Ends a token.
    pub fn revoke(&self, token: &str) {
        lock(&self.state.store).revoke(token);
    }

    /// Makes a user of an application `org/app` who may do everything, with properties of his own.
    ///
    /// # Errors
    /// If there is no such application, or the name is taken.
    pub fn add_user(&self, application: &str, name: &str, properties: Value) -> Result<Principal> {
        let rules = store::EVERYTHING;
        let made = lock(&self.state.store).user(application, name, rules, properties);
        let uuid = made.with_context(|| format!("{application} takes no user `{name}`"))?;
        Ok(Principal::User(key(application), uuid))
    }

    /// Changes properties of a user, `disabled` and `activated` included.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn change_user(
        &self,
        application: &str,
        name: &str,
        properties: &Map<String, Value>,
    ) -> Result<()> {
        let mut store = lock(&self.state.store);
        let changed = store.update(&key(application), "users", name, properties);
        changed.map(drop).with_context(|| format!("{application} has no user `{name}`"))
    }

    /// Deletes a user. The tokens stay.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn delete_user(&self, application: &str, name: &str) -> Result<()> {
        let deleted = lock(&self.state.store).delete(&key(application), "users", name);
        deleted.map(drop).with_context(|| format!("{application} has no user `{name}`"))
    }
}

impl Controlled for State {
    fn seen(&self) -> Value {
        let calls = lock(&self.calls);
        json!({ "count": calls.all(), "by_kind": *calls })
    }

    fn forget(&self) {
        *lock(&self.calls) = Calls::default();
        lock(&self.seen).clear();
    }

    fn learn(&self, _token: &str, _answer: Answer) -> bool {
        false
    }

    fn fault(&self, fault: Option<Value>) -> Result<bool> {
        self.faults.set(fault.map(serde_json::from_value).transpose().context("not a fault")?);
        Ok(true)
    }
}

impl Handler for State {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let head = &exchange.head;
        let kind = Kind::of(&head.method, &head.path);
        lock(&self.calls).count(kind);
        lock(&self.seen).push(Seen {
            method: head.method.clone(),
            path: head.path.clone(),
            headers: head.headers.clone(),
            body_bytes: body.len(),
            body: body.clone(),
            complete: true,
        });
        let fault = match self.faults.meet(exchange, kind)? {
            Effect::Goes(fault) => fault,
            Effect::Over(stays) => return Ok(stays),
        };
        let request = Request::new(&exchange.head, &body);
        let answered = answer(&mut lock(&self.store), &request, kind, fault.as_ref());
        let (status, answer) = match answered {
            Ok(answer) => (200, answer),
            Err(refusal) => (refusal.status, refusal.body()),
        };
        let headers = vec![("content-type".into(), b"application/json;charset=utf-8".to_vec())];
        exchange.respond(status, &headers, format!("{answer}\n").as_bytes())?;
        Ok(true)
    }
}

fn answer(
    store: &mut Store,
    request: &Request,
    kind: Kind,
    fault: Option<&What>,
) -> Result<Value, Refusal> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    // Before routing: a bad credential fails even where none is needed.
    let caller = judge::principal(store, request, fault)?;
    if fault == Some(&What::Outage) {
        return Err(fault::without_database(kind));
    }
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["status"]) => Ok(json!({ "timestamp": clock::now(), "status": {} })),
        ("GET" | "POST", ["management", "token"]) => management::me(store, request, &caller, false),
        ("GET" | "POST", ["management", "me"]) => management::me(store, request, &caller, true),
        ("GET", ["management", "organizations" | "orgs", name]) => {
            management::organization(store, &caller, name)
        }
        ("PUT" | "POST", ["management", "users", user, what]) => {
            revoke::management(store, request, user, what)
        }
        (_, ["management", ..]) => Err(Refusal::not_found(&path)),
        (method, [_, _, rest @ ..]) => {
            let key = store.application(&path)?;
            match (method, rest) {
                ("GET" | "POST", ["token"]) => login::application(store, request, &key),
                _ => collections::answer(store, request, &caller, &key, rest),
            }
        }
        _ => Err(Refusal::not_found(&path)),
    }
}

#[cfg(test)]
mod tests;
