//! Settings of a route: bypass and required scopes, as the host serialises them.

use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::pairs::encode;
use usergrid_auth_core::route::{RequiredScope, RouteSettings};

use crate::decision::worker::{BEARER, Worker};

/// What Envoy 1.40 shows for `{bypass: true, require_scope: "a b"}`.
const BYPASS_AND_SCOPES: &[u8] =
    b"\x02\0\0\0\x06\0\0\0\x01\0\0\0\x0d\0\0\0\x03\0\0\0bypass\0\x01\0require_scope\0a b\0";
/// What it shows for `{require_scope: ["a", "bb"]}`.
const LIST: &[u8] = b"\x01\0\0\0\x0d\0\0\0\x1b\0\0\0require_scope\0\x02\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0a\0\0bb\0\0\0";

fn scoped(scopes: &[&str]) -> RouteSettings {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    RouteSettings { bypass: false, require_scope: RequiredScope::All(scopes) }
}

#[test]
fn metadata_is_read_as_the_host_serialises_it() {
    assert_eq!(RouteSettings::from_metadata(None, None), RouteSettings::default());
    assert_eq!(
        RouteSettings::from_metadata(None, Some(BYPASS_AND_SCOPES)),
        RouteSettings { bypass: true, ..scoped(&["a", "b"]) }
    );
    assert_eq!(RouteSettings::from_metadata(Some(LIST), None), scoped(&["a", "bb"]));
    assert_eq!(
        RouteSettings::from_metadata(Some(LIST), Some(BYPASS_AND_SCOPES)).require_scope,
        scoped(&["a", "bb", "a", "b"]).require_scope,
        "scopes of route and virtual host add up"
    );
}

#[test]
fn metadata_that_cannot_be_read_opens_nothing() {
    for cut in 0..LIST.len() {
        let settings = RouteSettings::from_metadata(Some(&LIST[..cut]), Some(BYPASS_AND_SCOPES));
        assert!(!settings.bypass, "cut at {cut}");
        assert_eq!(settings.require_scope, RequiredScope::Unusable, "cut at {cut}");
    }
    let number = b"\x01\0\0\0\x0d\0\0\0\x08\0\0\0require_scope\0\0\0\0\0\0\0\x08@\0";
    let settings = RouteSettings::from_metadata(Some(number), None);
    assert_eq!(settings.require_scope, RequiredScope::Unusable);
    for blanks in ["", " ", "   "] {
        let entries = [(&b"require_scope"[..], blanks.as_bytes())];
        let settings = RouteSettings::from_metadata(Some(&encode(entries.into_iter())), None);
        assert_eq!(settings.require_scope, RequiredScope::Unusable, "{blanks:?}");
    }
    let none = [(&b"require_scope"[..], &[0; 4][..])];
    let settings = RouteSettings::from_metadata(Some(&encode(none.into_iter())), None);
    assert_eq!(settings, RouteSettings::default(), "a list without any");
    let text = b"\x01\0\0\0\x06\0\0\0\x04\0\0\0bypass\0true\0";
    assert!(!RouteSettings::from_metadata(Some(text), None).bypass, "only the boolean counts");
}

#[test]
fn a_bypassed_route_touches_nothing_but_identity_headers() {
    let mut worker = Worker::new("");
    let route = RouteSettings { bypass: true, ..RouteSettings::default() };
    let headers = [("authorization", "Nonsense"), ("x_usergrid_principal", "admin_user")];
    let stream = worker.request_on(route, "GET /x?access_token=a&access_token=b", &headers);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).path(), "/x?access_token=a&access_token=b");
    assert_eq!(worker.head(stream).header("authorization"), "Nonsense");
    assert_eq!(worker.head(stream).header("x_usergrid_principal"), "");
    assert_eq!(worker.counts, [Counter::Requests(Outcome::Bypassed)]);
}

#[test]
fn a_route_asks_for_its_scopes_on_every_request() {
    let mut worker = Worker::new(r#""errors":{"format":"oauth"}"#);
    let plain = worker.request("GET /x", &BEARER);
    worker.active(r#""scope":"read""#);
    assert_eq!(worker.verdict(plain), "forwarded");
    let met = worker.request_on(scoped(&["read"]), "GET /x", &BEARER);
    assert_eq!(worker.verdict(met), "forwarded");
    let unmet = worker.request_on(scoped(&["read", "write"]), "GET /x", &BEARER);
    assert_eq!(worker.verdict(unmet), "403 insufficient_scope");
    assert!(worker.head(unmet).response().headers.contains(&(
        "www-authenticate",
        r#"Bearer realm="usergrid", error="insufficient_scope", scope="read write""#.to_owned()
    )));
    let unusable =
        RouteSettings { require_scope: RequiredScope::Unusable, ..RouteSettings::default() };
    let stream = worker.request_on(unusable, "GET /x", &BEARER);
    assert_eq!(worker.verdict(stream), "403 insufficient_scope");
}

#[test]
fn a_route_that_asks_for_a_scope_has_no_guests() {
    let guest = r#""guest":[{"applications":["*/*"],"permissions":["*:/**"]}]"#;
    let mut worker = Worker::new(guest);
    let stream = worker.request("GET /acme/app/x", &[]);
    assert_eq!(worker.verdict(stream), "forwarded");
    let stream = worker.request_on(scoped(&["read"]), "GET /acme/app/x", &[]);
    assert_eq!(worker.verdict(stream), "401 unauthorized");
}
