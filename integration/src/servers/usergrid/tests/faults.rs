//! What can go wrong, told from outside; and what is counted.

use std::net::SocketAddr;

use serde_json::json;

use super::*;
use crate::servers::stub::control;
use crate::servers::usergrid::calls::Kind;
use crate::servers::usergrid::fault::{Fault, What};
use crate::servers::usergrid::{ADMIN, APPLICATION_CLIENT};

fn outage() -> Value {
    security("auth_unverified_oath", "Unable to authenticate OAuth credentials")
}

/// Vector 7, second half, and its kin.
#[test]
fn an_outage_looks_like_bad_credentials() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let (tom, kim) = (stand_in.token("tom"), stand_in.token("kim"));
        let expired = stand_in.usergrid.issue(&stand_in.user("acme/shop", "tom"), -1000);
        stand_in.usergrid.fault(Some(Fault::of_all(What::Outage)));
        stand_in.answers("7", &u("acme/shop").bearer(&tom), 401, &outage());
        stand_in.answers("7", &k("acme/shop").bearer(&tom), 401, &Value::Null);
        let said = stand_in.ask(&u("acme/shop").bearer(&expired)).json().unwrap();
        assert_eq!(said["error"], "expired_token", "what a token says itself needs no database");
        let (id, secret) = APPLICATION_CLIENT;
        let grant = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let refused = stand_in.ask(&Request::new("POST", "/management/token").body(grant));
        assert_eq!(refused.json().unwrap()["error"], "invalid_grant");
        stand_in.usergrid.fault(Some(Fault::of(Kind::U, What::PrincipalOutage)));
        let said = stand_in.ask(&u("acme/shop").bearer(&tom)).json().unwrap();
        assert_eq!(said["error"], "auth_bad_access_token");
        stand_in.usergrid.fault(None);
        assert_eq!(stand_in.ask(&k("acme/shop").bearer(&kim)).status, 401);
        assert_eq!(stand_in.ask(&u("acme/shop").bearer(&tom)).status, 200);
    }
}

#[test]
fn usergrids_cache_may_hide_that_a_user_is_disabled() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        stand_in.usergrid.fault(Some(Fault::of_all(What::CachedIdentities)));
        for (name, member, value) in [("dora", "disabled", true), ("nils", "activated", false)] {
            let body = stand_in.ask(&u("acme/shop").bearer(&stand_in.token(name))).json().unwrap();
            assert_eq!(body["entities"][0][member], value, "{version:?}: {body}");
        }
    }
}

/// 404 as for nobody, and then 401.
#[test]
fn a_proxy_that_strips_authorization_makes_a_guest() {
    for version in BOTH {
        let stand_in = StandIn::start(version);
        let root = stand_in.issue(&Principal::admin(ADMIN));
        stand_in.usergrid.fault(Some(Fault::of_all(What::StripAuthorization)));
        let said = stand_in.ask(&u("acme/shop").bearer(&root));
        assert_eq!(said.json().unwrap()["error"], "service_resource_not_found");
        assert_eq!(stand_in.ask(&k("acme/shop").bearer(&root)).status, 401);
    }
}

#[test]
fn answers_that_are_none_of_usergrids() {
    let stand_in = StandIn::start(Version::Master);
    let tom = u("acme/shop").bearer(&stand_in.token("tom"));
    let meet = |what: What| {
        stand_in.usergrid.fault(Some(Fault::of(Kind::U, what)));
        client::send(stand_in.usergrid.address(), &tom)
    };
    let page = meet(What::Html(502)).unwrap();
    assert_eq!((page.status, page.header("content-type").as_deref()), (502, Some("text/html")));
    let elsewhere = meet(What::Redirect).unwrap();
    assert!(elsewhere.status == 302 && elsewhere.header("location").is_some());
    let empty = meet(What::Status(429)).unwrap();
    assert!(empty.status == 429 && empty.body.is_empty());
    let other = meet(What::Answers(401, "{}".into())).unwrap();
    assert_eq!((other.status, other.json().unwrap()), (401, json!({})));
    assert!(meet(What::Reset).is_err());
    assert!(meet(What::ResetAfterHeaders).is_err());
    assert_eq!(meet(What::Slow(1)).unwrap().status, 200);
    // The other probe knows nothing of it.
    meet(What::Status(500)).unwrap();
    let client = stand_in.issue(&Principal::application("acme/shop"));
    assert_eq!(stand_in.ask(&k("acme/shop").bearer(&client)).status, 200);
}

#[test]
fn a_held_answer_comes_when_the_fault_is_no_more() {
    let stand_in = StandIn::start(Version::Master);
    let request = u("acme/shop").bearer(&stand_in.token("tom"));
    stand_in.usergrid.fault(Some(Fault::of(Kind::U, What::Hold)));
    let address = stand_in.usergrid.address();
    let waits = std::thread::spawn(move || client::send(address, &request).unwrap().status);
    crate::harness::wait::until("the held request", || {
        Ok((stand_in.usergrid.calls().of(Kind::U) == 1).then_some(()))
    })
    .unwrap();
    assert!(!waits.is_finished());
    stand_in.usergrid.fault(None);
    assert_eq!(waits.join().unwrap(), 200);
}

#[test]
fn calls_are_counted_and_faults_set_from_outside() {
    let stand_in = StandIn::start(Version::Master);
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let control = control::start(anywhere, stand_in.usergrid.controlled()).unwrap();
    let tell = |method: &str, path: &str, body: &str| {
        client::send(control.address(), &Request::new(method, path).body(body)).unwrap()
    };
    assert_eq!(tell("PUT", "/fault", r#"{ "what": { "html": 502 }, "on": "k" }"#).status, 200);
    assert_eq!(tell("PUT", "/fault", r#"{ "what": "earthquake" }"#).status, 400);
    let token = stand_in.token("tom");
    assert_eq!(stand_in.ask(&u("acme/shop").bearer(&token)).status, 200);
    assert_eq!(stand_in.ask(&k("acme/shop").bearer(&token)).status, 502);
    assert_eq!(stand_in.usergrid.calls().probes(), (1, 1));
    let seen = tell("GET", "/seen", "").json().unwrap();
    assert_eq!(seen, json!({ "count": 2, "by_kind": { "u": 1, "k": 1 } }));
    assert_eq!(tell("DELETE", "/fault", "").status, 200);
    tell("DELETE", "/seen", "");
    assert_eq!(stand_in.ask(&k("acme/shop").bearer(&token)).status, 401);
    assert_eq!(stand_in.usergrid.calls().probes(), (0, 1));
}
