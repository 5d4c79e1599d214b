//! A relay in front of a server that keeps what went through it: what it never saw, the server has
//! not seen either.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;

use super::server::Server;
use crate::harness::client::{Connection, Request};
use crate::harness::form;
use crate::harness::http::end_to_end;
use crate::harness::server::{self, Exchange, Handler, lock};

/// For connecting, and for each read.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, and the relay by which others reach it. Both stop when this is dropped.
#[derive(Debug)]
pub struct Watched {
    relay: server::Server,
    record: Arc<Record>,
    server: Server,
}

#[derive(Debug)]
struct Record {
    to: SocketAddr,
    introspection: &'static str,
    seen: Mutex<Vec<Seen>>,
}

/// One request that went through.
#[derive(Clone, Debug)]
struct Seen {
    /// The form's `token`, if the request was an introspection.
    asked: Option<String>,
    /// Path, headers and body.
    all: String,
}

impl Watched {
    /// Puts a relay in front of the server.
    ///
    /// # Errors
    /// If there is no port.
    pub fn new(server: Server) -> Result<Self> {
        let record = Arc::new(Record {
            to: server.address(),
            introspection: server.kind().paths().introspection,
            seen: Mutex::default(),
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let relay = server::Server::start(nowhere, Arc::clone(&record) as Arc<dyn Handler>)?;
        Ok(Self { relay, record, server })
    }

    /// Where the relay listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.relay.address()
    }

    /// The server itself, to ask without the relay.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The tokens that the server was asked about, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        lock(&self.record.seen).iter().filter_map(|seen| seen.asked.clone()).collect()
    }

    /// Whether `text` was in anything that went through, be it path, header or body.
    #[must_use]
    pub fn saw(&self, text: &str) -> bool {
        lock(&self.record.seen).iter().any(|seen| seen.all.contains(text))
    }
}

impl Handler for Record {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let head = exchange.head.clone();
        let mut request = Request::new(&head.method, &head.path).body(body.as_slice());
        request.headers = end_to_end(&head.headers);
        lock(&self.seen).push(self.seen(&request));
        let response = Connection::open_within(self.to, PATIENCE)?.send_request(&request)?;
        exchange.respond(response.status, &end_to_end(&response.headers), &response.body)?;
        Ok(true)
    }
}

impl Record {
    fn seen(&self, request: &Request) -> Seen {
        let mut all = String::from_utf8_lossy(&request.path).into_owned();
        let is_introspection = all == self.introspection;
        for (name, value) in &request.headers {
            all.push_str(&format!("\n{name}: {}", String::from_utf8_lossy(value)));
        }
        all.push_str(&format!("\n\n{}", String::from_utf8_lossy(&request.body)));
        let form = form::parse(&request.body).unwrap_or_default();
        let token = form::field(&form, "token").map(str::to_owned);
        Seen { asked: token.filter(|_| is_introspection), all }
    }
}
