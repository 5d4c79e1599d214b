//! The exchange with an introspection endpoint: what goes out, and what every answer means.
//! What a good answer principals stands in `principals.rs`.

use std::rc::Rc;
use std::time::Duration;

use crate::support::{
    NOW, answered, call_body, call_header, config, introspected, introspection_of, rows, summary,
    unescape, verdict,
};
use proptest::prelude::*;
use usergrid_auth_config::{ClientAuth, Introspection, Secret, TokenVerifier};
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, AnswerHeaders, CallOutcome};
use usergrid_auth_core::verification::verifiers::introspection::request;

/// An endpoint that is called once, whatever it answers.
fn settings() -> Introspection {
    let mut config = config(r#""introspection":{"authority":"auth.example.com","retries":0}"#);
    let server = Rc::into_inner(config.servers.remove(0)).expect("nobody else has it");
    let TokenVerifier::Rfc7662(settings) = server.verifier else { panic!("another protocol") };
    Rc::into_inner(settings).expect("nobody else has them")
}

/// An answer that Envoy makes up says nothing of the server but that there was none.
#[test]
fn what_the_host_reports_is_an_answer_unless_envoy_made_it() {
    for (status, made_by_envoy, expected) in [
        (None, false, "reset"),
        (None, true, "reset"),
        (Some(504), true, "timed out"),
        (Some(503), true, "reset"),
        (Some(504), false, "504 busy"),
        (Some(503), false, "503 busy"),
        (Some(502), true, "502 busy"),
        (Some(200), false, "200 busy"),
    ] {
        let body = AnswerBody::Complete(b"busy".to_vec());
        let outcome = CallOutcome::reported(status, made_by_envoy, body, AnswerHeaders::default());
        let said = match outcome {
            CallOutcome::Answered { status, body: AnswerBody::Complete(body), .. } => {
                format!("{status} {}", String::from_utf8_lossy(&body))
            }
            CallOutcome::Reset => "reset".to_owned(),
            CallOutcome::TimedOut => "timed out".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(said, expected, "{status:?} {made_by_envoy}");
    }
}

#[test]
fn the_question_is_a_form() {
    let mut settings = settings();
    settings.parameters = vec![("realm".into(), "a b&c=d".into()), ("x&y".into(), "ü".into())];
    let call = request(&settings, b"a+b/c==&token=evil");
    assert_eq!(
        call_body(&call),
        "token=a%2Bb%2Fc%3D%3D%26token%3Devil&token_type_hint=access_token\
         &realm=a%20b%26c%3Dd&x%26y=%C3%BC"
    );
    assert_eq!(call.cluster, "introspection");
    assert_eq!(call.timeout, Duration::from_millis(500));
    assert_eq!(call.max_response_bytes, 65_536);
    assert_eq!(call_header(&call, ":method"), ["POST"]);
    assert_eq!(call_header(&call, ":path"), ["/oauth2/introspect"]);
    assert_eq!(call_header(&call, ":authority"), ["auth.example.com"]);
    assert_eq!(call_header(&call, "content-type"), ["application/x-www-form-urlencoded"]);
    assert_eq!(call_header(&call, "accept"), ["application/json"]);
    assert!(call_header(&call, "authorization").is_empty());
    assert!(call_header(&call, "x-envoy-retry-on").is_empty());
    assert!(call_header(&call, "x-envoy-max-retries").is_empty());
}

#[test]
fn without_a_hint_none_is_sent() {
    let mut settings = settings();
    settings.token_type_hint = None;
    assert_eq!(call_body(&request(&settings, b"t")), "token=t");
}

#[test]
fn retries_are_left_to_envoy() {
    let mut settings = settings();
    settings.retries = 2;
    let call = request(&settings, b"t");
    assert_eq!(call_header(&call, "x-envoy-retry-on"), ["5xx"]);
    assert_eq!(call_header(&call, "x-envoy-max-retries"), ["2"]);
}

#[test]
fn we_authenticate_in_five_ways() {
    let with = |client_auth| {
        let mut settings = settings();
        settings.client_auth = client_auth;
        settings.token_type_hint = None;
        let call = request(&settings, b"t");
        let authorization = call_header(&call, "authorization").join("|");
        (authorization, call_body(&call).to_owned())
    };
    let id = || "gate:way".to_owned();
    let secret = || Secret::new("s ü%".as_bytes());

    assert_eq!(with(ClientAuth::None), (String::new(), "token=t".into()));
    // The pair is `gate%3Away:s%20%C3%BC%25`: encoded first, so the colon of the id does not move
    // the split.
    assert_eq!(
        with(ClientAuth::ClientSecretBasic { client_id: id(), client_secret: secret() }),
        ("Basic Z2F0ZSUzQXdheTpzJTIwJUMzJUJDJTI1".into(), "token=t".into())
    );
    assert_eq!(
        with(ClientAuth::ClientSecretPost { client_id: id(), client_secret: secret() }),
        (String::new(), "token=t&client_id=gate%3Away&client_secret=s%20%C3%BC%25".into())
    );
    assert_eq!(
        with(ClientAuth::Bearer { token: Secret::new(&b"our-token"[..]) }),
        ("Bearer our-token".into(), "token=t".into())
    );
    // The certificate is the cluster's.
    assert_eq!(
        with(ClientAuth::TlsClientAuth { client_id: id() }),
        (String::new(), "token=t&client_id=gate%3Away".into())
    );
    // Nothing that could break the header is ever put into it.
    assert_eq!(with(ClientAuth::Bearer { token: Secret::new(&b"a\r\nb: c"[..]) }).0, "");
}

#[test]
fn answers_by_the_table() {
    for row in rows(include_str!("../data/introspection-answers.tsv"), 5) {
        let [name, settings, status, body, expected] = row[..] else { unreachable!() };
        let mut config = config("");
        let endpoint = introspection_of(&mut config);
        match settings {
            "plain" => {}
            "issuer" => endpoint.issuer = Some("https://auth.example.com".into()),
            "audience" => endpoint.audience = vec!["usergrid".into(), "gateway".into()],
            "scope" => endpoint.scope = vec!["read".into(), "write".into()],
            other => panic!("unknown settings `{other}`"),
        }
        // A `\u0061` of JSON is not an escape of the table.
        let body = if body.contains("\\x") { unescape(body) } else { body.into() };
        let outcome = answered(status.parse().expect("a status"), body);
        assert_eq!(summary(&verdict(&outcome, &config, NOW)), expected, "{name}");
    }
}

#[test]
fn a_call_without_an_answer_is_the_servers_fault() {
    let too_large = |status| CallOutcome::Answered {
        status,
        body: AnswerBody::TooLarge,
        headers: Default::default(),
    };
    for (outcome, expected) in [
        (CallOutcome::Reset, "failed NoAnswer(Reset)"),
        (CallOutcome::TimedOut, "failed NoAnswer(TimedOut)"),
        (CallOutcome::NotSent, "failed NoAnswer(NotSent)"),
        (too_large(200), "failed TooLarge"),
        (too_large(401), "failed RejectedUs"),
        (too_large(500), "failed Status(500)"),
    ] {
        assert_eq!(summary(&verdict(&outcome, &config(""), NOW)), expected);
    }
}

#[test]
fn a_server_that_asks_for_basic_refuses_us() {
    for (challenge, expected) in [
        ("Basic realm=\"x\"", "failed RejectedUs"),
        ("basic", "failed RejectedUs"),
        ("Bearer, BASIC realm=x", "failed RejectedUs"),
        ("Bearer realm=\"basic auth\"", "denied Inactive"),
        ("Basically", "denied Inactive"),
        ("", "denied Inactive"),
    ] {
        let mut outcome = answered(401, r#"{"active":false}"#);
        if let CallOutcome::Answered { headers, .. } = &mut outcome {
            *headers = AnswerHeaders::new(None, Some(challenge.as_bytes()));
        }
        assert_eq!(summary(&verdict(&outcome, &config(""), NOW)), expected, "{challenge}");
    }
}

#[test]
fn only_seconds_up_to_a_minute_are_handed_on() {
    for (value, expected) in [
        (&b"30"[..], Some(30)),
        (b" 1 ", Some(1)),
        (b"60", Some(60)),
        (b"61", None),
        (b"0", None),
        (b"", None),
        (b"-1", None),
        (b"+5", None),
        (b"1.5", None),
        (b"99999999999999999999", None),
        (b"Fri, 31 Dec 1999 23:59:59 GMT", None),
        (b"30\xff", None),
        (b"3\r\nx: y", None),
    ] {
        let headers = AnswerHeaders::new(Some(value), None);
        assert_eq!(headers.retry_after.map(|after| after.seconds()), expected, "{value:?}");
    }
}

#[test]
fn times_are_rounded_to_the_side_that_admits_less() {
    let config = config("");
    let principal = introspected(&config, r#""exp":1700000001.0019,"nbf":1700000000.0011"#);
    assert_eq!(principal.expires, Some(UnixMillis(1_700_000_001_001)));
    // Less the leeway.
    assert_eq!(principal.not_before, Some(UnixMillis(1_699_999_995_002)));
    let principal = introspected(&config, r#""exp":18446744073709551615,"nbf":-7"#);
    assert_eq!(principal.expires, Some(UnixMillis(u64::MAX)));
    assert_eq!(principal.not_before, Some(UnixMillis(0)));
    let principal = introspected(&config, r#""sub":"u""#);
    assert_eq!((principal.expires, principal.not_before), (None, None));
}

proptest! {
    #[test]
    fn any_answer_is_fine(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..60)) {
        let verification = verdict(&answered(status, body), &config(""), NOW);
        prop_assert!(summary(&verification).starts_with("failed "));
    }

    #[test]
    fn any_token_stays_one_parameter(token in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut settings = settings();
        settings.token_type_hint = None;
        let call = request(&settings, &token);
        let value = call_body(&call).strip_prefix("token=").unwrap();
        prop_assert!(!value.contains(['&', '=', '+', '#', ' ']));
        let decoded: Vec<u8> = percent_encoding::percent_decode_str(value).collect();
        prop_assert_eq!(decoded, token);
    }
}
