//! One call per credential: who shares, who does not, and what happens when somebody leaves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::{CacheResult, CallResult, Counter, Outcome};
use usergrid_auth_core::refusal::Refusal;
use usergrid_auth_core::verification::call::{AnswerHeaders, CallOutcome};

use crate::decision::worker::{BEARER, SECOND, Worker};
use crate::support::answered;

#[test]
fn requests_with_one_credential_share_a_call_and_are_decided_each_on_its_own() {
    let mut worker = Worker::new("");
    let allowed = worker.request("GET /acme/app/x", &BEARER);
    let foreign = worker.request("GET /other/app/x?a=b", &BEARER);
    let query = worker.request("GET /acme/app/y?access_token=abc", &[]);
    assert_eq!(worker.calls.len(), 1);
    assert_eq!(worker.waiting(), 3);
    worker.active(r#""application":"acme/app""#);
    assert_eq!(worker.verdict(allowed), "forwarded");
    assert_eq!(worker.verdict(foreign), "401 unauthorized");
    assert_eq!(worker.verdict(query), "forwarded");
    assert_eq!(worker.waiting(), 0);
    assert_eq!(worker.counts.iter().filter(|count| **count == Counter::Coalesced).count(), 2);

    let known = worker.request("GET /other/app/x", &BEARER);
    assert!(worker.calls.is_empty());
    assert_eq!(
        worker.verdict(known),
        "401 unauthorized",
        "facts are remembered, decisions are not"
    );
}

#[test]
fn different_credentials_share_nothing() {
    let mut worker =
        Worker::new(r#""client_credentials":{"cluster":"usergrid","path":"/management/token"}"#);
    worker.request("GET /x", &BEARER);
    worker.request("GET /x", &[("authorization", "Bearer abd")]);
    worker.request("GET /x?client_id=ab&client_secret=c", &[]);
    worker.request("GET /x?client_id=a&client_secret=bc", &[]);
    assert_eq!(worker.calls.len(), 4);
}

#[test]
fn a_leader_that_leaves_harms_nobody() {
    let mut worker = Worker::new("");
    let leader = worker.request("GET /x", &BEARER);
    let follower = worker.request("GET /x", &BEARER);
    worker.happen(Event::StreamGone(leader));
    worker.active("");
    assert_eq!(worker.verdict(leader), "waiting", "nothing is done to a stream that is gone");
    assert_eq!(worker.verdict(follower), "forwarded");
}

#[test]
fn an_answer_nobody_waits_for_is_still_remembered() {
    let mut worker = Worker::new("");
    let only = worker.request("GET /x", &BEARER);
    worker.happen(Event::StreamGone(only));
    worker.active("");
    let next = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(next), "forwarded");
    assert!(worker.calls.is_empty());
}

#[test]
fn a_failure_fails_all_who_wait_and_is_not_remembered() {
    let mut worker = Worker::new("");
    let first = worker.request("GET /x", &BEARER);
    let second = worker.request("GET /x", &BEARER);
    worker.end_call(CallOutcome::Reset);
    assert_eq!(worker.verdict(first), "503 service_unavailable");
    assert_eq!(worker.verdict(second), "503 service_unavailable");
    let at_once = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(at_once), "503 service_unavailable");
    assert!(worker.calls.is_empty(), "the server is let be about it for a second");
    let other = worker.request("GET /x", &[("authorization", "Bearer other")]);
    worker.active("");
    assert_eq!(worker.verdict(other), "forwarded");
    worker.now += SECOND;
    let later = worker.request("GET /x", &BEARER);
    worker.active("");
    assert_eq!(worker.verdict(later), "forwarded");
}

