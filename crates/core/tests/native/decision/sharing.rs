//! What the workers of one process share, and what happens when one of them is slow, mute or dead.

use std::rc::Rc;

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::{CacheResult, CallResult, Counter};
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::Process;

use crate::decision::worker::{BEARER, NOON, SECOND, Worker};
use crate::support::config;

#[test]
fn an_answer_serves_all_workers_for_what_is_left_of_its_life() {
    let (_, mut one, mut two) = Worker::two("");
    one.with_token("GET /x", "abc", r#""username":"tom""#);
    two.now = NOON + 50 * SECOND;
    let stream = two.request("GET /x", &BEARER);
    assert_eq!(two.verdict(stream), "forwarded");
    assert_eq!(two.head(stream).header("x-usergrid-username"), "tom");
    assert_eq!(two.counts[0], Counter::Cache(CacheResult::SharedHit));
    two.now = NOON + 60 * SECOND;
    let stream = two.request("GET /x", &BEARER);
    assert_eq!(two.verdict(stream), "waiting", "sixty seconds old, wherever it was looked up");
}

#[test]
fn a_worker_that_read_the_time_a_moment_before_another_joins_its_call_and_finds_its_answer() {
    let (_, mut one, mut two) = Worker::two("");
    two.now = NOON - 30;
    one.request("GET /x", &BEARER);
    two.request("GET /x", &BEARER);
    assert_eq!((one.calls.len(), two.calls.len()), (1, 0));
    one.active("");
    let (_, mut one, mut two) = Worker::two("");
    two.now = NOON - 30;
    one.with_token("GET /x", "abc", "");
    let stream = two.request("GET /x", &BEARER);
    assert_eq!(two.verdict(stream), "forwarded");
    two.now = NOON + 60 * SECOND;
    let stream = two.request("GET /x", &BEARER);
    assert_eq!(two.verdict(stream), "waiting", "no longer than its `ttl` all the same");
}

#[test]
fn a_bad_answer_serves_all_workers_too() {
    let overrides = r#""introspection":{"scope":["read"]},"limits":{"claims":{"entries":2}},
        "client_credentials":{"cluster":"usergrid","path":"/token"}"#;
    let basic = [("authorization", "Basic aWQ6c2Vj")];
    let expired = r#"{"active":true,"scope":"read","exp":1}"#;
    let bad_client = r#"{"error":"invalid_client"}"#;
    for (credential, status, answer) in [
        (&BEARER, 200, r#"{"active":false}"#),
        (&BEARER, 200, expired),
        (&BEARER, 200, r#"{"active":true,"scope":"write"}"#),
        (&BEARER, 200, r#"{"active":true,"scope":"read write more"}"#),
        (&basic, 401, bad_client),
    ] {
        let (_, mut one, mut two) = Worker::two(overrides);
        let first = one.request("GET /x", credential);
        let waiting = two.request("GET /x", credential);
        one.answer(status, answer);
        two.read_queue();
        let late = two.request("GET /x", credential);
        assert!(two.calls.is_empty(), "{answer}");
        assert!(one.verdict(first).starts_with("40"), "{answer}");
        assert_eq!(two.verdict(waiting), one.verdict(first), "{answer}");
        assert_eq!(two.verdict(late), one.verdict(first), "{answer}");
        let log = |worker: &Worker| worker.log.iter().map(ToString::to_string).next();
        assert_eq!(log(&two), log(&one), "{answer}");
    }
}

#[test]
fn workers_that_want_the_same_share_one_call() {
    let (_, mut one, mut two) = Worker::two("");
    let first = one.request("GET /acme/app/x", &BEARER);
    let second = two.request("GET /acme/app/x", &BEARER);
    let foreign = two.request("GET /other/app/x", &BEARER);
    assert_eq!((one.calls.len(), two.calls.len()), (1, 0));
    one.active(r#""application":"acme/app""#);
    assert_eq!(one.verdict(first), "forwarded");
    assert_eq!(two.verdict(second), "waiting", "not told yet");
    two.read_queue();
    assert_eq!(two.verdict(second), "forwarded");
    assert_eq!(two.verdict(foreign), "401 unauthorized", "decided on its own");
    let calls = |worker: &Worker| {
        worker.counts.iter().filter(|count| matches!(count, Counter::Introspections(_))).count()
    };
    assert_eq!((calls(&one), calls(&two)), (1, 0));
    let joined = two.counts.iter().filter(|count| **count == Counter::Coalesced).count();
    assert_eq!(joined, 2, "both joined a call, though only one of them in its own worker");
}

#[test]
fn a_failure_is_shared_with_those_who_wait_and_with_nobody_else() {
    let (_, mut one, mut two) = Worker::two("");
    one.request("GET /x", &BEARER);
    let waiting = two.request("GET /x", &BEARER);
    one.end_call(CallOutcome::Reset);
    two.read_queue();
    assert_eq!(two.verdict(waiting), "503 service_unavailable");
    let other = two.request("GET /x", &[("authorization", "Bearer other")]);
    two.active("");
    assert_eq!(two.verdict(other), "forwarded");
    two.now += SECOND;
    let next = two.request("GET /x", &BEARER);
    two.active("");
    assert_eq!(two.verdict(next), "forwarded");
}

#[test]
fn a_message_that_gets_lost_is_made_up_for_by_the_tick() {
    let (_, mut one, mut two) = Worker::two("");
    one.request("GET /x", &BEARER);
    let waiting = two.request("GET /x", &BEARER);
    one.active("");
    two.lose_queue();
    two.happen(Event::Tick);
    assert_eq!(two.verdict(waiting), "forwarded");
}

#[test]
fn a_lost_message_of_failure_holds_nobody_for_long() {
    let (_, mut one, mut two) = Worker::two("");
    one.request("GET /x", &BEARER);
    let waiting = two.request("GET /x", &BEARER);
    one.end_call(CallOutcome::Reset);
    two.lose_queue();
    two.happen(Event::Tick);
    assert_eq!(two.verdict(waiting), "waiting", "it may still come");
    two.happen(Event::Tick);
    assert_eq!(two.verdict(waiting), "503 service_unavailable");
}

#[test]
fn a_worker_that_dies_holds_nobody_longer_than_its_call_could_have_taken() {
    let (process, mut one, mut two) = Worker::two("");
    one.request("GET /x", &BEARER);
    drop(one);
    let waiting = two.request("GET /x", &BEARER);
    assert!(two.calls.is_empty());
    // The default timeout of half a second, and a second of grace.
    two.now = NOON + 1_499;
    two.happen(Event::Tick);
    assert_eq!(two.verdict(waiting), "waiting");
    two.now = NOON + 1_500;
    two.happen(Event::Tick);
    assert_eq!(two.verdict(waiting), "503 service_unavailable");
    two.now += SECOND;
    let next = two.request("GET /x", &BEARER);
    assert_eq!(two.calls.len(), 1, "the lease of the dead has lapsed");
    two.active("");
    assert_eq!(two.verdict(next), "forwarded");
    // A worker that starts anew finds it.
    let mut three = Worker::in_process(&Rc::new(config("")), &process);
    three.now = two.now;
    let warm = three.request("GET /x", &BEARER);
    assert_eq!(three.verdict(warm), "forwarded");
}

#[test]
fn another_configuration_shares_nothing() {
    let process: Rc<Process> = Rc::default();
    let mut one = Worker::in_process(&Rc::new(config("")), &process);
    let mut two = Worker::in_process(&Rc::new(config(r#""cache":{"ttl":"61s"}"#)), &process);
    one.with_token("GET /x", "abc", "");
    let stream = two.request("GET /x", &BEARER);
    assert_eq!(two.verdict(stream), "waiting");
    assert_eq!(two.calls.len(), 1);
}

#[test]
fn workers_that_do_not_share_leave_nothing_behind() {
    let (process, mut one, mut two) = Worker::two(r#""cache":{"shared":false}"#);
    one.with_token("GET /x", "abc", "");
    two.request("GET /x", &BEARER);
    assert_eq!(two.calls.len(), 1);
    assert_eq!(process.keys(), 0);
}

#[test]
fn a_token_that_is_issued_for_a_client_pair_is_in_no_memory_and_no_message_that_others_see() {
    let pairs = r#""client_credentials":{"cluster":"usergrid","path":"/token"}"#;
    let (process, mut one, mut two) = Worker::two(pairs);
    let basic = [("authorization", "Basic aWQ6c2Vj")];
    one.request("GET /x", &basic);
    let waiting = two.request("GET /x", &basic);
    assert!(two.calls.is_empty(), "one call, as far as anybody knows");
    one.answer(200, r#"{"access_token":"issued-token","expires_in":60}"#);
    let bytes = [process.bytes(), process.messages().concat()].concat();
    two.read_queue();
    two.answer(200, r#"{"access_token":"another-token","expires_in":60}"#);
    assert_eq!(two.verdict(waiting), "forwarded");
    assert_eq!(two.head(waiting).header("authorization"), "Bearer another-token");
    for secret in [&b"issued-token"[..], b"sec", b"aWQ6c2Vj"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn shared_memory_is_bounded_and_holds_no_credential() {
    let (process, mut one, mut two) = Worker::two(r#""cache":{"max_entries":64}"#);
    for number in 0..2_000 {
        let token = format!("token-number-{number}");
        let stream = one.request("GET /x", &[("authorization", &format!("Bearer {token}"))]);
        let answer =
            if number % 2 == 0 { r#"{"active":true,"sub":"u"}"# } else { r#"{"active":false}"# };
        one.answer(200, answer);
        assert_ne!(one.verdict(stream), "waiting");
    }
    assert!(process.keys() <= 16, "{} keys", process.keys());
    let bytes = process.bytes();
    assert!(bytes.len() < 16 * 2_000, "{} bytes", bytes.len());
    assert!(!bytes.windows(12).any(|window| window == b"token-number"));
    // The last ones are still there.
    let stream = two.request("GET /x", &[("authorization", "Bearer token-number-1998")]);
    assert_eq!(two.verdict(stream), "forwarded");
}

#[test]
fn random_tokens_push_no_good_answer_out_of_the_shared_memory() {
    let (_, mut one, mut two) = Worker::two(r#""cache":{"max_entries":64,"ttl":"1h"}"#);
    for number in 0..32 {
        one.with_token("GET /x", &format!("good-{number}"), "");
    }
    for number in 0..5_000 {
        one.request("GET /x", &[("authorization", &format!("Bearer bad-{number}"))]);
        one.answer(200, r#"{"active":false}"#);
    }
    let mut found = 0;
    for number in 0..32 {
        let bearer = format!("Bearer good-{number}");
        let stream = two.request("GET /x", &[("authorization", &bearer)]);
        found += usize::from(two.verdict(stream) == "forwarded");
    }
    // Sixteen sets of four: a few of thirty-two may have met in a full set, as without the flood.
    assert!(found >= 28, "{found} of 32");
}

#[test]
fn garbage_in_the_shared_memory_is_nothing_at_all() {
    let (process, mut one, mut two) = Worker::two("");
    one.with_token("GET /x", "abc", "");
    for message in [&b""[..], b"\x01", b"\x01too short", &[1; 60], &[255; 100]] {
        two.happen(Event::PeerMessage(message.to_vec()));
    }
    process.damage();
    let stream = two.request("GET /x", &BEARER);
    assert_eq!(two.verdict(stream), "waiting");
    two.active("");
    assert_eq!(two.verdict(stream), "forwarded");
    assert!(two.counts.contains(&Counter::Introspections(CallResult::Active)));
}

/// What was revoked before that may have left no trace.
#[test]
fn a_table_of_revocations_that_has_begun_anew_makes_workers_forget() {
    let (process, mut one, mut two) = Worker::two("");
    one.with_token("GET /x", "abc", "");
    two.with_token("GET /x", "admin", "");
    for number in 0..3 {
        if number == 2 {
            process.damage();
        }
        let line = format!("POST /acme/app/users/u/revoketoken?token={number}");
        let stream = two.request(&line, &[("authorization", "Bearer admin")]);
        two.respond(stream, 200, "");
        let known = one.request("GET /x", &BEARER);
        let expected = if number == 2 { "waiting" } else { "forwarded" };
        assert_eq!(one.verdict(known), expected, "{number}");
    }
}

#[test]
fn a_message_of_another_time_or_configuration_is_not_believed() {
    let (_, mut one, mut two) = Worker::two("");
    let process: Rc<Process> = Rc::default();
    let mut other = Worker::in_process(&Rc::new(config(r#""cors":{}"#)), &process);
    let mut listener = Worker::in_process(&Rc::new(config(r#""cors":{}"#)), &process);
    other.request("GET /x", &BEARER);
    listener.request("GET /x", &BEARER);
    other.active("");
    let message = process.messages().pop().expect("a message for the listener");
    one.request("GET /x", &BEARER);
    let waiting = two.request("GET /x", &BEARER);
    two.happen(Event::PeerMessage(message));
    assert_eq!(two.verdict(waiting), "waiting");
}
