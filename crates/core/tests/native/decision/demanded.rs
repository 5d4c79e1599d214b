//! What a path demands of whoever uses it: guards, scopes, and clarity itself.

use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::refusal::Refusal;
use usergrid_auth_core::route::{RequiredScope, RouteSettings};

use crate::decision::worker::{NOON, SECOND, Worker};

const ADMIN: &str = r#""principal":"admin_user","organization":"acme""#;
const USER: &str = r#""principal":"application_user","application":"acme/shop""#;
const OPEN: &str = r#""guest":[{"applications":["*/*"],"permissions":["get,post,put,delete:/**"]}],
    "public":["get:/*/*/open"]"#;
const CHALLENGE: &str = "www-authenticate";

/// How the last request ended.
fn outcome(worker: &Worker) -> &'static str {
    match worker.counts.iter().rev().find(|counter| matches!(counter, Counter::Requests(_))) {
        Some(Counter::Requests(outcome)) => outcome.label(),
        _ => "none",
    }
}

fn guarded(rules: &str) -> Worker {
    Worker::new(&format!(
        r#"{OPEN},"guards":[{{"rules":["{rules}"],"principals":["admin_user","organization"]}}]"#
    ))
}

/// The set of `envoy/stock-usergrid.yaml`.
fn shipped() -> String {
    let page = include_str!("../../../../../envoy/stock-usergrid.yaml");
    let guards = page.split_once("\"guards\": [").expect("guards").1;
    let list = guards.split_once("\n                      ]").expect("their end").0;
    format!(r#"{OPEN},"guards":[{list}]"#)
}

#[test]
fn a_guard_holds_back_guests_and_public_endpoints() {
    let mut worker = guarded("get:/acme/**");
    for line in ["GET /acme/shop/x", "GET /acme/shop/open", "HEAD /orgs/acme/shop/open"] {
        worker.request(line, &[]);
        let expected = if line.contains("orgs") { "missing" } else { "guarded" };
        assert_eq!(outcome(&worker), expected, "{line}");
    }
    for (line, expected) in [
        ("GET /globex/shop/open", "public"),
        ("GET /globex/shop/x", "guest"),
        ("POST /acme/shop/x", "guest"),
        // Nothing else would have admitted it.
        ("PATCH /globex/shop/x", "missing"),
    ] {
        worker.request(line, &[]);
        assert_eq!(outcome(&worker), expected, "{line}");
    }
    let preflight = [("origin", "https://a"), ("access-control-request-method", "GET")];
    worker.request("OPTIONS /acme/shop/x", &preflight);
    assert_eq!(outcome(&worker), "preflight");
    let bypass = RouteSettings { bypass: true, ..RouteSettings::default() };
    worker.request_on(bypass, "GET /acme/shop/x", &[]);
    assert_eq!(outcome(&worker), "bypassed");
    assert!(worker.calls.is_empty());
}

#[test]
fn a_guard_lets_its_principals_through_and_no_others() {
    let mut worker = guarded("get:/acme/**");
    worker.with_token("GET /acme/shop/x", "admin", ADMIN);
    assert_eq!(outcome(&worker), "token");
    worker.with_token("GET /acme/shop/open", "admin", ADMIN);
    assert_eq!(outcome(&worker), "token", "verified, not public");
    worker.with_token("GET /acme/shop/open", "user", USER);
    assert_eq!(outcome(&worker), "guarded");
    worker.with_token("GET /acme/shop/x", "nobody", "");
    assert_eq!(outcome(&worker), "guarded", "of no known kind");
    worker.with_token("POST /acme/shop/x", "user", USER);
    assert_eq!(outcome(&worker), "token");
    // A bad credential is told so, and never makes a guest.
    worker.request("GET /acme/shop/x", &[("authorization", "Bearer bad")]);
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(outcome(&worker), "inactive");
    // Another tenant's administrator passes the guard and not tenancy.
    let other = r#""principal":"admin_user","organization":"globex""#;
    worker.with_token("GET /acme/shop/x", "other", other);
    assert_eq!(outcome(&worker), "forbidden");
}

#[test]
fn guards_add_up_and_cost_no_call_where_nobody_passes() {
    let mut worker = Worker::new(
        r#""guards":[{"rules":["get:/acme/**"],"principals":["admin_user","application"]},
            {"rules":["get:/*/shop/**"],"principals":["organization","application"]},
            {"rules":["get:/*/*/closed"],"principals":["organization"]}]"#,
    );
    worker.with_token("GET /acme/shop/x", "admin", ADMIN);
    assert_eq!(outcome(&worker), "guarded");
    let client = r#""principal":"application","application":"acme/shop""#;
    worker.with_token("GET /acme/shop/x", "client", client);
    assert_eq!(outcome(&worker), "token");
    worker.request("GET /acme/shop/closed", &[("authorization", "Bearer unknown")]);
    assert_eq!(outcome(&worker), "guarded");
    assert!(worker.calls.is_empty(), "nobody could pass");
}

