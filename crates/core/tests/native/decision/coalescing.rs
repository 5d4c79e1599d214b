//! One call per credential: who shares, who does not, and what happens when somebody leaves.

use usergrid_auth_core::call::CallOutcome;
use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::{CacheResult, CallResult, Counter, Outcome};
use usergrid_auth_core::refusal::Refusal;

use crate::decision::world::World;

const BEARER: [(&str, &str); 1] = [("authorization", "Bearer abc")];

#[test]
fn requests_with_one_credential_share_a_call_and_are_decided_each_on_its_own() {
    let mut world = World::new("");
    let allowed = world.request("GET /acme/app/x", &BEARER);
    let foreign = world.request("GET /other/app/x?a=b", &BEARER);
    let query = world.request("GET /acme/app/y?access_token=abc", &[]);
    assert_eq!(world.calls.len(), 1);
    assert_eq!(world.waiting(), 3);
    world.active(r#""application":"acme/app""#);
    assert_eq!(world.verdict(allowed), "forwarded");
    assert_eq!(world.verdict(foreign), "401 unauthorized");
    assert_eq!(world.verdict(query), "forwarded");
    assert_eq!(world.waiting(), 0);
    assert_eq!(world.counts.iter().filter(|count| **count == Counter::Coalesced).count(), 2);

    let known = world.request("GET /other/app/x", &BEARER);
    assert!(world.calls.is_empty());
    assert_eq!(world.verdict(known), "401 unauthorized", "facts are remembered, decisions are not");
}

#[test]
fn different_credentials_share_nothing() {
    let mut world =
        World::new(r#""client_credentials":{"cluster":"usergrid","path":"/management/token"}"#);
    world.request("GET /x", &BEARER);
    world.request("GET /x", &[("authorization", "Bearer abd")]);
    world.request("GET /x?client_id=ab&client_secret=c", &[]);
    world.request("GET /x?client_id=a&client_secret=bc", &[]);
    assert_eq!(world.calls.len(), 4);
}

#[test]
fn a_leader_that_leaves_harms_nobody() {
    let mut world = World::new("");
    let leader = world.request("GET /x", &BEARER);
    let follower = world.request("GET /x", &BEARER);
    world.happen(Event::StreamGone(leader));
    world.active("");
    assert_eq!(world.verdict(leader), "waiting", "nothing is done to a stream that is gone");
    assert_eq!(world.verdict(follower), "forwarded");
}

#[test]
fn an_answer_nobody_waits_for_is_still_remembered() {
    let mut world = World::new("");
    let only = world.request("GET /x", &BEARER);
    world.happen(Event::StreamGone(only));
    world.active("");
    let next = world.request("GET /x", &BEARER);
    assert_eq!(world.verdict(next), "forwarded");
    assert!(world.calls.is_empty());
}

#[test]
fn a_failure_fails_all_who_wait_and_is_not_remembered() {
    let mut world = World::new("");
    let first = world.request("GET /x", &BEARER);
    let second = world.request("GET /x", &BEARER);
    world.end_call(CallOutcome::Reset);
    assert_eq!(world.verdict(first), "503 service_unavailable");
    assert_eq!(world.verdict(second), "503 service_unavailable");
    let third = world.request("GET /x", &BEARER);
    world.active("");
    assert_eq!(world.verdict(third), "forwarded");
}

#[test]
fn waiting_requests_are_bounded_and_so_are_calls() {
    let mut world = World::new(r#""limits":{"max_waiting":2}"#);
    let first = world.request("GET /x", &BEARER);
    world.request("GET /x", &BEARER);
    let third = world.request("GET /x", &BEARER);
    assert_eq!(world.verdict(third), "503 service_unavailable");
    assert!(world.counts.contains(&Counter::Requests(Outcome::Refused(Refusal::Overloaded))));
    assert!(world.head(third).response().headers.contains(&("retry-after", "1".to_owned())));

    // Two who gave up left one call under way; one more may start, and no third.
    world.happen(Event::StreamGone(first));
    let other = world.request("GET /x", &[("authorization", "Bearer other")]);
    world.happen(Event::StreamGone(other));
    let one_more = world.request("GET /x", &[("authorization", "Bearer third")]);
    assert_eq!(world.verdict(one_more), "503 service_unavailable");
    assert_eq!(world.calls.len(), 2);
}

#[test]
fn bad_answers_have_a_budget_of_their_own() {
    let mut world = World::new(r#""cache":{"max_entries":3,"max_negative_entries":2}"#);
    world.with_token("GET /x", "good", "");
    for number in 0..20 {
        world.request("GET /x", &[("authorization", &format!("Bearer random{number}"))]);
        world.answer(200, r#"{"active":false}"#);
    }
    assert_eq!(world.cache_entries(), 3);
    let stream = world.request("GET /x", &[("authorization", "Bearer good")]);
    assert_eq!(world.verdict(stream), "forwarded");
    let stream = world.request("GET /x", &[("authorization", "Bearer random19")]);
    assert_eq!(world.verdict(stream), "401 auth_invalid");
    assert!(world.counts.contains(&Counter::Cache(CacheResult::NegativeHit)));
    for number in 0..5 {
        world.with_token("GET /x", &format!("good{number}"), "");
    }
    assert_eq!(world.cache_entries(), 5);
    assert!(world.counts.contains(&Counter::Introspections(CallResult::Active)));
}
