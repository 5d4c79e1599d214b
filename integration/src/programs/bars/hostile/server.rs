//! A verifying server that says by the beginning of a token what becomes of it, so that it need not know a hundred
//! thousand answers beforehand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;

use super::claims;
use crate::harness::form;
use crate::harness::server::{Exchange, Handler, Server};

/// How long it takes to think about a slow token.
const SLOW: Duration = Duration::from_millis(100);
const INACTIVE: &str = r#"{"active":false}"#;

/// Listens until dropped.
#[derive(Debug)]
pub struct Verifying {
    server: Server,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: AtomicUsize,
    /// Those about tokens that begin with `known-`.
    known: AtomicUsize,
}

impl Verifying {
    /// Starts to listen on a free port of the loopback interface.
    ///
    /// # Errors
    /// If there is none.
    pub fn start() -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let handler = Arc::clone(&counts) as Arc<dyn Handler>;
        let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), handler)?;
        Ok(Self { server, counts })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Calls up to now.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.counts.all.load(Ordering::SeqCst)
    }

    /// Calls about known callers up to now.
    #[must_use]
    pub fn calls_about_known(&self) -> usize {
        self.counts.known.load(Ordering::SeqCst)
    }
}

impl Handler for Counts {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let form = form::parse(&body)?;
        let token = form::field(&form, "token").unwrap_or_default();
        let (kind, number) = token.split_once('-').unwrap_or((token, ""));
        self.all.fetch_add(1, Ordering::SeqCst);
        let (status, answer): (u16, String) = match kind {
            "known" => {
                self.known.fetch_add(1, Ordering::SeqCst);
                (200, user("known", number))
            }
            "mallorys" => (200, user("mallory", number)),
            "claims" => (200, claims::hostile(number.parse()?)),
            "hard" => (200, claims::hard_to_match().to_string()),
            "broken" => (500, r#"{"error":"server_error"}"#.into()),
            "limited" => (429, r#"{"error":"slow_down"}"#.into()),
            "hanging" => {
                exchange.wait_for_close();
                return Ok(false);
            }
            "slow" => {
                std::thread::sleep(SLOW);
                (200, INACTIVE.into())
            }
            _ => (200, INACTIVE.into()),
        };
        let headers = vec![("content-type".into(), b"application/json".to_vec())];
        exchange.respond(status, &headers, answer.as_bytes())?;
        Ok(true)
    }
}

/// Not the token itself: an answer that repeats it is not shared.
fn user(name: &str, number: &str) -> String {
    format!(r#"{{"active":true,"username":"{name}/{number}"}}"#)
}
