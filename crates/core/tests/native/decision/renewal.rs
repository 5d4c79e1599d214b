//! `refresh_ahead`: a busy answer is renewed in the background before it ends.

use usergrid_auth_core::call::CallOutcome;

use crate::decision::world::{NOON, World};

const BEARER: [(&str, &str); 1] = [("authorization", "Bearer abc")];
const SECOND: u64 = 1_000;
const AHEAD: &str = r#""cache":{"ttl":"60s","refresh_ahead":"10s"}"#;

fn forwarded(world: &mut World) {
    let stream = world.request("GET /x", &BEARER);
    assert_eq!(world.verdict(stream), "forwarded");
}

#[test]
fn a_busy_answer_is_renewed_by_one_call_while_requests_go_on() {
    let mut world = World::new(AHEAD);
    world.with_token("GET /x", "abc", "");
    world.now = NOON + 49 * SECOND;
    forwarded(&mut world);
    assert!(world.calls.is_empty(), "not yet");
    world.now = NOON + 50 * SECOND;
    for _ in 0..5 {
        forwarded(&mut world);
    }
    assert_eq!(world.calls.len(), 1);
    world.active("");
    world.now = NOON + 99 * SECOND;
    forwarded(&mut world);
    assert!(world.calls.is_empty(), "renewed at fifty seconds, good until a hundred and ten");
}

#[test]
fn a_renewal_that_fails_changes_nothing_and_is_tried_again_a_second_later() {
    let mut world = World::new(AHEAD);
    world.with_token("GET /x", "abc", "");
    world.now = NOON + 50 * SECOND;
    forwarded(&mut world);
    world.end_call(CallOutcome::Reset);
    forwarded(&mut world);
    assert!(world.calls.is_empty());
    world.now = NOON + 51 * SECOND;
    forwarded(&mut world);
    assert_eq!(world.calls.len(), 1);
}

#[test]
fn an_inactive_answer_to_a_renewal_evicts_at_once_in_all_workers() {
    let (_, mut one, mut two) = World::two(AHEAD);
    one.with_token("GET /x", "abc", "");
    two.now = NOON + SECOND;
    forwarded(&mut two);
    one.now = NOON + 50 * SECOND;
    two.now = one.now;
    forwarded(&mut one);
    one.answer(200, r#"{"active":false}"#);
    for world in [&mut one, &mut two] {
        let stream = world.request("GET /x", &BEARER);
        assert_eq!(world.verdict(stream), "401 auth_invalid");
    }
}

#[test]
fn workers_renew_an_answer_once() {
    let (_, mut one, mut two) = World::two(AHEAD);
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
