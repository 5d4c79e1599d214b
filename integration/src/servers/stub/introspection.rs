//! The verifying server: RFC 7662 introspection and a token endpoint, with scripted answers.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::answer::{Answer, Answers, Fault, Trouble};
use super::control::Controlled;
use crate::harness::form;
use crate::harness::gateway::{GATEWAY_SECRET, GATEWAY_TOKEN};
use crate::harness::http::{Headers, header};
use crate::harness::server::{Exchange, Handler, Server, lock, response_head};
use crate::harness::wait;

/// One call, as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub path: String,
    pub headers: Headers,
    /// The form, decoded, in order.
    pub form: Vec<(String, String)>,
    /// The token, or `id:secret`.
    pub subject: String,
    /// Who asked.
    pub peer: Option<IpAddr>,
}

/// Listens until dropped.
#[derive(Debug)]
pub struct Introspection {
    server: Server,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    answers: Mutex<Answers>,
    trouble: Mutex<Option<Trouble>>,
    calls: Mutex<Vec<Call>>,
    made: AtomicUsize,
    forgets: AtomicBool,
    released: Mutex<HashSet<String>>,
    release: Condvar,
}

impl Introspection {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr, answers: Answers) -> Result<Self> {
        let state = Arc::new(State { answers: Mutex::new(answers), ..State::default() });
        let server = Server::start(address, Arc::clone(&state) as Arc<dyn Handler>)?;
        Ok(Self { server, state })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What [`super::control`] needs of it.
    #[must_use]
    pub fn controlled(&self) -> Arc<dyn Controlled> {
        Arc::clone(&self.state) as Arc<dyn Controlled>
    }

    /// Sets the answer for a token.
    pub fn learn(&self, token: &str, answer: Answer) {
        self.state.learn(token, answer);
    }

    /// Sets the answer for a client pair, `id:secret`.
    pub fn learn_client(&self, pair: &str, answer: Answer) {
        lock(&self.state.answers).clients.insert(pair.into(), answer);
    }

    /// From now on something is wrong, or no longer.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        *lock(&self.state.trouble) = trouble;
    }

    /// Every call up to now.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.state.calls).clone()
    }

    /// How many calls there were, forgotten ones included.
    #[must_use]
    pub fn made(&self) -> usize {
        self.state.made.load(Ordering::SeqCst)
    }

    /// From now on, calls are counted and not kept: a million of them would fill the memory.
    pub fn keep_none(&self) {
        self.state.forgets.store(true, Ordering::SeqCst);
    }

    /// How many calls there were about a token or `id:secret`.
    #[must_use]
    pub fn count(&self, subject: &str) -> usize {
        lock(&self.state.calls).iter().filter(|call| call.subject == subject).count()
    }

    /// Waits for the first call about a token or `id:secret`.
    ///
    /// # Errors
    /// If none comes in time.
    pub fn wait_for(&self, subject: &str) -> Result<Call> {
        wait::until(&format!("a call about `{subject}` at the verifying server"), || {
            Ok(self.calls().into_iter().find(|call| call.subject == subject))
        })
    }

    /// Lets the held answers about a token go, now and from now on.
    pub fn release(&self, token: &str) {
        lock(&self.state.released).insert(token.into());
        self.state.release.notify_all();
    }
}

impl Controlled for State {
    fn seen(&self) -> Value {
        let mut by_subject: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for call in lock(&self.calls).iter() {
            let peer = call.peer.map_or_else(String::new, |peer| peer.to_string());
            *by_subject.entry(call.subject.clone()).or_default().entry(peer).or_default() += 1;
        }
        json!({ "count": self.made.load(Ordering::SeqCst), "by_subject": by_subject })
    }

    fn forget(&self) {
        lock(&self.calls).clear();
        self.made.store(0, Ordering::SeqCst);
    }

    fn learn(&self, token: &str, answer: Answer) -> bool {
        lock(&self.answers).tokens.insert(token.into(), answer);
        true
    }
}

