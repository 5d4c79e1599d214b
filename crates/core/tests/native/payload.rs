//! The payload header: what it says, that any JSON parser and any base64url decoder read it, and
//! that it is refused or cut at whole entries where it is too long.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use usergrid_auth_config::Config;
use usergrid_auth_core::principal::{ClaimLimit, Principal};
use usergrid_auth_core::verification::verdict::{Denial, Verdict};
use usergrid_auth_core::verification::verifiers::token_endpoint;

use crate::decision::worker::Worker;
use crate::support::{NOW, answered, config, identity, introspected, server, verdict};

const HEADER: &str = "x-usergrid-identity";
/// The payload is all that the backend is told.
const ALONE: &str = r#""identity":{"payload":"X-Usergrid-Identity","headers":null}"#;

fn decoded(value: &str) -> Value {
    assert!(value.len() <= 4096, "{}", value.len());
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).unwrap()).unwrap()
}

fn payload(principal: &Principal) -> Value {
    decoded(identity(principal, HEADER).unwrap())
}

/// What the payload says of a token with these members.
fn told(config: &Config, members: &str) -> Value {
    payload(&introspected(config, members))
}

#[test]
fn all_that_is_known_of_a_caller_is_in_one_header() {
    let principal = introspected(
        &config(ALONE),
        r#""sub":"7f","username":"Fr\u00e9d \"x\"\\\n\u0001","client_id":7,"scope":"read  write",
           "organization":["Acme","b,c"],"application":"Acme/Shop","principal":"admin_user""#,
    );
    assert_eq!(principal.identity.len(), 1);
    assert_eq!(
        payload(&principal),
        json!({
            "principal": "admin_user", "subject": "7f", "username": "Fr\u{e9}d \"x\"\\\n\u{1}",
            "client_id": "7", "scope": ["read", "write"], "organization": ["Acme", "b,c"],
            "application": ["Acme/Shop"],
        })
    );
    let nobody = introspected(&config(ALONE), r#""sub":"","scope":[],"organization":7"#);
    assert_eq!(payload(&nobody), json!({ "principal": "application_user" }));
}

#[test]
fn the_page_shows_a_payload_as_it_is() {
    const PAGE: &str = include_str!("../../../../docs/configuration.md");
    let (_, example) = PAGE.split_once("\nx-usergrid-identity: ").unwrap();
    let mut lines = example.lines();
    let shown = lines.next().unwrap();
    let principal = introspected(&config(ALONE), r#""username":"alice","scope":"books.read""#);
    assert_eq!(identity(&principal, HEADER), Some(shown));
    assert_eq!(decoded(shown), serde_json::from_str::<Value>(lines.next().unwrap()).unwrap());
}

#[test]
fn it_has_the_members_of_the_headers_that_there_are() {
    let config = config(
        r#""identity":{"payload":"x-me","headers":{"x-tenant-id":"tenant","x-usergrid-team":"team",
           "x-usergrid-scope":null,"x-usergrid-principal":null,"x-roles":"/realm/roles"}},
           "introspection":{"name":"one"}"#,
    );
    let principal = introspected(
        &config,
        r#""username":"fred","scope":"a","tenant":true,"team":[1,"x",null,false,""],
           "realm":{"roles":["r"]}"#,
    );
    let told = decoded(identity(&principal, "x-me").unwrap());
    assert_eq!(
        told,
        json!({ "username": "fred", "server": "one", "x_tenant_id": true,
                "team": [1, "x", false], "x_roles": ["r"] })
    );
    assert_eq!(identity(&principal, "x-roles"), Some("r"), "the headers are there as well");
}

