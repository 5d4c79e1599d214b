//! Verdicts that come with a status by which servers refuse whoever asks.

use crate::decision::worker::{BEARER, NOON, SECOND, Worker};

const INACTIVE: &str = r#"{"active":false}"#;
const ACTIVE: &str = r#"{"active":true}"#;

/// A worker whose server has answered about another token like this.
fn after(answers: &[(u16, &str)], overrides: &str) -> Worker {
    let mut worker = Worker::new(overrides);
    for (number, (status, body)) in answers.iter().enumerate() {
        worker.request("GET /x", &[("authorization", &format!("Bearer other{number}"))]);
        worker.answer(*status, body);
    }
    worker
}

/// It may mean the filter's own client.
#[test]
fn only_of_a_server_that_has_judged_otherwise_is_such_a_verdict_remembered_for_long() {
    for (before, is_remembered) in [
        (&[][..], false),
        (&[(401, INACTIVE)], false),
        (&[(401, INACTIVE), (403, INACTIVE)], false),
        (&[(500, "")], false),
        (&[(200, "<html>")], false),
        (&[(200, ACTIVE)], true),
        (&[(200, INACTIVE)], true),
        (&[(200, ACTIVE), (401, INACTIVE)], true),
    ] {
        for status in [400, 401, 403] {
            let mut worker = after(before, r#""cache":{"negative_ttl":"5s"}"#);
            let stream = worker.request("GET /x", &BEARER);
            worker.answer(status, INACTIVE);
            assert_eq!(worker.verdict(stream), "401 auth_invalid", "{before:?}");
            for (millis, expected) in [
                (SECOND - 1, true),
                (SECOND, is_remembered),
                (5 * SECOND - 1, is_remembered),
                (5 * SECOND, false),
            ] {
                worker.now = NOON + millis;
                let stream = worker.request("GET /x", &BEARER);
                let found = worker.verdict(stream) == "401 auth_invalid";
                assert_eq!(found, expected, "{status} after {before:?}, {millis}");
                if !found {
                    break;
                }
            }
        }
    }
}

#[test]
fn only_of_a_server_that_has_judged_otherwise_does_it_end_what_could_be_served_stale() {
    for (before, expected) in
        [(&[][..], "forwarded"), (&[(200, INACTIVE)][..], "503 service_unavailable")]
    {
        let overrides = r#""cache":{"ttl":"10s","stale_if_error":"1h","negative_ttl":"2s"}"#;
        let (process, mut one, _) = Worker::two(overrides);
        one.with_token("GET /x", "abc", "");
        // A worker that starts anew has heard nothing of the server yet.
        let config = std::rc::Rc::new(crate::support::config(overrides));
        let mut two = Worker::in_process(&config, &process);
        for worker in [&mut one, &mut two] {
            worker.now = NOON + 11 * SECOND;
        }
        for (status, body) in before {
            two.request("GET /x", &[("authorization", "Bearer other")]);
            two.answer(*status, body);
        }
        let stream = two.request("GET /x", &BEARER);
        two.answer(401, INACTIVE);
        assert_eq!(two.verdict(stream), "401 auth_invalid");
        one.now = NOON + 20 * SECOND;
        let stream = one.request("GET /x", &BEARER);
        one.end_call(usergrid_auth_core::verification::call::CallOutcome::Reset);
        assert_eq!(one.verdict(stream), expected, "{before:?}");
    }
}
