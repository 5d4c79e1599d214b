//! `offline_if_error`: while Usergrid's verification is down, a good signature alone admits.

use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{CacheResult, Counter};
use usergrid_auth_core::verification::call::{AnswerBody, CallOutcome};

use super::{
    KIM, OTHER, TOKEN, TOKENS, YOUNG, ask, at, error, in_vain, kim_comes, one_worker, reset,
    signed, user, workers,
};
use crate::decision::worker::{NOON, SECOND, Worker};
use crate::support::answered;

const OFFLINE: &str = r#","offline_if_error":true"#;
const LINE: &str = "GET /acme/shop/x";
const DOWN: &str = "503 service_unavailable";

fn is_offline(count: &&Counter) -> bool {
    **count == Counter::Cache(CacheResult::Offline)
}

#[test]
fn no_answer_and_5xx_are_down() {
    let down: [fn() -> CallOutcome; 5] = [
        || CallOutcome::Reset,
        || CallOutcome::TimedOut,
        || CallOutcome::NotSent,
        || answered(500, "<html>"),
        || answered(503, error("x")),
    ];
    for how in down {
        let mut worker = one_worker(OFFLINE, "");
        let stream = ask(&mut worker, LINE, TOKEN);
        worker.end_call(how());
        assert_eq!(worker.verdict(stream), "forwarded");
        let head = worker.head(stream);
        for name in ["principal", "subject", "username", "organization", "application"] {
            assert_eq!(head.header(&format!("x-usergrid-{name}")), "", "{name}");
        }
        assert_eq!(worker.counts.iter().filter(is_offline).count(), 1);
        assert!(worker.log.iter().any(|event| matches!(event, LogEvent::AdmittedOffline { .. })));
    }
}

#[test]
fn what_a_caller_may_bring_about_is_not_down() {
    let up: [fn() -> CallOutcome; 7] = [
        || answered(302, ""),
        || answered(403, "<html>"),
        || answered(404, "<html>"),
        || answered(429, ""),
        || answered(200, "{}"),
        || answered(401, error("auth_unverified_oath")),
        || CallOutcome::Answered {
            status: 200,
            body: AnswerBody::TooLarge,
            headers: Default::default(),
        },
    ];
    for how in up {
        let mut worker = one_worker(OFFLINE, "");
        assert_eq!(in_vain(&mut worker, LINE, TOKEN, how), DOWN, "{:?}", how());
        assert!(!worker.counts.iter().any(|count| is_offline(&count)));
    }
}

