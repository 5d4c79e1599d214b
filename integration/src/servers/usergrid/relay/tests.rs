use std::net::TcpListener;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::harness::client::{self, Response};
use crate::servers::usergrid::calls::Kind;
use crate::servers::usergrid::fault::{Fault, What};
use crate::servers::usergrid::principal::Principal;
use crate::servers::usergrid::version::Version;
use crate::servers::usergrid::{ADMIN, APPLICATION_CLIENT, LIFE, PASSWORD, Usergrid};

const APPLICATIONS: [&str; 4] = ["acme/shop", "acme/sandbox", "acme/mirror", "globex/lab"];

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn pair(version: Version) -> (Usergrid, Relay) {
    let usergrid = Usergrid::start_version(anywhere(), version).unwrap();
    let relay = Relay::start(anywhere(), &usergrid.address().to_string(), &APPLICATIONS).unwrap();
    (usergrid, relay)
}

fn introspect(relay: &Relay, secret: &str, token: &str) -> Response {
    let basic = BASE64_STANDARD.encode(format!("gateway:{secret}"));
    let request = Request::new("POST", "/oauth2/introspect")
        .header("authorization", format!("Basic {basic}"))
        .body(format!("token={token}"));
    client::send(relay.address(), &request).unwrap()
}

/// The answer without `exp`.
fn verdict(relay: &Relay, token: &str) -> Value {
    let mut answer = introspect(relay, GATEWAY_SECRET, token).json().unwrap();
    if let Some(exp) = answer.as_object_mut().unwrap().remove("exp") {
        assert!(exp.as_i64().unwrap() > 1_700_000_000, "{exp}");
    }
    answer
}

#[test]
fn every_kind_of_principal_is_told() {
    for version in [Version::Master, Version::Release210] {
        let (usergrid, relay) = pair(version);
        let tom = usergrid.user("acme/shop", "tom").unwrap();
        let Principal::User(_, uuid) = &tom else { panic!("{tom:?}") };
        let inactive = json!({ "active": false });
        for (principal, expected) in [
            (
                tom.clone(),
                json!({
                    "active": true, "principal": "application_user", "sub": uuid,
                    "username": "tom", "organization": "acme", "application": "acme/shop",
                }),
            ),
            (
                Principal::application("acme/shop"),
                json!({
                    "active": true, "principal": "application",
                    "organization": "acme", "application": "acme/shop",
                }),
            ),
            (
                // A user of this application is named `me`.
                Principal::application("acme/mirror"),
                json!({
                    "active": true, "principal": "application",
                    "organization": "acme", "application": "acme/mirror",
                }),
            ),
            (
                Principal::organization("acme"),
                json!({ "active": true, "principal": "organization", "organization": ["acme"] }),
            ),
            (
                Principal::admin(ADMIN),
                json!({
                    "active": true, "principal": "admin_user", "organization": ["acme"],
                    "sub": usergrid.admin_uuid(ADMIN).unwrap(),
                }),
            ),
            (
                Principal::admin("vera"),
                json!({
                    "active": true, "principal": "admin_user", "organization": ["acme", "globex"],
                    "sub": usergrid.admin_uuid("vera").unwrap(),
                }),
            ),
            (usergrid.user("acme/shop", "dora").unwrap(), inactive.clone()),
            (Principal::application("acme/closed"), inactive.clone()),
        ] {
            let token = usergrid.issue(&principal, LIFE);
            assert_eq!(verdict(&relay, &token), expected, "{version:?} {principal:?}");
        }
        let lapsed = usergrid.issue(&tom, -1000);
        let revoked = usergrid.issue(&tom, LIFE);
        usergrid.revoke(&revoked);
        for token in [&lapsed, &revoked, "gibberish"] {
            assert_eq!(verdict(&relay, token), inactive, "{version:?} {token}");
        }
    }
}

/// He has written `principal`, `permissions` and `organization` into his own record.
#[test]
fn what_a_user_says_of_himself_is_not_believed() {
    let (usergrid, relay) = pair(Version::Master);
    let mallory = usergrid.user("acme/shop", "mallory").unwrap();
    let answer = verdict(&relay, &usergrid.issue(&mallory, LIFE));
    assert_eq!(answer["principal"], "application_user");
    assert_eq!(answer["application"], "acme/shop");
    assert_eq!(answer.as_object().unwrap().len(), 6, "{answer}");
    assert_eq!(usergrid.calls().probes(), (1, 0));
}

#[test]
fn the_gateway_alone_may_ask_and_pairs_go_on() {
    let (usergrid, relay) = pair(Version::Master);
    assert_eq!(introspect(&relay, "guess", "token").status, 401);
    let login = format!("grant_type=password&username=tom&password={PASSWORD}");
    let login = Request::new("POST", "/acme/shop/token").body(login);
    assert_eq!(client::send(relay.address(), &login).unwrap().status, 404, "not its task");
    let (id, secret) = APPLICATION_CLIENT;
    for (secret, status) in [(secret, 200), ("guess", 400)] {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let pair = Request::new("POST", "/management/token").body(form);
        assert_eq!(client::send(relay.address(), &pair).unwrap().status, status);
    }
    assert_eq!(usergrid.calls().of(Kind::Token), 2);
}

#[test]
fn usergrid_that_is_away_or_closes_is_no_verdict() {
    let listener = TcpListener::bind(anywhere()).unwrap();
    let usergrid = listener.local_addr().unwrap().to_string();
    let relay = Relay::start(anywhere(), &usergrid, &APPLICATIONS).unwrap();
    let closes = std::thread::spawn(move || drop(listener.accept()));
    assert_eq!(introspect(&relay, GATEWAY_SECRET, "token").status, 502);
    closes.join().unwrap();
    assert_eq!(introspect(&relay, GATEWAY_SECRET, "token").status, 503);
}

#[test]
fn an_answer_of_another_shape_is_no_verdict() {
    let (usergrid, relay) = pair(Version::Master);
    let token = usergrid.issue(&Principal::admin(ADMIN), LIFE);
    for fault in [
        Fault::of_all(What::Html(502)),
        Fault::of_all(What::Html(200)),
        Fault::of_all(What::Redirect),
        Fault::of_all(What::Status(401)),
        Fault::of_all(What::Answers(200, "{}".into())),
        Fault::of_all(What::Reset),
        Fault::of(Kind::K, What::Html(502)),
    ] {
        usergrid.fault(Some(fault.clone()));
        assert_eq!(introspect(&relay, GATEWAY_SECRET, &token).status, 502, "{fault:?}");
    }
    usergrid.fault(Some(Fault::of_all(What::StripAuthorization)));
    assert_eq!(verdict(&relay, &token), json!({ "active": false }));
}
