//! Tokens without number, and a server that takes its time: half of the room stays for those who are known.

use anyhow::{Context, Result, ensure};
use integration::harness::wait;
use integration::servers::stub::answer::Answer;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

use super::{WORKERS, everywhere, get, status};

const MAX_WAITING: usize = 8;
const TRIED: usize = 10;

#[test]
fn random_tokens_leave_room_for_known_callers() -> Result<()> {
    let config = json!({
        "cache": { "ttl": "300ms" }, "limits": { "max_waiting": MAX_WAITING },
    });
    let site = Site::start(&Setup::test("room").config(config).workers(3))?;
    let mut spread = Spread::open(&site, WORKERS, 1 + TRIED)?;
    everywhere(&mut spread, &get("alice"), 200)?;
    let mut held = Vec::new();
    for (worker, connections) in spread.by_worker.iter_mut().enumerate() {
        for (number, connection) in connections.iter_mut().skip(1).take(TRIED).enumerate() {
            let token = format!("random-{worker}-{number}");
            let inactive = Answer::json(json!({ "active": false }));
            site.introspection.learn(&token, Answer { hold: true, ..inactive });
            connection.request(&get(&token))?;
            held.push(token);
        }
    }
    let half = MAX_WAITING / 2;
    site.admin().wait_for_metric("waiting", (half * WORKERS) as u64)?;
    let refused = (TRIED - half) * WORKERS;
    site.admin().wait_for_metric("requests_total;outcome=overloaded", refused as u64)?;
    // The server is asked again about one who was verified before, on each worker, and nobody is in the way.
    for (worker, connection) in spread.firsts().enumerate() {
        let before = site.introspection.count("alice");
        wait::until("another call about a known caller", || {
            let found = status(connection, &get("alice"))?;
            ensure!(found == 200, "a known caller gets {found} on worker {worker}");
            Ok((site.introspection.count("alice") > before).then_some(()))
        })?;
    }
    everywhere(&mut spread, &get("stranger"), 503)?;
    for token in &held {
        site.introspection.release(token);
    }
    let mut verdicts = 0;
    for connections in &mut spread.by_worker {
        for connection in connections.iter_mut().skip(1).take(TRIED) {
            let found = connection.response(false)?.context("closed")?.status;
            ensure!([401, 503].contains(&found), "status {found}");
            verdicts += usize::from(found == 401);
        }
    }
    ensure!(verdicts == half * WORKERS, "{verdicts} verdicts");
    site.admin().wait_for_metric("waiting", 0)
}
