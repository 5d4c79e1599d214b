//! Several servers: which one is asked, and that what is known of a token is known of one of them.

mod apart;
mod properties;
mod revoked;

use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{CacheResult, CallResult, Counter};
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::single_flight::StreamId;

use crate::decision::worker::{SECOND, Worker};

/// `a` by host, `ci` by host and token, `b` by host; nobody for the rest.
const THREE: &str = r#""introspection":[
    {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a.example.com","*.a.example.com"]}},
    {"name":"ci","cluster":"ci","path":"/i","match":{"hosts":["b.*"],"token_prefixes":["ci_","CI."]}},
    {"name":"b","cluster":"b","path":"/i","match":{"hosts":["b.*","[::1]"]},
     "client_credentials":{"cluster":"b-tokens","path":"/token"}}]"#;

/// Two servers by host, and what else.
fn two(rest: &str) -> String {
    format!(
        r#""introspection":[
            {{"name":"a","cluster":"a","path":"/i","match":{{"hosts":["a"]}}}},
            {{"name":"b","cluster":"b","path":"/i","match":{{"hosts":["b"]}}}}]{rest}"#
    )
}

fn at(worker: &mut Worker, host: &str, token: &str) -> StreamId {
    let bearer = format!("Bearer {token}");
    worker.request("GET /x", &[(":authority", host), ("authorization", &bearer)])
}

/// The cluster that is asked, or how the request ended without a call.
fn asked(worker: &mut Worker, line: &str, headers: &[(&str, &str)]) -> String {
    let stream = worker.request(line, headers);
    match worker.calls.as_slice() {
        [] => worker.verdict(stream),
        [(_, call)] => {
            let cluster = call.cluster.clone();
            worker.answer(200, r#"{"active":false}"#);
            cluster
        }
        several => panic!("{} calls", several.len()),
    }
}

#[test]
fn the_first_whose_match_holds_is_asked_and_no_other() {
    const NONE: &str = "401 auth_unverified_oath";
    let pair = "Basic aWQ6c2VjcmV0";
    for (host, line, authorization, expected) in [
        ("a.example.com", "GET /x", "Bearer t", "a"),
        ("A.Example.com:8443", "GET /x", "Bearer ci_t", "a"),
        ("x.a.example.com", "GET /x", "Bearer t", "a"),
        ("b.example.com", "GET /x", "Bearer ci_t", "ci"),
        ("b.example.com", "GET /x", "Bearer CI.t", "ci"),
        ("b.example.com", "GET /x", "Bearer Ci_t", "b"),
        ("b.example.com", "GET /x", "Bearer xci_t", "b"),
        ("b.example.com", "GET /x?access_token=%63i%5Ft", "", "ci"),
        ("b.example.com", "GET /x", pair, "b-tokens"),
        ("[::1]:80", "GET /x", "Bearer ci_t", "b"),
        ("c.example.com", "GET /x", "Bearer t", NONE),
        ("c.example.com", "GET /x", pair, NONE),
        ("a.example.com.", "GET /x", "Bearer t", NONE),
        ("user@a.example.com", "GET /x", "Bearer t", NONE),
        ("a.example.com:80@b.example.com", "GET /x", "Bearer t", NONE),
        ("a.example.com,b.example.com", "GET /x", "Bearer t", NONE),
        ("", "GET /x", "Bearer t", NONE),
        // No server is chosen by a path.
        ("a.example.com", "GET /acme%2fapp//x", "Bearer t", "a"),
        // It takes no pairs at all.
        ("a.example.com", "GET /x", pair, "401 auth_invalid_credentials"),
    ] {
        let mut worker = Worker::new(THREE);
        let mut headers = vec![(":authority", host)];
        headers.extend((!authorization.is_empty()).then_some(("authorization", authorization)));
        let ended = asked(&mut worker, line, &headers);
        assert_eq!(ended, expected, "{host} {line} {authorization}");
    }
}

/// Also where a server without conditions comes last: it is not chosen by another way to write a
/// host.
#[test]
fn a_repeated_host_chooses_no_server() {
    let list = r#""introspection":[
        {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"]}},
        {"name":"rest","cluster":"rest","path":"/i"}]"#;
    let bearer = ("authorization", "Bearer t");
    for headers in [
        &[(":authority", "a"), (":authority", "b"), bearer][..],
        &[(":authority", "b"), ("host", "a"), bearer],
        &[(":authority", "b@c"), bearer],
    ] {
        let ended = asked(&mut Worker::new(list), "GET /x", headers);
        assert_eq!(ended, "401 auth_unverified_oath", "{headers:?}");
    }
    assert_eq!(asked(&mut Worker::new(list), "GET /x", &[(":authority", "b"), bearer]), "rest");
}

/// `partners` by path, the rest by nothing.
const BY_PATH: &str = r#""introspection":[
    {"name":"partners","cluster":"partners","path":"/i","match":{"paths":["*:/partners/**","get:/reports/*"]}},
    {"name":"rest","cluster":"rest","path":"/i"}]"#;

