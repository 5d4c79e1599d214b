//! Tokens that the server chokes on: whoever presents them keeps nobody else out.

use anyhow::{Context, Result, ensure};
use integration::harness::client::Connection;
use integration::servers::stub::answer::{Answer, Fault};
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

use super::{WORKERS, everywhere, get};

const POISONED: usize = 36;
const ROUNDS: usize = 2;

#[test]
fn what_the_server_says_500_to() -> Result<()> {
    keep_nobody_out(Answer { status: Some(500), ..Answer::default() })
}

#[test]
fn what_the_server_says_429_to() -> Result<()> {
    keep_nobody_out(Answer { status: Some(429), ..Answer::default() })
}

#[test]
fn what_the_server_never_answers() -> Result<()> {
    keep_nobody_out(Answer { fault: Some(Fault::Hang), ..Answer::default() })
}

fn keep_nobody_out(poison: Answer) -> Result<()> {
    let config = json!({
        "introspection": { "timeout": "3s" },
        "breaker": { "failures": 3, "open": "10s" },
        "cache": { "stale_if_error": "1h" },
    });
    let site = Site::start(&Setup::test("poison").config(config).workers(3))?;
    let mut spread = Spread::open(&site, WORKERS, 1)?;
    // The attacker's own token, which was good and is no more.
    site.introspection.learn("mallorys", Answer::user("mallory"));
    everywhere(&mut spread, &get("mallorys"), 200)?;
    site.introspection.learn("mallorys", Answer::json(json!({ "active": false })));
    let revoke = "/acme/shop/users/mallory/revoketokens";
    let revoke = integration::harness::client::Request::new("PUT", revoke).bearer("alice");
    ensure!(spread.of(0)?.send_request(&revoke)?.status == 200);
    everywhere(&mut spread, &get("mallorys"), 401)?;
    for round in 0..ROUNDS {
        let (mut crowd, counts) = Spread::crowd(&site, WORKERS, POISONED)?;
        for (number, connection) in crowd.iter_mut().enumerate() {
            let token = format!("poison-{round}-{number}");
            site.introspection.learn(&token, poison.clone());
            connection.request(&get(&token))?;
        }
        newcomers_come_in(&site, &mut spread, &format!("during-{round}"))?;
        all_get_503(&mut crowd).with_context(|| format!("connections by worker {counts:?}"))?;
        newcomers_come_in(&site, &mut spread, &format!("after-{round}"))?;
        everywhere(&mut spread, &get("mallorys"), 401)?;
    }
    let log = site.envoy.log()?;
    ensure!(!log.contains("breaker open"), "{log}");
    // The suspicion was there, and the server was asked about somebody whom nobody knows.
    let calls = site.introspection.calls();
    let known = ["poison-", "during-", "after-", "mallory", "alice"];
    let is_probe = |subject: &str| known.iter().all(|prefix| !subject.starts_with(prefix));
    ensure!(calls.iter().any(|call| is_probe(&call.subject)), "no probe");
    site.admin().wait_for_metric("breaker_open", 0)
}

/// On each worker somebody whom no worker knows.
fn newcomers_come_in(site: &Site, spread: &mut Spread, name: &str) -> Result<()> {
    for (worker, connection) in spread.firsts().enumerate() {
        let token = format!("{name}-{worker}");
        site.introspection.learn(&token, Answer::user("u"));
        let found = super::status(connection, &get(&token))?;
        ensure!(found == 200, "{token} gets {found}");
    }
    Ok(())
}

fn all_get_503(connections: &mut [Connection]) -> Result<()> {
    for connection in connections {
        let found = connection.response(false)?.context("closed")?.status;
        ensure!(found == 503, "status {found}");
    }
    Ok(())
}
