//! Two configurations in one VM: each has its own answers, calls and waiting requests.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{self, Connection, Request};
use integration::servers::stub::answer::Answer;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

/// The first accepts any issuer, the second only one.
fn start(second: Value) -> Result<(Site, SocketAddr)> {
    let knobs = Knobs { concurrency: Some(4), second: Some(second), ..Knobs::default() };
    let site = Site::start(&Setup::test("two").knobs(knobs))?;
    let other = site.admin().listener("other")?;
    Ok((site, other))
}

fn strict() -> Value {
    json!({ "introspection": { "issuer": "https://auth.example.com" } })
}

#[test]
fn they_share_a_vm_and_no_answer() -> Result<()> {
    let (site, other) = start(strict())?;
    let stats = site.admin().stats_like("^wasm\\.envoy\\.wasm\\.runtime\\.v8\\.active$")?;
    // One for each worker, the main thread's and the one they are cloned from, for both listeners
    // together.
    ensure!(stats.values().eq([&6]), "{stats:?}");
    let request = Request::get("/acme/shop/x").bearer("no-issuer");
    for round in 0..3 {
        ensure!(site.send(&request)?.status == 200, "round {round}");
        ensure!(client::send(other, &request)?.status == 401, "round {round}");
    }
    let made = site.introspection.count("no-issuer");
    ensure!(made == 2, "{made} calls for two configurations");
    Ok(())
}

#[test]
fn requests_wait_for_their_own_configurations_call() -> Result<()> {
    let (site, other) = start(strict())?;
    let held = json!({ "active": true, "username": "u" });
    site.introspection.learn("both", Answer { hold: true, ..Answer::json(held) });
    let (mut here, _) = Spread::crowd(&site, 4, 24)?;
    let mut there = Vec::new();
    for _ in 0..24 {
        there.push(Connection::open(other)?);
    }
    let request = Request::get("/acme/shop/x").bearer("both");
    for (one, another) in here.iter_mut().zip(&mut there) {
        one.request(&request)?;
        another.request(&request)?;
    }
    site.admin().wait_for_metric("waiting", 48)?;
    site.introspection.release("both");
    for (one, another) in here.iter_mut().zip(&mut there) {
        let one = one.response(false)?.context("closed")?.status;
        let another = another.response(false)?.context("closed")?.status;
        ensure!((one, another) == (200, 401), "{one} and {another}");
    }
    let made = site.introspection.count("both");
    ensure!(made == 2, "{made} calls for two configurations");
    site.admin().wait_for_metric("waiting", 0)
}

#[test]
fn a_revocation_seen_by_one_holds_for_the_other() -> Result<()> {
    let (site, other) = start(json!({ "cache": { "ttl": "59s" } }))?;
    site.introspection.learn("toms", Answer::user("tom"));
    let request = Request::get("/acme/shop/x").bearer("toms");
    ensure!(site.send(&request)?.status == 200 && client::send(other, &request)?.status == 200);
    ensure!(site.introspection.count("toms") == 2);
    site.introspection.learn("toms", Answer::json(json!({ "active": false })));
    let revoke = Request::new("PUT", "/acme/shop/users/tom/revoketokens").bearer("carol");
    ensure!(site.send(&revoke)?.status == 200);
    ensure!(client::send(other, &request)?.status == 401 && site.send(&request)?.status == 401);
    Ok(())
}
