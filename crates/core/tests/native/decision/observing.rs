//! `mode: "observe"`: everything is decided, and nothing is done about it.

use std::rc::Rc;

use usergrid_auth_config::{Config, OBSERVING};
use usergrid_auth_core::decision::{Event, Filter};
use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::refusal::Refusal;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::View;

use crate::decision::worker::{BEARER, SECOND, Worker};
use crate::support::config;

const OBSERVE: &str = r#""mode":"observe","telemetry":{"filter_state":["outcome","subject"]},
    "guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}],
    "public":["get:/*/*/token"],"limits":{"max_waiting":2}"#;

/// What was counted about requests since the last look.
fn counted(worker: &mut Worker) -> Vec<Counter> {
    let counts = std::mem::take(&mut worker.counts);
    assert!(!counts.iter().any(|it| matches!(it, Counter::Requests(_))), "as if it enforced");
    counts.into_iter().filter(|it| matches!(it, Counter::Observed(_))).collect()
}

#[test]
fn every_request_passes_at_once_and_as_it_came() {
    let pair = [("authorization", "Basic aWQ6c2Vj")];
    let upgrade = [("connection", "upgrade, x-usergrid-username")];
    for (line, headers, outcome) in [
        ("GET /acme/app/x", &[][..], Outcome::Refused(Refusal::Missing)),
        ("GET /acme/../x?access_token=abc", &[], Outcome::Refused(Refusal::BadPath)),
        ("GET /x?access_token=a&access_token=b", &[], Outcome::Refused(Refusal::Conflict)),
        ("GET /x", &pair, Outcome::Refused(Refusal::ClientBasic)),
        ("GET /acme/sandbox/x", &upgrade, Outcome::Guest),
        ("GET /acme/app/token?access_token=abc", &[], Outcome::Public),
    ] {
        let mut worker = Worker::new(OBSERVE);
        let forged = [("x-usergrid-principal", "admin_user"), ("x_usergrid_subject", "root")];
        let stream = worker.request(line, &[headers, &forged].concat());
        let head = worker.head(stream);
        assert_eq!(worker.verdict(stream), "forwarded", "{line}");
        assert_eq!(head.path(), line.split_once(' ').expect("METHOD /path").1, "{line}");
        for (name, value) in headers {
            assert_eq!(head.header(name), *value, "{line}");
        }
        let identity = ["x-usergrid-principal", "x_usergrid_subject"].map(|it| head.header(it));
        assert_eq!(identity, ["", ""], "{line}");
        let label = outcome.label().to_owned();
        assert_eq!(head.state, [("usergrid_auth_observed_outcome", label)], "{line}");
        assert_eq!(counted(&mut worker), [Counter::Observed(outcome)], "{line}");
    }
}

#[test]
fn a_verdict_that_comes_later_is_counted_then() {
    let mut worker = Worker::new(OBSERVE);
    let line = "GET /acme/app/x?access_token=abc";
    let stream = worker.request(line, &[]);
    assert_eq!(worker.verdict(stream), "forwarded", "nobody waits");
    assert_eq!(worker.head(stream).path(), "/acme/app/x?access_token=abc");
    assert_eq!(counted(&mut worker), []);
    // The worker of these tests would not bear another effect on a request that has ended.
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(counted(&mut worker), [Counter::Observed(Outcome::Refused(Refusal::Inactive))]);
    let good = worker.with_token("PUT /acme/app/users/bob/revoketokens", "def", r#""sub":"root""#);
    assert_eq!(worker.head(good).header("authorization"), "Bearer def");
    assert_eq!(worker.head(good).header("x-usergrid-subject"), "");
    assert_eq!(counted(&mut worker), [Counter::Observed(Outcome::Token)]);
    assert_eq!(worker.watched, [], "nobody is told of responses once the verdict comes");
    worker.request("GET /acme/app/x", &[("authorization", "Bearer def")]);
    assert_eq!(counted(&mut worker), [Counter::Observed(Outcome::Token)], "known");
    worker.request("GET /acme/app/x", &BEARER[..]);
    let failing = worker.request("GET /acme/app/y", &[("authorization", "Bearer ghi")]);
    counted(&mut worker);
    worker.end_call(CallOutcome::TimedOut);
    assert_eq!(worker.verdict(failing), "forwarded");
    assert_eq!(counted(&mut worker), [Counter::Observed(Outcome::Refused(Refusal::Unavailable))]);
}

#[test]
fn the_log_says_what_was_not_done_and_that_nothing_is_enforced() {
    let mut worker = Worker::new(OBSERVE);
    worker.request("GET /acme/app/x", &[]);
    let lines: Vec<String> = worker.log.iter().map(LogEvent::to_string).collect();
    let expected = "observed only, NOT refused: reason=missing application=acme/app";
    assert_eq!(lines, [expected]);
    worker.log.clear();
    let reminders = |worker: &Worker| {
        worker.log.iter().filter(|it| matches!(it, LogEvent::Observing)).count() as u64
    };
    for second in 0..=120 {
        worker.happen(Event::Tick);
        worker.happen(Event::Tick);
        worker.now += SECOND;
        assert_eq!(reminders(&worker), 1 + second / 60, "after {second} s");
    }
    // A clock that is set back does not silence it.
    worker.now -= 3_600 * SECOND;
    worker.happen(Event::Tick);
    assert_eq!(reminders(&worker), 4);
    let observing = config(OBSERVE);
    assert_eq!(observing.warnings(), [OBSERVING]);
    let declared =
        |config: &Config| -> Vec<&str> { config.telemetry.properties(config.mode).collect() };
    assert_eq!(declared(&observing), ["usergrid_auth_observed_outcome"]);
    let enforcing = config(&OBSERVE.replace("observe", "enforce"));
    assert_eq!(declared(&enforcing), ["usergrid_auth_outcome", "usergrid_auth_subject"]);
    assert_eq!(config("").warnings(), [""; 0]);
    for (config, expected) in [(observing, true), (enforcing, false)] {
        let filter = Filter::new(Rc::new(config), Rc::new(View::default()));
        assert_eq!(filter.is_observing(), expected);
    }
    let mut enforcing = Worker::new("");
    enforcing.happen(Event::Tick);
    assert_eq!(enforcing.log, []);
}

/// A backend revokes whether this filter enforces or not.
#[test]
fn revocations_are_heard_of() {
    let mut worker = Worker::new(
        r#""mode":"observe","revocation":{"paths":["/revoke"]},"public":["post:/revoke"]"#,
    );
    let asks = |worker: &mut Worker| {
        worker.request("GET /x", &BEARER);
        let asks = !worker.calls.is_empty();
        if asks {
            worker.active("");
        }
        asks
    };
    assert!(asks(&mut worker));
    assert!(!asks(&mut worker));
    let stream = worker.request("POST /revoke", &[]);
    assert!(matches!(worker.watched[..], [(of, 1..)] if of == stream), "the form is wanted");
    worker.respond(stream, 200, "token=abc");
    assert!(asks(&mut worker));
}

#[test]
fn more_requests_than_may_wait_pass_too() {
    let mut worker = Worker::new(OBSERVE);
    for number in 0..4 {
        let token = format!("Bearer token-{number}");
        let stream = worker.request("GET /acme/app/x", &[("authorization", &token)]);
        assert_eq!(worker.verdict(stream), "forwarded");
    }
    let overloaded = Counter::Observed(Outcome::Refused(Refusal::Overloaded));
    assert!(counted(&mut worker).contains(&overloaded));
}
