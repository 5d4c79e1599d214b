//! How far and how long a denial holds.

use super::{
    OTHER, TOKEN, U, YOUNG, ask, asked, at, config, error, in_vain, kim, kim_comes, nobody_here,
    one_worker, reset, signed, user, workers,
};
use crate::decision::worker::{SECOND, Worker};

const CACHE: &str = r#","cache":{"ttl":"10s","negative_ttl":"5s","stale_if_error":"1h"}"#;

fn verdict(worker: &mut Worker, line: &str, token: &str) -> String {
    let stream = ask(worker, line, token);
    worker.verdict(stream)
}

#[test]
fn a_bad_token_sprayed_over_many_names_costs_a_handful_of_calls() {
    for word in ["expired_token", "auth_invalid"] {
        let [mut one, mut two] = workers(&signed("", ""));
        let mut calls = 0;
        for number in 0..100 {
            for worker in [&mut one, &mut two] {
                let stream = ask(worker, &format!("GET /acme/app{number}/x"), TOKEN);
                while !worker.calls.is_empty() {
                    calls += 1;
                    worker.answer(401, &error(word));
                }
                assert_eq!(worker.verdict(stream), format!("401 {word}"), "{number}");
            }
        }
        assert_eq!(calls, 1, "{word}");
    }
}

#[test]
fn names_that_are_sprayed_at_once_cost_a_handful_of_calls() {
    let mut worker = one_worker("", "");
    let streams: Vec<_> =
        (0..100).map(|n| ask(&mut worker, &format!("GET /acme/app{n}/x"), TOKEN)).collect();
    assert_eq!(worker.calls.len(), 4);
    while !worker.calls.is_empty() {
        worker.answer(401, &error("auth_invalid"));
    }
    for (place, stream) in streams.into_iter().enumerate() {
        let expected = if place < 4 { "401 auth_invalid" } else { "503 service_unavailable" };
        assert_eq!(worker.verdict(stream), expected, "{place}");
    }
    assert_eq!(verdict(&mut worker, "GET /acme/app9/x", TOKEN), "401 auth_invalid");
}

#[test]
fn a_denial_of_the_token_ends_its_good_verdicts_in_every_application_and_worker() {
    for shared in ["true", "false"] {
        let cache = format!(
            r#","cache":{{"ttl":"10s","negative_ttl":"1s","stale_if_error":"1h","shared":{shared}}}"#
        );
        let [mut one, mut two] = workers(&signed("", &cache));
        kim_comes(&mut one, TOKEN);
        two.answer_to(TOKEN);
        at(&mut [&mut one, &mut two], 2 * SECOND);
        for worker in [&mut one, &mut two] {
            let stream = ask(worker, "GET /acme/shop/x", TOKEN);
            assert_eq!(worker.verdict(stream), "waiting", "shared: {shared}");
            worker.end_call(reset());
            assert_eq!(worker.verdict(stream), "503 service_unavailable", "stale no more");
            worker.now += 2 * SECOND;
        }
    }
}

/// Another application, in which the token is found to be bad.
trait Deny {
    fn answer_to(&mut self, token: &str);
}

impl Deny for Worker {
    fn answer_to(&mut self, token: &str) {
        let stream = ask(self, "GET /acme/blog/x", token);
        self.answer(401, &error("auth_invalid"));
        assert_eq!(self.verdict(stream), "401 auth_invalid");
    }
}

