//! Several Envoys: each asks once about a credential, and none asks for another. Behind a first tier,
//! one of them asks for all.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::stack::{Overlay, Stack};
use super::target::Stub;
use crate::harness::client::{self, Connection, Request};
use crate::harness::load::threads;

const ENVOYS: usize = 3;
const WORKERS: u32 = 2;
const TOKENS: usize = 40;
/// To each Envoy; each sends every token.
const CONNECTIONS: usize = 4;
/// What `docs/fleet.md` asks a first tier for.
pub(super) const SHOWN: &str = "/acme/sandbox/books";

/// Many requests to three Envoys with the same credentials.
///
/// # Errors
/// If a request fails, or an Envoy asks twice about a credential.
pub fn run(stack: &Stack, overlay: &Overlay) -> Result<()> {
    overlay.shipped()?;
    stack.up(ENVOYS, WORKERS)?;
    let envoys = stack.containers("envoy")?;
    ensure!(envoys.len() == ENVOYS, "{} Envoys run", envoys.len());
    for envoy in &envoys {
        envoy.wait_until_healthy()?;
    }
    let introspection = Stub::of(stack, "introspection")?;
    learn_all(&introspection, "scaled")?;
    let mut listeners = Vec::new();
    for envoy in &envoys {
        listeners.push(envoy.port(8080)?);
    }
    let admitted = threads(ENVOYS * CONNECTIONS, |number| {
        send_all(*listeners.get(number % ENVOYS).context("no such Envoy")?, "scaled")
    })?;
    let seen = introspection.seen()?;
    let by_subject = seen.get("by_subject").and_then(Value::as_object).context("no record")?;
    ensure!(by_subject.len() == TOKENS, "calls about {} credentials", by_subject.len());
    let own: BTreeSet<String> =
        envoys.iter().map(|envoy| envoy.address()).collect::<Result<_>>()?;
    let mut most = 0;
    for (credential, by_peer) in by_subject {
        let by_peer = by_peer.as_object().context("no peers")?;
        let peers: BTreeSet<String> = by_peer.keys().cloned().collect();
        ensure!(peers == own, "{peers:?} asked about {credential}, not {own:?}");
        most = most.max(by_peer.values().filter_map(Value::as_u64).max().unwrap_or_default());
    }
    println!(
        "  {} requests with {TOKENS} tokens to {ENVOYS} Envoys of {WORKERS} workers: {} calls, at most {most} per credential and \
         Envoy",
        admitted.iter().sum::<usize>(),
        seen["count"],
    );
    ensure!(most == 1, "an Envoy asked {most} times about one credential");
    fleet(stack, &introspection)
}

/// Makes the tokens with this prefix good, and forgets what was asked.
fn learn_all(introspection: &Stub, prefix: &str) -> Result<()> {
    introspection.forget()?;
    for token in 0..TOKENS {
        let answer = json!({ "json": { "active": true, "username": format!("user-{token}") } });
        introspection.learn(&format!("{prefix}-{token}"), &answer)?;
    }
    Ok(())
}

/// Sends each of them once, and says how many those are.
fn send_all(listener: SocketAddr, prefix: &str) -> Result<usize> {
    let mut connection = Connection::open(listener)?;
    for token in 0..TOKENS {
        let request = Request::get("/acme/shop/books").bearer(&format!("{prefix}-{token}"));
        let status = connection.send_request(&request)?.status;
        ensure!(status == 200, "a good token got {status}");
    }
    Ok(TOKENS)
}

/// `envoy/fleet.yml`, with credentials that nobody has seen.
fn fleet(stack: &Stack, introspection: &Stub) -> Result<()> {
    stack.up_fleet(ENVOYS, WORKERS)?;
    let front = stack.healthy("first-tier")?.port(8080)?;
    let status = client::send(front, &Request::get(SHOWN))?.status;
    ensure!(status == 200, "{SHOWN} got {status}");
    learn_all(introspection, "fleet")?;
    let admitted = threads(CONNECTIONS, |_| send_all(front, "fleet"))?;
    let seen = introspection.seen()?;
    println!(
        "  {} requests with {TOKENS} tokens through a first tier: {} calls",
        admitted.iter().sum::<usize>(),
        seen["count"],
    );
    ensure!(seen["count"] == TOKENS, "{} calls for {TOKENS} credentials", seen["count"]);
    let by_subject = seen.get("by_subject").and_then(Value::as_object).context("no record")?;
    let peers = by_subject.values().filter_map(Value::as_object).flat_map(|peers| peers.keys());
    let peers: BTreeSet<&String> = peers.collect();
    ensure!(peers.len() == ENVOYS, "{peers:?} were asked through");
    Ok(())
}