impl Handler for State {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let path = exchange.head.path.clone();
        match (exchange.head.method.as_str(), path.as_str()) {
            ("POST", "/oauth2/introspect" | "/open/introspect" | "/management/token") => {
                self.verify(exchange, path, &body)
            }
            _ => reply(exchange, 404, br#"{"error":"not_found"}"#),
        }
    }
}

impl State {
    fn verify(&self, exchange: &mut Exchange, path: String, body: &[u8]) -> Result<bool> {
        let form = form::parse(body)?;
        let headers = exchange.head.headers.clone();
        let pair = form::client_pair(&headers, &form);
        let about_client = path == "/management/token";
        let subject = if about_client {
            pair.clone().unwrap_or_default()
        } else {
            form::field(&form, "token").unwrap_or_default().to_owned()
        };
        let known = about_client
            || path == "/open/introspect"
            || pair.as_deref() == Some(&format!("gateway:{GATEWAY_SECRET}"))
            || bearer(&headers) == Some(GATEWAY_TOKEN);
        self.made.fetch_add(1, Ordering::SeqCst);
        let before = if self.forgets.load(Ordering::SeqCst) {
            0
        } else {
            let mut calls = lock(&self.calls);
            let before = calls.iter().filter(|call| call.subject == subject).count();
            let peer = exchange.peer();
            calls.push(Call { path, headers, form, subject: subject.clone(), peer });
            before
        };
        if !known {
            return reply(exchange, 401, br#"{"error":"invalid_client"}"#);
        }
        let mut answer = self.answer(about_client, &subject);
        match lock(&self.trouble).clone() {
            Some(Trouble::Slow(delay_ms)) => answer.delay_ms += delay_ms,
            Some(Trouble::Answers(other)) => answer = *other,
            None => (),
        }
        if before < answer.failures {
            return reply(exchange, 503, br#"{"error":"temporarily_unavailable"}"#);
        }
        std::thread::sleep(Duration::from_millis(answer.delay_ms));
        if answer.hold {
            self.wait_for_release(&subject);
        }
        give(exchange, &answer)
    }

    fn answer(&self, about_client: bool, subject: &str) -> Answer {
        let answers = lock(&self.answers);
        if about_client {
            return answers.clients.get(subject).cloned().unwrap_or_else(|| Answer {
                status: Some(400),
                json: Some(json!({
                    "error": "invalid_grant",
                    "error_description": "invalid username or password",
                })),
                ..Answer::default()
            });
        }
        let unknown = || Answer::json(json!({ "active": false }));
        let of_family = || {
            let mut families = answers.families.iter();
            families
                .find_map(|(beginning, answer)| subject.starts_with(beginning).then_some(answer))
        };
        let known = answers.tokens.get(subject).or_else(of_family);
        known.cloned().unwrap_or_else(unknown)
    }

    fn wait_for_release(&self, subject: &str) {
        let released = lock(&self.released);
        let _released = self
            .release
            .wait_while(released, |released| !released.contains(subject))
            .unwrap_or_else(PoisonError::into_inner);
    }
}

fn give(exchange: &mut Exchange, answer: &Answer) -> Result<bool> {
    let status = answer.status.unwrap_or(200);
    let body = answer.body();
    match answer.fault {
        None => {
            let mut headers = json_type();
            let more = answer.headers.iter();
            headers.extend(more.map(|(name, value)| (name.clone(), value.clone().into_bytes())));
            exchange.respond(status, &headers, &body)?;
            Ok(true)
        }
        Some(Fault::Reset) => Ok(false),
        Some(Fault::ResetAfterHeaders) => {
            exchange.raw(&response_head(status, &json_type(), body.len() + 1000))?;
            exchange.raw(&body)?;
            Ok(false)
        }
        Some(Fault::Hang) => {
            exchange.wait_for_close();
            Ok(false)
        }
    }
}

fn reply(exchange: &mut Exchange, status: u16, body: &[u8]) -> Result<bool> {
    exchange.respond(status, &json_type(), body)?;
    Ok(true)
}

fn json_type() -> Headers {
    vec![("content-type".into(), b"application/json".to_vec())]
}

fn bearer(headers: &Headers) -> Option<&str> {
    std::str::from_utf8(header(headers, "authorization")?).ok()?.strip_prefix("Bearer ")
}
