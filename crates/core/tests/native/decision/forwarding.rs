//! What the backend receives: the credential, the path, the identity headers.

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::header_map::{HeaderEdit, HeaderMap};

use crate::decision::worker::Worker;

const CLAIMS: &str = r#""sub":"u-1","username":"tom","client_id":"web","scope":"read write",
    "principal":"admin_user","organization":["acme","other"],"application":"acme/app""#;
const PAIRS: &str = r#""client_credentials":{"cluster":"usergrid","path":"/management/token"}"#;

fn authorization(
    worker: &Worker,
    stream: usergrid_auth_core::verification::single_flight::StreamId,
) -> String {
    worker.head(stream).header("authorization")
}

#[test]
fn one_bearer_header_whichever_place_the_token_came_from() {
    for (line, headers) in [
        ("GET /acme/app/x?a=1&b=%20", vec![("authorization", "Bearer abc")]),
        ("GET /acme/app/x?a=1&b=%20", vec![("authorization", "bearer \t abc")]),
        ("GET /acme/app/x?a=1&access_token=abc&b=%20", vec![]),
        ("GET /acme/app/x?access%5Ftoken=%61bc&a=1&b=%20", vec![]),
    ] {
        let mut worker = Worker::new("");
        let stream = worker.request(line, &headers);
        assert_eq!(worker.head(stream).path(), "/acme/app/x?a=1&b=%20", "{line}: while waiting");
        worker.active(CLAIMS);
        assert_eq!(worker.verdict(stream), "forwarded", "{line}");
        assert_eq!(authorization(&worker, stream), "Bearer abc", "{line}");
        assert_eq!(worker.head(stream).path(), "/acme/app/x?a=1&b=%20", "{line}");
    }
}