#[test]
fn every_shipped_guard_holds_in_every_spelling() {
    const UUID: &str = "b6768a08-b5d5-11e3-a495-11ddb1de66c8";
    for (method, rest, user_passes) in [
        ("POST", "books/_clear", false),
        ("POST", "books/_reindex", false),
        ("DELETE", "books/_settings", false),
        ("POST", "users/tom/revoketokens", false),
        ("PUT", "users/tom/revoketokens", true),
        ("PUT", "users/tom/revoketoken", true),
        ("POST", "users/tom/revoketoken", true),
        ("POST", "users/tom/password", true),
        ("PUT", "users/tom/password", true),
        ("GET", "events", true),
    ] {
        let mut worker = Worker::new(&shipped());
        let last = rest.rsplit('/').next().unwrap();
        let encoded =
            rest.replace(last, &format!("%{:02x}{}", last.as_bytes()[0], last.get(1..).unwrap()));
        let spellings = [
            rest.to_owned(),
            format!("{rest}/"),
            format!("{rest};x=1"),
            rest.replace('/', ";a/"),
            rest.to_uppercase(),
            encoded,
            rest.replace("users", "user"),
            rest.replace("users", "users:x").replace("books", "books:x"),
            rest.replace("users", "user%3Ax").replace("books", "books%3ax"),
            format!("{rest}//"),
            rest.replacen('/', "%2F", 1) + "%2f",
            format!("{rest}%3fx"),
            format!("{rest}%20"),
        ];
        let prefixes = [
            "/acme/shop",
            "/ACME/shop",
            "/orgs/acme/shop",
            "/o/acme/a/shop",
            "/acme/apps/shop",
            "/acme/UUID",
            "/UUID",
            "/apps/UUID",
            "/organizations/UUID/applications/UUID",
        ];
        for (prefix, rest) in prefixes.iter().flat_map(|prefix| {
            spellings.iter().map(move |rest| (prefix.replace("UUID", UUID), rest))
        }) {
            let path = format!("{prefix}/{rest}");
            for (method, headers) in [
                (method, &[][..]),
                ("PATCH", &[]),
                ("GET", &[("x-http-method-override", method)][..]),
                ("POST", &[("x-http-method", "get"), ("x_method-override", method)][..]),
            ] {
                worker.request(&format!("{method} {path}"), headers);
                let outcome = outcome(&worker);
                assert!(matches!(outcome, "guarded" | "missing"), "{method} {path}: {outcome}");
            }
            worker.request(&format!("POST {path}?x=1&%5Fmethod={method}"), &[]);
            assert!(matches!(outcome(&worker), "guarded" | "missing"), "{path}");
            if !user_passes {
                let user = r#""principal":"application_user""#;
                worker.with_token(&format!("{method} {path}"), "user", user);
                assert_eq!(outcome(&worker), "guarded", "{method} {path}");
            }
        }
        worker.request(&format!("{method} /acme/shop/{rest}"), &[]);
        assert_eq!(outcome(&worker), "guarded", "{method} {rest}: a guest's, but for the guard");
        worker.with_token(&format!("{method} /acme/shop/{rest}"), "admin", ADMIN);
        assert_eq!(outcome(&worker), "token", "{method} {rest}");
        let user = r#""principal":"application_user","application":"acme/shop""#;
        worker.with_token(&format!("{method} /acme/shop/{rest}"), "tom", user);
        let expected = if user_passes { "token" } else { "guarded" };
        assert_eq!(outcome(&worker), expected, "{method} {rest}");
    }
    // An application's user of the same name is no administrator.
    for line in [
        "GET /management/users/root",
        "PUT /management/users/root/",
        "GET /management/users/root/feed",
        "GET /management/users/root/organizations",
        "POST /management/users/root/revoketokens",
        "PUT /management/users/root;x/revoketoken",
        "GET /management/tokendetails",
        "GET /MANAGEMENT/users/root",
        "PATCH /management/users/root",
        "GET /management//users/root",
    ] {
        let mut worker = Worker::new(&shipped());
        worker.with_token(line, "root", r#""username":"root""#);
        assert_eq!(outcome(&worker), "guarded", "{line}");
        worker.with_token(line, "admin", ADMIN);
        assert!(matches!(outcome(&worker), "token" | "forbidden"), "{line}");
    }
}

#[test]
fn what_cannot_be_matched_is_guarded() {
    let mut worker = guarded("get:/acme/x");
    let long = format!("GET /globex/shop/{}", "a".repeat(9_000));
    worker.request(&long, &[]);
    assert_eq!(outcome(&worker), "guarded");
    worker.request(&long, &[("authorization", "Bearer abc")]);
    assert_eq!(outcome(&worker), "guarded");
    assert!(worker.calls.is_empty());
    worker.request(&long.replace("GET", "POST"), &[]);
    assert_eq!(outcome(&worker), "guest", "no rule is about POST");
}

const SCOPES: &str = r#""authorization":{"require_scope":[
    {"rules":["get:/acme/*/reports/**"],"all_of":["reports:read","reports:list"]},
    {"rules":["*:/acme/*/reports/**","delete:/globex/**"],"any_of":["reports:write","admin"]}]}"#;

