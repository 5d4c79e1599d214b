//! Cookies that a page of another site may have made a browser send (CSRF): what counts, and what is
//! refused.

use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::refusal::Refusal;

use super::places::{BEARER, COOKIE, HEADER, Headers, ends, lenient, worker};
use crate::decision::worker::Worker;

const MODE: (&str, &str) = ("sec-fetch-mode", "navigate");

#[test]
fn a_cookie_counts_only_where_no_other_site_can_have_sent_it() {
    let site = |value| ("sec-fetch-site", value);
    let origin = |value| ("origin", value);
    let counts: [(&str, Headers<'_>); 13] = [
        // An image, a script, a link of a listed page.
        ("GET", &[site("same-site"), ("referer", "https://app.example/x")]),
        ("GET", &[site("cross-site"), ("referer", "https://app.example")]),
        ("GET", &[site("same-site"), MODE, ("referer", "https://app.example/?a#b")]),
        ("GET", &[]),
        ("HEAD", &[]),
        ("GET", &[site("same-origin"), ("sec-fetch-mode", "cors")]),
        ("GET", &[site("cross-site"), origin("https://app.example")]),
        ("POST", &[site("same-origin")]),
        ("DELETE", &[site("none")]),
        ("POST", &[origin("https://app.example")]),
        ("PATCH", &[origin("https://app.example"), site("cross-site")]),
        ("GET", &[("upgrade", "websocket"), origin("https://app.example")]),
        ("GET", &[("x-http-method-override", "PUT"), site("same-origin")]),
    ];
    let does_not: [(&str, Headers<'_>); 30] = [
        ("GET", &[site("same-site"), ("referer", "https://app.example.evil.example/")]),
        ("GET", &[site("same-site"), ("referer", "https://app.example:8443/")]),
        ("GET", &[site("same-site"), ("referer", "http://app.example/")]),
        ("GET", &[site("same-site"), origin("null"), ("referer", "https://app.example/")]),
        ("GET", &[site("same-site"), ("referer", "https://app.example/"), ("referer", "x")]),
        ("POST", &[site("same-site"), ("referer", "https://app.example/x")]),
        // A page that sees the answer: Usergrid echoes every `Origin`.
        ("GET", &[origin("https://evil.example")]),
        ("GET", &[site("cross-site"), origin("https://evil.example")]),
        ("HEAD", &[site("same-site"), origin("https://sister.app.example")]),
        ("GET", &[site("same-site")]),
        // One that runs it, as `callback=…` makes of it.
        ("GET", &[site("cross-site"), ("sec-fetch-mode", "no-cors")]),
        // A link: Usergrid has reads that change something.
        ("GET", &[site("cross-site"), ("sec-fetch-mode", "navigate")]),
        ("GET", &[site("same-site"), ("sec-fetch-mode", "navigate")]),
        ("POST", &[]),
        ("PUT", &[site("cross-site")]),
        ("DELETE", &[site("same-site")]),
        ("POST", &[site("Same-Origin")]),
        ("POST", &[site("")]),
        ("POST", &[site("same-origin"), site("cross-site")]),
        ("POST", &[site("same-origin, cross-site")]),
        ("POST", &[origin("https://evil.example")]),
        ("POST", &[origin("https://app.example.evil.example")]),
        ("POST", &[origin("http://app.example")]),
        ("POST", &[origin("null")]),
        ("POST", &[origin("https://app.example"), origin("https://evil.example")]),
        ("OPTIONS", &[]),
        ("get", &[]),
        ("GET", &[("upgrade", "websocket")]),
        ("GET", &[("upgrade", "websocket"), origin("https://evil.example"), site("cross-site")]),
        ("GET", &[("x-http-method-override", "DELETE")]),
    ];
    for (cases, expected) in [(&counts[..], "forwarded"), (&does_not, "401 auth_unverified_oath")] {
        for (method, headers) in cases {
            let headers = [&[COOKIE], *headers].concat();
            let mut worker = worker("");
            let (verdict, _) = ends(&mut worker, &format!("{method} /acme/sandbox/x"), &headers);
            assert_eq!(verdict, expected, "{method} {headers:?}");
        }
    }
}

/// Elsewhere a `GET` changes nothing, and who follows a link is the one who sees its answer.
#[test]
fn a_link_from_another_site_reads_with_a_cookie_where_a_get_only_reads() {
    let site = ("sec-fetch-site", "cross-site");
    let mode = |value| ("sec-fetch-mode", value);
    let oauth = r#""profile":"oauth","credentials":{
        "sources":["header",{"cookie":"session"}],"cookie_origins":["https://app.example"]
    }"#;
    for (headers, expected) in [
        (&[site, mode("navigate")][..], "forwarded"),
        (&[site, mode("no-cors")], "401 invalid_token"),
        (&[site, mode("cors"), ("origin", "https://evil.example")], "401 invalid_token"),
        (&[site, mode("navigate"), ("origin", "https://evil.example")], "401 invalid_token"),
        (&[site, mode("navigate"), mode("navigate")], "401 invalid_token"),
        (&[site], "401 invalid_token"),
        (&[("origin", "null")], "401 invalid_token"),
        (&[site, ("origin", "https://app.example")], "forwarded"),
        (&[], "forwarded"),
    ] {
        let headers = [&[COOKIE], headers].concat();
        let mut worker = Worker::new(oauth);
        let (verdict, _) = ends(&mut worker, "GET /books/x", &headers);
        assert_eq!(verdict, expected, "{headers:?}");
    }
}

#[test]
fn a_cookie_reads_only_where_the_query_asks_for_no_other_method() {
    for (query, expected) in [
        ("_method=DELETE", "401 auth_unverified_oath"),
        ("a=1&_%6Dethod=PUT", "401 auth_unverified_oath"),
        ("method=DELETE&a=_method", "forwarded"),
    ] {
        let mut worker = worker("");
        let line = format!("GET /acme/sandbox/x?{query}");
        assert_eq!(ends(&mut worker, &line, &[COOKIE]).0, expected, "{query}");
    }
}

#[test]
fn a_cookie_across_sites_is_a_refusal_of_its_own_and_costs_no_call() {
    let mut worker = worker("");
    let stream = worker.request("POST /acme/sandbox/x", &[COOKIE, ("cookie", "a=1")]);
    assert!(worker.calls.is_empty());
    assert_eq!(worker.head(stream).header("cookie"), "a=1");
    assert!(matches!(worker.log[0], LogEvent::Refused { refusal: Refusal::CrossSite, .. }));
    assert_eq!(
        worker.log[0].to_string(),
        "refused: reason=cross_site application=acme/sandbox setting=credentials.cookie_origins"
    );
    // Beside another credential it does not count less: two are a conflict.
    let end = ends(&mut worker, "POST /acme/sandbox/x", &[COOKIE, BEARER]);
    assert_eq!(end.0, "400 invalid_request");
    // A token in a header is sent by nobody unasked.
    assert_eq!(ends(&mut worker, "POST /acme/app/x", &[HEADER]).0, "forwarded");
    // Where another credential counts, the cookie is gone.
    let mut lenient = lenient("");
    let stream = lenient.request("POST /acme/app/x", &[COOKIE, BEARER]);
    lenient.active("");
    assert_eq!(lenient.verdict(stream), "forwarded");
    assert_eq!(lenient.head(stream).header("cookie"), "");
}
