//! A server that fails: when it is left alone, and who may still come in.

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{CacheResult, Counter};
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::verdict::ServerFault;

use crate::decision::worker::{BEARER, NOON, SECOND, Worker};

fn fail(worker: &mut Worker, token: &str) -> String {
    let stream = worker.request("GET /x", &[("authorization", &format!("Bearer {token}"))]);
    if !worker.calls.is_empty() {
        worker.end_call(CallOutcome::Reset);
    }
    worker.verdict(stream)
}

fn breaker_notices(worker: &Worker) -> Vec<bool> {
    worker
        .log
        .iter()
        .filter_map(|event| match event {
            LogEvent::Breaker { open, .. } => Some(*open),
            _ => None,
        })
        .collect()
}

#[test]
fn failures_in_a_row_stop_the_calls_and_one_probe_at_a_time_starts_them_again() {
    let mut worker = Worker::new(r#""breaker":{"failures":3,"open":"2s"}"#);
    for number in 0..3 {
        assert_eq!(fail(&mut worker, &format!("t{number}")), "503 service_unavailable");
    }
    assert!(breaker_notices(&worker).is_empty(), "so far it is a suspicion");
    assert_eq!(worker.calls.len(), 1, "the server is asked about a credential of our own");
    // A random one may begin with a `t` as well.
    let is_ours = (0..3).all(|n| !worker.call_bodies()[0].contains(&format!("token=t{n}&")));
    assert!(is_ours, "nobody's: {:?}", worker.call_bodies());
    worker.end_call(CallOutcome::TimedOut);
    assert_eq!(breaker_notices(&worker), [true]);
    let held = worker.request("GET /x", &[("authorization", "Bearer more")]);
    assert_eq!(worker.verdict(held), "503 service_unavailable", "at once");
    assert!(worker.calls.is_empty());

    worker.now = NOON + 2 * SECOND;
    let one = worker.request("GET /x", &[("authorization", "Bearer one")]);
    let other = worker.request("GET /x", &[("authorization", "Bearer other")]);
    assert_eq!(worker.calls.len(), 1, "one probe");
    for stream in [one, other] {
        assert_eq!(worker.verdict(stream), "503 service_unavailable", "nobody waits for it");
    }
    worker.end_call(CallOutcome::TimedOut);

    worker.now = NOON + 3 * SECOND;
    let early = worker.request("GET /x", &[("authorization", "Bearer early")]);
    assert_eq!(worker.verdict(early), "503 service_unavailable", "open for another while");
    worker.now = NOON + 4 * SECOND;
    worker.happen(Event::Tick);
    worker.answer(200, r#"{"active":false}"#);
    worker.request("GET /x", &[("authorization", "Bearer a")]);
    worker.request("GET /x", &[("authorization", "Bearer b")]);
    assert_eq!(worker.calls.len(), 2, "closed");
    assert_eq!(breaker_notices(&worker), [true, false]);
}

#[test]
fn a_verdict_between_failures_starts_the_count_anew() {
    let mut worker = Worker::new(r#""breaker":{"failures":2,"open":"1s"}"#);
    for number in 0..5 {
        fail(&mut worker, &format!("t{number}"));
        worker.request("GET /x", &[("authorization", &format!("Bearer bad{number}"))]);
        worker.answer(200, r#"{"active":false}"#);
    }
    assert!(breaker_notices(&worker).is_empty());
}

#[test]
fn what_a_client_can_provoke_at_the_token_endpoint_opens_no_breaker() {
    let mut worker = Worker::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":2,"open":"1s"}"#,
    );
    for number in 0..5 {
        let line = format!("GET /x?client_id=a{number}&client_secret=b");
        let stream = worker.request(&line, &[]);
        worker.answer(400, r#"{"error":"invalid_request"}"#);
        assert_eq!(worker.verdict(stream), "503 service_unavailable");
    }
    assert!(breaker_notices(&worker).is_empty());
}

#[test]
fn the_two_servers_are_judged_apart() {
    let mut worker = Worker::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":1,"open":"1s"}"#,
    );
    fail(&mut worker, "abc");
    worker.end_call(CallOutcome::Reset);
    assert_eq!(breaker_notices(&worker), [true]);
    worker.request("GET /x?client_id=a&client_secret=b", &[]);
    assert_eq!(worker.calls.len(), 1);
}

#[test]
fn stale_if_error_serves_known_tokens_only_while_the_server_fails() {
    let mut worker = Worker::new(r#""cache":{"ttl":"60s","stale_if_error":"30s"}"#);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 61 * SECOND;
    let stream = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(stream), "waiting", "the server is asked first");
    worker.end_call(CallOutcome::Reset);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert!(worker.counts.contains(&Counter::Cache(CacheResult::Stale)));
    assert!(worker.log.iter().any(|event| matches!(event, LogEvent::ServedStale { .. })));
    assert_eq!(fail(&mut worker, "unknown"), "503 service_unavailable");

    worker.now += SECOND;
    let stream = worker.request("GET /x", &BEARER);
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(worker.verdict(stream), "401 auth_invalid", "a verdict goes before what was known");
    assert_eq!(fail(&mut worker, "abc"), "401 auth_invalid");

    let mut worker = Worker::new(r#""cache":{"ttl":"60s","stale_if_error":"30s"}"#);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 90 * SECOND;
    assert_eq!(fail(&mut worker, "abc"), "503 service_unavailable", "stale for too long");
}

#[test]
fn a_token_that_another_worker_knows_is_known() {
    let overrides = r#""cache":{"ttl":"60s","stale_if_error":"30s"}"#;
    let (_, mut one, mut two) = Worker::two(overrides);
    one.with_token("GET /x", "abc", r#""username":"tom""#);
    one.with_token("GET /x", "short", &format!(r#""exp":{}"#, NOON / SECOND + 65));
    two.now = NOON + 61 * SECOND;
    assert_eq!(fail(&mut two, "abc"), "forwarded");
    assert_eq!(fail(&mut two, "short"), "forwarded");
    assert!(two.counts.contains(&Counter::Cache(CacheResult::Stale)));
    two.now = NOON + 65 * SECOND;
    assert_eq!(fail(&mut two, "short"), "503 service_unavailable", "past its `exp`");
    one.now = two.now;
    let admin = [("authorization", "Bearer admins")];
    one.with_token("GET /x", "admins", "");
    let stream = one.request("PUT /acme/app/users/tom/revoketokens", &admin);
    one.respond(stream, 200, "");
    assert_eq!(fail(&mut two, "abc"), "503 service_unavailable", "revoked");

    let (_, mut one, mut two) = Worker::two(overrides);
    one.with_token("GET /x", "abc", "");
    two.now = NOON + 90 * SECOND;
    assert_eq!(fail(&mut two, "abc"), "503 service_unavailable", "stale for too long");
    let (_, mut one, mut two) = Worker::two(overrides);
    one.with_token("GET /x", "abc", "");
    two.now = NOON + 61 * SECOND;
    two.request("GET /x", &BEARER);
    two.answer(200, r#"{"active":false}"#);
    one.now = NOON + 70 * SECOND;
    assert_eq!(fail(&mut one, "abc"), "503 service_unavailable", "bad since, by another worker");
}

#[test]
fn stale_if_error_never_serves_past_exp() {
    let mut worker = Worker::new(r#""cache":{"ttl":"60s","stale_if_error":"1h"}"#);
    worker.with_token("GET /x", "abc", &format!(r#""exp":{}"#, NOON / SECOND + 70));
    worker.now = NOON + 69 * SECOND;
    assert_eq!(fail(&mut worker, "abc"), "forwarded");
    worker.now = NOON + 70 * SECOND;
    assert_eq!(fail(&mut worker, "abc"), "503 service_unavailable");
}

#[test]
fn an_open_breaker_serves_stale_answers_at_once() {
    let overrides =
        r#""cache":{"ttl":"1s","stale_if_error":"30s"},"breaker":{"failures":1,"open":"10s"}"#;
    let mut worker = Worker::new(overrides);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 2 * SECOND;
    fail(&mut worker, "other");
    worker.end_call(CallOutcome::Reset);
    let stream = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert!(worker.calls.is_empty());
}

#[test]
fn without_stale_if_error_nothing_stale_is_served() {
    let mut worker = Worker::new(r#""cache":{"ttl":"1s"}"#);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + SECOND;
    assert_eq!(fail(&mut worker, "abc"), "503 service_unavailable");
}

#[test]
fn answers_that_depend_on_what_a_client_presents_open_no_breaker() {
    let mut worker = Worker::new(r#""breaker":{"failures":2,"open":"1s"}"#);
    for (status, body) in [(400, ""), (401, ""), (403, "blocked"), (404, ""), (200, "<html>")] {
        for number in 0..5 {
            let bearer = format!("Bearer odd{status}{number}");
            worker.request("GET /x", &[("authorization", &bearer)]);
            worker.answer(status, body);
        }
    }
    assert!(breaker_notices(&worker).is_empty());
    for status in [429, 500] {
        let bearer = format!("Bearer late{status}");
        worker.request("GET /x", &[("authorization", &bearer)]);
        worker.answer(status, "");
    }
    assert!(breaker_notices(&worker).is_empty());
    worker.answer(500, "");
    assert_eq!(breaker_notices(&worker), [true]);
}

#[test]
fn tokens_that_the_server_chokes_on_keep_nobody_out() {
    let mut worker = Worker::new(r#""breaker":{"failures":3,"open":"1s"}"#);
    for number in 0..50 {
        let bearer = format!("Bearer poison{number}");
        worker.request("GET /x", &[("authorization", &bearer)]);
        worker.answer([500, 429, 503][number % 3], "");
        while !worker.calls.is_empty() {
            // What it says of a credential that nobody has.
            worker.answer(200, r#"{"active":false}"#);
        }
        worker.now += SECOND / 10;
    }
    assert!(breaker_notices(&worker).is_empty());
    let ann = worker.request("GET /x", &[("authorization", "Bearer ann")]);
    worker.active("");
    assert_eq!(worker.verdict(ann), "forwarded");
}

#[test]
fn a_server_that_accepts_anything_is_not_believed() {
    let mut worker = Worker::new(r#""breaker":{"failures":1,"open":"1s"}"#);
    fail(&mut worker, "abc");
    worker.active("");
    assert_eq!(breaker_notices(&worker), [true]);
    let told = worker.log.iter().any(|event| {
        matches!(event, LogEvent::ServerFailed { fault: ServerFault::AcceptsAnything, .. })
            && event.level() == log::Level::Error
    });
    assert!(told);
}

#[test]
fn a_verdict_about_our_own_pair_closes_the_breaker_of_a_token_endpoint() {
    let mut worker = Worker::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":1,"open":"1s"}"#,
    );
    worker.request("GET /x?client_id=a&client_secret=b", &[]);
    worker.end_call(CallOutcome::Reset);
    worker.answer(400, r#"{"error":"invalid_request"}"#);
    assert_eq!(breaker_notices(&worker), [true], "no verdict about our own pair");
    worker.now = NOON + 9 * SECOND;
    worker.happen(Event::Tick);
    assert!(worker.calls.is_empty(), "a token endpoint is asked once in ten seconds at most");
    worker.now = NOON + 10 * SECOND;
    worker.happen(Event::Tick);
    worker.answer(401, r#"{"error":"invalid_client"}"#);
    assert_eq!(breaker_notices(&worker), [true, false]);
}

/// One server's probe gets lost while another's is under way.
#[test]
fn a_probe_that_gets_lost_leaves_those_of_other_servers() {
    let mut worker = Worker::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":1,"open":"60s"}"#,
    );
    fail(&mut worker, "abc");
    assert_eq!(worker.calls.len(), 1, "the first probe");
    worker.calls.clear();
    worker.now += SECOND;
    worker.request("GET /x?client_id=a&client_secret=b", &[]);
    worker.end_call(CallOutcome::Reset);
    assert_eq!(worker.calls.len(), 1, "the second");
    worker.now = NOON + 3 * SECOND / 2;
    worker.happen(Event::Tick);
    assert_eq!(breaker_notices(&worker), [true], "the first one is lost");
    worker.end_call(CallOutcome::Reset);
    assert_eq!(breaker_notices(&worker), [true, true]);
}
