//! Life times: of answers, of tokens, of calls; and a clock that jumps.

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::verification::call::CallOutcome;

use crate::decision::worker::{BEARER, NOON, SECOND, Worker};

fn asks_again(worker: &mut Worker) -> bool {
    worker.request("GET /x", &BEARER);
    !worker.calls.is_empty()
}

#[test]
fn an_answer_lives_for_its_ttl_and_no_look_makes_it_live_longer() {
    let mut worker = Worker::new(r#""cache":{"ttl":"60s"}"#);
    worker.with_token("GET /x", "abc", "");
    for second in (0..60).step_by(7) {
        worker.now = NOON + second * SECOND;
        assert!(!asks_again(&mut worker), "after {second} s");
    }
    worker.now = NOON + 60 * SECOND;
    assert!(asks_again(&mut worker));
}

#[test]
fn a_bad_answer_lives_for_its_own_ttl() {
    let mut worker = Worker::new(r#""cache":{"negative_ttl":"5s"}"#);
    worker.request("GET /x", &BEARER);
    worker.answer(200, r#"{"active":false}"#);
    worker.now += 5 * SECOND - 1;
    assert!(!asks_again(&mut worker));
    worker.now += 1;
    assert!(asks_again(&mut worker));
}

#[test]
fn a_ttl_of_zero_remembers_nothing() {
    let mut worker = Worker::new(r#""cache":{"ttl":"0s","negative_ttl":"0s"}"#);
    worker.with_token("GET /x", "abc", "");
    assert!(asks_again(&mut worker));
    worker.answer(200, r#"{"active":false}"#);
    assert!(asks_again(&mut worker));
}

#[test]
fn nothing_is_served_past_exp() {
    let mut worker = Worker::new("");
    let exp = NOON / SECOND + 10;
    worker.with_token("GET /x", "abc", &format!(r#""exp":{exp}"#));
    worker.now = exp * SECOND - 1;
    assert!(!asks_again(&mut worker));
    worker.now = exp * SECOND;
    let stream = worker.request("GET /x", &BEARER);
    if !worker.calls.is_empty() {
        worker.active(&format!(r#""exp":{exp}"#));
    }
    assert_eq!(worker.verdict(stream), "401 expired_token");
}

#[test]
fn a_token_that_lapses_while_its_request_waits_is_refused() {
    let mut worker = Worker::new("");
    let stream = worker.request("GET /x", &BEARER);
    worker.now += 2 * SECOND;
    worker.active(&format!(r#""exp":{}"#, NOON / SECOND + 1));
    assert_eq!(worker.verdict(stream), "401 expired_token");
}

#[test]
fn nbf_holds_a_token_back_until_it_is_reached() {
    let mut worker = Worker::new("");
    let stream = worker.with_token("GET /x", "abc", &format!(r#""nbf":{}"#, NOON / SECOND + 10));
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
    // `introspection.leeway` is five seconds.
    worker.now += 5 * SECOND - 1;
    let stream = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
    worker.now += 1;
    let stream = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(stream), "forwarded");
}

#[test]
fn a_clock_that_is_set_back_lets_no_answer_live_longer() {
    let mut worker = Worker::new(r#""cache":{"ttl":"60s"}"#);
    worker.with_token("GET /x", "abc", "");
    worker.now += 50 * SECOND;
    assert!(!asks_again(&mut worker));
    worker.now -= 3_600 * SECOND;
    assert!(!asks_again(&mut worker), "fifty seconds old");
    worker.now += 10 * SECOND;
    assert!(asks_again(&mut worker), "sixty seconds old, whatever the clock says");
}

#[test]
fn a_clock_that_is_set_back_lets_no_answer_serve_longer_while_the_server_fails() {
    for (rest, expected) in [(39_999, "forwarded"), (40_000, "503 service_unavailable")] {
        let mut worker =
            Worker::new(r#""cache":{"ttl":"60s","stale_if_error":"30s","shared":false}"#);
        worker.with_token("GET /x", "abc", "");
        worker.now += 50 * SECOND;
        assert!(!asks_again(&mut worker));
        worker.now -= 3_600 * SECOND;
        assert!(!asks_again(&mut worker));
        worker.now += rest;
        let stream = worker.request("GET /x", &BEARER);
        worker.end_call(CallOutcome::Reset);
        assert_eq!(worker.verdict(stream), expected, "{rest} ms later");
    }
}

#[test]
fn a_client_pair_whose_token_has_lapsed_is_verified_anew() {
    let mut worker = Worker::new(
        r#""client_credentials":{"cluster":"usergrid","path":"/token"},"cache":{"ttl":"1h"}"#,
    );
    let basic = [("authorization", "Basic aWQ6c2Vj")];
    worker.request("GET /x", &basic);
    worker.answer(200, r#"{"access_token":"one","expires_in":5}"#);
    let stream = worker.request("GET /x", &basic);
    assert_eq!(worker.head(stream).header("authorization"), "Bearer one");
    worker.now += 5 * SECOND;
    let stream = worker.request("GET /x", &basic);
    worker.answer(200, r#"{"access_token":"two","expires_in":5}"#);
    assert_eq!(worker.head(stream).header("authorization"), "Bearer two");
}

#[test]
fn a_call_the_host_never_ends_is_given_up_after_timeout_and_grace() {
    let mut worker = Worker::new(r#""credentials":{"max_length":100}"#);
    let stream = worker.request("GET /x", &BEARER);
    let timeout = u64::try_from(worker.calls[0].1.timeout.as_millis()).unwrap();
    worker.now += timeout;
    worker.happen(Event::Tick);
    assert_eq!(worker.verdict(stream), "waiting");
    worker.now += SECOND;
    worker.happen(Event::Tick);
    assert_eq!(worker.verdict(stream), "503 service_unavailable");

    // The answer that comes after all is not believed: nobody knows how old it is.
    worker.active("");
    assert_eq!(worker.cache_entries(), 0);
    worker.now += SECOND;
    assert!(asks_again(&mut worker));
    worker.end_call(CallOutcome::Reset);
}