#[test]
fn what_no_header_is_made_of_is_no_member_either() {
    let config =
        config(r#""identity":{"payload":"x-usergrid-identity","headers":{"x-usergrid-c":"c"}}"#);
    for shape in ["null", "1.5", "{}", r#"["a",{}]"#, r#"["a",1.5]"#, "[null]", "[]", r#""""#] {
        let told = told(&config, &format!(r#""c":{shape}"#));
        assert_eq!(told, json!({ "principal": "application_user" }), "{shape}");
    }
    for name in ["scope", "organization", "application"] {
        let told = told(&config, &format!(r#""{name}":["acme",7]"#));
        assert_eq!(told, json!({ "principal": "application_user" }), "{name}");
    }
    // One scope never becomes two.
    assert_eq!(told(&config, r#""scope":["a b","c"]"#)["scope"], json!(["a b", "c"]));
}

#[test]
fn a_client_is_told_of_like_a_user_unless_its_id_is_no_text() {
    let pairs = r#""client_credentials":{"cluster":"usergrid","path":"/management/token"}"#;
    let config = config(&format!("{ALONE},{pairs}"));
    let answer = r#"{"access_token":"T","organization":{"name":"Acme"},"scope":"a"}"#;
    let told = |id: &[u8]| {
        let outcome = answered(200, answer);
        let verdict = token_endpoint::verdict(&outcome, &config, server(&config), id, NOW);
        let Ok(Verdict::Verified(principal)) = verdict else { panic!("{verdict:?}") };
        payload(&principal)
    };
    let mut expected = json!({ "principal": "organization", "client_id": "shop",
                               "organization": ["Acme"], "scope": ["a"] });
    assert_eq!(told(b"shop"), expected);
    expected.as_object_mut().unwrap().remove("client_id");
    assert_eq!(told(b"sh\xffop"), expected, "another text would be another client's");
}

/// Whether a token with these members is refused for that.
fn is_too_long(config: &Config, members: &str) -> bool {
    let answer = answered(200, format!(r#"{{"active":true,{members}}}"#));
    matches!(verdict(&answer, config, NOW), Ok(Verdict::Denied(Denial::Claims(ClaimLimit::Header))))
}

/// A member with a list of `count` entries of 100 bytes.
fn list(name: &str, count: usize) -> String {
    let entries: Vec<String> = (0..count).map(|at| format!("\"{at:0>100}\"")).collect();
    format!("\"{name}\":[{}]", entries.join(","))
}

#[test]
fn a_payload_that_is_too_long_is_refused() {
    let config = config(ALONE);
    let denied = |members: &str| is_too_long(&config, members);
    assert!(!denied(&list("scope", 20)));
    assert!(denied(&list("scope", 40)));
    // Each by itself would fit into a header of its own.
    assert!(denied(&format!("{},{}", list("scope", 20), list("application", 20))));
    let long = "x".repeat(3072 - r#"{"principal":"application_user","client_id":""}"#.len());
    assert!(!denied(&format!(r#""client_id":"{long}""#)), "to the byte");
    assert!(denied(&format!(r#""client_id":"{long}x""#)));
    // As it is written, not as it is.
    assert!(denied(&format!(r#""client_id":"{}""#, "\\u0001".repeat(600))));
}

#[test]
fn a_payload_that_may_be_cut_keeps_whole_entries_of_every_list() {
    let config =
        config(r#""identity":{"payload":"x-usergrid-identity","headers":null,"overflow":"cut"}"#);
    let principal = introspected(
        &config,
        &format!(r#""username":"fred",{},{}"#, list("scope", 100), list("application", 4)),
    );
    assert_eq!(principal.scopes.len(), 100, "what the filter itself checks is the whole list");
    let told = payload(&principal);
    assert_eq!(told["username"], "fred");
    assert_eq!(told["application"].as_array().unwrap().len(), 4);
    let scopes = told["scope"].as_array().unwrap();
    assert!((20..30).contains(&scopes.len()), "{}", scopes.len());
    for (at, scope) in scopes.iter().enumerate() {
        assert_eq!(*scope, json!(format!("{at:0>100}")));
    }
    // Nothing of one value is ever cut, and no list disappears.
    for members in [
        format!(r#""client_id":"{}""#, "x".repeat(4000)),
        format!(r#""scope":["{}"]"#, "x".repeat(4000)),
        format!(r#""client_id":"{}",{}"#, "x".repeat(2950), list("scope", 1)),
    ] {
        assert!(is_too_long(&config, &members), "{members:.30}");
    }
}

#[test]
fn a_guests_payload_says_so() {
    let settings =
        format!(r#"{ALONE},"guest":[{{"applications":["*/sandbox"],"permissions":["get:/**"]}}]"#);
    let forged = [(HEADER, "eyJwcmluY2lwYWwiOiJhZG1pbl91c2VyIn0"), ("x_usergrid.identity", "x")];
    let mut worker = Worker::new(&settings);
    let stream = worker.request("GET /acme/sandbox/x", &forged);
    let head = worker.head(stream);
    assert_eq!(decoded(&head.header(HEADER)), json!({ "principal": "guest" }));
    assert_eq!(head.header("x_usergrid.identity"), "");
    // A payload without the kind of principal has nothing to say of a guest.
    let mut worker = Worker::new(
        r#""identity":{"payload":"x-usergrid-identity","headers":{"x-usergrid-principal":null}},
           "guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]"#,
    );
    let stream = worker.request("GET /acme/sandbox/x", &forged);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).header(HEADER), "");
}

#[test]
fn a_clients_own_payload_never_arrives() {
    let public = format!(r#"{ALONE},"public":["get:/open"]"#);
    let mut worker = Worker::new(&public);
    let forged =
        [("authorization", "Bearer abc"), (HEADER, "forged"), ("X-Usergrid_Identity", "x")];
    for target in ["GET /acme/app/x", "GET /open"] {
        let stream = worker.request(target, &forged);
        if !worker.calls.is_empty() {
            worker.active(r#""username":"fred""#);
        }
        let head = worker.head(stream);
        assert_eq!(worker.verdict(stream), "forwarded", "{target}");
        assert_ne!(head.header(HEADER), "forged", "{target}");
        assert_eq!(head.header("X-Usergrid_Identity"), "", "{target}");
    }
}

#[test]
fn after_an_internal_redirect_the_payload_says_who_was_a_guest() {
    let settings =
        format!(r#"{ALONE},"guest":[{{"applications":["*/sandbox"],"permissions":["get:/**"]}}]"#);
    let redirected = ("x-envoy-original-url", "http://api.example.com/acme/app/x");
    for (payload, expected) in [
        (json!({ "principal": "guest" }), "forwarded"),
        (json!({ "principal": "application_user" }), "401 unauthorized"),
        (json!({ "principal": "guest", "username": "fred" }), "401 unauthorized"),
    ] {
        let value = URL_SAFE_NO_PAD.encode(payload.to_string());
        let mut worker = Worker::new(&settings);
        let stream = worker.request("GET /acme/sandbox/x", &[redirected, (HEADER, &value)]);
        assert_eq!(worker.verdict(stream), expected, "{payload}");
    }
}

proptest! {
    #[test]
    fn any_text_and_any_list_come_through(name in ".{0,50}", list in prop::collection::vec(".{0,20}", 0..9)) {
        let members = json!({ "username": name, "application": list });
        let members = members.to_string();
        let members = members.trim_matches(['{', '}']).to_owned();
        let told = told(&config(ALONE), &members);
        let list: Vec<String> = list.into_iter().filter(|entry| !entry.is_empty()).collect();
        let list = if list.is_empty() { Value::Null } else { json!(list) };
        prop_assert_eq!(&told["application"], &list);
        let name = if name.is_empty() { Value::Null } else { json!(name) };
        prop_assert_eq!(&told["username"], &name);
    }
}