#[test]
fn every_reading_of_a_path_chooses_the_same_server_or_none_is_asked() {
    const NONE: &str = "401 auth_unverified_oath";
    for (line, over, expected) in [
        ("GET /partners/app/x", "", "partners"),
        ("POST /PARTNERS/app/x/", "", "partners"),
        ("GET /%70artners/app/x", "", "partners"),
        ("GET /partners/app/x;v=1", "", "partners"),
        ("GET /acme/app/x", "", "rest"),
        ("GET /acme/partners/app", "", "rest"),
        ("GET /reports/7", "", "partners"),
        ("POST /reports/7", "", "rest"),
        // By its own method one server is asked, by the other method another.
        ("GET /reports/7", "POST", NONE),
        ("PATCH /reports/7", "", NONE),
        ("GET /partners%2fapp/x", "", NONE),
        ("GET /acme%2fapp/x", "", NONE),
        ("GET //partners/app/x", "", NONE),
        ("GET /acme//app", "", NONE),
        ("GET /part%256eers/app/x", "", NONE),
        ("GET /partners;a=b/app/x", "", NONE),
        ("GET /\u{130}/app/x%ff", "", NONE),
    ] {
        let mut worker = Worker::new(BY_PATH);
        let headers = [("authorization", "Bearer t"), ("x-http-method-override", over)];
        assert_eq!(asked(&mut worker, line, &headers), expected, "{line} {over}");
    }
}

/// Where no server is chosen by host, nobody cares for how it is written.
#[test]
fn an_unclear_host_is_nothing_to_servers_that_name_none() {
    let mut worker = Worker::new(BY_PATH);
    let headers = [(":authority", "a@b"), ("authorization", "Bearer t")];
    assert_eq!(asked(&mut worker, "GET /partners/app/x", &headers), "partners");
    assert_eq!(asked(&mut worker, "GET /acme/app/x", &headers), "rest");
}

