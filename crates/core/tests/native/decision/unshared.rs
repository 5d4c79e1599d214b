//! What a worker's own memory does where it shares no verdicts, or not this one: nothing makes up
//! for it then.

use std::rc::Rc;

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::Counter;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::LONGEST_SENT;
use usergrid_auth_core::verification::peers::memory::Process;

use crate::decision::worker::{BEARER, NOON, SECOND, Worker};
use crate::support::config;

const ALONE: &str = r#""cache":{"shared":false}"#;
const ALONE_AND_AHEAD: &str = r#""introspection":{"timeout":"5s"},
    "cache":{"shared":false,"ttl":"60s","refresh_ahead":"10s"}"#;
/// Where whoever knows a token revokes it.
const ENDPOINT: &str =
    r#""revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;

/// How a request with this token ends if nothing is answered.
fn at_once(worker: &mut Worker, token: &str) -> String {
    let stream = worker.request("GET /x", &[("authorization", &format!("Bearer {token}"))]);
    worker.verdict(stream)
}

/// Somebody verified revokes `token`.
fn revoke(worker: &mut Worker, token: &str) {
    let line = format!("POST /acme/app/users/u/revoketoken?token={token}");
    let stream = worker.with_token(&line, "admins", "");
    worker.respond(stream, 200, "");
}

#[test]
fn revocations_of_others_cost_no_call() {
    let mut worker = Worker::new(ALONE);
    worker.with_token("GET /x", "anns", "");
    for number in 0..5 {
        revoke(&mut worker, &format!("t{number}"));
        assert_eq!(at_once(&mut worker, "anns"), "forwarded", "{number}");
    }
}

#[test]
fn a_token_that_is_good_after_its_revocation_is_remembered_again() {
    let mut worker = Worker::new(ALONE);
    worker.with_token("GET /x", "anns", "");
    revoke(&mut worker, "anns");
    assert_eq!(at_once(&mut worker, "anns"), "waiting");
    worker.active("");
    assert_eq!(at_once(&mut worker, "anns"), "forwarded");
    revoke(&mut worker, "another");
    assert_eq!(at_once(&mut worker, "anns"), "forwarded");
    revoke(&mut worker, "anns");
    assert_eq!(at_once(&mut worker, "anns"), "waiting");
}

#[test]
fn an_inactive_answer_to_a_renewal_takes_the_place_of_the_good_one() {
    let mut worker = Worker::new(ALONE_AND_AHEAD);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 50 * SECOND;
    assert_eq!(at_once(&mut worker, "abc"), "forwarded");
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(at_once(&mut worker, "abc"), "401 auth_invalid");
    assert!(worker.calls.is_empty());
}

#[test]
fn a_renewal_that_takes_long_is_the_only_one() {
    let mut worker = Worker::new(ALONE_AND_AHEAD);
    worker.with_token("GET /x", "abc", "");
    for second in 50..54 {
        worker.now = NOON + second * SECOND;
        assert_eq!(at_once(&mut worker, "abc"), "forwarded");
        assert_eq!(worker.calls.len(), 1, "{second}");
    }
}

#[test]
fn a_server_that_failed_to_renew_is_let_be_for_a_second() {
    let mut worker = Worker::new(ALONE_AND_AHEAD);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 50 * SECOND;
    assert_eq!(at_once(&mut worker, "abc"), "forwarded");
    worker.now += SECOND / 2;
    worker.end_call(CallOutcome::Reset);
    for (millis, calls) in [(999, 0), (1_000, 0), (2_000, 1)] {
        worker.now = NOON + 50 * SECOND + millis;
        assert_eq!(at_once(&mut worker, "abc"), "forwarded");
        assert_eq!(worker.calls.len(), calls, "{millis}");
    }
}