#[test]
fn remove_sends_no_credential_on() {
    let mut worker = Worker::new(r#""forward":{"credential":"remove"}"#);
    let stream = worker.with_token("GET /x", "abc", "");
    assert_eq!(authorization(&worker, stream), "");
    let stream = worker.request("GET /x?access_token=abc", &[]);
    assert_eq!(worker.verdict(stream), "forwarded", "the same token: known");
    assert_eq!(
        (authorization(&worker, stream).as_str(), worker.head(stream).path().as_str()),
        ("", "/x")
    );
}

#[test]
fn as_sent_leaves_an_admitted_token_where_it_was_and_strips_a_refused_one() {
    let mut worker = Worker::new(r#""forward":{"credential":"as_sent"}"#);
    let stream = worker.request("GET /x?a&access_token=abc&b", &[]);
    assert_eq!(
        worker.head(stream).path(),
        "/x?a&b",
        "a client that gives up now leaves no token in the log"
    );
    worker.active("");
    assert_eq!(worker.head(stream).path(), "/x?a&access_token=abc&b");
    assert_eq!(authorization(&worker, stream), "");
    let stream = worker.request("GET /x?a&access_token=bad&b", &[]);
    worker.answer(200, r#"{"active":false}"#);
    assert_eq!(worker.head(stream).path(), "/x?a&b");
    let stream = worker.with_token("GET /x", "abc", "");
    assert_eq!(authorization(&worker, stream), "Bearer abc");
}

#[test]
fn the_order_of_usergrid_takes_one_credential_and_removes_the_others() {
    let overrides = r#""credentials":{"on_conflict":"usergrid"}"#;
    let mut worker = Worker::new(overrides);
    let line = "GET /x?access_token=q1&k=v&access_token=q2&client_id=a&client_secret=b";
    let stream = worker.request(line, &[("authorization", "Bearer h1")]);
    assert_eq!(worker.call_bodies().len(), 1);
    assert!(worker.call_bodies()[0].contains("token=q1"), "{:?}", worker.call_bodies());
    worker.active("");
    assert_eq!(authorization(&worker, stream), "Bearer q1");
    assert_eq!(worker.head(stream).path(), "/x?k=v");

    let overrides = format!(r#"{overrides},"forward":{{"credential":"as_sent"}}"#);
    let mut worker = Worker::new(&overrides);
    let stream = worker.request(line, &[("authorization", "Bearer h1")]);
    worker.active("");
    assert_eq!(authorization(&worker, stream), "");
    assert_eq!(worker.head(stream).path(), "/x?access_token=q1&k=v");
}

#[test]
fn a_client_pair_goes_to_the_token_endpoint_and_no_further() {
    let answer = r#"{"access_token":"YWMt-issued","expires_in":600,"application":"52ce9183-46f4-11e2-ae44-02e81ac5a17b"}"#;
    for (line, headers) in [
        ("GET /x?client_id=id&client_secret=sec&a=b", vec![]),
        ("GET /x?a=b", vec![("authorization", "Basic aWQ6c2Vj")]),
    ] {
        for (forward, expected) in
            [("header", "Bearer YWMt-issued"), ("as_sent", "Bearer YWMt-issued"), ("remove", "")]
        {
            let mut worker =
                Worker::new(&format!(r#"{PAIRS},"forward":{{"credential":"{forward}"}}"#));
            let stream = worker.request(line, &headers);
            assert_eq!(worker.head(stream).path(), "/x?a=b");
            assert!(worker.call_bodies()[0].contains("grant_type=client_credentials"));
            worker.answer(200, answer);
            assert_eq!(worker.verdict(stream), "forwarded", "{line} {forward}");
            assert_eq!(authorization(&worker, stream), expected, "{line} {forward}");
            assert_eq!(worker.head(stream).path(), "/x?a=b");
            assert_eq!(worker.head(stream).header("x-usergrid-principal"), "application");
            assert_eq!(worker.head(stream).header("x-usergrid-client-id"), "id");
        }
    }
}

#[test]
fn identity_headers_come_from_the_answer_alone() {
    let mut worker = Worker::new("");
    let spoofed = [
        ("authorization", "Bearer abc"),
        ("x-usergrid-principal", "organization"),
        ("x-usergrid-principal", "again"),
        ("x-usergrid-subject", "root"),
        ("x_usergrid_username", "root"),
        ("x-usergrid-application", "acme/other"),
        ("x-other", "stays"),
    ];
    let stream = worker.request("GET /acme/app/x", &spoofed);
    worker.active(CLAIMS);
    let head = worker.head(stream);
    for (name, value) in [
        ("x-usergrid-principal", "admin_user"),
        ("x-usergrid-subject", "u-1"),
        ("x-usergrid-username", "tom"),
        ("x-usergrid-client-id", "web"),
        ("x-usergrid-scope", "read write"),
        ("x-usergrid-organization", "acme,other"),
        ("x-usergrid-application", "acme/app"),
        ("x_usergrid_username", ""),
        ("x-other", "stays"),
    ] {
        assert_eq!(head.header(name), value, "{name}");
    }
    let stream =
        worker.request("GET /x", &[("authorization", "Bearer bare"), spoofed[1], spoofed[3]]);
    worker.active("");
    assert_eq!(worker.head(stream).header("x-usergrid-subject"), "");
    assert_eq!(worker.head(stream).header("x-usergrid-principal"), "application_user");
}

#[test]
fn a_guest_is_named_so_and_brings_no_authorization() {
    let mut worker = Worker::new(
        r#""credentials":{"sources":["query"]},"guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]"#,
    );
    let headers = [
        ("authorization", "Bearer unchecked"),
        ("x-usergrid-principal", "admin_user"),
        ("x-usergrid-username", "root"),
    ];
    let stream = worker.request("GET /acme/sandbox/x", &headers);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(authorization(&worker, stream), "");
    assert_eq!(worker.head(stream).header("x-usergrid-principal"), "guest");
    assert_eq!(worker.head(stream).header("x-usergrid-username"), "");
}

#[test]
fn identity_headers_can_be_renamed_dropped_and_added() {
    let mut worker = Worker::new(
        r#""identity":{"headers":{"x-tenant":"tenant_claim","x-usergrid-username":null}}"#,
    );
    let spoofed =
        [("authorization", "Bearer abc"), ("x-tenant", "theirs"), ("x-usergrid-username", "root")];
    let stream = worker.request("GET /acme/app/x", &spoofed);
    worker.active(r#""username":"tom","sub":"u-1","tenant_claim":"ours""#);
    assert_eq!(worker.head(stream).header("x-tenant"), "ours");
    assert_eq!(worker.head(stream).header("x-usergrid-username"), "", "dropped, and still cleared");
    assert_eq!(worker.head(stream).header("x-usergrid-subject"), "u-1");
}

#[test]
fn every_spelling_that_a_backend_folds_into_an_identity_header_is_cleared() {
    let mut worker = Worker::new("");
    let spellings = [
        ("authorization", "Bearer abc"),
        ("x_usergrid_subject", "root"),
        ("x.usergrid.subject", "root"),
        ("x-usergrid_subject", "root"),
        ("x-usergrid-subjects", "stays"),
    ];
    let stream = worker.request("GET /x", &spellings);
    worker.active("");
    for (name, value) in [
        ("x_usergrid_subject", ""),
        ("x.usergrid.subject", ""),
        ("x-usergrid_subject", ""),
        ("x-usergrid-subjects", "stays"),
    ] {
        assert_eq!(worker.head(stream).header(name), value, "{name}");
    }
}

#[test]
fn a_secret_without_an_id_is_no_credential_and_stays_in_no_path() {
    let mut worker = Worker::new("");
    let stream = worker.request("GET /x?a=b&client_id=&client_secret=hunter2", &[]);
    assert_eq!(worker.verdict(stream), "401 unauthorized");
    assert_eq!(worker.head(stream).path(), "/x?a=b&client_id=");
}

#[test]
fn no_proxy_behind_is_told_to_drop_what_the_backend_relies_on() {
    for (sent, left) in [
        ("upgrade, x-usergrid-username", "upgrade"),
        ("X-Usergrid-Username ,\tUpgrade,, keep-alive", "Upgrade, keep-alive"),
        ("x_usergrid_principal,Authorization", ""),
        ("upgrade,  close", "upgrade,  close"),
        ("x-usergrid-usernames, x-usergrid", "x-usergrid-usernames, x-usergrid"),
        ("x-usergrid-username;q=1", "x-usergrid-username;q=1"),
    ] {
        for name in ["connection", "proxy-connection"] {
            let mut worker = Worker::new("");
            let headers = [("authorization", "Bearer abc"), (name, sent)];
            let stream = worker.request("GET /x", &headers);
            assert_eq!(worker.head(stream).header(name), left, "{sent}");
            worker.active(CLAIMS);
            assert_eq!(worker.verdict(stream), "forwarded");
            assert_eq!(worker.head(stream).header("x-usergrid-username"), "tom");
        }
    }
    let mut worker = Worker::new("");
    let two = [("connection", "upgrade"), ("connection", "authorization, close")];
    let stream = worker.request("GET /x", &two);
    assert_eq!(worker.head(stream).header("connection"), "upgrade, close", "two lines");
}

/// The token that was put back as it was sent is relied on, too.
#[test]
fn no_proxy_behind_is_told_to_drop_the_verified_token() {
    let mut worker = Worker::new(
        r#""forward":{"credential":"as_sent"},
        "credentials":{"sources":["header",{"header":"x-api-token"},{"cookie":"session"}]}"#,
    );
    let named = "upgrade, x-api-token, X.Api_Token, authorization, x-usergrid-principal, cookie";
    let headers = [("x-api-token", "abc"), ("connection", named), ("upgrade", "websocket")];
    let stream = worker.request("GET /x", &headers);
    worker.active(CLAIMS);
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(worker.head(stream).header("x-api-token"), "abc");
    assert_eq!(worker.head(stream).header("connection"), "upgrade");
}

#[test]
fn trailers_repeat_no_credential_of_the_query() {
    for (config, cleaned) in [("", true), (r#""credentials":{"sources":["header"]}"#, false)] {
        let mut worker = Worker::new(config);
        let stream = worker.with_token("POST /x", "abc", "");
        let trailers = [
            ("referer", "https://a.example/?access_token=S&b=1"),
            ("x-original-url", "/x?a=1"),
            ("authorization", "Bearer S"),
        ];
        let trailers = trailers.map(|(name, value)| (name.to_owned(), value.into())).to_vec();
        worker.happen(Event::Trailers { stream, trailers: HeaderMap::new(trailers) });
        let mut expected = vec![HeaderEdit::Remove("authorization".into())];
        if cleaned {
            expected.push(HeaderEdit::Set("referer".into(), b"https://a.example/?b=1"[..].into()));
        }
        assert_eq!(worker.trailer_edits, expected, "{config}");
    }
}

#[test]
fn trailers_bring_neither_identity_nor_credential() {
    let mut worker = Worker::new(
        r#""identity":{"headers":{"x-tenant":"tenant"}},
        "credentials":{"sources":["header",{"header":"x-api-token"},{"cookie":"session"}]}"#,
    );
    let stream = worker.with_token("POST /x", "abc", "");
    let names = [
        "x-checksum",
        "x-api-token",
        "authorization",
        "Authorization",
        "x-usergrid-principal",
        "x_tenant",
        "authorization",
        "x-authorization",
    ];
    let trailers = names.map(|name| (name.to_owned(), b"forged".to_vec())).to_vec();
    worker.happen(Event::Trailers { stream, trailers: HeaderMap::new(trailers) });
    let removed: Vec<String> = worker
        .trailer_edits
        .iter()
        .map(|edit| match edit {
            HeaderEdit::Remove(name) => name.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected =
        ["authorization", "Authorization", "x-usergrid-principal", "x_tenant", "x-api-token"];
    assert_eq!(removed, expected);
}