/// Only Usergrid takes `/orgs/a/apps/b` for `/a/b`.
#[test]
fn a_path_chooses_by_usergrids_other_names_under_its_profile_only() {
    let line = "GET /orgs/partners/apps/app/x";
    let bearer = [("authorization", "Bearer t")];
    let none = "401 auth_unverified_oath";
    assert_eq!(asked(&mut Worker::new(BY_PATH), line, &bearer), none);
    let mut worker = Worker::new(&format!(r#"{BY_PATH},"profile":"oauth""#));
    assert_eq!(asked(&mut worker, line, &bearer), "rest");
}

#[test]
fn a_path_that_costs_too_much_chooses_no_server() {
    let mut worker = Worker::new(BY_PATH);
    let line = format!("GET /acme/{}", "x".repeat(9_000));
    assert_eq!(
        asked(&mut worker, &line, &[("authorization", "Bearer t")]),
        "401 auth_unverified_oath"
    );
}

/// Under `/management` a path passes only where its host and path alone lead to a server that
/// leaves it to Usergrid.
#[test]
fn what_one_server_leaves_to_usergrid_is_not_left_to_it_at_another() {
    let list = r#""introspection":[
        {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"]}},
        {"name":"b","protocol":"usergrid","cluster":"b","management":"pass"}]"#;
    let mut worker = Worker::new(list);
    let bearer = ("authorization", "Bearer t");
    for (host, expected) in
        [("b", "forwarded"), ("a", "waiting"), ("a@b", "401 auth_unverified_oath")]
    {
        let stream = worker.request("GET /management/me", &[(":authority", host), bearer]);
        assert_eq!(worker.verdict(stream), expected, "{host}");
    }
}

#[test]
fn one_token_at_two_servers_has_two_verdicts() {
    let mut worker = Worker::new(&two(""));
    let one = at(&mut worker, "a", "t");
    worker.active(r#""sub":"ann""#);
    let other = at(&mut worker, "b", "t");
    assert_eq!(worker.calls.len(), 1, "what `a` said is not `b`'s word");
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(worker.verdict(one), "forwarded");
    assert_eq!(worker.verdict(other), "401 auth_invalid");
    assert_eq!(worker.head(one).header("x-usergrid-server"), "a");
    // Both are remembered, each as its own; twice, since digests are remembered after the first hit.
    for _ in 0..3 {
        let (one, other) = (at(&mut worker, "a", "t"), at(&mut worker, "b", "t"));
        assert_eq!(worker.verdict(one), "forwarded");
        assert_eq!(worker.verdict(other), "401 auth_invalid");
    }
    assert!(worker.calls.is_empty());
    let refused = |event: &LogEvent| event.to_string().contains(" server=b");
    assert!(worker.log.iter().any(refused), "{:?}", worker.log);
    let hits = (0, Counter::Cache(CacheResult::LocalHit));
    assert_eq!(worker.counts_of.iter().filter(|count| **count == hits).count(), 3);
    assert!(worker.counts_of.contains(&(1, Counter::Introspections(CallResult::Inactive))));
}

#[test]
fn workers_share_verdicts_of_one_server_only() {
    let config = std::rc::Rc::new(crate::support::config(&two("")));
    let process = std::rc::Rc::default();
    let mut one = Worker::in_process(&config, &process);
    let mut other = Worker::in_process(&config, &process);
    at(&mut one, "a", "abc-123");
    one.active("");
    let same = at(&mut other, "a", "abc-123");
    assert_eq!(other.verdict(same), "forwarded");
    let stream = at(&mut other, "b", "abc-123");
    assert_eq!(other.verdict(stream), "waiting");
}

#[test]
fn a_client_may_not_name_the_server() {
    let mut worker = Worker::new("");
    let headers =
        [("authorization", "Bearer t"), ("x-usergrid-server", "a"), ("X_usergrid.server", "a")];
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value));
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, it)| (name.as_str(), *it)).collect();
    let stream = worker.request("GET /x", &headers);
    worker.active("");
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).header("x-usergrid-server"), "");
    assert_eq!(worker.head(stream).header("x_usergrid.server"), "");
}

