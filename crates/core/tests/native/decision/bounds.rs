//! What one caller may hold and keep busy: bytes of memory, calls under way.

use std::rc::Rc;

use usergrid_auth_core::principal::Principal;

use crate::decision::worker::{BEARER, SECOND, Worker};

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// How many of these tokens are still remembered: nobody is asked about them.
fn remembered(worker: &mut Worker, count: usize, name: impl Fn(usize) -> String) -> usize {
    (0..count)
        .filter(|number| {
            let token = bearer(&name(*number));
            let stream = worker.request("GET /acme/app/x", &[("authorization", &token)]);
            let is_known = worker.calls.is_empty();
            if !is_known {
                worker.answer(200, r#"{"active":false}"#);
            }
            assert_ne!(worker.verdict(stream), "waiting");
            is_known
        })
        .count()
}

/// 64 rules of some 60 bytes each, other ones for each number.
fn rules(number: usize) -> String {
    let rules: Vec<String> = (0..64)
        .map(|rule| format!(r#""get,put,post:/books/{number}/{rule}/*/chapters/**/pages/?""#))
        .collect();
    format!(r#""permissions":[{}]"#, rules.join(","))
}

const MEGABYTE: &str = r#""cache":{"max_bytes":1048576,"shared":false,"ttl":"1h"}"#;

#[test]
fn remembered_verdicts_are_bounded_in_bytes() {
    let mut worker = Worker::new(MEGABYTE);
    for number in 0..500 {
        worker.with_token("GET /acme/app/x", &format!("t{number}"), &rules(number));
    }
    let entries = worker.cache_entries();
    // Each has four kilobytes of rules, which take about as much again, and what a list costs.
    assert!((40..=200).contains(&entries), "{entries} remembered");
    let latest = remembered(&mut worker, 20, |number| format!("t{}", 480 + number));
    assert_eq!(latest, 20, "the least recently used go");
}

#[test]
fn principals_with_equal_rules_share_them() {
    let mut worker = Worker::new(MEGABYTE);
    for number in 0..500 {
        worker.with_token("GET /acme/app/x", &format!("t{number}"), &rules(7));
    }
    assert_eq!(worker.cache_entries(), 500);
    // They stay shared, and counted, when some of them go.
    for number in 0..500 {
        worker.with_token("GET /acme/app/x", &format!("u{number}"), &rules(number));
    }
    assert!(worker.cache_entries() < 300, "{} remembered", worker.cache_entries());
}

#[test]
fn equal_rules_are_in_memory_once() {
    let mut worker = Worker::new("");
    let line = "GET /acme/app/books/7/1/a/chapters/b/pages/c";
    let [_, _, one, two] = ["one", "two", "one", "two"].map(|token| {
        let stream = worker.with_token(line, token, &rules(7));
        Rc::clone(&worker.identified[&stream])
    });
    let own = |principal: &Principal| Rc::clone(principal.own_rules().expect("a claim").1);
    assert!(Rc::ptr_eq(&own(&one), &own(&two)));
}

#[test]
fn an_answer_that_alone_is_over_the_budget_serves_and_is_forgotten() {
    let mut worker = Worker::new(
        r#""cache":{"max_bytes":65536,"shared":false},"limits":{"claims":{"bytes":262144}},
            "identity":{"headers":{"x-usergrid-scope":null}}"#,
    );
    let name = "x".repeat(4_000);
    let scopes: Vec<String> = (0..25).map(|number| format!("{name}{number}")).collect();
    let claims = format!(r#""scope":"{}""#, scopes.join(" "));
    let stream = worker.request("GET /x", &BEARER);
    worker.active(&claims);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.cache_entries(), 0);
}

#[test]
fn one_credential_has_at_most_four_calls_under_way() {
    let mut worker = Worker::new("");
    worker.with_token("GET /x", "admin", r#""username":"root""#);
    for _ in 0..10 {
        worker.request("GET /x", &BEARER);
        // Each revocation parts those who come from those who came.
        let line = "POST /acme/app/users/tom/revoketoken?token=abc";
        let revoking = worker.request(line, &[("authorization", "Bearer admin")]);
        worker.respond(revoking, 200, "");
    }
    assert_eq!(worker.calls.len(), 4);
    let refused = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(refused), "503 service_unavailable");
    worker.active("");
    let next = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(next), "waiting", "there is room for one again");
}

#[test]
fn a_user_is_revoked_by_whatever_his_answers_call_him() {
    for name in ["tom", "TOM@example.com", "7d1f2c12-833a-11ee-8b11-0242ac120001", "u-1"] {
        let (_, mut one, mut two) = Worker::two("");
        one.with_token("GET /x", "admin", r#""username":"root""#);
        let claims = r#""username":"tom","sub":"u-1","email":"tom@example.com",
            "uuid":"7d1f2c12-833a-11ee-8b11-0242ac120001""#;
        two.with_token("GET /x", "toms", claims);
        let line = format!("PUT /acme/app/users/{name}/revoketokens");
        let revoking = one.request(&line, &[("authorization", "Bearer admin")]);
        one.respond(revoking, 200, "");
        two.now += SECOND / 10;
        let after = two.request("GET /x", &[("authorization", "Bearer toms")]);
        assert_eq!(two.verdict(after), "waiting", "{name}");
    }
}
