//! What can be wrong with Usergrid, or with what stands between it and the filter.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use super::calls::Kind;
use super::refusal::Refusal;
use crate::harness::server::{Exchange, lock, response_head};

/// A fault, and whom it befalls. In JSON: `{ "what": { "html": 502 }, "on": "k" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub what: What,
    /// The requests that meet it; all if absent.
    #[serde(default)]
    pub on: Option<Kind>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The database is down. Usergrid takes that for bad credentials: 401 `auth_unverified_oath`
    /// for a good token, 400 `invalid_grant` for a good client.
    Outage,
    /// Tokens can be read and their owners cannot: 401 `auth_bad_access_token`.
    PrincipalOutage,
    /// Usergrid's cache does not know yet that a user was disabled or is not activated.
    CachedIdentities,
    /// A proxy in between takes `Authorization` away.
    StripAuthorization,
    /// A page of HTML with this status, as proxies and servlet containers send it.
    Html(u16),
    /// 302 to a page.
    Redirect,
    /// This status without a body.
    Status(u16),
    /// This status and this body, which is said to be JSON.
    Answers(u16, String),
    /// The right answer, so many milliseconds later.
    Slow(u64),
    /// The right answer, once the fault is no more.
    Hold,
    /// The connection closes without an answer.
    Reset,
    /// The connection closes within the body.
    ResetAfterHeaders,
    /// Nothing comes.
    Hang,
}

impl Fault {
    /// This for all requests.
    #[must_use]
    pub fn of_all(what: What) -> Self {
        Self { what, on: None }
    }

    /// This for requests of one kind.
    #[must_use]
    pub fn of(kind: Kind, what: What) -> Self {
        Self { what, on: Some(kind) }
    }
}

/// The fault that there is now, if there is one.
#[derive(Debug, Default)]
pub(super) struct Faults {
    current: Mutex<Option<Fault>>,
    changed: Condvar,
}

/// What becomes of a request that met a fault.
pub(super) enum Effect {
    /// Usergrid answers it, knowing of the fault.
    Goes(Option<What>),
    /// All was said. Whether the connection stays.
    Over(bool),
}

impl Faults {
    pub(super) fn set(&self, fault: Option<Fault>) {
        *lock(&self.current) = fault;
        self.changed.notify_all();
    }

    fn of(&self, kind: Kind) -> Option<What> {
        lock(&self.current).as_ref().filter(|fault| applies(fault, kind)).map(|it| it.what.clone())
    }

    /// Does to a request what can be done without Usergrid.
    pub(super) fn meet(&self, exchange: &mut Exchange, kind: Kind) -> Result<Effect> {
        let Some(what) = self.of(kind) else { return Ok(Effect::Goes(None)) };
        match &what {
            What::StripAuthorization => {
                let headers = &mut exchange.head.headers;
                headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            }
            What::Slow(milliseconds) => {
                std::thread::sleep(Duration::from_millis(*milliseconds));
            }
            What::Hold => self.wait(kind),
            What::Outage | What::PrincipalOutage | What::CachedIdentities => (),
            _ => return reply(exchange, &what).map(Effect::Over),
        }
        Ok(Effect::Goes(Some(what)))
    }

    fn wait(&self, kind: Kind) {
        let holds = |fault: &mut Option<Fault>| {
            fault.as_ref().is_some_and(|it| it.what == What::Hold && applies(it, kind))
        };
        let current = lock(&self.current);
        let _free = self.changed.wait_while(current, holds).unwrap_or_else(PoisonError::into_inner);
    }
}

fn applies(fault: &Fault, kind: Kind) -> bool {
    fault.on.is_none_or(|on| on == kind)
}

/// An answer that is none of Usergrid's.
fn reply(exchange: &mut Exchange, what: &What) -> Result<bool> {
    const PAGE: &[u8] = b"<!doctype html><html><body><h1>Something is wrong</h1></body></html>\n";
    let typed = |name: &str| vec![("content-type".to_owned(), name.as_bytes().to_vec())];
    match what {
        What::Html(status) => exchange.respond(*status, &typed("text/html"), PAGE)?,
        What::Redirect => {
            let mut headers = typed("text/html");
            headers.push(("location".into(), b"https://login.example.com/".to_vec()));
            exchange.respond(302, &headers, PAGE)?;
        }
        What::Status(status) => exchange.respond(*status, &Vec::new(), b"")?,
        What::Answers(status, body) => {
            exchange.respond(*status, &typed("application/json"), body.as_bytes())?;
        }
        What::ResetAfterHeaders => {
            exchange.raw(&response_head(200, &typed("application/json"), 1000))?;
            exchange.raw(b"{")?;
            return Ok(false);
        }
        What::Hang => {
            exchange.wait_for_close();
            return Ok(false);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// What Usergrid says without its database to whoever shows no credential that needed it.
pub(super) fn without_database(kind: Kind) -> Refusal {
    match kind {
        Kind::Token => Refusal::invalid_grant(),
        _ => Refusal::unauthorized(),
    }
}
