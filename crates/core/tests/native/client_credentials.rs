//! The exchange with a token endpoint: a client pair out, an issued token and a tenancy in.
//! Bad clients are told from failing servers by the standard's words alone.

use std::collections::HashMap;
use std::rc::Rc;

use crate::support::{
    NOW, answered, call_body, call_header, config, identity, rows, server, server_of, summary,
    verified,
};
use proptest::prelude::*;
use usergrid_auth_config::{Config, IdentityHeader, IdentitySource, PairAuth};
use usergrid_auth_core::principal::{ApplicationName, Principal, PrincipalKind};
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, CallOutcome, CallRequest};
use usergrid_auth_core::verification::verdict::{ServerFault, Verdict};
use usergrid_auth_core::verification::verifiers::token_endpoint::{self, request};

const APPLICATION: &str = r#""application":"52CE9183-46f4-11e2-ae44-02e81ac5a17b""#;
const ORGANIZATION: &str =
    r#""organization":{"name":"Acme","uuid":"F2f82123-a166-11e2-a7f7-02e81adcf3d0","users":{}}"#;

fn call(client_auth: PairAuth, id: &[u8], secret: &[u8]) -> CallRequest {
    let pairs = r#""client_credentials":{"cluster":"usergrid","path":"/management/token"}"#;
    let mut config = config(pairs);
    let configured = server_of(&mut config).client_credentials.take().expect("configured");
    let mut settings = Rc::into_inner(configured).expect("nobody else has it");
    settings.client_auth = client_auth;
    request(&settings, id, secret)
}

/// What this end of a call to the only server's token endpoint says.
fn verdict(
    outcome: &CallOutcome,
    config: &Config,
    client_id: &[u8],
    now: UnixMillis,
) -> Result<Verdict, ServerFault> {
    token_endpoint::verdict(outcome, config, server(config), client_id, now)
}

