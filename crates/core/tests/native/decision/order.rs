//! The order of decision: path, bypass, preflight, public, credential, guest.

use usergrid_auth_core::metrics::{Counter, Outcome};

use crate::decision::worker::{BEARER, Worker};

const SANDBOX: &str = r#""guest":[{"applications":["*/sandbox"],"permissions":["get,post,put,delete:/**"]}],
    "public":["get,post:/management/token","get,post:/*/*/token"]"#;

#[test]
fn a_caller_without_credential_gets_in_by_a_guest_rule_only() {
    let mut worker = Worker::new(SANDBOX);
    for (line, verdict) in [
        ("GET /acme/sandbox/books", "forwarded"),
        ("DELETE /acme/sandbox/books/1?ql=x", "forwarded"),
        ("GET /acme/sandbox/", "forwarded"),
        ("GET /acme/%73andbox/books", "forwarded"),
        ("GET /acme/sandbox", "401 unauthorized"),
        ("PATCH /acme/sandbox/books", "401 unauthorized"),
        ("GET /acme/app/books", "401 unauthorized"),
        ("GET /", "401 unauthorized"),
        ("GET /acme/sandbox//books", "401 unauthorized"),
        ("GET /acme/sandbox/a%2fb", "401 unauthorized"),
        ("GET /acme/sandbox;x=y/books", "401 unauthorized"),
        ("GET /management/sandbox/books", "401 unauthorized"),
        ("GET /acme/sandbox/../app/books", "400 invalid_request"),
    ] {
        let stream = worker.request(line, &[]);
        assert_eq!(worker.verdict(stream), verdict, "{line}");
    }
    assert!(worker.calls.is_empty(), "no credential, no call");
}

#[test]
fn a_bad_credential_never_turns_into_guest_access() {
    for (name, headers, query) in [
        ("unsupported scheme", "Digest x", ""),
        ("empty bearer", "Bearer", ""),
        ("not a token", "Bearer a b", ""),
        ("no colon", "Basic bm9jb2xvbg==", ""),
        ("pair without a token endpoint", "Basic aWQ6c2Vj", ""),
        ("pair in the query", "", "?client_id=a&client_secret=b"),
        ("broken escape", "", "?access_token=%zz"),
        ("two places", "Bearer abc", "?access_token=abc"),
    ] {
        let mut worker = Worker::new(SANDBOX);
        let line = format!("GET /acme/sandbox/books{query}");
        let header = [("authorization", headers)];
        let present = if headers.is_empty() { &header[..0] } else { &header[..] };
        let stream = worker.request(&line, present);
        assert!(worker.verdict(stream).starts_with('4'), "{name}: {}", worker.verdict(stream));
        assert!(worker.calls.is_empty(), "{name}");
    }
}

#[test]
fn a_token_the_server_refuses_is_refused_on_the_sandbox_too() {
    let mut worker = Worker::new(SANDBOX);
    let stream = worker.request("GET /acme/sandbox/books", &BEARER);
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(worker.verdict(stream), "401 auth_invalid");
}

#[test]
fn where_tokens_are_mixed_usergrids_are_checked_and_others_are_asked_about() {
    let mut worker = Worker::new(r#""token":{"format":"mixed"}"#);
    let ask = |worker: &mut Worker, token: &str| {
        let header = [("authorization", &*format!("Bearer {token}"))];
        worker.request("GET /acme/shop/x", &header)
    };
    let stream = ask(&mut worker, "YWMtforged");
    assert_eq!(worker.verdict(stream), "401 auth_unverified_oath");
    assert!(worker.calls.is_empty());
    for other in ["eyJhbGciOiJIUzI1NiJ9.e30.x", "abc"] {
        let stream = ask(&mut worker, other);
        worker.answer(200, r#"{"active":true}"#);
        assert_eq!(worker.verdict(stream), "forwarded", "{other}");
    }
}

#[test]
fn public_endpoints_pass_with_their_credentials_untouched() {
    let mut worker = Worker::new(SANDBOX);
    let path = "/acme/app/token?client_id=a&client_secret=b&access_token=c";
    let headers = [("authorization", "Basic xyz"), ("x-usergrid-principal", "admin_user")];
    let stream = worker.request(&format!("GET {path}"), &headers);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).path(), path);
    assert_eq!(worker.head(stream).header("authorization"), "Basic xyz");
    assert_eq!(worker.head(stream).header("x-usergrid-principal"), "");
    assert!(worker.counts.contains(&Counter::Requests(Outcome::Public)));
}