#[test]
fn waiting_requests_are_bounded_and_so_are_calls() {
    let mut worker = Worker::new(r#""limits":{"max_waiting":4}"#);
    let first = worker.request("GET /x", &BEARER);
    worker.request("GET /x", &BEARER);
    let third = worker.request("GET /x", &BEARER);
    assert_eq!(worker.verdict(third), "503 service_unavailable");
    assert!(worker.counts.contains(&Counter::Requests(Outcome::Refused(Refusal::Overloaded))));
    assert!(worker.head(third).response().headers.contains(&("retry-after", "1".to_owned())));

    // Half of the places are open to credentials that nobody has verified yet. Whoever gives up
    // leaves a call under way; one more may start, and no third.
    worker.happen(Event::StreamGone(first));
    let other = worker.request("GET /x", &[("authorization", "Bearer other")]);
    worker.happen(Event::StreamGone(other));
    let one_more = worker.request("GET /x", &[("authorization", "Bearer third")]);
    assert_eq!(worker.verdict(one_more), "503 service_unavailable");
    assert_eq!(worker.calls.len(), 2);
}

#[test]
fn a_flood_of_new_credentials_keeps_no_known_caller_out() {
    let overrides = r#""limits":{"max_waiting":4},"cache":{"ttl":"1s"}"#;
    let mut worker = Worker::new(overrides);
    for token in ["ann", "tom"] {
        worker.with_token("GET /x", token, "");
    }
    worker.now += SECOND;
    for number in 0..10 {
        worker.request("GET /x", &[("authorization", &format!("Bearer random{number}"))]);
    }
    assert_eq!(worker.waiting(), 2);
    let ann = worker.request("GET /x", &[("authorization", "Bearer ann")]);
    let tom = worker.request("GET /x", &[("authorization", "Bearer tom")]);
    assert_eq!((worker.verdict(ann), worker.verdict(tom)), ("waiting".into(), "waiting".into()));
    let more = worker.request("GET /x", &[("authorization", "Bearer tom")]);
    assert_eq!(worker.verdict(more), "503 service_unavailable", "four is four");
}

/// Others have pushed their answers out of memory since.
#[test]
fn whoever_comes_often_is_a_known_caller_for_longer_than_his_answer_is_remembered() {
    let overrides = r#""limits":{"max_waiting":2},"cache":{"max_entries":2,"shared":false}"#;
    for (visits, expected) in [(1, "503 service_unavailable"), (2, "waiting")] {
        let mut worker = Worker::new(overrides);
        for token in ["ann", "tom"] {
            for _ in 0..visits {
                worker.with_token("GET /x", token, "");
            }
        }
        for token in ["one", "two"] {
            worker.with_token("GET /x", token, "");
        }
        let random = worker.request("GET /x", &[("authorization", "Bearer random")]);
        assert_eq!(worker.verdict(random), "waiting");
        let ann = worker.request("GET /x", &[("authorization", "Bearer ann")]);
        assert_eq!(worker.verdict(ann), expected, "{visits}");
    }
}

#[test]
fn paused_requests_are_bounded_in_bytes() {
    let mut worker = Worker::new(r#""limits":{"max_waiting":64}"#);
    let long = format!("GET /{}", "x".repeat(60_000));
    let mut waiting = 0;
    for _ in 0..32 {
        let stream = worker.request(&long, &BEARER);
        waiting += usize::from(worker.verdict(stream) == "waiting");
    }
    // 64 times 16 KiB, at about three times the length of a path each.
    assert!((4..=6).contains(&waiting), "{waiting} wait");
    worker.active("");
    assert_eq!(worker.waiting(), 0);
    let next = worker.request(&long, &[("authorization", "Bearer other")]);
    assert_eq!(worker.verdict(next), "waiting", "there is room again");
}

/// Room is for one request and 16 KiB: a path of 2,200 bytes takes more than half of that, and each
/// thing that is kept beside it more than the rest.
#[test]
fn all_that_is_kept_of_a_paused_request_is_counted() {
    let scopes = vec![r#"{"rules":["get:/full/**"],"all_of":["x"]}"#; 500].join(",");
    let config = |forward: &str| {
        format!(
            r#""limits":{{"max_waiting":1}},"forward":{{"credential":"{forward}"}},
            "credentials":{{"sources":["header",{{"header":"x-api-token"}}]}},
            "authorization":{{"require_scope":[{scopes}]}}"#
        )
    };
    let rest = "x".repeat(2_200);
    let token = "t".repeat(3_700);
    let (plain, otherwise) = (format!("Bearer {token}"), format!("bearer {token}"));
    let (plain, otherwise) = (("authorization", &*plain), ("authorization", &*otherwise));
    let elsewhere = ("x-api-token", &*token);
    let method = "X".repeat(4_000);
    for (forward, method, path, credential, expected) in [
        ("header", "GET", "open", plain, "waiting"),
        ("header", &*method, "open", plain, "503 service_unavailable"),
        ("header", "GET", "open", otherwise, "503 service_unavailable"),
        ("header", "GET", "open", elsewhere, "503 service_unavailable"),
        ("as_sent", "GET", "open", otherwise, "waiting"),
        ("as_sent", "GET", "open", elsewhere, "503 service_unavailable"),
        ("header", "GET", "full", plain, "503 service_unavailable"),
    ] {
        let mut worker = Worker::new(&config(forward));
        let stream = worker.request(&format!("{method} /{path}/{rest}"), &[credential]);
        assert_eq!(worker.verdict(stream), expected, "{forward} {} {path}", credential.0);
    }
}

/// Room is for one call and 16 KiB: what is sent counts as well as what is kept.
#[test]
fn all_that_is_kept_of_a_call_is_counted() {
    let config = r#""limits":{"max_waiting":1},
        "client_credentials":{"cluster":"u","path":"/token"}"#;
    let token = |length| format!("Bearer {}", "t".repeat(length));
    let pair = |length| format!("Basic {}", STANDARD.encode(format!("id:{}", "s".repeat(length))));
    let value = "a".repeat(500);
    let trace = ["traceparent", "tracestate", "b3", "x-request-id"].map(|name| (name, &*value));
    for (authorization, trace, expected) in [
        (token(3_500), &[][..], "waiting"),
        (token(3_500), &trace, "503 service_unavailable"),
        (token(4_200), &[], "503 service_unavailable"),
        (pair(3_000), &[], "waiting"),
        (pair(3_000), &trace, "503 service_unavailable"),
        (pair(3_400), &[], "503 service_unavailable"),
    ] {
        let mut worker = Worker::new(config);
        let headers = [&[("authorization", &*authorization)], trace].concat();
        let stream = worker.request("GET /x", &headers);
        assert_eq!(worker.verdict(stream), expected, "{} {trace:?}", authorization.len());
    }
}

#[test]
fn bad_answers_have_a_budget_of_their_own() {
    let mut worker = Worker::new(r#""cache":{"max_entries":3,"max_negative_entries":2}"#);
    worker.with_token("GET /x", "good", "");
    for number in 0..20 {
        worker.request("GET /x", &[("authorization", &format!("Bearer random{number}"))]);
        worker.answer(200, r#"{"active":false}"#);
    }
    assert_eq!(worker.cache_entries(), 3);
    let stream = worker.request("GET /x", &[("authorization", "Bearer good")]);
    assert_eq!(worker.verdict(stream), "forwarded");
    let stream = worker.request("GET /x", &[("authorization", "Bearer random19")]);
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
    assert!(worker.counts.contains(&Counter::Cache(CacheResult::NegativeHit)));
    for number in 0..5 {
        worker.with_token("GET /x", &format!("good{number}"), "");
    }
    assert_eq!(worker.cache_entries(), 5);
    assert!(worker.counts.contains(&Counter::Introspections(CallResult::Active)));
}

#[test]
fn whoever_waits_is_told_when_the_server_wants_to_be_asked_again() {
    let mut worker = Worker::new("");
    let waiting = [worker.request("GET /x", &BEARER), worker.request("GET /y", &BEARER)];
    let mut outcome = answered(429, "{}");
    if let CallOutcome::Answered { headers, .. } = &mut outcome {
        *headers = AnswerHeaders::new(Some(b"30"), None);
    }
    worker.end_call(outcome);
    for stream in waiting {
        assert_eq!(worker.verdict(stream), "503 service_unavailable");
        let response = worker.head(stream).response();
        assert!(response.headers.contains(&("retry-after", "30".to_owned())));
    }
}
