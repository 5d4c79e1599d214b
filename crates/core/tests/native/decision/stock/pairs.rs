//! Client pairs in front of a stock Usergrid: who asks about them is not who asks about tokens.

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::single_flight::StreamId;

use super::{TOKEN, U, ask, asked, error, kim, one_worker, reset};
use crate::decision::worker::{NOON, SECOND, Worker};
use crate::support::answered;

const BREAKER: &str = r#","breaker":{"failures":1,"open":"1s"}"#;
const LINE: &str = "GET /acme/shop/x";
const BASIC: &str = "Basic aWQ6c2Vj";
const DOWN: &str = "503 service_unavailable";

fn with_pair(worker: &mut Worker) -> StreamId {
    worker.request(LINE, &[("authorization", BASIC)])
}

fn issue(worker: &mut Worker, token: &str, seconds: u64) {
    worker.answer(200, &format!(r#"{{"access_token":"{token}","expires_in":{seconds}}}"#));
    worker.answer(200, "");
}

#[test]
fn what_fails_for_tokens_does_not_fail_for_pairs() {
    let mut worker = one_worker("", BREAKER);
    assert_eq!(super::in_vain(&mut worker, LINE, TOKEN, reset), DOWN);
    assert_eq!(worker.breakers_open(), [1]);
    let stream = with_pair(&mut worker);
    assert_eq!(asked(&worker), ["POST /management/token"]);
    issue(&mut worker, "YWMt-issued", 70);
    assert_eq!(worker.verdict(stream), "forwarded");
}

#[test]
fn what_fails_for_pairs_does_not_fail_for_tokens() {
    let mut worker = one_worker("", BREAKER);
    let stream = with_pair(&mut worker);
    while !worker.calls.is_empty() {
        worker.end_call(CallOutcome::Reset);
    }
    assert_eq!(worker.verdict(stream), DOWN);
    assert_eq!(worker.breakers_open(), [1]);
    let stream = ask(&mut worker, LINE, TOKEN);
    assert_eq!(asked(&worker), [U]);
    kim(&mut worker);
    assert_eq!(worker.verdict(stream), "forwarded");
}

/// A password hash, and a token that is kept.
#[test]
fn the_token_endpoint_is_asked_about_a_pair_of_ours_once_in_ten_seconds_at_most() {
    let mut worker = one_worker("", BREAKER);
    let stream = with_pair(&mut worker);
    worker.end_call(CallOutcome::Reset);
    assert_eq!(worker.verdict(stream), DOWN);
    assert_eq!(asked(&worker), ["POST /management/token"]);
    worker.end_call(CallOutcome::Reset);
    assert_eq!(worker.breakers_open(), [1]);
    for (millis, is_asked) in [(SECOND, false), (10 * SECOND - 1, false), (10 * SECOND, true)] {
        worker.now = NOON + millis;
        worker.happen(Event::Tick);
        assert_eq!(!worker.calls.is_empty(), is_asked, "{millis}");
    }
    worker.end_call(answered(401, error("auth_invalid_credentials")));
    assert_eq!(worker.breakers_open(), [0]);
}

#[test]
fn a_pair_whose_token_has_lapsed_is_given_another() {
    let mut worker = one_worker("", r#","cache":{"ttl":"1h","stale_if_error":"1h"}"#);
    with_pair(&mut worker);
    issue(&mut worker, "YWMt-first", 70);
    worker.now = NOON + 70 * SECOND - 1;
    let stream = with_pair(&mut worker);
    assert_eq!(worker.head(stream).header("authorization"), "Bearer YWMt-first");
    worker.now = NOON + 70 * SECOND;
    let stream = with_pair(&mut worker);
    assert_eq!(asked(&worker), ["POST /management/token"]);
    issue(&mut worker, "YWMt-second", 70);
    assert_eq!(worker.head(stream).header("authorization"), "Bearer YWMt-second");
}

#[test]
fn long_pairs_and_names_are_paid_for() {
    // What is kept for one call is 16 KiB at most.
    let limits = r#","limits":{"max_waiting":1}"#;
    let secret = |length: usize| "s".repeat(length);
    for (length, name, expected) in
        [(1_700, "shop", "waiting"), (3_400, "shop", DOWN), (1_700, &*"a".repeat(1_000), DOWN)]
    {
        let mut worker = one_worker("", limits);
        let line = format!("GET /acme/{name}/x?client_id=id&client_secret={}", secret(length));
        let stream = worker.request(&line, &[]);
        assert_eq!(worker.verdict(stream), expected, "{length} {}", name.len());
    }
}