#[test]
fn an_unclear_path_is_never_public_but_a_credential_opens_it() {
    let mut worker = Worker::new(SANDBOX);
    let stream = worker.request("GET /acme//token", &[]);
    assert_eq!(worker.verdict(stream), "401 unauthorized");
    let stream = worker.with_token("GET /acme/app/a%2fb", "abc", "");
    assert_eq!(worker.verdict(stream), "forwarded");
}

#[test]
fn a_preflight_passes_without_a_credential_unless_told_otherwise() {
    let preflight = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("authorization", "Bearer abc"),
        ("x-usergrid-username", "root"),
    ];
    let mut worker = Worker::new("");
    let stream = worker.request("OPTIONS /acme/app/books?access_token=abc", &preflight);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).path(), "/acme/app/books");
    assert_eq!(worker.head(stream).header("authorization"), "");
    assert_eq!(worker.head(stream).header("x-usergrid-username"), "");
    let stream = worker.request("OPTIONS /acme/app/books", &preflight[..1]);
    assert_eq!(worker.verdict(stream), "401 unauthorized", "no preflight: no requested method");
    let stream = worker.request("GET /acme/app/books", &preflight[..2]);
    assert_eq!(worker.verdict(stream), "401 unauthorized", "no preflight: another method");

    let mut worker = Worker::new(r#""cors":{"bypass_preflight":false}"#);
    let stream = worker.request("OPTIONS /acme/app/books", &preflight[..2]);
    assert_eq!(worker.verdict(stream), "401 unauthorized");
}

#[test]
fn what_no_browser_sends_is_no_preflight() {
    let method = ("access-control-request-method", "POST");
    let origin = ("origin", "https://app.example");
    let mut worker = Worker::new("");
    for (name, headers) in [
        ("empty origin", [("origin", ""), method].as_slice()),
        ("two origins", &[origin, origin, method]),
        ("origins in one line", &[("origin", "https://a.example, https://b.example"), method]),
        ("empty method", &[origin, ("access-control-request-method", "")]),
        ("a length", &[origin, method, ("content-length", "1")]),
        ("two lengths", &[origin, method, ("content-length", "0"), ("content-length", "1")]),
        ("a strange length", &[origin, method, ("content-length", "00")]),
        ("chunks", &[origin, method, ("transfer-encoding", "chunked")]),
        ("an override", &[origin, method, ("x-http-method-override", "DELETE")]),
        ("an empty override", &[origin, method, ("x-http-method", "")]),
        ("a folded override", &[origin, method, ("x_method_override", "DELETE")]),
    ] {
        let stream = worker.request("OPTIONS /acme/app/books", headers);
        assert_eq!(worker.verdict(stream), "401 unauthorized", "{name}");
    }
    for query in ["_method=DELETE", "a=1&%5Fmeth%6fd=GET", "_method"] {
        let stream = worker.request(&format!("OPTIONS /acme/app/books?{query}"), &[origin, method]);
        assert_eq!(worker.verdict(stream), "401 unauthorized", "{query}");
    }
    for query in ["", "method=DELETE", "a=_method", "_methods=DELETE"] {
        let stream = worker.request(&format!("OPTIONS /acme/app/books?{query}"), &[origin, method]);
        assert_eq!(worker.verdict(stream), "forwarded", "{query}");
    }
    for headers in [[origin, method, ("content-length", "0")], [origin, method, ("x-a", "1")]] {
        let stream = worker.request("OPTIONS /acme/app/books", &headers);
        assert_eq!(worker.verdict(stream), "forwarded", "{headers:?}");
    }
    worker.next_has_body = true;
    let stream = worker.request("OPTIONS /acme/app/books", &[origin, method]);
    assert_eq!(worker.verdict(stream), "401 unauthorized", "HTTP/2 needs no header for a body");
}

