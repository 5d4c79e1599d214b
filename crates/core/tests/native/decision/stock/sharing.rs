//! What holds under every protocol holds under this one: one call for all workers, stale answers,
//! renewal, the breaker.

use usergrid_auth_config::Secret;
use usergrid_auth_core::credential::usergrid_token::{LifeTime, check, life_time};
use usergrid_auth_core::decision::Event;
use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::time::UnixMillis;

use super::{
    ADA, SALT, TOKEN, TOKENS, U, ask, asked, at, config, error, in_vain, kim, kim_comes,
    nobody_here, one_worker, reset, signed, workers,
};
use crate::decision::worker::{NOON, SECOND, Worker};
use crate::support::{answered, call_header};

const LINE: &str = "GET /acme/shop/x";

#[test]
fn both_questions_are_asked_once_for_all_workers() {
    let [mut one, mut two, mut three] = workers(&signed("", ""));
    let first = ask(&mut one, LINE, TOKEN);
    let second = ask(&mut two, LINE, TOKEN);
    one.answer(404, &nobody_here());
    let third = ask(&mut three, LINE, TOKEN);
    one.answer(200, "");
    two.read_queue();
    three.lose_queue();
    three.happen(Event::Tick);
    for (worker, stream) in [(&one, first), (&two, second), (&three, third)] {
        assert!(worker.calls.is_empty());
        assert_eq!(worker.verdict(stream), "forwarded");
        assert_eq!(worker.head(stream).header("x-usergrid-subject"), ADA);
    }
    let [mut late] = workers(&signed("", ""));
    ask(&mut late, LINE, TOKEN);
    assert_eq!(late.calls.len(), 1, "another process asks for itself");
}

#[test]
fn a_leader_that_dies_between_the_two_blocks_nobody() {
    let [mut one, mut two] = workers(&signed("", ""));
    ask(&mut one, LINE, TOKEN);
    one.answer(404, &nobody_here());
    let stream = ask(&mut two, LINE, TOKEN);
    drop(one);
    two.now = NOON + 2 * SECOND;
    two.happen(Event::Tick);
    assert_eq!(two.verdict(stream), "503 service_unavailable");
    two.now = NOON + 3 * SECOND;
    kim_comes(&mut two, TOKEN);
}

#[test]
fn a_verdict_of_one_application_is_none_of_another_in_any_worker() {
    let [mut one, mut two] = workers(&signed("", ""));
    kim_comes(&mut one, TOKEN);
    let stream = ask(&mut two, LINE, TOKEN);
    assert_eq!(two.verdict(stream), "forwarded");
    let stream = ask(&mut two, "GET /acme/blog/x", TOKEN);
    assert_eq!(two.verdict(stream), "waiting");
}

