//! One flight, one timeout, two questions.

use std::time::Duration;

use usergrid_auth_core::decision::{Effect, Event, Filter};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{CallResult, Counter};
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::View;
use usergrid_auth_core::verification::single_flight::StreamId;
use usergrid_auth_core::verification::verdict::ServerFault;
use usergrid_auth_core::verification::verifiers::usergrid::Fault;

use std::rc::Rc;

use super::{
    ADA, K, KIM, TOKEN, U, ask, asked, error, kim, nobody_here, one_worker, signed, user, workers,
};
use crate::decision::worker::{NOON, SECOND, Worker};
use crate::support::{answered, call_body};

const PAIR: [(&str, &str); 1] = [("authorization", "Basic aWQ6c2Vj")];
const ISSUED: &str = r#"{"access_token":"YWMt-issued","expires_in":70}"#;

#[test]
fn a_user_costs_one_question() {
    let mut worker = one_worker("", "");
    let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    assert_eq!(asked(&worker), [U]);
    kim(&mut worker);
    assert_eq!(worker.verdict(stream), "forwarded");
    let head = worker.head(stream);
    assert_eq!(head.header("x-usergrid-subject"), KIM);
    assert_eq!(head.header("x-usergrid-application"), "acme/shop");
    assert!(worker.calls.is_empty());
}

