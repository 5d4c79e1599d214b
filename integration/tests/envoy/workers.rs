//! Several workers: one call for each credential in the whole process, whoever asks first and
//! whatever becomes of it.

use anyhow::{Context, Result, ensure};
use integration::harness::client::{Connection, Request};
use integration::servers::stub::answer::Answer;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

const WORKERS: usize = 4;

/// Sends a request for `token` on each connection, none of which waits for a response.
fn ask(connections: &mut [Connection], token: &str) -> Result<()> {
    for connection in connections {
        connection.request(&Request::get("/acme/shop/x").bearer(token))?;
    }
    Ok(())
}

fn all_get(status: u16, connections: &mut [Connection]) -> Result<()> {
    for connection in connections {
        let response = connection.response(false)?.context("closed")?;
        ensure!(response.status == status, "status {}", response.status);
    }
    Ok(())
}

fn held(site: &Site, token: &str) {
    site.introspection.learn(token, Answer { hold: true, ..Answer::user("u") });
}

#[test]
fn a_leader_that_disconnects_harms_no_worker() -> Result<()> {
    let site = Site::start(&Setup::test("leader").workers(4))?;
    let mut spread = Spread::open(&site, WORKERS, 3)?;
    held(&site, "led");
    for leader in 0..WORKERS {
        let token = format!("led-{leader}");
        held(&site, &token);
        let mut leading = spread.by_worker.get_mut(leader).and_then(Vec::pop).context("none")?;
        leading.request(&Request::get("/acme/shop/leader").bearer(&token))?;
        site.introspection.wait_for(&token)?;
        let mut all: Vec<Connection> =
            spread.by_worker.iter_mut().flat_map(std::mem::take).collect();
        ask(&mut all, &token)?;
        let crowd = all.len() as u64;
        site.admin().wait_for_metric("waiting", crowd + 1)?;
        drop(leading);
        site.admin().wait_for_metric("waiting", crowd)?;
        site.introspection.release(&token);
        all_get(200, &mut all)?;
        ensure!(site.introspection.count(&token) == 1, "the call was repeated");
        drop(all);
        spread = Spread::open(&site, WORKERS, 3)?;
    }
    ensure!(!site.backend.seen().iter().any(|seen| seen.path.contains("leader")));
    Ok(())
}

#[test]
fn a_failure_ends_the_wait_in_all_workers() -> Result<()> {
    let site = Site::start(&Setup::test("failure").workers(4))?;
    let mut spread = Spread::open(&site, WORKERS, 2)?;
    let failing = Answer { hold: true, status: Some(500), ..Answer::default() };
    site.introspection.learn("failing", failing);
    let mut all: Vec<Connection> = spread.by_worker.iter_mut().flat_map(std::mem::take).collect();
    ask(&mut all, "failing")?;
    site.admin().wait_for_metric("waiting", all.len() as u64)?;
    site.introspection.release("failing");
    all_get(503, &mut all)?;
    ensure!(site.introspection.count("failing") == 1, "the call was repeated");
    Ok(())
}

#[test]
fn each_of_many_is_decided_on_its_own() -> Result<()> {
    let site = Site::start(&Setup::test("own").workers(4))?;
    let (mut connections, _) = Spread::crowd(&site, WORKERS, 60)?;
    let claims = json!({ "active": true, "username": "u", "application": "acme/shop" });
    site.introspection.learn("own", Answer { hold: true, ..Answer::json(claims) });
    for (number, connection) in connections.iter_mut().enumerate() {
        let path = if number % 2 == 0 { "/acme/shop/x" } else { "/globex/crm/x" };
        connection.request(&Request::get(path).bearer("own"))?;
    }
    site.admin().wait_for_metric("waiting", 60)?;
    site.introspection.release("own");
    for (number, connection) in connections.iter_mut().enumerate() {
        let status = connection.response(false)?.context("closed")?.status;
        ensure!(status == if number % 2 == 0 { 200 } else { 401 }, "{number}: {status}");
    }
    ensure!(site.introspection.count("own") == 1);
    // Every request but the one that made the call.
    site.admin().wait_for_metric("coalesced_total", 59)
}