#[test]
fn scopes_are_demanded_of_everybody_on_their_paths() {
    let mut worker = Worker::new(&format!(r#"{OPEN},{SCOPES},"errors":{{"format":"oauth"}}"#));
    let challenge = |worker: &Worker, stream| {
        let headers = &worker.head(stream).response().headers;
        headers.iter().find(|(name, _)| *name == CHALLENGE).map(|(_, value)| value.clone())
    };
    let full = r#""scope":"reports:read reports:list admin""#;
    worker.with_token("GET /acme/shop/reports/1", "full", full);
    assert_eq!(outcome(&worker), "token");
    let write = r#""scope":"reports:write""#;
    let stream = worker.with_token("GET /acme/shop/reports/1", "write", write);
    assert_eq!(outcome(&worker), "scope");
    let missing =
        r#"Bearer realm="usergrid", error="insufficient_scope", scope="reports:read reports:list""#;
    assert_eq!(challenge(&worker, stream).as_deref(), Some(missing));
    // What the path demands is named beside what its route lacks.
    let route = RouteSettings {
        require_scope: RequiredScope::All(vec!["beta".to_owned()]),
        ..RouteSettings::default()
    };
    let stream =
        worker.request_on(route, "GET /acme/shop/reports/1", &[("authorization", "Bearer full")]);
    assert_eq!(outcome(&worker), "scope");
    let both = missing.replace("scope=\"reports", "scope=\"beta reports");
    let both = both.replace("list\"", "list reports:write\"");
    assert_eq!(challenge(&worker, stream), Some(both));
    worker.with_token("POST /acme/shop/reports", "write", write);
    assert_eq!(outcome(&worker), "token");
    let stream = worker.with_token("DELETE /globex/x", "none", "");
    assert_eq!(outcome(&worker), "scope");
    let first = r#"Bearer realm="usergrid", error="insufficient_scope", scope="reports:write""#;
    assert_eq!(challenge(&worker, stream).as_deref(), Some(first));
    assert_eq!(worker.verdict(stream), "403 insufficient_scope");
    // Every spelling.
    for path in [
        "/acme/shop/reports/",
        "/acme/shop/reports;a=b/x",
        "/orgs/acme/apps/shop/reports",
        "/acme/%73hop/REPORTS",
        "/acme//shop/x",
        "/globex/a%2fb",
        "/x/y/%3f",
    ] {
        worker.with_token(&format!("GET {path}"), "write", write);
        assert_eq!(outcome(&worker), "scope", "{path}");
    }
    worker.with_token("PATCH /acme/shop/reports", "write", write);
    assert_eq!(outcome(&worker), "scope");
    let overriding = [("authorization", "Bearer none"), ("x-method-override", "Delete")];
    worker.request("POST /globex/shop/x", &overriding);
    assert_eq!(outcome(&worker), "scope");
    worker.request("POST /globex/shop/x", &overriding[..1]);
    assert_eq!(outcome(&worker), "token");
    // A guest has none, a public endpoint needs none.
    worker.request("GET /acme/shop/reports/1", &[]);
    assert_eq!(outcome(&worker), "missing");
    worker.request("GET /globex/shop/x", &[]);
    assert_eq!(outcome(&worker), "guest");
    let mut worker = Worker::new(&format!(r#"{SCOPES},"public":["get:/acme/*/reports"]"#));
    worker.request("GET /acme/shop/reports", &[]);
    assert_eq!(outcome(&worker), "public");
    // Too long to match: refused without a call.
    let long = format!("GET /acme/{}", "a".repeat(9_000));
    worker.request(&long, &[("authorization", "Bearer abc")]);
    assert_eq!(outcome(&worker), "scope");
    assert!(worker.calls.is_empty());
}

#[test]
fn unclear_paths_can_be_rejected_altogether() {
    let mut worker = Worker::new(&format!(r#"{OPEN},"paths":{{"unclear":"reject"}}"#));
    for path in [
        "/acme//shop/x",
        "/acme/shop/a%2fb",
        "/acme/shop/x;a=b",
        "/acme/shop/x%3b",
        "/a;b/c/d",
        "/acme/shop/%ff",
        "/acme/shop/x%3f",
        "/acme/shop/x%23y",
        "/acme/shop/%2541",
        "/ORGS/x",
    ] {
        let stream = worker.request(&format!("GET {path}?access_token=abc&x=1"), &[]);
        assert_eq!(worker.verdict(stream), "400 invalid_request", "{path}");
        assert_eq!(outcome(&worker), "bad_path", "{path}");
        assert_eq!(worker.head(stream).path(), format!("{path}?x=1"), "no credential in the log");
    }
    let bypass = RouteSettings { bypass: true, ..RouteSettings::default() };
    worker.request_on(bypass, "GET /a//b", &[]);
    assert_eq!(outcome(&worker), "bad_path");
    worker.request("GET /acme/shop/x/", &[]);
    assert_eq!(outcome(&worker), "guest");
    assert_eq!(worker.calls.len(), 0);
}

#[test]
fn settings_of_routes_that_do_not_count_are_reported_and_ignored() {
    let mut worker = Worker::new(r#""routes":{"metadata":false}"#);
    let bypass = || RouteSettings { bypass: true, ..RouteSettings::default() };
    assert!(worker.wants_route(), "the first");
    worker.request_on(RouteSettings::default(), "GET /acme/sandbox/x", &[]);
    assert!(!worker.log.contains(&LogEvent::RouteSettingsIgnored), "there are none");
    worker.counts.clear();
    worker.log.clear();
    worker.request_on(bypass(), "GET /acme/shop/x", &[]);
    assert_eq!(worker.counts, [Counter::Requests(Outcome::Refused(Refusal::Missing))]);
    assert_eq!(worker.log[0], LogEvent::RouteSettingsIgnored);
    assert_eq!(worker.log[0].level(), log::Level::Warn);
    worker.now = NOON + 10 * SECOND - 1;
    assert!(!worker.wants_route());
    worker.now = NOON + 10 * SECOND;
    assert!(worker.wants_route());
    assert!(!worker.wants_route());
    worker.now = NOON;
    assert!(worker.wants_route(), "a clock that is set back");
    let mut worker = Worker::new("");
    assert!(worker.wants_route() && worker.wants_route());
}
