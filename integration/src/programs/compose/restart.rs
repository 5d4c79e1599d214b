//! Envoy restarts while requests come: connections fail meanwhile, but nobody gets in who should
//! not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};

use super::stack::{Overlay, Stack};
use super::target::Composed;
use crate::harness::client::{self, Request};
use crate::harness::load::threads;
use crate::harness::server::lock;
use crate::harness::wait;
use crate::servers::stub::backend::MARK;

const CLIENTS: usize = 4;
const RESTARTS: usize = 3;
/// Before a client tries again that has got no answer.
const PATIENCE: Duration = Duration::from_millis(10);
/// Good tokens that are admitted before the next thing happens.
const ENOUGH: usize = 50;

/// What clients saw: of whom, the status or none, how often.
type Seen = BTreeMap<(&'static str, Option<u16>), usize>;

/// Three restarts under load.
///
/// # Errors
/// If somebody without a good token reaches the backend, or good tokens are not admitted after a
/// restart.
pub fn run(stack: &Stack, overlay: &Overlay) -> Result<()> {
    overlay.shipped()?;
    stack.up(1, 1)?;
    let mut site = Composed::new(stack)?;
    site.restart()?;
    let address = Mutex::new(site.address);
    let over = AtomicBool::new(false);
    let admitted = AtomicUsize::new(0);
    let (result, seen) = std::thread::scope(|scope| {
        let (address, over, admitted) = (&address, &over, &admitted);
        let clients = scope.spawn(move || threads(CLIENTS, |_| client(address, over, admitted)));
        let result = course(&mut site, address, admitted);
        over.store(true, Ordering::SeqCst);
        (result, clients.join())
    });
    // A client that has seen something wrong has stopped, and says more than who waited for it.
    let seen = seen.map_err(|_| anyhow::anyhow!("a client panicked"))??;
    result?;
    let mut all = Seen::new();
    for seen in seen {
        for (key, count) in seen {
            *all.entry(key).or_default() += count;
        }
    }
    for who in ["good", "bad", "none"] {
        let counts: Vec<String> = all
            .iter()
            .filter(|((of, _), _)| *of == who)
            .map(|((_, status), count)| match status {
                Some(status) => format!("{count} x {status}"),
                None => format!("{count} without an answer"),
            })
            .collect();
        println!("  {who:4} {}", counts.join(", "));
    }
    let record = site.backend.seen()?;
    ensure!(record["by_path"].get(path("good")).is_some(), "the backend has no record");
    for who in ["bad", "none"] {
        let reached = record["by_path"].get(path(who)).is_some();
        ensure!(!reached, "a request with a credential that is {who} reached the backend");
        ensure!(all.contains_key(&(who, Some(401))), "nobody was refused: {all:?}");
        let refusals = |status: &Option<u16>| matches!(status, None | Some(401 | 503));
        let strange = all.keys().any(|(of, status)| *of == who && !refusals(status));
        ensure!(!strange, "strange statuses: {all:?}");
    }
    Ok(())
}

/// Waits for good tokens to pass, restarts Envoy, and again.
fn course(site: &mut Composed, address: &Mutex<SocketAddr>, admitted: &AtomicUsize) -> Result<()> {
    for _ in 0..RESTARTS {
        more(admitted)?;
        site.envoy.restart()?;
        site.wait_until_ready()?;
        *lock(address) = site.address;
    }
    more(admitted)
}

fn more(admitted: &AtomicUsize) -> Result<()> {
    let from = admitted.load(Ordering::SeqCst);
    wait::until("good tokens to be admitted", || {
        Ok((admitted.load(Ordering::SeqCst) >= from + ENOUGH).then_some(()))
    })
}

fn client(address: &Mutex<SocketAddr>, over: &AtomicBool, admitted: &AtomicUsize) -> Result<Seen> {
    let requests = [
        ("good", Request::get(path("good")).bearer("alice")),
        ("bad", Request::get(path("bad")).bearer("not-a-token-of-anybody")),
        ("none", Request::get(path("none"))),
    ];
    let mut seen = Seen::new();
    while !over.load(Ordering::SeqCst) {
        for (who, request) in &requests {
            let address = *lock(address);
            // While Envoy is away there is nobody, or a proxy of Docker's that closes.
            let response = client::send(address, request).ok();
            let passed = response.as_ref().is_some_and(|response| response.header(MARK).is_some());
            ensure!(!passed || *who == "good", "the backend has answered somebody who is {who}");
            let status = response.map(|response| response.status);
            if passed && status == Some(200) {
                admitted.fetch_add(1, Ordering::SeqCst);
            }
            if status.is_none() {
                std::thread::sleep(PATIENCE);
            }
            *seen.entry((*who, status)).or_default() += 1;
        }
    }
    Ok(seen)
}

fn path(who: &str) -> &'static str {
    match who {
        "good" => "/acme/shop/good",
        "bad" => "/acme/shop/bad",
        _ => "/acme/shop/none",
    }
}