#[test]
fn as_many_calls_as_may_be_leave_no_room_for_renewals() {
    let mut worker = Worker::new(&format!(r#"{ALONE_AND_AHEAD},"limits":{{"max_waiting":1}}"#));
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 50 * SECOND;
    assert_eq!(at_once(&mut worker, "another"), "waiting");
    assert_eq!(at_once(&mut worker, "abc"), "forwarded");
    assert_eq!(worker.calls.len(), 1);
    worker.active("");
    worker.now += SECOND;
    assert_eq!(at_once(&mut worker, "abc"), "forwarded");
    assert_eq!(worker.calls.len(), 1);
}

/// How often the worker writes down that `token` was revoked, at an endpoint where anybody may say
/// so twice.
fn records(worker: &mut Worker, token: &str) -> usize {
    worker.counts.clear();
    for _ in 0..2 {
        let stream = worker.request("POST /oauth/revoke", &[]);
        assert_eq!(worker.verdict(stream), "forwarded");
        worker.respond(stream, 200, &format!("token={token}"));
    }
    worker.counts.iter().filter(|count| **count == Counter::Revocations).count()
}

/// Shared memory was written over, so that nobody else knows of it.
#[test]
fn whoever_knows_a_token_revokes_it_once_that_only_this_worker_remembers() {
    let (process, mut worker, _) = Worker::two(ENDPOINT);
    worker.with_token("GET /x", "abc", "");
    process.damage();
    assert_eq!(records(&mut worker, "random"), 0);
    assert_eq!(at_once(&mut worker, "abc"), "forwarded");
    assert_eq!(records(&mut worker, "abc"), 1);
    assert_eq!(at_once(&mut worker, "abc"), "waiting");
}

#[test]
fn whoever_knows_a_token_revokes_it_once_that_only_this_worker_is_asking_about() {
    let (process, mut worker, _) = Worker::two(ENDPOINT);
    let before = worker.request("GET /x", &BEARER);
    process.damage();
    assert_eq!(records(&mut worker, "abc"), 1);
    let after = worker.request("GET /x", &BEARER);
    assert_eq!(worker.calls.len(), 2, "nobody joins a call from before a revocation");
    worker.active("");
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(worker.verdict(before), "forwarded");
    assert_eq!(worker.verdict(after), "401 auth_invalid");
}

/// Claims of an answer that is shared, of one that holds a token, of one that is too long to be
/// kept, and of one that is too long to be sent.
fn answers() -> [String; 4] {
    let long = |length| format!(r#""other":"{}""#, "x".repeat(length));
    let token = r#""token":"in clear""#.to_owned();
    [r#""username":"tom""#.to_owned(), token, long(5_000), long(20_000)]
}

#[test]
fn whoever_knows_a_token_revokes_it_at_any_worker_whether_or_not_its_answer_is_shared() {
    for claims in answers() {
        let (_, mut one, mut two) = Worker::two(ENDPOINT);
        one.with_token("GET /x", "abc", &claims);
        assert_eq!(at_once(&mut one, "abc"), "forwarded");
        assert_eq!(records(&mut two, "random"), 0);
        assert_eq!(records(&mut two, "abc"), 1, "{claims:.20}");
        assert_eq!(at_once(&mut one, "abc"), "waiting", "{claims:.20}");
    }
}

/// The server has revoked it before this Envoy hears of that, so another worker is told so.
#[test]
fn a_denial_elsewhere_leaves_a_token_to_be_revoked_where_it_is_remembered() {
    let (_, mut one, mut two) = Worker::two(ENDPOINT);
    one.with_token("GET /x", "abc", r#""token":"in clear""#);
    let denied = two.request("GET /x", &BEARER);
    two.answer(200, r#"{"active":false}"#);
    assert_eq!(two.verdict(denied), "401 auth_invalid");
    assert_eq!(at_once(&mut two, "abc"), "401 auth_invalid", "the denial is remembered");
    assert_eq!(at_once(&mut one, "abc"), "forwarded");
    assert_eq!(records(&mut two, "abc"), 1);
    assert_eq!(at_once(&mut one, "abc"), "401 auth_invalid");
}

/// Each worker asks for itself, and none for another is kept from it.
#[test]
fn an_answer_that_is_not_shared_serves_renewals_and_other_workers_as_if_there_were_none() {
    let overrides = format!(
        r#"{ENDPOINT},"introspection":{{"max_response_bytes":65536}},
        "cache":{{"ttl":"60s","refresh_ahead":"10s"}}"#
    );
    for claims in &answers()[1..] {
        let (_, mut one, mut two) = Worker::two(&overrides);
        one.with_token("GET /x", "abc", claims);
        let second = two.request("GET /x", &BEARER);
        assert_eq!(two.calls.len(), 1, "{claims:.20}");
        two.now += 45 * SECOND;
        two.calls.clear();
        two.happen(Event::Tick);
        assert_eq!(two.verdict(second), "503 service_unavailable");
        two.now += 3 * SECOND;
        assert_eq!(at_once(&mut two, "abc"), "waiting");
        two.active(claims);
        assert_eq!(at_once(&mut two, "abc"), "forwarded");
        one.now = NOON + 50 * SECOND;
        assert_eq!(at_once(&mut one, "abc"), "forwarded");
        assert_eq!(one.calls.len(), 1, "it renews its own: {claims:.20}");
        one.active(claims);
        one.now = NOON + 99 * SECOND;
        assert_eq!(at_once(&mut one, "abc"), "forwarded");
        assert!(one.calls.is_empty());
    }
}

#[test]
fn those_who_miss_that_an_answer_is_not_shared_ask_for_themselves() {
    for claims in &answers()[1..] {
        let overrides = format!(r#"{ENDPOINT},"introspection":{{"max_response_bytes":65536}}"#);
        let (_, mut one, mut two) = Worker::two(&overrides);
        one.request("GET /x", &BEARER);
        let waiting = two.request("GET /x", &BEARER);
        assert!(two.calls.is_empty());
        one.active(claims);
        two.lose_queue();
        two.happen(Event::Tick);
        assert_eq!(two.verdict(waiting), "waiting", "{claims:.20}");
        two.active(claims);
        assert_eq!(two.verdict(waiting), "forwarded", "{claims:.20}");
    }
}

#[test]
fn an_answer_that_is_too_long_to_be_sent_is_asked_for_by_every_worker() {
    let overrides = r#""introspection":{"max_response_bytes":65536}"#;
    for (length, calls) in [(LONGEST_SENT, 0), (LONGEST_SENT + 1, 1), (2 * LONGEST_SENT, 1)] {
        let (_, mut one, mut two) = Worker::two(overrides);
        one.request("GET /x", &BEARER);
        let waiting = two.request("GET /x", &BEARER);
        let answer = format!("{:length$}", r#"{"active":true}"#);
        one.answer(200, &answer);
        two.read_queue();
        assert_eq!(two.calls.len(), calls, "{length}");
        if calls > 0 {
            two.answer(200, &answer);
        }
        assert_eq!(two.verdict(waiting), "forwarded", "{length}");
    }
}

#[test]
fn what_has_no_life_leaves_nothing_behind_for_when_the_server_fails() {
    let overrides =
        r#""cache":{"shared":false,"ttl":"0s","negative_ttl":"0s","stale_if_error":"30s"}"#;
    let process: Rc<Process> = Rc::default();
    let mut worker = Worker::in_process(&Rc::new(config(overrides)), &process);
    worker.with_token("GET /x", "abc", "");
    assert_eq!(process.keys(), 0);
}

/// The numbers of revocations begin anew, so that those of calls under way tell nothing.
#[test]
fn nobody_joins_a_call_from_before_the_table_of_revocations_began_anew() {
    let (process, mut one, mut two) = Worker::two("");
    for number in 0..3 {
        revoke(&mut two, &format!("t{number}"));
    }
    let before = one.request("GET /x", &BEARER);
    process.damage();
    revoke(&mut two, "abc");
    let after = one.request("GET /x", &BEARER);
    assert_eq!(one.calls.len(), 2);
    one.active("");
    assert_eq!(one.verdict(before), "forwarded");
    assert_eq!(one.verdict(after), "waiting");
    one.answer(200, r#"{"active":false}"#);
    assert_eq!(one.verdict(after), "401 auth_invalid");
}