#[test]
fn an_administrator_costs_two_in_one_flight_and_one_timeout() {
    let mut worker = one_worker(r#","timeout":"800ms""#, "");
    let first = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    let id = worker.calls[0].0;
    assert_eq!(worker.calls[0].1.timeout, Duration::from_millis(800));
    worker.now = NOON + 300;
    worker.answer(404, &nobody_here());
    assert_eq!(asked(&worker), [K]);
    assert_eq!(worker.calls[0].0, id, "the same flight");
    assert_eq!(worker.calls[0].1.timeout, Duration::from_millis(500), "what is left");
    let second = ask(&mut worker, "GET /acme/shop/y", TOKEN);
    assert_eq!(worker.calls.len(), 1, "joins between the two");
    worker.answer(200, "");
    for stream in [first, second] {
        assert_eq!(worker.verdict(stream), "forwarded");
        assert_eq!(worker.head(stream).header("x-usergrid-subject"), ADA);
        assert_eq!(worker.head(stream).header("x-usergrid-principal"), "admin_user");
    }
    let verdicts = |count: &&Counter| matches!(count, Counter::Introspections(_));
    assert_eq!(worker.counts.iter().filter(verdicts).count(), 1, "one verdict");
}

#[test]
fn a_first_answer_that_took_all_the_time_is_a_timeout() {
    let mut worker = one_worker(r#","timeout":"800ms""#, "");
    let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.now = NOON + 800;
    worker.answer(404, &nobody_here());
    assert!(worker.calls.is_empty());
    assert_eq!(worker.verdict(stream), "503 service_unavailable");
    assert!(worker.counts.contains(&Counter::Introspections(CallResult::Timeout)));
}

#[test]
fn no_second_call_is_without_a_timeout_when_the_clock_is_set_back() {
    let mut worker = one_worker(r#","timeout":"1s""#, "");
    let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    // A second and a half pass; the clock is set back in between.
    worker.now = NOON + 1_500;
    let leaver = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.happen(Event::StreamGone(leaver));
    worker.now = NOON;
    ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.now = NOON + 600;
    worker.answer(404, &nobody_here());
    for (_, call) in &worker.calls {
        assert!(!call.timeout.is_zero(), "Envoy takes zero for no limit");
    }
    worker.happen(Event::Tick);
    assert_eq!(worker.verdict(stream), "503 service_unavailable");
}

#[test]
fn a_client_that_leaves_between_the_two_harms_nobody() {
    let mut worker = one_worker("", "");
    let first = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.answer(404, &nobody_here());
    worker.happen(Event::StreamGone(first));
    assert_eq!(worker.waiting(), 0);
    let second = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.answer(200, "");
    assert_eq!(worker.verdict(second), "forwarded");
    let third = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    assert_eq!(worker.verdict(third), "forwarded");
}

#[test]
fn a_second_answer_that_gets_lost_ends_by_the_tick() {
    let mut worker = one_worker("", "");
    let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.answer(404, &nobody_here());
    worker.now = NOON + SECOND;
    worker.happen(Event::Tick);
    assert_eq!(worker.verdict(stream), "waiting", "a second's grace");
    worker.now = NOON + 2 * SECOND;
    worker.happen(Event::Tick);
    assert_eq!(worker.verdict(stream), "503 service_unavailable");
    worker.answer(200, "");
    let late = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    assert_eq!(worker.verdict(late), "503 service_unavailable", "a late answer is not believed");
}

#[test]
fn a_second_answer_that_is_none_is_the_servers_fault() {
    for (status, verdict) in [
        (401, "401 unauthorized"),
        (403, "503 service_unavailable"),
        (302, "503 service_unavailable"),
    ] {
        let mut worker = one_worker("", "");
        let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
        worker.answer(404, &error("service_resource_not_found"));
        worker.answer(status, "");
        assert_eq!(worker.verdict(stream), verdict, "{status}");
        assert!(worker.calls.is_empty(), "no third question");
    }
}

#[test]
fn a_user_named_me_is_not_believed() {
    let mut worker = one_worker("", "");
    let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    worker.answer(200, &user("acme/shop", "ME"));
    assert_eq!(asked(&worker), [K]);
    worker.answer(401, "");
    assert_eq!(worker.verdict(stream), "401 unauthorized");
}

#[test]
fn two_applications_at_once_are_two_verdicts() {
    let mut worker = one_worker("", "");
    let shop = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    let blog = ask(&mut worker, "GET /acme/blog/x", TOKEN);
    assert_eq!(asked(&worker), [U, "GET /acme/blog/users/me"]);
    kim(&mut worker);
    worker.answer(404, &error("entity_not_found"));
    worker.answer(401, "");
    assert_eq!(worker.verdict(shop), "forwarded");
    assert_eq!(worker.verdict(blog), "401 unauthorized");
    let shop = ask(&mut worker, "GET /ACME/Shop/x", TOKEN);
    assert_eq!(worker.verdict(shop), "forwarded", "in any letter case");
}

#[test]
fn a_pair_is_given_a_token_which_is_then_proved() {
    let mut worker = one_worker("", "");
    let stream = worker.request("GET /acme/shop/x", &PAIR);
    assert_eq!(asked(&worker), ["POST /management/token"]);
    assert!(call_body(&worker.calls[0].1).contains("client_secret=sec"));
    worker.answer(200, ISSUED);
    assert_eq!(asked(&worker), [K]);
    worker.answer(200, "");
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).header("authorization"), "Bearer YWMt-issued");
    let again = worker.request("GET /acme/shop/x", &PAIR);
    assert_eq!(worker.verdict(again), "forwarded");
    let elsewhere = worker.request("GET /evil/shop/x", &PAIR);
    worker.answer(200, ISSUED);
    worker.answer(401, "");
    assert_eq!(worker.verdict(elsewhere), "401 unauthorized");
}

#[test]
fn a_pair_that_another_worker_verified_has_all_its_time_for_its_own_token() {
    let [mut one, mut two] = workers(&signed("", ""));
    let first = one.request("GET /acme/shop/x", &PAIR);
    let second = two.request("GET /acme/shop/x", &PAIR);
    assert!(two.calls.is_empty());
    (one.now, two.now) = (NOON + 700, NOON + 700);
    one.answer(200, ISSUED);
    one.answer(200, "");
    assert_eq!(one.verdict(first), "forwarded");
    two.read_queue();
    assert_eq!(asked(&two), ["POST /management/token"], "a token is not handed on");
    two.now = NOON + 1_400;
    two.answer(200, ISSUED);
    assert_eq!(asked(&two), [K]);
    two.answer(200, "");
    assert_eq!(two.verdict(second), "forwarded");
}

#[test]
fn a_hit_has_no_more_effects_than_under_rfc_7662() {
    fn effects(filter: &mut Filter, now: u64) -> Vec<Effect> {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let headers = HeaderMap::new(vec![
            header(":method", "GET"),
            header(":path", "/acme/shop/x"),
            header("authorization", &format!("Bearer {TOKEN}")),
        ]);
        let (stream, route) = (StreamId(1), RouteSettings::default());
        let event = Event::Request { stream, headers, end_of_stream: true, route };
        filter.handle(event, UnixMillis(now))
    }
    fn hit(config: Rc<usergrid_auth_config::Config>, body: &str) -> usize {
        let mut filter = Filter::new(config, Rc::new(View::default()));
        let call = effects(&mut filter, NOON).into_iter().find_map(|effect| match effect {
            Effect::Call(call, _) => Some(call),
            _ => None,
        });
        let call = call.expect("a call");
        filter.handle(Event::CallEnded { call, outcome: answered(200, body) }, UnixMillis(NOON));
        effects(&mut filter, NOON).len()
    }
    let rfc = crate::support::config("");
    let claims = r#"{"active":true,"sub":"u","username":"kim","principal":"application_user","organization":"acme","application":"acme/shop"}"#;
    let expected = hit(Rc::new(rfc), claims);
    let found = hit(signed("", ""), &user("acme/shop", "kim"));
    assert!(found <= expected, "{found} instead of {expected}");
}

/// Two statuses that have nothing but their last digits in common.
#[test]
fn failures_are_told_apart_by_the_hundreds_of_their_status() {
    let mut worker = one_worker("", "");
    for (status, token) in [404, 504, 418, 500].into_iter().zip(super::TOKENS) {
        ask(&mut worker, "GET /acme/shop/x", token);
        worker.answer(status, "");
    }
    let told = |event: &LogEvent| match event {
        LogEvent::ServerFailed { cluster, fault: ServerFault::Usergrid(failure), .. } => {
            Some((cluster.clone(), failure.fault))
        }
        _ => None,
    };
    let told: Vec<_> = worker.log.iter().filter_map(told).collect();
    let of = |status| ("usergrid".to_owned(), Fault::Answer(status));
    assert_eq!(told, [of(404), of(504)]);
}

#[test]
fn every_way_in_which_a_call_ends_ends_the_wait() {
    for how in [CallOutcome::Reset, CallOutcome::TimedOut, CallOutcome::NotSent] {
        let mut worker: Worker = one_worker("", "");
        let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
        worker.answer(404, &nobody_here());
        worker.end_call(how);
        assert_eq!(worker.verdict(stream), "503 service_unavailable");
    }
}