#[test]
fn the_breaker_of_one_leaves_the_other_alone() {
    let mut worker = Worker::new(&two(r#","breaker":{"failures":2,"open":"10s"}"#));
    for token in ["t1", "t2", "t3"] {
        at(&mut worker, "a", token);
        while !worker.calls.is_empty() {
            worker.end_call(CallOutcome::Reset);
        }
    }
    assert_eq!(worker.breakers_open(), [1, 0]);
    let opened = |event: &LogEvent| event.to_string().starts_with("server `a`: breaker open");
    assert!(worker.log.iter().any(opened), "{:?}", worker.log);
    worker.now += SECOND;
    let stream = at(&mut worker, "a", "t4");
    assert_eq!(worker.verdict(stream), "503 service_unavailable");
    let stream = at(&mut worker, "b", "t4");
    assert_eq!(worker.calls.len(), 1);
    worker.active("");
    assert_eq!(worker.verdict(stream), "forwarded");
}

/// Whether the server of `host` is asked about `token`. Ends the call, if it is.
fn asks(worker: &mut Worker, host: &str, token: &str) -> bool {
    at(worker, host, token);
    let asks = !worker.calls.is_empty();
    if asks {
        worker.active(r#""username":"tom""#);
    }
    asks
}

#[test]
fn a_revocation_at_one_leaves_the_tokens_of_the_other() {
    let settings = two("");
    for line in
        ["PUT /acme/app/users/tom/revoketokens", "POST /acme/app/users/tom/revoketoken?token=toms"]
    {
        let mut worker = Worker::new(&settings);
        for host in ["a", "b"] {
            assert!(asks(&mut worker, host, "toms"));
            assert!(asks(&mut worker, host, "other"));
        }
        let headers = [(":authority", "a"), ("authorization", "Bearer other")];
        let stream = worker.request(line, &headers);
        assert_eq!(worker.verdict(stream), "forwarded", "{line}");
        worker.respond(stream, 200, "");
        assert!(asks(&mut worker, "a", "toms"), "{line}");
        assert!(!asks(&mut worker, "b", "toms"), "{line}");
        assert!(!asks(&mut worker, "b", "other"), "{line}");
    }
}

/// Neither a host nor a path says whose tokens are revoked at an RFC 7009 endpoint: a verification
/// too many, not one too few.
#[test]
fn a_revocation_at_an_rfc_7009_endpoint_is_everybodys() {
    let list = r#""introspection":[
        {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"]}},
        {"name":"rest","cluster":"rest","path":"/i"}],
        "revocation":{"paths":["/revoke"]},"public":["post:/revoke"]"#;
    for host in ["a", "b", "auth", "a@b"] {
        for (line, body) in [("POST /revoke", "token=toms"), ("POST /revoke?token=toms", "")] {
            let mut worker = Worker::new(list);
            assert!(asks(&mut worker, "a", "toms"));
            assert!(asks(&mut worker, "b", "toms"));
            assert!(asks(&mut worker, "b", "other"));
            let stream = worker.request(line, &[(":authority", host)]);
            worker.respond(stream, 200, body);
            assert!(asks(&mut worker, "a", "toms"), "{host}");
            assert!(asks(&mut worker, "b", "toms"), "{host}");
            assert!(!asks(&mut worker, "b", "other"), "{host}");
        }
    }
}

/// The server that has issued the token is not the one that names the endpoint's host.
#[test]
fn a_revocation_reaches_the_server_that_names_another_path_or_no_host() {
    for named in [
        r#""hosts":["api.example.com"],"paths":["*:/partners/**"]"#,
        r#""hosts":["auth.example.com"]"#,
        r#""hosts":["api.example.com"],"token_prefixes":["ci_"]"#,
    ] {
        let list = format!(
            r#""introspection":[
            {{"name":"named","cluster":"named","path":"/i","match":{{{named}}}}},
            {{"name":"main","cluster":"main","path":"/i"}}],
            "revocation":{{"paths":["/oauth/revoke"]}},"public":["post:/oauth/revoke"]"#
        );
        for host in ["api.example.com", "auth.example.com"] {
            let mut worker = Worker::new(&list);
            assert!(asks(&mut worker, "other.example.com", "toms"));
            let stream = worker.request("POST /oauth/revoke", &[(":authority", host)]);
            worker.respond(stream, 200, "token=toms");
            assert!(asks(&mut worker, "other.example.com", "toms"), "{named} {host}");
        }
    }
}

/// A stock Usergrid's verdicts are kept for targets, so nobody can tell which tokens it knows.
#[test]
fn tokens_that_nobody_has_used_fill_no_log_beside_a_usergrid() {
    let list = r#""introspection":[
        {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"]}},
        {"name":"ug","protocol":"usergrid","cluster":"ug"}],
        "revocation":{"paths":["/revoke"]},"public":["post:/revoke"]"#;
    let token = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";
    let mut worker = Worker::new(list);
    assert!(asks(&mut worker, "a", "toms"));
    for host in ["a", "b"] {
        for number in 0..50 {
            let stream = worker.request("POST /revoke", &[(":authority", host)]);
            worker.respond(stream, 200, &format!("token=random{number}"));
            let stream = worker.request("POST /revoke", &[(":authority", host)]);
            worker.respond(stream, 200, &format!("token={token}"));
        }
    }
    assert!(!worker.counts.contains(&Counter::Revocations));
    let stream = worker.request("POST /revoke", &[(":authority", "b")]);
    worker.respond(stream, 200, "token=toms");
    assert!(worker.counts.contains(&Counter::Revocations));
    assert!(asks(&mut worker, "a", "toms"));
}

#[test]
fn a_revocation_at_one_is_one_at_all_that_ask_the_same_backend() {
    let list = r#""introspection":[
        {"name":"a","cluster":"ug","path":"/i","match":{"hosts":["a"]}},
        {"name":"else","cluster":"ug","authority":"else","path":"/i","match":{"hosts":["else"]}},
        {"name":"other","cluster":"other","authority":"ug","path":"/i","match":{"hosts":["other"]}},
        {"name":"b","cluster":"ug","path":"/j"}]"#;
    for line in [
        "PUT /acme/app/users/tom/revoketokens",
        "POST /acme/app/users/tom/revoketoken?token=toms",
        "POST /acme/app/users/somebody/deactivate",
    ] {
        let mut worker = Worker::new(list);
        for host in ["a", "b", "else", "other"] {
            assert!(asks(&mut worker, host, "toms"));
        }
        // The caller's own credential goes with all that are of his name.
        let headers = [(":authority", "a"), ("authorization", "Bearer toms")];
        let stream = worker.request(line, &headers);
        assert_eq!(worker.verdict(stream), "forwarded", "{line}");
        worker.respond(stream, 200, "");
        for host in ["a", "b"] {
            assert!(asks(&mut worker, host, "toms"), "{line} {host}");
        }
        for host in ["else", "other"] {
            assert!(!asks(&mut worker, host, "toms"), "{line} {host}");
        }
    }
}

#[test]
fn what_stands_in_an_entry_holds_for_it_alone() {
    let list = r#""introspection":[
        {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"]},"tenancy":"require",
         "roles":{"reader":["get:/**"]},"scope":"read","token":{"format":"usergrid"}},
        {"name":"b","cluster":"b","path":"/i","match":{"hosts":["b"]},"tenancy":"ignore"}],
        "authorization":{"roles":{"writer":["post:/**"]}}"#;
    let mut worker = Worker::new(list);
    let stream = at(&mut worker, "a", "opaque");
    assert_eq!(worker.verdict(stream), "401 auth_unverified_oath", "by `token` of `a`");
    let line = "GET /acme/app/x";
    let request = |worker: &mut Worker, host: &str, line: &str, claims: &str| {
        let token = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";
        let bearer = format!("Bearer {token}");
        worker.now += 120 * SECOND;
        let stream = worker.request(line, &[(":authority", host), ("authorization", &bearer)]);
        worker.active(claims);
        (worker.verdict(stream), stream)
    };
    let (ended, stream) = request(&mut worker, "a", line, "");
    assert_eq!(ended, "401 unauthorized", "by `scope` of `a`");
    let challenge =
        worker.head(stream).response().headers.iter().find(|(name, _)| *name == "www-authenticate");
    assert!(challenge.unwrap().1.contains(r#"scope="read""#), "{challenge:?}");
    let claims = r#""scope":"read","roles":["reader"]"#;
    assert_eq!(
        request(&mut worker, "a", line, claims).0,
        "401 unauthorized",
        "by `tenancy` of `a`"
    );
    let claims = r#""scope":"read","roles":["reader"],"application":"acme/app""#;
    assert_eq!(request(&mut worker, "a", line, claims).0, "forwarded");
    let line = "POST /acme/app/x";
    assert_eq!(request(&mut worker, "a", line, claims).0, "401 unauthorized", "by `roles` of `a`");
    let claims = r#""roles":["writer"],"application":"globex/shop""#;
    assert_eq!(request(&mut worker, "b", line, claims).0, "forwarded");
}