/// The principal of an answer with a token and the given further members.
fn principal(config: &Config, members: &str) -> Principal {
    let body = format!(r#"{{"access_token":"YWMt-tok",{members}}}"#);
    verified(verdict(&answered(200, body), config, b"b3U6id", NOW))
}

#[test]
fn the_pair_goes_out_in_the_form() {
    let call = call(PairAuth::ClientSecretPost, b"i:d", b"s&e=c \xff");
    assert_eq!(
        call_body(&call),
        "grant_type=client_credentials&client_id=i%3Ad&client_secret=s%26e%3Dc%20%FF"
    );
    assert!(call_header(&call, "authorization").is_empty());
    assert_eq!(call.cluster, "usergrid");
    assert_eq!(call_header(&call, ":method"), ["POST"]);
    assert_eq!(call_header(&call, ":path"), ["/management/token"]);
    assert_eq!(call_header(&call, "content-type"), ["application/x-www-form-urlencoded"]);
    assert_eq!(call_header(&call, "accept"), ["application/json"]);
}

#[test]
fn the_pair_goes_out_in_basic() {
    let call = call(PairAuth::ClientSecretBasic, b"i:d", b"s \xff");
    assert_eq!(call_body(&call), "grant_type=client_credentials");
    // `i%3Ad:s%20%FF`
    assert_eq!(call_header(&call, "authorization"), ["Basic aSUzQWQ6cyUyMCVGRg=="]);
}

#[test]
fn answers_by_the_table() {
    for row in rows(include_str!("../data/token-endpoint-answers.tsv"), 4) {
        let [name, status, body, expected] = row[..] else { unreachable!() };
        let outcome = answered(status.parse().expect("a status"), body);
        assert_eq!(summary(&verdict(&outcome, &config(""), b"id", NOW)), expected, "{name}");
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
        (too_large(401), "failed Status(401)"),
    ] {
        assert_eq!(summary(&verdict(&outcome, &config(""), b"id", NOW)), expected);
    }
}

#[test]
fn the_issued_token_ends_with_its_life_time() {
    let config = config("");
    let principal = principal(&config, r#""expires_in":1.5"#);
    assert_eq!(principal.issued_token.expect("a token").expose(), b"YWMt-tok");
    assert_eq!(principal.expires, Some(UnixMillis(NOW.0 + 1500)));
    assert_eq!(self::principal(&config, r#""x":1"#).expires, None);
    let endless = self::principal(&config, r#""expires_in":18446744073709551615"#);
    assert_eq!(endless.expires, Some(UnixMillis(u64::MAX)));
}

#[test]
fn usergrid_names_an_application() {
    let principal = principal(&config(""), APPLICATION);
    assert_eq!(principal.kind, PrincipalKind::Application);
    assert_eq!(
        principal.applications.clone().unwrap(),
        [ApplicationName::Uuid("52ce9183-46f4-11e2-ae44-02e81ac5a17b".into())]
    );
    assert_eq!(principal.organizations, None);
    assert_eq!(principal.rules, None);
    assert_eq!(identity(&principal, "x-usergrid-principal"), Some("application"));
    assert_eq!(
        identity(&principal, "x-usergrid-application"),
        Some("52CE9183-46f4-11e2-ae44-02e81ac5a17b")
    );
}

#[test]
fn usergrid_names_an_organization() {
    let principal = principal(&config(""), ORGANIZATION);
    assert_eq!(principal.kind, PrincipalKind::Organization);
    assert_eq!(principal.organizations.clone().unwrap(), ["acme"], "one organisation, one name");
    assert_eq!(principal.applications, None);
    assert_eq!(identity(&principal, "x-usergrid-principal"), Some("organization"));
    assert_eq!(identity(&principal, "x-usergrid-organization"), Some("Acme"));
    assert_eq!(identity(&principal, "x-usergrid-client-id"), Some("b3U6id"));
}

#[test]
fn whatever_else_names_tenants_gives_no_rights_of_theirs() {
    let config = config("");
    for (members, kind) in [
        (r#""x":1"#.to_owned(), PrincipalKind::ApplicationUser),
        (r#""organization":"acme""#.to_owned(), PrincipalKind::ApplicationUser),
        (r#""organization":["acme"]"#.to_owned(), PrincipalKind::ApplicationUser),
        (r#""application":"acme/shop""#.to_owned(), PrincipalKind::ApplicationUser),
        (r#""principal":"organization""#.to_owned(), PrincipalKind::ApplicationUser),
        (format!(r#"{ORGANIZATION},"application":"acme/shop""#), PrincipalKind::ApplicationUser),
        (format!("{ORGANIZATION},{APPLICATION}"), PrincipalKind::Application),
        (format!(r#"{ORGANIZATION},"application":null"#), PrincipalKind::Organization),
        (format!(r#"{APPLICATION},"organization":null"#), PrincipalKind::Application),
    ] {
        assert_eq!(principal(&config, &members).kind, kind, "{members}");
    }
    assert_eq!(principal(&config, r#""organization":"Acme""#).organizations.unwrap(), ["acme"]);
}

#[test]
fn naming_no_tenant_is_not_the_same_as_silence() {
    let config = config("");
    let silent = principal(&config, r#""x":1"#);
    assert_eq!((silent.organizations, silent.applications), (None, None));
    for none in ["null", "[]", r#""""#] {
        let of_none = principal(&config, &format!(r#""application":{none},"organization":{none}"#));
        assert_eq!(of_none.applications, Some(Vec::new()), "{none}");
        assert_eq!(of_none.organizations, Some(Vec::new()), "{none}");
    }
}

#[test]
fn an_answer_that_would_fill_the_memory_is_refused_for_its_claims() {
    let scopes: Vec<String> = (0..257).map(|n| n.to_string()).collect();
    let body = format!(r#"{{"access_token":"t","scope":"{}"}}"#, scopes.join(" "));
    let verification = |overrides| verdict(&answered(200, &body), &config(overrides), b"id", NOW);
    assert_eq!(summary(&verification("")), "denied Claims(Entries)");
    let raised = r#""limits":{"claims":{"entries":257}}"#;
    assert_eq!(summary(&verification(raised)), "verified");
}

#[test]
fn a_standard_answer_is_a_client_with_scopes() {
    let mut config = config("");
    server_of(&mut config).authorization.scopes = Some(HashMap::new());
    let with_scope = principal(&config, r#""token_type":"bearer","scope":"read write""#);
    assert_eq!(with_scope.scopes, ["read", "write"]);
    assert_eq!(with_scope.rules.map(|rules| rules.len()), Some(0));
    assert_eq!(with_scope.user_names, Vec::<String>::new());
    assert_eq!(principal(&config, r#""x":1"#).rules, None);
    // The claim of an introspection answer is called what the configuration says; here the standard
    // decides.
    config.claims.scope = "scp".into();
    assert_eq!(principal(&config, r#""scope":"read","scp":"write""#).scopes, ["read"]);
}

#[test]
fn the_identity_is_the_presented_client() {
    let mut config = config("");
    config.identity.extend(["access_token", "sub"].map(|claim| IdentityHeader {
        name: format!("x-{claim}").into(),
        source: Some(IdentitySource::Claim(claim.into())),
    }));
    let body = r#"{"access_token":"tok","client_id":"another","sub":"root","username":"root"}"#;
    let principal = verified(verdict(&answered(200, body), &config, b"my, \xffid", NOW));
    assert_eq!(identity(&principal, "x-usergrid-client-id"), Some("my%2C %FFid"));
    for name in ["x-usergrid-subject", "x-usergrid-username", "x-access_token", "x-sub"] {
        assert_eq!(identity(&principal, name), None, "{name}");
    }
    assert!(format!("{principal:?}").contains("issued_token: Some(Secret(..))"));
}

#[test]
fn a_client_id_too_long_for_its_header_is_refused_for_its_claims() {
    let verification =
        verdict(&answered(200, r#"{"access_token":"t"}"#), &config(""), &[0xff; 1400], NOW);
    assert_eq!(summary(&verification), "denied Claims(Header)");
}

proptest! {
    #[test]
    fn any_pair_stays_two_parameters(
        id in prop::collection::vec(any::<u8>(), 1..40),
        secret in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let call = call(PairAuth::ClientSecretPost, &id, &secret);
        let values: Vec<_> =
            call_body(&call).split('&').map(|part| part.split_once('=').unwrap()).collect();
        prop_assert_eq!(values.len(), 3);
        let decode = |value: &str| percent_encoding::percent_decode_str(value).collect::<Vec<u8>>();
        prop_assert_eq!((values[1].0, decode(values[1].1)), ("client_id", id));
        prop_assert_eq!((values[2].0, decode(values[2].1)), ("client_secret", secret));
    }

    #[test]
    fn any_answer_is_fine(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..60)) {
        let verification = verdict(&answered(status, body), &config(""), b"id", NOW);
        prop_assert!(summary(&verification).starts_with("failed "));
    }
}
