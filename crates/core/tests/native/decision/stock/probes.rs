//! What a probe asks about: no caller chooses that for others, nor for long.

use usergrid_auth_core::decision::Event;

use super::{OTHER, TOKEN, TOKENS, U, ask, asked, error, in_vain, kim_comes, one_worker, reset};
use crate::decision::worker::{NOON, SECOND, Worker};

const BREAKER: &str = r#","breaker":{"failures":1,"open":"1s"}"#;
const LINE: &str = "GET /acme/shop/x";
const EVIL: &str = "GET /acme/evil/x";
const ABOUT_EVIL: &str = "GET /acme/evil/users/me";
const DOWN: &str = "503 service_unavailable";

fn is_open(worker: &Worker) -> bool {
    worker.breakers_open().iter().sum::<usize>() > 0
}

/// The breaker is open since a probe about `acme/evil` failed.
fn opened_by_evil() -> Worker {
    let mut worker = one_worker("", BREAKER);
    assert_eq!(in_vain(&mut worker, EVIL, TOKEN, reset), DOWN);
    assert!(is_open(&worker));
    worker
}

fn tick(worker: &mut Worker, seconds: u64) {
    worker.now = NOON + seconds * SECOND;
    worker.happen(Event::Tick);
}

#[test]
fn a_name_that_fails_opens_nothing_where_somebody_was_verified() {
    let mut worker = one_worker("", BREAKER);
    kim_comes(&mut worker, OTHER);
    let stream = ask(&mut worker, EVIL, TOKEN);
    worker.end_call(reset());
    assert_eq!(worker.verdict(stream), DOWN);
    assert_eq!(asked(&worker), [U], "what kim was verified for");
    worker.answer(401, &error("auth_invalid"));
    assert!(!is_open(&worker));
}

#[test]
fn an_open_breaker_asks_about_what_callers_want_now() {
    let mut worker = opened_by_evil();
    assert_eq!(in_vain(&mut worker, LINE, OTHER, reset), DOWN);
    // However often he asks who made it open.
    for token in TOKENS {
        assert_eq!(in_vain(&mut worker, EVIL, token, reset), DOWN);
    }
    tick(&mut worker, 1);
    assert_eq!(asked(&worker), [U]);
    worker.answer(401, &error("auth_invalid"));
    assert!(!is_open(&worker));
    kim_comes(&mut worker, OTHER);
}

#[test]
fn the_last_that_callers_wanted_is_asked_about() {
    let mut worker = opened_by_evil();
    for line in ["GET /acme/nosuch/x", LINE] {
        assert_eq!(in_vain(&mut worker, line, OTHER, reset), DOWN);
    }
    tick(&mut worker, 1);
    assert_eq!(asked(&worker), [U]);
}

#[test]
fn whoever_comes_when_a_probe_is_due_has_it_ask_about_his_application() {
    let mut worker = opened_by_evil();
    worker.now = NOON + SECOND;
    let stream = ask(&mut worker, LINE, OTHER);
    assert_eq!(worker.verdict(stream), DOWN);
    assert_eq!(asked(&worker), [U]);
}

#[test]
fn where_nobody_wants_another_the_same_is_asked_about() {
    let mut worker = opened_by_evil();
    for second in 1..3 {
        tick(&mut worker, second);
        assert_eq!(asked(&worker), [ABOUT_EVIL]);
        worker.end_call(reset());
    }
    assert!(is_open(&worker));
}

#[test]
fn what_somebody_was_verified_for_takes_turns_with_what_callers_want() {
    let mut worker = one_worker("", BREAKER);
    kim_comes(&mut worker, OTHER);
    assert_eq!(in_vain(&mut worker, EVIL, TOKEN, reset), DOWN);
    assert!(is_open(&worker), "all fails");
    for (second, about) in [(1, ABOUT_EVIL), (2, U), (3, ABOUT_EVIL)] {
        assert_eq!(in_vain(&mut worker, EVIL, TOKEN, reset), DOWN);
        tick(&mut worker, second);
        assert_eq!(asked(&worker), [about], "{second}");
        worker.end_call(reset());
    }
    tick(&mut worker, 4);
    worker.answer(401, &error("auth_invalid"));
    assert!(!is_open(&worker));
}