#[test]
fn a_stale_answer_serves_in_its_own_application_only() {
    let [mut one, mut two] =
        workers(&signed("", r#","cache":{"ttl":"10s","stale_if_error":"1h"}"#));
    kim_comes(&mut one, TOKEN);
    at(&mut [&mut one, &mut two], 11 * SECOND);
    for worker in [&mut one, &mut two] {
        assert_eq!(in_vain(worker, LINE, TOKEN, reset), "forwarded");
        assert_eq!(in_vain(worker, "GET /acme/blog/x", TOKEN, reset), "503 service_unavailable");
    }
}

#[test]
fn a_busy_verdict_is_renewed_by_both_questions_in_the_background() {
    let mut worker = one_worker("", r#","cache":{"ttl":"60s","refresh_ahead":"10s"}"#);
    let come = |worker: &mut Worker| {
        let stream = ask(worker, LINE, TOKEN);
        worker.verdict(stream)
    };
    come(&mut worker);
    worker.answer(404, &nobody_here());
    worker.answer(200, "");
    worker.now = NOON + 51 * SECOND;
    assert_eq!(come(&mut worker), "forwarded");
    assert_eq!(asked(&worker), [U]);
    worker.answer(404, &nobody_here());
    assert_eq!(come(&mut worker), "forwarded");
    // It may hide an outage.
    worker.answer(401, "");
    assert_eq!(come(&mut worker), "forwarded");
    worker.now = NOON + 55 * SECOND;
    assert_eq!(come(&mut worker), "forwarded");
    worker.answer(401, &error("auth_invalid"));
    assert_eq!(come(&mut worker), "401 auth_invalid");
}

/// Makes the server fail once, in `/acme/shop`.
fn suspect(worker: &mut Worker) {
    let stream = ask(worker, LINE, TOKEN);
    worker.end_call(reset());
    assert_eq!(worker.verdict(stream), "503 service_unavailable");
}

fn is_open(worker: &Worker) -> bool {
    worker.log.iter().any(|event| matches!(event, LogEvent::Breaker { open: true, .. }))
}

const BREAKER: &str = r#","breaker":{"failures":1,"open":"1s"}"#;

#[test]
fn the_breaker_asks_about_a_signed_token_that_nobody_has_in_the_application_that_failed() {
    let mut worker = one_worker("", BREAKER);
    suspect(&mut worker);
    assert_eq!(asked(&worker), [U]);
    let bearer = call_header(&worker.calls[0].1, "authorization").concat();
    assert!(bearer.starts_with("Bearer YWMt") && !bearer.contains(TOKEN));
    // It stands for its signature: this worker would ask about it.
    let token = bearer.trim_start_matches("Bearer ").to_owned();
    worker.answer(401, &error("auth_invalid"));
    assert!(!is_open(&worker));
    let stream = ask(&mut worker, LINE, &token);
    assert_eq!(worker.verdict(stream), "waiting");
}

/// Usergrid reads a token's UUID before it looks the token up: were it none of its own, the answer
/// would say nothing of an outage.
#[test]
fn every_token_that_nobody_has_is_one_that_usergrid_could_have_issued_now() {
    let life =
        LifeTime { issued: UnixMillis(NOON), ends: Some(UnixMillis(NOON + 3_600 * SECOND + 1)) };
    // Each is random.
    for _ in 0..32 {
        let mut worker = one_worker("", BREAKER);
        suspect(&mut worker);
        let bearer = call_header(&worker.calls[0].1, "authorization").concat();
        let token = bearer.strip_prefix("Bearer ").expect("a token").as_bytes();
        assert_eq!(life_time(token), Some(life), "{bearer}");
        assert_eq!(check(token, Some(&Secret::new(SALT)), UnixMillis(NOON)), Ok(()), "{bearer}");
    }
}

#[test]
fn the_breaker_asks_about_the_application_that_the_configuration_names() {
    let mut worker = one_worker(r#","probe_application":"acme/health""#, BREAKER);
    suspect(&mut worker);
    assert_eq!(asked(&worker), ["GET /acme/health/users/me"], "which no client chooses");
    worker.answer(401, &error("auth_invalid"));
    assert!(!is_open(&worker));
}

#[test]
fn a_probe_of_two_questions_opens_and_closes_the_breaker() {
    let mut worker = one_worker("", BREAKER);
    suspect(&mut worker);
    worker.answer(404, &error("service_resource_not_found"));
    assert_eq!(asked(&worker), ["HEAD /acme/shop/credentials"]);
    worker.end_call(reset());
    assert!(is_open(&worker));
    worker.now = NOON + SECOND;
    worker.happen(Event::Tick);
    worker.answer(404, &error("service_resource_not_found"));
    worker.answer(401, "");
    kim_comes(&mut worker, TOKENS[1]);
}

#[test]
fn a_probe_whose_second_answer_gets_lost_is_made_again() {
    let mut worker = one_worker("", BREAKER);
    suspect(&mut worker);
    worker.answer(404, &error("service_resource_not_found"));
    worker.calls.clear();
    worker.now = NOON + 2 * SECOND;
    worker.happen(Event::Tick);
    assert!(is_open(&worker));
    worker.now = NOON + 3 * SECOND;
    worker.happen(Event::Tick);
    assert_eq!(asked(&worker), [U]);
}

#[test]
fn a_server_that_calls_anything_good_is_not_believed() {
    let mut worker = one_worker("", BREAKER);
    suspect(&mut worker);
    worker.answer(404, &error("service_resource_not_found"));
    worker.answer(200, "");
    assert!(is_open(&worker));
}

#[test]
fn an_outage_that_looks_like_bad_tokens_opens_the_breaker_where_tokens_are_signed() {
    for (config, opens) in [(signed("", BREAKER), true), (config("", BREAKER), false)] {
        let [mut worker] = workers(&config);
        suspect(&mut worker);
        worker.end_call(answered(401, error("auth_unverified_oath")));
        assert_eq!(is_open(&worker), opens);
    }
}

#[test]
fn memory_that_others_wrote_over_costs_a_call() {
    let config = signed("", "");
    let process = std::rc::Rc::default();
    let mut one = Worker::in_process(&config, &process);
    let mut two = Worker::in_process(&config, &process);
    kim_comes(&mut one, TOKEN);
    process.damage();
    ask(&mut two, LINE, TOKEN);
    assert_eq!(asked(&two), [U]);
    for message in [&[][..], &[1], &[1; 50], &[255; 90]] {
        two.happen(Event::PeerMessage(message.to_vec()));
    }
    kim(&mut two);
    kim_comes(&mut two, TOKEN);
}
