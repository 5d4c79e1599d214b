//! What one credential may cost Usergrid.

use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::refusal::Refusal;

use super::{TOKEN, ask, asked, error, kim, one_worker, signed, workers};
use crate::decision::worker::{NOON, SECOND, Worker};

const OVERLOADED: Counter = Counter::Requests(Outcome::Refused(Refusal::Overloaded));

/// The verdict of a request of another application's user.
fn foreign(worker: &mut Worker, line: &str) -> String {
    let stream = ask(worker, line, TOKEN);
    if !worker.calls.is_empty() {
        worker.answer(404, &error("organization_application_not_found"));
    }
    worker.verdict(stream)
}

#[test]
fn one_credential_is_asked_about_in_ten_applications_a_second() {
    let mut worker = one_worker("", "");
    for round in 0..3 {
        worker.now = NOON + round * SECOND;
        for number in 0..30 {
            let found = foreign(&mut worker, &format!("GET /acme/app{round}-{number}/x"));
            let expected = if number < 10 { "401 unauthorized" } else { "503 service_unavailable" };
            assert_eq!(found, expected, "{round} {number}");
        }
        assert!(worker.counts.contains(&OVERLOADED));
        assert_eq!(foreign(&mut worker, &format!("GET /acme/app{round}-3/x")), "401 unauthorized");
    }
}

/// Nobody waits for the call that was not made.
#[test]
fn what_one_worker_asks_no_more_another_may_ask() {
    let [mut one, mut two] = workers(&signed("", ""));
    for number in 0..10 {
        foreign(&mut one, &format!("GET /acme/app{number}/x"));
    }
    assert_eq!(foreign(&mut one, "GET /acme/shop/x"), "503 service_unavailable");
    let stream = ask(&mut two, "GET /acme/shop/x", TOKEN);
    assert_eq!(two.calls.len(), 1);
    kim(&mut two);
    assert_eq!(two.verdict(stream), "forwarded");
}

#[test]
fn one_application_is_one_however_often_it_is_asked_about() {
    let mut worker = one_worker("", r#","cache":{"ttl":"0s","negative_ttl":"0s"}"#);
    for number in 0..30 {
        let stream = ask(&mut worker, "GET /acme/shop/x", TOKEN);
        assert_eq!(worker.verdict(stream), "waiting", "{number}");
        kim(&mut worker);
        assert_eq!(worker.verdict(stream), "forwarded", "{number}");
        assert_eq!(foreign(&mut worker, "GET /acme/nosuch/x"), "401 unauthorized", "{number}");
    }
}

#[test]
fn four_calls_are_under_way_for_one_credential() {
    let mut worker = one_worker("", "");
    let streams: Vec<_> =
        (0..5).map(|n| ask(&mut worker, &format!("GET /acme/app{n}/x"), TOKEN)).collect();
    assert_eq!(asked(&worker).len(), 4);
    assert_eq!(worker.verdict(streams[3]), "waiting");
    assert_eq!(worker.verdict(streams[4]), "503 service_unavailable");
    assert!(worker.counts.contains(&OVERLOADED));
    worker.answer(404, &error("organization_application_not_found"));
    let next = ask(&mut worker, "GET /acme/app4/x", TOKEN);
    assert_eq!(worker.verdict(next), "waiting");
}

#[test]
fn long_names_of_applications_are_paid_for() {
    // What is kept for one call is 16 KiB at most.
    let limits = r#","limits":{"max_waiting":1},"token":{"format":"opaque"}"#;
    let (token, name) = ("t".repeat(2_800), "a".repeat(1_000));
    for (name, expected) in [("shop", "waiting"), (&*name, "503 service_unavailable")] {
        let [mut worker] = super::workers(&super::config("", limits));
        let stream = ask(&mut worker, &format!("GET /acme/{name}/x"), &token);
        assert_eq!(worker.verdict(stream), expected, "{}", name.len());
    }
}

#[test]
fn whoever_sprays_one_token_keeps_no_other_out() {
    let mut worker = one_worker("", "");
    for number in 0..50 {
        foreign(&mut worker, &format!("GET /acme/app{number}/x"));
    }
    super::kim_comes(&mut worker, super::OTHER);
}
