//! How often lines repeat in the log: a flood costs a few lines a second, and hides nothing else.

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::refusal::Refusal;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::verdict::{NoAnswer, ServerFault};

use crate::decision::worker::{SECOND, Worker};

/// How many such refusals each line leaves out.
fn suppressed(worker: &Worker, reason: Refusal) -> Vec<u64> {
    let of = |event: &LogEvent| match event {
        LogEvent::Refused { refusal, suppressed, .. } if *refusal == reason => Some(*suppressed),
        _ => None,
    };
    worker.log.iter().filter_map(of).collect()
}

/// What each line about a failure says: what went wrong, how many it leaves out, how loud it is.
fn failures(worker: &Worker) -> Vec<(ServerFault, u64, log::Level)> {
    let of = |event: &LogEvent| match event {
        LogEvent::ServerFailed { fault, suppressed, .. } => {
            Some((*fault, *suppressed, event.level()))
        }
        _ => None,
    };
    worker.log.iter().filter_map(of).collect()
}

/// A request with a token of its own, whose call ends like this.
fn fails(worker: &mut Worker, number: u64, outcome: CallOutcome) {
    worker.request("GET /x", &[("authorization", &format!("Bearer t{number}"))]);
    worker.end_call(outcome);
}

#[test]
fn refusals_are_told_ten_times_a_second_and_reason_with_a_count_of_the_rest() {
    let mut worker = Worker::new("");
    for number in 0..100 {
        worker.request("GET /acme/app/x", &[]);
        worker.now += u64::from(number % 10 == 9) * 99;
    }
    assert_eq!(suppressed(&worker, Refusal::Missing), [0; 10]);
    worker.request("GET /acme/../x", &[]);
    assert_eq!(suppressed(&worker, Refusal::BadPath), [0]);

    // A second after the first one.
    worker.now += 10;
    for _ in 0..11 {
        worker.request("GET /acme/app/x", &[]);
    }
    let told: Vec<u64> = [0; 10].into_iter().chain([90]).chain([0; 9]).collect();
    assert_eq!(suppressed(&worker, Refusal::Missing), told);
    let line = worker.log.iter().map(ToString::to_string).find(|line| line.contains("90")).unwrap();
    assert_eq!(line, "refused: reason=missing application=acme/app (90 more since the last line)");

    // However long it is quiet, nothing is forgotten.
    worker.now += 1000 * SECOND;
    worker.request("GET /acme/app/x", &[]);
    assert_eq!(suppressed(&worker, Refusal::Missing).last(), Some(&1));
    assert_eq!(suppressed(&worker, Refusal::BadPath), [0]);
}

#[test]
fn every_refusal_is_counted_and_answered_whether_it_is_told_or_not() {
    let mut worker = Worker::new("");
    for _ in 0..100 {
        let stream = worker.request("GET /acme/app/x", &[]);
        assert_eq!(worker.verdict(stream), "401 unauthorized");
    }
    assert_eq!((worker.counts.len(), worker.log.len()), (100, 10));
}

#[test]
fn a_clock_that_is_set_back_does_not_silence_the_log() {
    let mut worker = Worker::new("");
    for _ in 0..20 {
        worker.request("GET /acme/app/x", &[]);
    }
    worker.now -= 3600 * SECOND;
    worker.request("GET /acme/app/x", &[]);
    assert_eq!(suppressed(&worker, Refusal::Missing).last(), Some(&10));
}

#[test]
fn failures_of_the_server_are_told_once_a_second_with_a_count_of_the_rest() {
    let mut worker = Worker::new("");
    for number in 0..10 {
        fails(&mut worker, number, answer(500));
    }
    worker.now += SECOND;
    fails(&mut worker, 10, answer(503));
    worker.now += 2 * SECOND;
    fails(&mut worker, 11, answer(500));
    let warn = |status, more| (ServerFault::Status(status), more, log::Level::Warn);
    assert_eq!(failures(&worker), [warn(500, 0), warn(503, 9), warn(500, 0)]);
}

