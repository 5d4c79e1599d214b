//! What goes to Usergrid: these headers and no others, within one timeout.

use std::time::Duration;

use proptest::prelude::*;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{CallOutcome, CallRequest};
use usergrid_auth_core::verification::verdict::NoAnswer;
use usergrid_auth_core::verification::verifiers::usergrid::{Application, Fault, Probe, Target};

use super::{ADAS_ANSWER, LATER, TOKEN, about, about_pair, asked, ended, error, shop, usergrid};
use crate::support::{answered, call_body, call_header};

fn not_found() -> CallOutcome {
    answered(404, error("service_resource_not_found", "Service resource not found"))
}

fn head(call: &CallRequest) -> Vec<(&str, &str)> {
    call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn both_probes_carry_the_token_and_nothing_of_the_caller() {
    let config = usergrid(r#","retries":0"#, "");
    let bearer = format!("Bearer {TOKEN}");
    let expected = |method, path| {
        vec![
            (":method", method),
            (":path", path),
            (":authority", "api.example.com"),
            ("accept", "application/json"),
            ("cache-control", "no-store"),
            ("authorization", bearer.as_str()),
        ]
    };
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    let user = exchange.request();
    assert_eq!(head(&user), expected("GET", "/acme/shop/users/me"));
    assert_eq!((user.cluster.as_str(), user.body.len()), ("usergrid", 0));
    assert_eq!((user.timeout, user.max_response_bytes), (Duration::from_secs(1), 262_144));
    let keys = asked(&mut exchange, &not_found(), LATER);
    assert_eq!(head(&keys), expected("HEAD", "/acme/shop/credentials"));
    assert_eq!(head(&exchange.request()), head(&keys));
    assert_eq!(exchange.probe(), Probe::Keys);

    let mut exchange = about(&config, TOKEN, Target::Management(Some("acme".into())), LATER);
    assert_eq!(head(&exchange.request()), expected("GET", "/management/me?ttl=1000"));
    let refused = answered(400, r#"{"error":"invalid_grant"}"#);
    let organization = asked(&mut exchange, &refused, LATER);
    assert_eq!(head(&organization), expected("HEAD", "/management/organizations/acme"));
}

#[test]
fn retries_are_envoys_except_where_each_may_issue_a_token() {
    let config = usergrid(r#","retries":2"#, "");
    let retries = |call: &CallRequest| call_header(call, "x-envoy-max-retries").join(",");
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    assert_eq!(retries(&exchange.request()), "2");
    assert_eq!(call_header(&exchange.request(), "x-envoy-retry-on"), ["5xx"]);
    assert_eq!(retries(&asked(&mut exchange, &not_found(), LATER)), "2");
    let exchange = about(&config, TOKEN, Target::Management(None), LATER);
    assert_eq!(retries(&exchange.request()), "");
    assert_eq!(retries(&about_pair(&config, shop(), LATER).request()), "");
}

#[test]
fn names_are_encoded_anew() {
    let config = usergrid("", "");
    for (organization, name, path) in [
        ("Acme", "Shop", "/acme/shop/users/me"),
        ("a b", "c%d", "/a%20b/c%25d/users/me"),
        ("größe", "a.b_c~d-e", "/gr%C3%B6%C3%9Fe/a.b_c~d-e/users/me"),
        ("a&b=c", "d@e:f+g", "/a%26b%3Dc/d%40e%3Af%2Bg/users/me"),
    ] {
        let application = Application::named(organization, name).expect("two names");
        let exchange = about(&config, TOKEN, Target::Application(application), LATER);
        assert_eq!(call_header(&exchange.request(), ":path"), [path]);
    }
    for (organization, name) in
        [("", "a"), ("a", ""), ("..", "a"), ("a", "."), ("a/b", "c"), ("a", "b;c"), ("Orgs", "a")]
    {
        assert_eq!(Application::named(organization, name), None, "{organization} {name}");
    }
}

#[test]
fn one_timeout_holds_for_both() {
    let config = usergrid(r#","timeout":"800ms""#, "");
    let after = |millis: u64| UnixMillis(LATER.0 + millis);
    let mut exchange = about(&config, TOKEN, shop(), LATER);
    assert_eq!(exchange.request().timeout, Duration::from_millis(800));
    let keys = asked(&mut exchange, &not_found(), after(300));
    assert_eq!(keys.timeout, Duration::from_millis(500));
    for spent in [800, 5_000] {
        let mut exchange = about(&config, TOKEN, shop(), LATER);
        let failure = ended(&mut exchange, &not_found(), after(spent)).verdict.expect_err("late");
        assert_eq!(failure.probe, Probe::Keys);
        assert_eq!(failure.fault, Fault::Unanswered(NoAnswer::TimedOut));
    }
}

#[test]
fn a_pair_asks_for_a_token_that_does_not_live_long() {
    let issued = r#"{"access_token":"YWMt-issued","expires_in":70,"application":"x"}"#;
    let config = usergrid("", "");
    let mut exchange = about_pair(&config, shop(), LATER);
    let call = exchange.request();
    assert_eq!(call_header(&call, ":path"), ["/management/token"]);
    assert_eq!(
        call_body(&call),
        "grant_type=client_credentials&client_id=YXA6id&client_secret=s%26cret&ttl=70000"
    );
    let keys = asked(&mut exchange, &answered(200, issued), LATER);
    assert_eq!(call_header(&keys, ":path"), ["/acme/shop/credentials"]);
    assert_eq!(call_header(&keys, "authorization"), ["Bearer YWMt-issued"]);

    let short = usergrid("", r#","cache":{"ttl":"0s"}"#);
    assert!(call_body(&about_pair(&short, shop(), LATER).request()).ends_with("&ttl=11000"));
    let basic = usergrid("", r#","client_credentials":{"client_auth":"client_secret_basic"}"#);
    let call = about_pair(&basic, shop(), LATER).request();
    assert_eq!(call_body(&call), "grant_type=client_credentials&ttl=70000");
    assert_eq!(call_header(&call, "authorization"), ["Basic WVhBNmlkOnMlMjZjcmV0"]);
}

#[test]
fn a_secret_goes_to_the_token_endpoint_alone() {
    let config = usergrid("", "");
    for answer in [KIM_AS_TOKEN, ADAS_ANSWER] {
        let mut exchange = about_pair(&config, shop(), LATER);
        if let usergrid_auth_core::verification::verifiers::usergrid::Progress::Ask(call) =
            exchange.read(&answered(200, answer), LATER)
        {
            let whole = format!("{:?} {:?}", call.headers, String::from_utf8_lossy(&call.body));
            assert!(!whole.contains("s&cret") && !whole.contains("s%26cret"), "{whole}");
        }
    }
}

const KIM_AS_TOKEN: &str = r#"{"access_token":"kim"}"#;

proptest! {
    #[test]
    fn a_path_has_the_two_names_and_no_more(organization in "\\PC{1,12}", name in "\\PC{1,12}") {
        let Some(application) = Application::named(&organization, &name) else { return Ok(()) };
        let config = usergrid("", "");
        let exchange = about(&config, TOKEN, Target::Application(application), LATER);
        let call = exchange.request();
        let path = call_header(&call, ":path")[0];
        let decode = |part: &str| {
            percent_encoding::percent_decode_str(part).decode_utf8().expect("UTF-8").into_owned()
        };
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#'));
        let parts: Vec<String> = path.split('/').map(decode).collect();
        let expected = ["", &organization.to_ascii_lowercase(), &name.to_ascii_lowercase(), "users", "me"];
        prop_assert_eq!(parts, expected);
    }
}
