//! Whatever answers: nobody is verified but by the two answers that say so, and Usergrid's own
//! text, which may hold a token, is told to nobody.

use proptest::prelude::*;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::verifiers::usergrid::{
    Conclusion, Progress, Target, Verdict,
};

use super::{
    ADAS_ANSWER, KIMS_ANSWER, LATER, TOKEN, about, about_pair, ended, error, shop, usergrid,
    verified,
};
use crate::support::answered;

/// Stands for a token in Usergrid's text.
const MARK: &str = "YWMtLEAKED";

const WORDS: [&str; 16] = [
    "expired_token",
    "auth_invalid",
    "authentication",
    "externalssoprovider_unactivated_adminuser",
    "invalid_request",
    "token",
    "auth_unverified_oath",
    "auth_bad_access_token",
    "unauthorized",
    "organization_application_not_found",
    "entity_not_found",
    "service_resource_not_found",
    "invalid_grant",
    "runtime",
    "web_application",
    MARK,
];

fn told(conclusion: &Conclusion) -> String {
    let mut told = format!("{conclusion:?}");
    match &conclusion.verdict {
        Ok(Verdict::Verified(principal)) => {
            for (_, value) in &principal.identity {
                told.push_str(&String::from_utf8_lossy(value));
            }
        }
        Ok(Verdict::Denied(denial)) => told.push_str(&denial.to_string()),
        Err(failure) => told.push_str(&failure.to_string()),
    }
    let record = conclusion.record.as_deref().unwrap_or_default();
    told + &String::from_utf8_lossy(record)
}

#[test]
fn no_text_of_usergrids_is_told() {
    let config = usergrid("", r#","token":{"salt_env":"SALT"}"#);
    for status in [200, 400, 401, 403, 404, 500] {
        for word in WORDS {
            for target in [shop(), Target::Management(Some("acme".into()))] {
                let mut exchange = about(&config, TOKEN, target.clone(), LATER);
                let description = format!("Cannot find entity associated with uuid: {MARK}");
                let answer = answered(status, error(word, &description));
                let conclusion = match exchange.read(&answer, LATER) {
                    Progress::Done(conclusion) => conclusion,
                    Progress::Ask(call) => {
                        assert!(!format!("{:?}", call.headers).contains(MARK), "{word}");
                        ended(&mut exchange, &answered(200, MARK), LATER)
                    }
                };
                let told = told(&conclusion);
                assert!(!told.contains(MARK) && !told.contains(TOKEN), "{status} {word}: {told}");
            }
            let mut exchange = about_pair(&config, shop(), LATER);
            if let Progress::Done(conclusion) =
                exchange.read(&answered(status, error(word, MARK)), LATER)
            {
                assert!(!told(&conclusion).contains(MARK), "{status} {word}");
            }
        }
    }
}

#[test]
fn the_token_beside_an_administrator_is_not_read() {
    let config = usergrid("", "");
    let body = ADAS_ANSWER.replacen("YWMt-of-somebody-else", MARK, 1);
    let mut exchange = about(&config, TOKEN, Target::Management(None), LATER);
    let conclusion = ended(&mut exchange, &answered(200, body), LATER);
    assert!(!told(&conclusion).contains(MARK));
}

#[test]
fn a_long_entity_is_read_where_it_is_allowed() {
    let config = usergrid(r#","max_response_bytes":1048576"#, "");
    let padding = format!(r#""name":"{}""#, "x".repeat(300_000));
    let kim = verified(&config, shop(), &KIMS_ANSWER.replacen(r#""name":"Kim""#, &padding, 1));
    assert_eq!(kim.user_names.len(), 2);
    let request = about(&config, TOKEN, shop(), LATER).request();
    assert_eq!(request.max_response_bytes, 1_048_576);
}

#[test]
fn deep_nesting_is_no_answer() {
    let config = usergrid("", "");
    let deep = "[".repeat(100_000);
    for status in [200, 401, 404] {
        let mut exchange = about(&config, TOKEN, shop(), LATER);
        let conclusion = ended(&mut exchange, &answered(status, &deep), LATER);
        assert!(conclusion.verdict.is_err(), "{status}");
    }
}

/// Bodies that look like Usergrid's more or less.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let errors = (prop::sample::select(&WORDS[..]), "\\PC{0,20}")
        .prop_map(|(word, description)| error(word, &description).into_bytes());
    let damaged = (
        prop::sample::select(&[KIMS_ANSWER, ADAS_ANSWER][..]),
        any::<prop::sample::Index>(),
        any::<u8>(),
    )
        .prop_map(|(text, at, byte)| {
            let mut text = text.as_bytes().to_vec();
            let at = at.index(text.len());
            text[at] = byte;
            text
        });
    prop_oneof![errors, damaged, prop::collection::vec(any::<u8>(), 0..60)]
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![prop::sample::select(&[200_u16, 400, 401, 404, 500][..]), 100_u16..600]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_two_answers_verify(
        first in (status(), body()),
        second in (status(), body()),
        management in any::<bool>(),
        salt in any::<bool>(),
    ) {
        let config = usergrid("", if salt { r#","token":{"salt_env":"SALT"}"# } else { "" });
        let target = if management { Target::Management(Some("acme".into())) } else { shop() };
        let mut exchange = about(&config, TOKEN, target, LATER);
        match exchange.read(&answered(first.0, &first.1), LATER) {
            Progress::Done(conclusion) => {
                let is_entity = first.0 == 200
                    && String::from_utf8_lossy(&first.1).contains("\"uuid\"");
                let verified = matches!(conclusion.verdict, Ok(Verdict::Verified(_)));
                prop_assert!(is_entity || !verified, "{:?}", conclusion);
            }
            Progress::Ask(_) => {
                // The word, or a user named `me`, leaves it open; then the status alone decides.
                prop_assert!(matches!(first.0, 200 | 400 | 404));
                let conclusion = ended(&mut exchange, &answered(second.0, &second.1), LATER);
                let verified = matches!(conclusion.verdict, Ok(Verdict::Verified(_)));
                prop_assert_eq!(verified, second.0 == 200);
            }
        }
    }

    #[test]
    fn no_call_without_an_answer_is_a_verdict(which in 0_usize..3, pair in any::<bool>()) {
        let config = usergrid("", "");
        let outcome = [CallOutcome::Reset, CallOutcome::TimedOut, CallOutcome::NotSent]
            .into_iter()
            .nth(which)
            .expect("one of three");
        let mut exchange =
            if pair { about_pair(&config, shop(), LATER) } else { about(&config, TOKEN, shop(), LATER) };
        prop_assert!(ended(&mut exchange, &outcome, LATER).verdict.is_err());
    }

    #[test]
    fn any_record_is_fine(record in body()) {
        let config = usergrid("", "");
        let exchange = about(&config, TOKEN, shop(), LATER);
        prop_assert!(exchange.reread(&record).is_none());
    }
}
