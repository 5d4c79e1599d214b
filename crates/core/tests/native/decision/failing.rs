//! A server that fails: when it is left alone, and who may still come in.

use usergrid_auth_core::call::CallOutcome;
use usergrid_auth_core::decision::Notice;
use usergrid_auth_core::metrics::{CacheResult, Counter};

use crate::decision::world::{NOON, World};

const SECOND: u64 = 1_000;

fn fail(world: &mut World, token: &str) -> String {
    let stream = world.request("GET /x", &[("authorization", &format!("Bearer {token}"))]);
    if !world.calls.is_empty() {
        world.end_call(CallOutcome::Reset);
    }
    world.verdict(stream)
}

fn breaker_notices(world: &World) -> Vec<bool> {
    world
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Breaker { open, .. } => Some(*open),
            _ => None,
        })
        .collect()
}

#[test]
fn failures_in_a_row_stop_the_calls_and_one_probe_at_a_time_starts_them_again() {
    let mut world = World::new(r#""breaker":{"failures":3,"open":"2s"}"#);
    for number in 0..3 {
        assert_eq!(fail(&mut world, &format!("t{number}")), "503 service_unavailable");
    }
    assert_eq!(breaker_notices(&world), [true]);
    let held = world.request("GET /x", &[("authorization", "Bearer more")]);
    assert_eq!(world.verdict(held), "503 service_unavailable", "at once");
    assert!(world.calls.is_empty());

    world.now = NOON + 2 * SECOND;
    let probe = world.request("GET /x", &[("authorization", "Bearer probe")]);
    let other = world.request("GET /x", &[("authorization", "Bearer other")]);
    assert_eq!((world.calls.len(), world.verdict(other).as_str()), (1, "503 service_unavailable"));
    world.end_call(CallOutcome::TimedOut);
    assert_eq!(world.verdict(probe), "503 service_unavailable");

    world.now = NOON + 3 * SECOND;
    let early = world.request("GET /x", &[("authorization", "Bearer early")]);
    assert_eq!(world.verdict(early), "503 service_unavailable", "open for another while");
    world.now = NOON + 4 * SECOND;
    let probe = world.request("GET /x", &[("authorization", "Bearer probe")]);
    world.active("");
    assert_eq!(world.verdict(probe), "forwarded");
    world.request("GET /x", &[("authorization", "Bearer a")]);
    world.request("GET /x", &[("authorization", "Bearer b")]);
    assert_eq!(world.calls.len(), 2, "closed");
    assert_eq!(breaker_notices(&world), [true, false]);
}

#[test]
fn a_verdict_between_failures_starts_the_count_anew() {
    let mut world = World::new(r#""breaker":{"failures":2,"open":"1s"}"#);
    for number in 0..5 {
        fail(&mut world, &format!("t{number}"));
        world.request("GET /x", &[("authorization", &format!("Bearer bad{number}"))]);
        world.answer(200, r#"{"active":false}"#);
    }
    assert!(breaker_notices(&world).is_empty());
}

#[test]
fn what_a_client_can_provoke_at_the_token_endpoint_opens_no_breaker() {
    let mut world = World::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":2,"open":"1s"}"#,
    );
    for number in 0..5 {
        let line = format!("GET /x?client_id=a{number}&client_secret=b");
        let stream = world.request(&line, &[]);
        world.answer(400, r#"{"error":"invalid_request"}"#);
        assert_eq!(world.verdict(stream), "503 service_unavailable");
    }
    assert!(breaker_notices(&world).is_empty());
}

#[test]
fn the_two_servers_are_judged_apart() {
    let mut world = World::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":1,"open":"1s"}"#,
    );
    fail(&mut world, "abc");
    world.request("GET /x?client_id=a&client_secret=b", &[]);
    assert_eq!(world.calls.len(), 1);
}

#[test]
fn stale_if_error_serves_known_tokens_only_while_the_server_fails() {
    let mut world = World::new(r#""cache":{"ttl":"60s","stale_if_error":"30s"}"#);
    world.with_token("GET /x", "abc", "");
    world.now = NOON + 61 * SECOND;
    let stream = world.request("GET /x", &[("authorization", "Bearer abc")]);
    assert_eq!(world.verdict(stream), "waiting", "the server is asked first");
    world.end_call(CallOutcome::Reset);
    assert_eq!(world.verdict(stream), "forwarded");
    assert!(world.counts.contains(&Counter::Cache(CacheResult::Stale)));
    assert!(world.notices.iter().any(|notice| matches!(notice, Notice::ServedStale { .. })));
    assert_eq!(fail(&mut world, "unknown"), "503 service_unavailable");

    let stream = world.request("GET /x", &[("authorization", "Bearer abc")]);
    world.answer(200, r#"{"active":false}"#);
    assert_eq!(world.verdict(stream), "401 auth_invalid", "a verdict goes before what was known");
    assert_eq!(fail(&mut world, "abc"), "401 auth_invalid");

    let mut world = World::new(r#""cache":{"ttl":"60s","stale_if_error":"30s"}"#);
    world.with_token("GET /x", "abc", "");
    world.now = NOON + 90 * SECOND;
    assert_eq!(fail(&mut world, "abc"), "503 service_unavailable", "stale for too long");
}

#[test]
fn a_token_that_another_worker_knows_is_known() {
    let overrides = r#""cache":{"ttl":"60s","stale_if_error":"30s"}"#;
    let (_, mut one, mut two) = World::two(overrides);
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

    let (_, mut one, mut two) = World::two(overrides);
    one.with_token("GET /x", "abc", "");
    two.now = NOON + 90 * SECOND;
    assert_eq!(fail(&mut two, "abc"), "503 service_unavailable", "stale for too long");
    let (_, mut one, mut two) = World::two(overrides);
    one.with_token("GET /x", "abc", "");
    two.now = NOON + 61 * SECOND;
    two.request("GET /x", &[("authorization", "Bearer abc")]);
    two.answer(200, r#"{"active":false}"#);
    one.now = NOON + 70 * SECOND;
    assert_eq!(fail(&mut one, "abc"), "503 service_unavailable", "bad since, by another worker");
}

#[test]
fn stale_if_error_never_serves_past_exp() {
    let mut world = World::new(r#""cache":{"ttl":"60s","stale_if_error":"1h"}"#);
    world.with_token("GET /x", "abc", &format!(r#""exp":{}"#, NOON / SECOND + 70));
    world.now = NOON + 69 * SECOND;
    assert_eq!(fail(&mut world, "abc"), "forwarded");
    world.now = NOON + 70 * SECOND;
    assert_eq!(fail(&mut world, "abc"), "503 service_unavailable");
}

#[test]
fn an_open_breaker_serves_stale_answers_at_once() {
    let overrides =
        r#""cache":{"ttl":"1s","stale_if_error":"30s"},"breaker":{"failures":1,"open":"10s"}"#;
    let mut world = World::new(overrides);
    world.with_token("GET /x", "abc", "");
    world.now = NOON + 2 * SECOND;
    fail(&mut world, "other");
    let stream = world.request("GET /x", &[("authorization", "Bearer abc")]);
    assert_eq!(world.verdict(stream), "forwarded");
    assert!(world.calls.is_empty());
}

#[test]
fn without_stale_if_error_nothing_stale_is_served() {
    let mut world = World::new(r#""cache":{"ttl":"1s"}"#);
    world.with_token("GET /x", "abc", "");
    world.now = NOON + SECOND;
    assert_eq!(fail(&mut world, "abc"), "503 service_unavailable");
}

#[test]
fn answers_that_depend_on_what_a_client_presents_open_no_breaker() {
    let mut world = World::new(r#""breaker":{"failures":2,"open":"1s"}"#);
    for (status, body) in [(400, ""), (401, ""), (403, "blocked"), (404, ""), (200, "<html>")] {
        for number in 0..5 {
            let bearer = format!("Bearer odd{status}{number}");
            world.request("GET /x", &[("authorization", &bearer)]);
            world.answer(status, body);
        }
    }
    assert!(breaker_notices(&world).is_empty());
    for status in [429, 500] {
        let bearer = format!("Bearer late{status}");
        world.request("GET /x", &[("authorization", &bearer)]);
        world.answer(status, "");
    }
    assert_eq!(breaker_notices(&world), [true]);
}

#[test]
fn a_probe_that_is_answered_at_all_closes_the_breaker() {
    let mut world = World::new(
        r#""client_credentials":{"cluster":"u","path":"/token"},"breaker":{"failures":1,"open":"1s"}"#,
    );
    world.request("GET /x?client_id=a&client_secret=b", &[]);
    world.end_call(CallOutcome::Reset);
    world.now = NOON + SECOND;
    world.request("GET /x?client_id=hostile&client_secret=b", &[]);
    world.answer(400, r#"{"error":"invalid_request"}"#);
    assert_eq!(breaker_notices(&world), [true, false]);
}
