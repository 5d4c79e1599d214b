//! What clients send all the while: the demo's requests, and new tokens now and then.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::place::Place;
use crate::harness::client::{self, Request};
use crate::programs::demo;

/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(10);
const CLIENTS: usize = 3;
/// One request in so many is a revocation.
const REVOCATIONS: usize = 200;

/// Stops when it is dropped.
pub struct Traffic {
    ends: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Traffic {
    pub fn start(place: &Place) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let envoys = [place.site.address(), place.site.address(), place.observed];
        let client = |envoy: SocketAddr| {
            let ends = Arc::clone(&ends);
            std::thread::spawn(move || send(envoy, &ends))
        };
        let clients = (0..CLIENTS).zip(envoys).map(|(_, envoy)| client(envoy)).collect();
        Self { ends, clients }
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        for client in self.clients.drain(..) {
            let _ended = client.join();
        }
    }
}

/// A token that nobody has sent yet; it is not active.
pub fn fresh() -> Request {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Request::get("/acme/shop/x").bearer(&format!("fresh-{count}"))
}

fn send(envoy: SocketAddr, ends: &AtomicBool) {
    let demo = demo::requests();
    let alice = Request::get("/acme/shop/books").bearer("alice");
    let revocation = Request::new("PUT", "/acme/shop/users/alice/revoketokens").bearer("alice");
    for count in 1.. {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let request = match count % 4 {
            _ if count % REVOCATIONS == 0 => revocation.clone(),
            _ if count % 30 == 0 => fresh(),
            0 => demo.get(count / 4 % demo.len()).unwrap_or(&alice).clone(),
            1 => Request::get("/acme/sandbox/books"),
            _ => alice.clone(),
        };
        // Nobody answers while a VM is dead.
        let _answer = client::send(envoy, &request);
        std::thread::sleep(PAUSE);
    }
}
