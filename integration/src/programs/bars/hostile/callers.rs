//! Those who were verified before, go on asking, and should notice nothing.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::phase;
use crate::harness::client::{Client, Request};

/// Between two requests of one caller.
const PAUSE: Duration = Duration::from_millis(5);

/// One of them, on a connection of its own.
#[derive(Debug)]
pub struct Caller {
    client: Client,
    request: Request,
    /// Statuses other than 200 are what must not be.
    pub statuses: BTreeMap<u16, usize>,
    /// How long responses took, by phase.
    pub times: BTreeMap<u8, Vec<Duration>>,
}

impl Caller {
    #[must_use]
    pub fn new(address: SocketAddr, number: usize) -> Self {
        Self {
            client: Client::new(address),
            request: Request::get("/acme/shop/x").bearer(&format!("known-{number}")),
            statuses: BTreeMap::new(),
            times: BTreeMap::new(),
        }
    }

    /// Sends one request, and waits a moment.
    ///
    /// # Errors
    /// If there is no response.
    pub fn ask(&mut self, now: &AtomicU8) -> Result<()> {
        let before = now.load(Ordering::SeqCst);
        let began = Instant::now();
        let status = self.client.send(&self.request)?.status;
        let took = began.elapsed();
        *self.statuses.entry(status).or_default() += 1;
        // What falls between two phases says nothing about either.
        if before == now.load(Ordering::SeqCst) && before != phase::START {
            self.times.entry(before).or_default().push(took);
        }
        std::thread::sleep(PAUSE);
        Ok(())
    }
}

/// The time that all but one in `parts` kept to; zero of nothing.
#[must_use]
pub fn all_but_one_in(parts: usize, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    let place = times.len().saturating_sub(1).saturating_sub(times.len() / parts);
    times.get(place).copied().unwrap_or_default()
}
