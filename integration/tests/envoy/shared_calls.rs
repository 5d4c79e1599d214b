//! One call for each credential: concurrent requests share it, and nobody depends on who asked
//! first.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use integration::harness::client::{self, Connection, Request, Response};
use integration::harness::wait;
use integration::site::{Setup, Site};

const CROWD: usize = 30;

#[test]
fn concurrent_requests_share_one_call() -> Result<()> {
    let site = Site::start(&Setup::test("crowd"))?;
    let crowd = crowd(&site, "held");
    site.introspection.wait_for("held")?;
    // Once all are paused, not one of them can make a call of its own any more.
    site.admin().wait_for_metric("waiting", CROWD as u64)?;
    site.introspection.release("held");
    for response in joined(crowd)? {
        ensure!(response.status == 200, "status {}", response.status);
    }
    ensure!(site.introspection.count("held") == 1, "{} calls", site.introspection.count("held"));
    site.admin().wait_for_metric("coalesced_total", CROWD as u64 - 1)?;
    site.admin().wait_for_metric("waiting", 0)?;
    Ok(())
}

#[test]
fn concurrent_requests_share_one_refusal() -> Result<()> {
    let site = Site::start(&Setup::test("crowd"))?;
    let crowd = crowd(&site, "held-bad");
    site.admin().wait_for_metric("waiting", CROWD as u64)?;
    site.introspection.release("held-bad");
    for response in joined(crowd)? {
        ensure!(response.status == 401, "status {}", response.status);
    }
    ensure!(site.introspection.count("held-bad") == 1);
    Ok(())
}

#[test]
fn a_leader_that_disconnects_harms_nobody() -> Result<()> {
    let site = Site::start(&Setup::test("leader"))?;
    let mut leader = Connection::open(site.address())?;
    leader.request(&Request::get("/acme/shop/leader").bearer("held"))?;
    site.introspection.wait_for("held")?;
    let crowd = crowd(&site, "held");
    site.admin().wait_for_metric("waiting", CROWD as u64 + 1)?;
    drop(leader);
    site.admin().wait_for_metric("waiting", CROWD as u64)?;
    site.introspection.release("held");
    for response in joined(crowd)? {
        ensure!(response.status == 200, "status {}", response.status);
    }
    ensure!(site.introspection.count("held") == 1, "the call was repeated");
    let leader = site.backend.seen().into_iter().any(|seen| seen.path == "/acme/shop/leader");
    ensure!(!leader, "a request without a client reached the backend");
    Ok(())
}

#[test]
fn an_answer_nobody_waits_for_is_kept() -> Result<()> {
    let site = Site::start(&Setup::test("gone"))?;
    let mut gone = Connection::open(site.address())?;
    gone.request(&Request::new("POST", "/acme/shop/gone").bearer("held").body("half a"))?;
    site.introspection.wait_for("held")?;
    drop(gone);
    site.admin().wait_for_metric("waiting", 0)?;
    site.introspection.release("held");
    site.admin().wait_for_metric("introspections_total;result=active", 1)?;
    let response = site.send(&Request::get("/acme/shop/x").bearer("held"))?;
    ensure!(response.status == 200, "status {}", response.status);
    ensure!(site.introspection.count("held") == 1, "the answer was lost");
    Ok(())
}

#[test]
fn too_many_waiting_requests_are_refused_at_once() -> Result<()> {
    // Half of it for tokens that were never verified.
    let limits = serde_json::json!({ "limits": { "max_waiting": 4 } });
    let site = Site::start(&Setup::test("waiting").config(limits))?;
    let request = Request::get("/acme/shop/x").bearer("held");
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(site.address())?;
        connection.request(&request)?;
        waiting.push(connection);
    }
    site.admin().wait_for_metric("waiting", 2)?;
    let third = site.send(&request)?;
    ensure!(third.status == 503, "status {}", third.status);
    ensure!(third.header("retry-after").is_some(), "no Retry-After");
    ensure!(third.json()?["error"] == "service_unavailable");
    let guest = site.send(&Request::get("/acme/sandbox/x"))?;
    ensure!(guest.status == 200, "a guest waits for nothing, and got {}", guest.status);
    site.admin().wait_for_metric("requests_total;outcome=overloaded", 1)?;
    site.introspection.release("held");
    for mut connection in waiting {
        ensure!(connection.response(false)?.context("no response")?.status == 200);
    }
    site.admin().wait_for_metric("waiting", 0)
}