/// Envoy takes a request through its filters again after an internal redirect, with the head that
/// the first pass left.
#[test]
fn after_an_internal_redirect_nobody_becomes_a_guest() {
    let redirected = ("x-envoy-original-url", "http://api.example.com/acme/app/x");
    for remove in ["", r#","forward":{"credential":"remove"}"#] {
        let mut worker = Worker::new(&format!("{SANDBOX}{remove}"));
        for (name, principal, verdict) in [
            ("verified before", "application_user", "401 unauthorized"),
            ("a guest before", "guest", "forwarded"),
        ] {
            let headers = [redirected, ("x-usergrid-principal", principal)];
            let stream = worker.request("GET /acme/sandbox/x", &headers);
            assert_eq!(worker.verdict(stream), verdict, "{name}");
        }
        let stream = worker.request("GET /acme/sandbox/x", &[redirected]);
        assert_eq!(worker.verdict(stream), "401 unauthorized", "nobody knows");
        let twice = [("x-usergrid-principal", "guest"), ("x-usergrid-principal", "admin_user")];
        let stream = worker.request("GET /acme/sandbox/x", &[redirected, twice[0], twice[1]]);
        assert_eq!(worker.verdict(stream), "401 unauthorized", "two words about it");
        let stream = worker.request("GET /acme/sandbox/x", &[twice[1]]);
        assert_eq!(worker.verdict(stream), "forwarded", "no second pass: a client's own header");
        let stream = worker.request("POST /acme/app/token", &[redirected]);
        assert_eq!(worker.verdict(stream), "forwarded", "public endpoints ask for nothing");
    }
    let silent = r#""identity":{"headers":{"x-usergrid-principal":null}}"#;
    let mut worker = Worker::new(&format!("{SANDBOX},{silent}"));
    let headers = [redirected, ("x-usergrid-principal", "guest")];
    let stream = worker.request("GET /acme/sandbox/x", &headers);
    assert_eq!(worker.verdict(stream), "401 unauthorized", "a header that no pass sets");
}

#[test]
fn a_broken_path_is_refused_before_anything_passes_and_without_its_credential() {
    let mut worker = Worker::new(SANDBOX);
    let stream = worker.request("GET /acme/../token?access_token=abc&x=1", &[]);
    assert_eq!(worker.verdict(stream), "400 invalid_request");
    assert_eq!(worker.head(stream).path(), "/acme/../token?x=1");
    let headers = [("origin", "x"), ("access-control-request-method", "GET")];
    let stream = worker.request("OPTIONS /a/%2e%2e/b", &headers);
    assert_eq!(worker.verdict(stream), "400 invalid_request");
}

#[test]
fn an_organisation_client_stays_in_its_organisation() {
    let mut worker =
        Worker::new(r#""client_credentials":{"cluster":"usergrid","path":"/management/token"}"#);
    let answer = r#"{"access_token":"YWMt-issued","expires_in":600,
        "organization":{"name":"acme","uuid":"f2f82123-a166-11e2-a7f7-02e81adcf3d0"}}"#;
    let pair = "client_id=id&client_secret=sec";
    let home = worker.request(&format!("GET /acme/any/x?{pair}"), &[]);
    worker.answer(200, answer);
    assert_eq!(worker.verdict(home), "forwarded");
    let abroad = worker.request(&format!("GET /globex/crm/x?{pair}"), &[]);
    assert_eq!(worker.verdict(abroad), "401 unauthorized");
}