#[test]
fn an_open_breaker_is_down() {
    let mut worker = one_worker(OFFLINE, r#","breaker":{"failures":1,"open":"1m"}"#);
    in_vain(&mut worker, LINE, TOKEN, reset);
    let stream = ask(&mut worker, LINE, OTHER);
    assert_eq!(worker.verdict(stream), "forwarded", "without a call");
    let refused = ask(&mut worker, LINE, &TOKEN.replace("BK", "Bk"));
    assert_eq!(worker.verdict(refused), "401 auth_unverified_oath", "whoever did not sign it");
}

#[test]
fn whoever_comes_in_the_pause_after_a_failure_is_told_what_it_was() {
    let mut worker = one_worker(OFFLINE, "");
    assert_eq!(in_vain(&mut worker, LINE, TOKEN, reset), "forwarded");
    assert_eq!(in_vain(&mut worker, LINE, TOKEN, reset), "forwarded", "down a moment ago");
    assert_eq!(in_vain(&mut worker, LINE, OTHER, || answered(429, "")), DOWN);
    assert_eq!(in_vain(&mut worker, LINE, OTHER, reset), DOWN, "not down a moment ago");
}

#[test]
fn whoever_followed_a_call_that_found_it_down_is_admitted_as_well() {
    for (how, expected) in [(CallOutcome::Reset, "forwarded"), (answered(429, ""), DOWN)] {
        let [mut one, mut two] = workers(&signed(OFFLINE, ""));
        let first = ask(&mut one, LINE, TOKEN);
        let second = ask(&mut two, LINE, TOKEN);
        assert!(two.calls.is_empty());
        one.end_call(how);
        two.read_queue();
        assert_eq!(one.verdict(first), expected);
        assert_eq!(two.verdict(second), expected);
    }
}

#[test]
fn never_a_token_that_any_worker_knows_to_be_bad() {
    let disabled = user("acme/shop", "kim").replace("true", r#"true,"disabled":true"#);
    for (status, body) in [
        (401, error("auth_invalid")),
        (401, error("expired_token")),
        (401, error("authentication")),
        (400, error("token")),
        (200, disabled),
    ] {
        for cache in ["", r#","cache":{"shared":false}"#] {
            let [mut one, mut two] = workers(&signed(OFFLINE, cache));
            let stream = ask(&mut one, LINE, TOKEN);
            one.answer(status, &body);
            assert_ne!(one.verdict(stream), "forwarded");
            at(&mut [&mut one, &mut two], 20 * SECOND);
            assert_eq!(in_vain(&mut one, LINE, TOKEN, reset), DOWN, "{body}");
            assert_eq!(in_vain(&mut two, LINE, TOKEN, reset), DOWN, "{body}");
            assert_eq!(in_vain(&mut two, LINE, OTHER, reset), "forwarded", "{body}");
        }
    }
}

/// An administrator does what Usergrid grants him.
fn revoke(worker: &mut Worker, line: &str) {
    let stream = ask(worker, line, TOKENS[4]);
    if !worker.calls.is_empty() {
        worker.answer(200, &user("acme/shop", "root"));
    }
    assert_eq!(worker.verdict(stream), "forwarded");
    worker.respond(stream, 200, "");
}

#[test]
fn never_a_token_that_was_revoked_or_whose_known_user_was() {
    for line in [
        format!("POST /acme/shop/users/kim/revoketoken?token={TOKEN}"),
        "PUT /acme/shop/users/kim/revoketokens".to_owned(),
        format!("PUT /acme/shop/users/{KIM}/revoketokens"),
        // Whose address that is, no answer has told.
        "PUT /acme/shop/users/kim@example.com/revoketokens".to_owned(),
    ] {
        // Within the `ttl` of the verdict, and after.
        for later in [SECOND, 100 * SECOND] {
            let [mut one, mut two] = workers(&signed(OFFLINE, ""));
            kim_comes(&mut one, TOKEN);
            revoke(&mut two, &line);
            at(&mut [&mut one, &mut two], later);
            for worker in [&mut one, &mut two] {
                for _ in 0..2 {
                    assert_eq!(in_vain(worker, LINE, TOKEN, reset), DOWN, "{line} {later}");
                    worker.now += 2 * SECOND;
                }
            }
        }
    }
}

#[test]
fn never_one_whose_holder_nobody_knows_from_before_a_users_revocation() {
    for cache in ["", r#","cache":{"shared":false}"#] {
        let [mut one, mut two] = workers(&signed(OFFLINE, cache));
        one.now = NOON - 120 * SECOND;
        two.now = one.now;
        kim_comes(&mut one, TOKEN);
        let ann = ask(&mut one, LINE, OTHER);
        one.answer(200, &user("acme/shop", "ann").replace("7d1f2c12", "7d1f2c99"));
        assert_eq!(one.verdict(ann), "forwarded");
        revoke(&mut two, "PUT /acme/shop/users/kim/revoketokens");
        at(&mut [&mut one, &mut two], 0);
        for worker in [&mut one, &mut two] {
            for line in [LINE, "GET /acme/other/x"] {
                assert_eq!(in_vain(worker, line, TOKEN, reset), DOWN, "{line}");
            }
            assert_eq!(in_vain(worker, LINE, TOKENS[2], reset), DOWN, "it may be kim's, too");
            assert_eq!(in_vain(worker, LINE, YOUNG, reset), "forwarded", "issued since then");
        }
        assert_eq!(in_vain(&mut one, LINE, OTHER, reset), "forwarded", "she was not revoked");
    }
}

#[test]
fn never_one_that_was_forgotten_and_may_have_been_revoked() {
    let cache = r#","cache":{"max_entries":1,"shared":false}"#;
    let mut worker = one_worker(OFFLINE, cache);
    kim_comes(&mut worker, TOKEN);
    revoke(&mut worker, "PUT /acme/shop/users/kim/revoketokens");
    assert_eq!(in_vain(&mut worker, LINE, TOKEN, reset), DOWN);
}

#[test]
fn a_token_that_is_good_again_is_admitted() {
    let mut worker = one_worker(OFFLINE, "");
    let stream = ask(&mut worker, LINE, TOKEN);
    worker.answer(401, &error("auth_invalid"));
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
    worker.now = NOON + 10 * SECOND;
    kim_comes(&mut worker, TOKEN);
    worker.now = NOON + 100 * SECOND;
    assert_eq!(in_vain(&mut worker, LINE, TOKEN, reset), "forwarded");
}

#[test]
fn only_where_it_is_configured_and_never_a_pair() {
    let mut worker = one_worker("", "");
    assert_eq!(in_vain(&mut worker, LINE, TOKEN, reset), DOWN);
    let mut worker = one_worker(OFFLINE, "");
    let stream = worker.request(LINE, &[("authorization", "Basic aWQ6c2Vj")]);
    worker.end_call(reset());
    assert_eq!(worker.verdict(stream), DOWN);
}