#[test]
fn every_kind_of_failure_is_told_though_others_flood_the_log() {
    let mut worker = Worker::new(r#""breaker":{"failures":1000000}"#);
    let statuses = [500, 502, 418, 429, 302];
    for number in 0..1000 {
        fails(&mut worker, number, answer(statuses[usize::try_from(number).unwrap() % 5]));
    }
    fails(&mut worker, 1000, answer(401));
    fails(&mut worker, 1001, answer(403));
    fails(&mut worker, 1002, CallOutcome::TimedOut);
    fails(&mut worker, 1003, CallOutcome::Reset);
    fails(&mut worker, 1004, CallOutcome::NotSent);
    fails(&mut worker, 1005, answer(200));
    // Of the statuses, the first of each hundred.
    let warned = [
        ServerFault::NoAnswer(NoAnswer::TimedOut),
        ServerFault::NoAnswer(NoAnswer::Reset),
        ServerFault::NoAnswer(NoAnswer::NotSent),
        ServerFault::BadAnswer,
    ];
    let statuses = [500, 418, 302].map(|status| (ServerFault::Status(status), 0, log::Level::Warn));
    let told: Vec<_> = statuses
        .into_iter()
        .chain([(ServerFault::RejectedUs, 0, log::Level::Error)])
        .chain(warned.map(|fault| (fault, 0, log::Level::Warn)))
        .collect();
    assert_eq!(failures(&worker), told);

    worker.now += SECOND;
    fails(&mut worker, 1006, answer(401));
    let last = (ServerFault::RejectedUs, 1, log::Level::Error);
    assert_eq!(failures(&worker).last(), Some(&last));
}

/// Statuses that no server should send do not make the log any longer.
#[test]
fn the_kinds_of_status_are_few() {
    let mut worker = Worker::new(r#""breaker":{"failures":1000000}"#);
    for status in (0..=u16::MAX).filter(|status| ![200, 401, 403].contains(status)).step_by(50) {
        fails(&mut worker, status.into(), answer(status));
    }
    assert_eq!(failures(&worker).len(), 10);
}

#[test]
fn a_failure_names_the_cluster_that_was_asked() {
    let mut worker = Worker::new(r#""client_credentials":{"cluster":"pairs","path":"/token"}"#);
    fails(&mut worker, 0, answer(500));
    worker.request("GET /x", &[("authorization", "Basic aWQ6c2Vj")]);
    worker.end_call(answer(404));
    let named = |event: &LogEvent| match event {
        LogEvent::ServerFailed { cluster, .. } => Some(cluster.clone()),
        _ => None,
    };
    let named: Vec<_> = worker.log.iter().filter_map(named).collect();
    assert_eq!(named, ["introspection", "pairs"]);
}

#[test]
fn every_change_of_a_breaker_is_told() {
    let mut worker = Worker::new(r#""breaker":{"failures":1,"open":"1ms"}"#);
    for number in 0..20 {
        fails(&mut worker, number, answer(500));
        // Then it is asked about a credential of our own, twice.
        worker.end_call(answer(500));
        worker.now += 2;
        worker.happen(Event::Tick);
        worker.answer(200, r#"{"active":false}"#);
    }
    let changes = worker.log.iter().filter(|event| matches!(event, LogEvent::Breaker { .. }));
    assert_eq!(changes.count(), 40);
}

/// The server answers with this status and an empty body.
fn answer(status: u16) -> CallOutcome {
    crate::support::answered(status, "")
}

#[test]
fn a_token_that_is_too_long_names_the_key_to_change() {
    let mut worker = Worker::new(r#""credentials":{"max_length":16}"#);
    worker.request("GET /acme/app/x", &[("authorization", "Bearer 12345678901234567")]);
    assert_eq!(
        worker.log[0].to_string(),
        "refused: reason=too_long application=acme/app setting=credentials.max_length"
    );
}

#[test]
fn a_tenant_that_cannot_be_compared_names_the_key_to_change() {
    const UUID: &str = "cccccccc-b5d5-11e3-a495-11ddb1de66c8";
    let mut worker = Worker::new("");
    let refused = |worker: &mut Worker, token: &str, application: &str| {
        let claims = format!(r#""principal":"application","application":"{application}""#);
        worker.log.clear();
        worker.with_token("GET /acme/app/x", token, &claims);
        worker.log[0].to_string()
    };
    let line = refused(&mut worker, "one", UUID);
    assert!(line.ends_with(" setting=authorization.application_ids"), "{line}");
    let line = refused(&mut worker, "other", "acme/other");
    assert!(!line.contains("setting="), "{line}");
}
