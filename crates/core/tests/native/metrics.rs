//! The names of counters are those of `docs/metrics.md`, and each end of a call has its own.

use std::collections::BTreeSet;

use usergrid_auth_core::metrics::{CallResult, Counter, Outcome, of_server};
use usergrid_auth_core::refusal::Refusal;
use usergrid_auth_core::verification::verdict::{Denial, NoAnswer, ServerFault, Verdict};
use usergrid_auth_core::verification::verifiers::usergrid::{Failure, Fault, Probe};

const PAGE: &str = include_str!("../../../../docs/metrics.md");

/// The labels that the page lists under this heading.
fn labels(heading: &str) -> Vec<&'static str> {
    let (_, table) = PAGE.split_once(&format!("| {heading} |")).unwrap();
    let rows = table.lines().skip(2).take_while(|line| !line.is_empty());
    rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect()
}

fn names(counters: impl Iterator<Item = Counter>) -> BTreeSet<String> {
    counters.map(Counter::name).collect()
}

#[test]
fn the_page_about_metrics_has_every_counter() {
    let name = |metric: &str, label: &str, value: &str| {
        assert!(PAGE.contains(&format!("| `{metric}` | counter | `{label}`")), "{metric}");
        format!("{metric};{label}={value}")
    };
    let result = |metric, heading| labels(heading).into_iter().map(move |it| (metric, it));
    let calls = result("usergrid_auth_introspections_total", "`result` of a call");
    let lookups = result("usergrid_auth_cache_total", "`result` of a look-up");
    let of_a_server: BTreeSet<String> = calls
        .chain(lookups)
        .map(|(metric, value)| name(metric, "result", value))
        .chain(["usergrid_auth_coalesced_total".to_owned()])
        .collect();
    assert_eq!(names(Counter::of_a_server()), of_a_server);
    let refusals = Refusal::ALL.map(|refusal| Outcome::Refused(refusal).label());
    let outcomes: BTreeSet<String> = labels("`outcome`")
        .into_iter()
        .chain(refusals)
        .map(|value| name("usergrid_auth_requests_total", "outcome", value))
        .collect();
    let observed = outcomes.iter().map(|name| format!("{name};mode=observe")).collect();
    assert_eq!(names(Counter::observed()), observed);
    let revocations = ["usergrid_auth_revocations_total".to_owned()];
    assert_eq!(names(Counter::general()), outcomes.into_iter().chain(revocations).collect());
    assert_eq!(of_server("a", None), "a");
    assert_eq!(of_server("a", Some("main")), "a;server=main");
    assert_eq!(of_server("a;b=c", Some("main")), "a;b=c;server=main");
}

#[test]
fn each_end_of_a_call_counts_as_what_it_was() {
    for (fault, expected) in [
        (ServerFault::RejectedUs, CallResult::RejectedUs),
        (ServerFault::NoAnswer(NoAnswer::TimedOut), CallResult::Timeout),
        (ServerFault::NoAnswer(NoAnswer::Reset), CallResult::Error),
        (ServerFault::NoAnswer(NoAnswer::NotSent), CallResult::Error),
        (ServerFault::Status(500), CallResult::Error),
        (ServerFault::BadAnswer, CallResult::Error),
        (ServerFault::TooLarge, CallResult::Error),
    ] {
        assert_eq!(CallResult::of(&Err(fault)), expected, "{fault:?}");
    }
    assert_eq!(CallResult::of(&Ok(Verdict::Denied(Denial::Expired))), CallResult::Inactive);
    for (fault, expected) in [
        (Fault::Unanswered(NoAnswer::TimedOut), CallResult::Timeout),
        (Fault::Unanswered(NoAnswer::Reset), CallResult::Error),
        (Fault::Unanswered(NoAnswer::NotSent), CallResult::Error),
        (Fault::Answer(500), CallResult::Error),
        (Fault::TooLarge(200), CallResult::Error),
    ] {
        let failure = Failure { probe: Probe::User, fault };
        let found = CallResult::of(&Err(ServerFault::Usergrid(failure)));
        assert_eq!(found, expected, "{failure:?}");
    }
}

#[test]
fn a_server_is_down_that_gives_no_answer_or_says_that_it_failed() {
    for (fault, is_down) in [
        (ServerFault::NoAnswer(NoAnswer::Reset), true),
        (ServerFault::NoAnswer(NoAnswer::TimedOut), true),
        (ServerFault::Status(500), true),
        (ServerFault::Status(503), true),
        (ServerFault::Status(499), false),
        (ServerFault::Status(429), false),
        (ServerFault::RejectedUs, false),
        (ServerFault::AcceptsAnything, false),
        (ServerFault::BadAnswer, false),
        (ServerFault::TooLarge, false),
    ] {
        assert_eq!(fault.is_down(), is_down, "{fault:?}");
    }
}
