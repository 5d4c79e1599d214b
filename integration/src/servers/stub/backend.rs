//! The backend: keeps a record of every request and answers with what it received.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde_json::{Value, json};

use super::answer::Answer;
use super::control::Controlled;
use crate::harness::http::{Headers, header};
use crate::harness::server::{Exchange, Handler, Server, lock};
use crate::harness::wait;

/// The response header by which an answer of the backend is known.
pub const MARK: &str = "x-answered-by";
/// The request header by which a client chooses the status of the answer.
pub const STATUS: &str = "x-stub-status";
/// The request header by which a client has itself redirected, by an absolute URL, until it is there.
pub const LOCATION: &str = "x-stub-location";
/// How much of a body is kept, in bytes.
const KEPT: usize = 4096;

/// One request as the backend sees it, up to now.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: Headers,
    /// The beginning of the body, up to now.
    pub body: Vec<u8>,
    /// Body bytes up to now.
    pub body_bytes: usize,
    /// Whether the body has ended.
    pub complete: bool,
}

/// Listens until dropped.
#[derive(Debug)]
pub struct Backend {
    server: Server,
    record: Arc<Record>,
}

#[derive(Debug, Default)]
struct Record {
    seen: Mutex<Vec<Seen>>,
    forgets: AtomicBool,
}

impl Backend {
    /// Starts to listen; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn start(address: SocketAddr) -> Result<Self> {
        let record = Arc::new(Record::default());
        let server = Server::start(address, Arc::clone(&record) as Arc<dyn Handler>)?;
        Ok(Self { server, record })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What [`super::control`] needs of it.
    #[must_use]
    pub fn controlled(&self) -> Arc<dyn Controlled> {
        Arc::clone(&self.record) as Arc<dyn Controlled>
    }

    /// Every request up to now, those whose body has not ended included.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.record.seen).clone()
    }

    /// From now on, requests are answered and not kept.
    pub fn keep_none(&self) {
        self.record.forgets.store(true, Ordering::SeqCst);
    }

    /// Waits for a request whose path begins with `path`.
    ///
    /// # Errors
    /// If none comes in time.
    pub fn wait_for(&self, path: &str) -> Result<Seen> {
        wait::until(&format!("a request for {path} at the backend"), || {
            Ok(self.seen().into_iter().find(|seen| seen.path.starts_with(path)))
        })
    }
}

impl Controlled for Record {
    fn seen(&self) -> Value {
        let record = lock(&self.seen);
        let mut by_path: BTreeMap<&str, usize> = BTreeMap::new();
        for seen in record.iter() {
            *by_path.entry(&seen.path).or_default() += 1;
        }
        json!({ "count": record.len(), "by_path": by_path })
    }

    fn forget(&self) {
        lock(&self.seen).clear();
    }

    fn learn(&self, _token: &str, _answer: Answer) -> bool {
        false
    }
}

impl Handler for Record {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let head = exchange.head.clone();
        let index = if self.forgets.load(Ordering::SeqCst) {
            usize::MAX
        } else {
            let mut record = lock(&self.seen);
            record.push(Seen {
                method: head.method.clone(),
                path: head.path.clone(),
                headers: head.headers.clone(),
                body: Vec::new(),
                body_bytes: 0,
                complete: false,
            });
            record.len() - 1
        };
        let mut length = 0;
        exchange.body(|piece| {
            length += piece.len();
            if let Some(seen) = lock(&self.seen).get_mut(index) {
                seen.body_bytes = length;
                let room = KEPT.saturating_sub(seen.body.len());
                seen.body.extend(piece.iter().take(room));
            }
        })?;
        if let Some(seen) = lock(&self.seen).get_mut(index) {
            seen.complete = true;
        }
        let headers: Vec<Value> = head
            .headers
            .iter()
            .map(|(name, value)| json!([name, String::from_utf8_lossy(value)]))
            .collect();
        let body = json!({
            "method": head.method, "path": head.path, "headers": headers, "body_bytes": length,
        });
        let mut headers = vec![
            ("content-type".into(), b"application/json".to_vec()),
            (MARK.into(), b"backend".to_vec()),
        ];
        let location = header(&head.headers, LOCATION)
            .filter(|location| !location.ends_with(head.path.as_bytes()));
        if let Some(location) = location {
            headers.push(("location".into(), location.to_vec()));
            exchange.respond(302, &headers, b"")?;
            return Ok(true);
        }
        let status = header(&head.headers, STATUS)
            .and_then(|status| std::str::from_utf8(status).ok()?.parse().ok())
            .unwrap_or(200);
        exchange.respond(status, &headers, format!("{body}\n").as_bytes())?;
        Ok(true)
    }
}