#[test]
fn what_may_hide_an_outage_is_remembered_for_a_second_and_ends_nothing() {
    type Case = (&'static str, &'static [(u16, &'static str)]);
    let cases: [Case; 4] = [
        ("401 auth_invalid", &[(401, "auth_bad_access_token")]),
        ("401 auth_invalid", &[(401, "auth_unverified_oath")]),
        ("401 unauthorized", &[(401, "unauthorized")]),
        ("401 unauthorized", &[(404, "entity_not_found"), (401, "")]),
    ];
    for (expected, answers) in cases {
        // Without a signature that was checked.
        let [mut one, mut two] = workers(&config("", CACHE));
        kim_comes(&mut one, TOKEN);
        at(&mut [&mut one, &mut two], 11 * SECOND);
        let stream = ask(&mut two, "GET /acme/shop/x", TOKEN);
        for (status, word) in answers {
            two.answer(*status, &error(word));
        }
        assert_eq!(two.verdict(stream), expected, "{answers:?}");
        at(&mut [&mut one, &mut two], 11 * SECOND + 999);
        assert_eq!(verdict(&mut two, "GET /acme/shop/x", TOKEN), expected);
        assert!(two.calls.is_empty());
        at(&mut [&mut one, &mut two], 12 * SECOND);
        for worker in [&mut two, &mut one] {
            assert_eq!(in_vain(worker, "GET /acme/shop/x", TOKEN, reset), "forwarded", "stale");
            worker.now += 2 * SECOND;
        }
    }
}

#[test]
fn those_who_followed_the_call_are_told_that_it_may_hide_an_outage() {
    let [mut one, mut two] = workers(&signed("", CACHE));
    ask(&mut one, "GET /acme/shop/x", TOKEN);
    let follower = ask(&mut two, "GET /acme/shop/x", TOKEN);
    assert!(two.calls.is_empty());
    one.answer(404, &nobody_here());
    one.answer(401, "");
    two.read_queue();
    assert_eq!(two.verdict(follower), "401 unauthorized");
    at(&mut [&mut one, &mut two], SECOND);
    assert_eq!(verdict(&mut two, "GET /acme/shop/x", TOKEN), "waiting");
}

#[test]
fn a_young_token_is_refused_for_a_second_only_in_every_worker() {
    for is_lost in [false, true] {
        let [mut one, mut two, mut three] = workers(&signed("", ""));
        at(&mut [&mut one, &mut two, &mut three], SECOND);
        ask(&mut one, "GET /acme/shop/x", YOUNG);
        let follower = ask(&mut two, "GET /acme/shop/x", YOUNG);
        one.answer(401, &error("auth_invalid"));
        if is_lost {
            two.lose_queue();
            two.happen(usergrid_auth_core::decision::Event::Tick);
        } else {
            two.read_queue();
        }
        assert_eq!(two.verdict(follower), "401 auth_invalid");
        assert_eq!(verdict(&mut three, "GET /acme/blog/x", YOUNG), "401 auth_invalid");
        at(&mut [&mut one, &mut two, &mut three], 2 * SECOND);
        for worker in [&mut two, &mut one, &mut three] {
            let stream = ask(worker, "GET /acme/shop/x", YOUNG);
            while !worker.calls.is_empty() {
                kim(worker);
            }
            assert_eq!(worker.verdict(stream), "forwarded", "lost: {is_lost}");
        }
    }
}

#[test]
fn an_unverified_signed_token_is_an_outage() {
    let mut worker = one_worker("", CACHE);
    kim_comes(&mut worker, TOKEN);
    at(&mut [&mut worker], 11 * SECOND);
    for (token, expected) in [(TOKEN, "forwarded"), (OTHER, "503 service_unavailable")] {
        let stream = ask(&mut worker, "GET /acme/shop/x", token);
        worker.answer(401, &error("auth_unverified_oath"));
        assert_eq!(worker.verdict(stream), expected);
    }
}

#[test]
fn a_denial_in_one_application_says_nothing_of_another() {
    let mut worker = one_worker("", "");
    let stream = ask(&mut worker, "GET /acme/nosuch/x", TOKEN);
    worker.answer(404, &error("organization_application_not_found"));
    assert_eq!(worker.verdict(stream), "401 unauthorized");
    let shop = ask(&mut worker, "GET /acme/shop/x", TOKEN);
    assert_eq!(asked(&worker), [U]);
    worker.answer(200, &user("acme/shop", "kim").replace("true", "false"));
    assert_eq!(worker.verdict(shop), "401 auth_invalid", "not activated");
    kim_comes(&mut worker, OTHER);
}

#[test]
fn a_denial_in_one_application_ends_no_good_verdict_of_another() {
    let mut worker = one_worker("", CACHE);
    kim_comes(&mut worker, TOKEN);
    let stream = ask(&mut worker, "GET /acme/nosuch/x", TOKEN);
    worker.answer(404, &error("organization_application_not_found"));
    assert_eq!(worker.verdict(stream), "401 unauthorized");
    assert_eq!(verdict(&mut worker, "GET /acme/shop/x", TOKEN), "forwarded");
    assert!(worker.calls.is_empty());
}
