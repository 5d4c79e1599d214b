//! Every row of the decision tables, and how long, how far and against what a verdict holds.

use std::rc::Rc;

use usergrid_auth_config::Config;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::verdict::NoAnswer;
use usergrid_auth_core::verification::verifiers::usergrid::{
    Conclusion, Failure, Fault, Probe, Progress, Remember, Scope, Target, UsergridExchange, Verdict,
};

use super::{
    ADAS_ANSWER, APPLICATION, KIM, KIMS_ANSWER, LATER, TOKEN, about, about_pair, asked, ended,
    error, shop, too_large, usergrid,
};
use crate::support::{NOW, answered, identity, rows};

const TABLE: &str = include_str!("../../data/usergrid-probes.tsv");

fn configuration(settings: &str) -> Rc<Config> {
    let has = |word: &str| settings.split(',').any(|one| one == word);
    let accept = if has("accept") { r#","restricted_users":"accept""# } else { "" };
    let salt = if has("salt") { r#","token":{"salt_env":"SALT"}"# } else { "" };
    let id = [("ids", APPLICATION), ("other-ids", KIM)].into_iter().find(|(word, _)| has(word));
    let ids = id.map_or_else(String::new, |(_, id)| {
        format!(r#","authorization":{{"application_ids":{{"acme/shop":"{id}"}}}}"#)
    });
    usergrid(accept, &format!("{salt}{ids}"))
}

/// An answer as the table writes it.
fn outcome(written: &str) -> CallOutcome {
    match written {
        "reset" => return CallOutcome::Reset,
        "late" => return CallOutcome::TimedOut,
        "not-sent" => return CallOutcome::NotSent,
        _ => {}
    }
    let (status, body) = written.split_once(' ').unwrap_or((written, ""));
    let status = status.parse().expect("a status");
    let replaced = |whole: &str, change: &str| match change.trim_start().split_once("=>") {
        Some((from, to)) => {
            assert!(whole.contains(from), "{written}");
            whole.replacen(from, to, 1)
        }
        None => whole.to_owned(),
    };
    if body == "@too-large" {
        too_large(status)
    } else if let Some(change) = body.strip_prefix("@kim") {
        answered(status, replaced(KIMS_ANSWER, change))
    } else if let Some(change) = body.strip_prefix("@ada") {
        answered(status, replaced(ADAS_ANSWER, change))
    } else if let Some(words) = body.strip_prefix("@err ") {
        let (word, description) = words.split_once(' ').expect("a description");
        answered(status, error(word, description))
    } else {
        answered(status, body)
    }
}

/// A conclusion as the table writes it.
fn written(conclusion: &Conclusion) -> String {
    match &conclusion.verdict {
        Ok(Verdict::Verified(principal)) => {
            assert_eq!(conclusion.lifetime, Remember::Configured);
            assert_eq!(conclusion.scope, Scope::Target);
            assert!(conclusion.record.is_some() && !conclusion.ends_older);
            let names = ["principal", "subject", "username", "organization", "application"];
            let values = names.map(|name| {
                identity(principal, &format!("x-usergrid-{name}")).unwrap_or("-").to_owned()
            });
            format!("verified {}", values.join(" "))
        }
        Ok(Verdict::Denied(denial)) => {
            let lifetime = match conclusion.lifetime {
                Remember::Configured => "configured",
                Remember::Briefly => "briefly",
            };
            let scope = match conclusion.scope {
                Scope::Credential => "credential",
                Scope::Target => "target",
            };
            let older = if conclusion.ends_older { "ends" } else { "keeps" };
            format!("denied {denial:?} {lifetime} {scope} {older}")
        }
        Err(Failure { probe, fault }) => format!("failed {probe:?} {fault:?}"),
    }
}

#[test]
fn answers_by_the_table() {
    for row in rows(TABLE, 7) {
        let [name, credential, target, settings, first, second, expected] = row[..] else {
            unreachable!()
        };
        let config = configuration(settings);
        let target = match target.split_once('/') {
            Some((_, organization)) => Target::Management(Some(organization.to_owned())),
            None if target == "management" => Target::Management(None),
            None => shop(),
        };
        let now = if settings == "young" { NOW } else { LATER };
        let mut exchange = match credential {
            "token" => about(&config, TOKEN, target, now),
            "jwt" => about(&config, "eyJhbGciOiJIUzI1NiJ9.e30.x", target, now),
            "pair" => about_pair(&config, target, now),
            other => panic!("unknown credential `{other}`"),
        };
        let conclusion = match (exchange.read(&outcome(first), now), second) {
            (Progress::Done(conclusion), "-") => conclusion,
            (Progress::Ask(_), "-") => panic!("{name}: asks again"),
            (Progress::Done(_), _) => panic!("{name}: ends with the first answer"),
            (Progress::Ask(_), second) => ended(&mut exchange, &outcome(second), now),
        };
        assert_eq!(written(&conclusion), expected, "{name}");
        if let (Ok(Verdict::Verified(principal)), Some(record)) =
            (&conclusion.verdict, &conclusion.record)
        {
            let again = exchange.reread(record).expect("a record");
            assert_eq!(format!("{again:?}"), format!("{principal:?}"), "{name}");
        }
    }
}

#[test]
fn only_answers_of_the_server_count_against_it() {
    let failure = |fault| Failure { probe: Probe::User, fault };
    for (fault, is_the_servers, is_down) in [
        (Fault::Unanswered(NoAnswer::Reset), true, true),
        (Fault::Unanswered(NoAnswer::TimedOut), true, true),
        (Fault::Unanswered(NoAnswer::NotSent), true, true),
        (Fault::Answer(500), true, true),
        (Fault::Answer(503), true, true),
        (Fault::Answer(429), true, false),
        (Fault::Answer(408), true, false),
        // It is an outage, but told by a 401.
        (Fault::Unverified, true, false),
        (Fault::Answer(200), false, false),
        (Fault::Answer(302), false, false),
        (Fault::Answer(401), false, false),
        (Fault::Answer(404), false, false),
        (Fault::TooLarge(200), false, false),
        (Fault::TooLarge(500), false, false),
    ] {
        assert_eq!(failure(fault).is_the_servers(), is_the_servers, "{fault:?}");
        assert_eq!(failure(fault).is_down(), is_down, "{fault:?}");
    }
}

#[test]
fn a_failure_names_the_probe_and_the_status() {
    let config = usergrid("", "");
    let told = |exchange: &mut UsergridExchange, outcome: CallOutcome| {
        ended(exchange, &outcome, LATER).verdict.expect_err("a failure").to_string()
    };
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    assert_eq!(
        told(&mut exchange, answered(418, "")),
        "`GET /{org}/{app}/users/me`: it answered with status 418, which decides nothing"
    );
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    asked(&mut exchange, &answered(404, error("entity_not_found", "")), LATER);
    assert_eq!(
        told(&mut exchange, CallOutcome::Reset),
        "`HEAD /{org}/{app}/credentials`: it could not be reached, or broke off"
    );
    let mut exchange = about_pair(&config, shop(), LATER);
    assert_eq!(
        told(&mut exchange, too_large(200)),
        "the token endpoint: it answered with status 200, longer than `max_response_bytes`"
    );
}

/// Less than ten seconds after it was issued, or before, another node may not know it yet.
#[test]
fn a_token_is_young_for_less_than_ten_seconds_on_either_clock() {
    let config = usergrid("", "");
    for (now, expected) in [
        (NOW.0, Remember::Briefly),
        (NOW.0 + 9_999, Remember::Briefly),
        (NOW.0 + 10_000, Remember::Configured),
        (NOW.0 - 9_999, Remember::Briefly),
        (NOW.0 - 10_000, Remember::Configured),
    ] {
        let now = UnixMillis(now);
        let mut exchange = about(&config, TOKEN, shop(), now);
        let conclusion = ended(&mut exchange, &answered(401, error("auth_invalid", "")), now);
        assert_eq!(conclusion.lifetime, expected, "{now:?}");
    }
}