#[test]
fn a_cached_answer_makes_no_further_call() -> Result<()> {
    let site = Site::start(&Setup::test("cache"))?;
    for _ in 0..20 {
        let response = site.send(&Request::get("/acme/shop/x").bearer("alice"))?;
        ensure!(response.status == 200, "status {}", response.status);
    }
    ensure!(site.introspection.count("alice") == 1);
    site.admin().wait_for_metric("cache_total;result=local_hit", 19)?;
    site.admin().wait_for_metric("cache_total;result=miss", 1)?;
    site.admin().wait_for_metric("cache_entries", 1)
}

#[test]
fn an_answer_is_asked_for_again_after_its_time() -> Result<()> {
    let ttl = serde_json::json!({ "cache": { "ttl": "100ms", "negative_ttl": "100ms" } });
    let site = Site::start(&Setup::test("ttl").config(ttl))?;
    for (token, status) in [("alice", 200), ("inactive", 401)] {
        wait::until("a second call", || {
            let response = site.send(&Request::get("/acme/shop/x").bearer(token))?;
            ensure!(response.status == status, "status {}", response.status);
            Ok((site.introspection.count(token) > 1).then_some(()))
        })?;
    }
    Ok(())
}

#[test]
fn caches_are_bounded_and_bad_tokens_push_no_good_one_out() -> Result<()> {
    let bounds = serde_json::json!({
        "cache": {
            "max_entries": 3, "max_negative_entries": 5, "negative_ttl": "1h", "ttl": "1h", "shared": false,
        },
    });
    let site = Site::start(&Setup::test("bounds").config(bounds))?;
    let status = |token: &str| -> Result<u16> {
        Ok(site.send(&Request::get("/acme/shop/x").bearer(token))?.status)
    };
    ensure!(status("alice")? == 200);
    for number in 0..50 {
        ensure!(status(&format!("random-{number}"))? == 401);
    }
    ensure!(status("alice")? == 200);
    ensure!(site.introspection.count("alice") == 1, "random tokens pushed a good one out");
    site.admin().wait_for_metric("cache_entries", 6)?;
    // The one that was used last stays.
    for token in ["minimal", "carol", "alice", "full", "alice"] {
        status(token)?;
    }
    ensure!(site.introspection.count("alice") == 1, "the one that was just used was pushed out");
    status("minimal")?;
    ensure!(site.introspection.count("minimal") == 2, "more than three good answers were kept");
    Ok(())
}

#[test]
fn shared_slots_hold_what_a_worker_has_no_room_for() -> Result<()> {
    let bounds = serde_json::json!({
        "cache": { "max_entries": 1, "max_negative_entries": 1, "negative_ttl": "1h", "ttl": "1h" },
    });
    let site = Site::start(&Setup::test("slots").config(bounds))?;
    let status = |token: &str| -> Result<u16> {
        Ok(site.send(&Request::get("/acme/shop/x").bearer(token))?.status)
    };
    ensure!(status("minimal")? == 200 && status("full")? == 200 && status("minimal")? == 200);
    ensure!(site.introspection.count("minimal") == 1, "the slots did not keep it");
    for number in 0..300 {
        ensure!(status(&format!("random-{number}"))? == 401);
    }
    ensure!(status("full")? == 200 && status("minimal")? == 200);
    for token in ["minimal", "full"] {
        ensure!(site.introspection.count(token) == 1, "random tokens pushed {token} out");
    }
    // Sixteen sets with four places each for bad answers, however few a worker may hold.
    let asked = site.introspection.calls().len();
    for number in 0..300 {
        ensure!(status(&format!("random-{number}"))? == 401);
    }
    let again = site.introspection.calls().len() - asked;
    ensure!(again >= 300 - 16 * 4 - 1, "only {again} of 300 bad answers had been given up");
    site.admin().wait_for_metric("cache_entries", 2)?;
    site.admin().wait_for_metric("cache_total;result=shared_hit", 3)
}

type Crowd = Vec<thread::JoinHandle<Result<Response>>>;

fn crowd(site: &Site, token: &str) -> Crowd {
    let address = site.address();
    let request = Request::get("/acme/shop/x").bearer(token);
    (0..CROWD)
        .map(|_| {
            let request = request.clone();
            thread::spawn(move || client::send(address, &request))
        })
        .collect()
}

fn joined(crowd: Crowd) -> Result<Vec<Response>> {
    crowd
        .into_iter()
        .map(|thread| thread.join().map_err(|_| anyhow!("a client panicked"))?)
        .collect()
}
