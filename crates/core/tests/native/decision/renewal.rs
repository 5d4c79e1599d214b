//! `refresh_ahead`: a busy answer is renewed in the background before it ends.

use usergrid_auth_core::verification::call::CallOutcome;

use crate::decision::worker::{BEARER, NOON, SECOND, Worker};

const AHEAD: &str = r#""cache":{"ttl":"60s","refresh_ahead":"10s"}"#;

fn forwarded(worker: &mut Worker) {
    let stream = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(stream), "forwarded");
}

#[test]
fn a_busy_answer_is_renewed_by_one_call_while_requests_go_on() {
    let mut worker = Worker::new(AHEAD);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 49 * SECOND;
    forwarded(&mut worker);
    assert!(worker.calls.is_empty(), "not yet");
    worker.now = NOON + 50 * SECOND;
    for _ in 0..5 {
        forwarded(&mut worker);
    }
    assert_eq!(worker.calls.len(), 1);
    worker.active("");
    worker.now = NOON + 99 * SECOND;
    forwarded(&mut worker);
    assert!(worker.calls.is_empty(), "renewed at fifty seconds, good until a hundred and ten");
}

#[test]
fn a_renewal_that_fails_changes_nothing_and_is_tried_again_a_second_later() {
    let mut worker = Worker::new(AHEAD);
    worker.with_token("GET /x", "abc", "");
    worker.now = NOON + 50 * SECOND;
    forwarded(&mut worker);
    worker.end_call(CallOutcome::Reset);
    forwarded(&mut worker);
    assert!(worker.calls.is_empty());
    worker.now = NOON + 51 * SECOND;
    forwarded(&mut worker);
    assert_eq!(worker.calls.len(), 1);
}

#[test]
fn an_inactive_answer_to_a_renewal_evicts_at_once_in_all_workers() {
    let (_, mut one, mut two) = Worker::two(AHEAD);
    one.with_token("GET /x", "abc", "");
    two.now = NOON + SECOND;
    forwarded(&mut two);
    one.now = NOON + 50 * SECOND;
    two.now = one.now;
    forwarded(&mut one);
    one.answer(200, r#"{"active":false}"#);
    for worker in [&mut one, &mut two] {
        let stream = worker.request("GET /x", &BEARER);
        assert_eq!(worker.verdict(stream), "401 auth_invalid");
    }
}

#[test]
fn workers_renew_an_answer_once() {
    let (_, mut one, mut two) = Worker::two(AHEAD);
    one.with_token("GET /x", "abc", "");
    forwarded(&mut two);
    (one.now, two.now) = (NOON + 51 * SECOND, NOON + 51 * SECOND);
    forwarded(&mut one);
    forwarded(&mut two);
    assert_eq!((one.calls.len(), two.calls.len()), (1, 0));
    one.active("");
    two.now = NOON + 55 * SECOND;
    forwarded(&mut two);
    assert!(two.calls.is_empty(), "it takes the other worker's");
    two.now = NOON + 100 * SECOND;
    forwarded(&mut two);
    assert!(two.calls.is_empty());
}
