//! Life times: of answers, of tokens, of calls; and a clock that jumps.

use usergrid_auth_core::call::CallOutcome;
use usergrid_auth_core::decision::Event;

use crate::decision::world::{NOON, World};

const BEARER: [(&str, &str); 1] = [("authorization", "Bearer abc")];
const SECOND: u64 = 1_000;

fn asks_again(world: &mut World) -> bool {
    world.request("GET /x", &BEARER);
    !world.calls.is_empty()
}

#[test]
fn an_answer_lives_for_its_ttl_and_no_look_makes_it_live_longer() {
    let mut world = World::new(r#""cache":{"ttl":"60s"}"#);
    world.with_token("GET /x", "abc", "");
    for second in (0..60).step_by(7) {
        world.now = NOON + second * SECOND;
        assert!(!asks_again(&mut world), "after {second} s");
    }
    world.now = NOON + 60 * SECOND;
    assert!(asks_again(&mut world));
}

#[test]
fn a_bad_answer_lives_for_its_own_ttl() {
    let mut world = World::new(r#""cache":{"negative_ttl":"5s"}"#);
    world.request("GET /x", &BEARER);
    world.answer(200, r#"{"active":false}"#);
    world.now += 5 * SECOND - 1;
    assert!(!asks_again(&mut world));
    world.now += 1;
    assert!(asks_again(&mut world));
}

#[test]
fn a_ttl_of_zero_remembers_nothing() {
    let mut world = World::new(r#""cache":{"ttl":"0s","negative_ttl":"0s"}"#);
    world.with_token("GET /x", "abc", "");
    assert!(asks_again(&mut world));
    world.answer(200, r#"{"active":false}"#);
    assert!(asks_again(&mut world));
}

#[test]
fn nothing_is_served_past_exp() {
    let mut world = World::new("");
    let exp = NOON / SECOND + 10;
    world.with_token("GET /x", "abc", &format!(r#""exp":{exp}"#));
    world.now = exp * SECOND - 1;
    assert!(!asks_again(&mut world));
    world.now = exp * SECOND;
    let stream = world.request("GET /x", &BEARER);
    if !world.calls.is_empty() {
        world.active(&format!(r#""exp":{exp}"#));
    }
    assert_eq!(world.verdict(stream), "401 expired_token");
}

#[test]
fn a_token_that_lapses_while_its_request_waits_is_refused() {
    let mut world = World::new("");
    let stream = world.request("GET /x", &BEARER);
    world.now += 2 * SECOND;
    world.active(&format!(r#""exp":{}"#, NOON / SECOND + 1));
    assert_eq!(world.verdict(stream), "401 expired_token");
}

#[test]
fn nbf_holds_a_token_back_until_it_is_reached() {
    let mut world = World::new("");
    let stream = world.with_token("GET /x", "abc", &format!(r#""nbf":{}"#, NOON / SECOND + 10));
    assert_eq!(world.verdict(stream), "401 auth_invalid");
    world.now += 10 * SECOND;
    let stream = world.request("GET /x", &BEARER);
    assert_eq!(world.verdict(stream), "forwarded");
}

#[test]
fn a_clock_that_is_set_back_lets_no_answer_live_longer() {
    let mut world = World::new(r#""cache":{"ttl":"60s"}"#);
    world.with_token("GET /x", "abc", "");
    world.now += 50 * SECOND;
    assert!(!asks_again(&mut world));
    world.now -= 3_600 * SECOND;
    assert!(!asks_again(&mut world), "fifty seconds old");
    world.now += 10 * SECOND;
    assert!(asks_again(&mut world), "sixty seconds old, whatever the clock says");
}

#[test]
fn a_client_pair_whose_token_has_lapsed_is_verified_anew() {
    let mut world = World::new(
        r#""client_credentials":{"cluster":"usergrid","path":"/token"},"cache":{"ttl":"1h"}"#,
    );
    let basic = [("authorization", "Basic aWQ6c2Vj")];
    world.request("GET /x", &basic);
    world.answer(200, r#"{"access_token":"one","expires_in":5}"#);
    let stream = world.request("GET /x", &basic);
    assert_eq!(world.head(stream).header("authorization"), "Bearer one");
    world.now += 5 * SECOND;
    let stream = world.request("GET /x", &basic);
    world.answer(200, r#"{"access_token":"two","expires_in":5}"#);
    assert_eq!(world.head(stream).header("authorization"), "Bearer two");
}

#[test]
fn a_call_the_host_never_ends_is_given_up_after_timeout_and_grace() {
    let mut world = World::new(r#""credentials":{"max_length":100}"#);
    let stream = world.request("GET /x", &BEARER);
    let timeout = u64::try_from(world.calls[0].1.timeout.as_millis()).unwrap();
    world.now += timeout;
    world.happen(Event::Tick);
    assert_eq!(world.verdict(stream), "waiting");
    world.now += SECOND;
    world.happen(Event::Tick);
    assert_eq!(world.verdict(stream), "503 service_unavailable");

    // The answer that comes after all is not believed: nobody knows how old it is.
    world.active("");
    assert_eq!(world.cache_entries(), 0);
    assert!(asks_again(&mut world));
    world.end_call(CallOutcome::Reset);
}
