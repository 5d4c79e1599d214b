//! The server as strangers find it: other pages, other names, other sizes.

use serde_json::json;

use super::*;
use crate::harness::admin::Admin;
use crate::harness::client::{self, Request, Response};
use crate::programs::demo::page::events::Events;
use crate::programs::demo::page::explained::Filter;
use crate::site::Setup;

/// The page of an Envoy that has gone.
fn page() -> Server {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let demo = Demo {
        title: "a title".into(),
        envoy: nowhere,
        admin: Admin::new(nowhere),
        filter: Filter::new(&Setup::default(), nowhere).unwrap(),
        events: Events::default(),
        sending: std::sync::Mutex::default(),
    };
    serve(([127, 0, 0, 1], 0).into(), Arc::new(demo)).unwrap()
}

fn own(page: &Server, request: Request) -> Request {
    request.header("host", page.address().to_string())
}

fn posted(page: &Server) -> Request {
    let body = json!({ "method": "GET", "path": "/", "headers": "" });
    own(page, Request::new("POST", "/try"))
        .header("content-type", "application/json")
        .body(body.to_string())
}

fn asked(page: &Server, request: &Request) -> Response {
    client::send(page.address(), request).unwrap()
}

#[test]
fn it_is_one_file_that_runs_nothing_else() {
    let page = page();
    let answer = asked(&page, &own(&page, Request::get("/")));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, PAGE.as_bytes());
    let policy = answer.header("content-security-policy").unwrap();
    assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none';"), "{policy}");
    for tag in ["<script", "<style"] {
        assert_eq!(PAGE.matches(tag).count(), 1, "{tag}");
    }
    for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", " on", "//"] {
        let found = PAGE.lines().find(|line| {
            line.contains(sink) && !line.trim_start().starts_with("//") && {
                sink != " on" || line.contains(" onload=") || line.contains(" onclick=")
            }
        });
        assert_eq!(found, None, "{sink}");
    }
}

#[test]
fn it_answers_to_its_own_name_alone() {
    let page = page();
    let port = page.address().port();
    let status = |request: &Request| asked(&page, request).status;
    assert_eq!(status(&Request::get("/").header("host", format!("localhost:{port}"))), 200);
    for host in ["rebound.example.com", "127.0.0.1.example.com:80", "[::1]:80", "", ":80"] {
        assert_eq!(status(&Request::get("/").header("host", host)), 421, "{host}");
    }
    let twice = own(&page, own(&page, Request::get("/")));
    assert_eq!(status(&twice), 400);
}

#[test]
fn it_takes_requests_of_its_own_page_alone() {
    let page = page();
    let origin = format!("http://{}", page.address());
    let status = |request: &Request| asked(&page, request).status;
    // Its own gets as far as Envoy.
    let answer = asked(&page, &posted(&page).header("origin", &origin));
    let gone = json!("Envoy closed the connection without an answer");
    assert_eq!((answer.status, &answer.json().unwrap()["problem"]), (400, &gone));

    assert_eq!(status(&posted(&page)), 403);
    for other in ["null", "http://127.0.0.1:1", "https://example.com", &format!("{origin}0")] {
        assert_eq!(status(&posted(&page).header("origin", other)), 403, "{other}");
    }
    for site in ["cross-site", "same-site", "none"] {
        let request = posted(&page).header("origin", &origin).header("sec-fetch-site", site);
        assert_eq!(status(&request), 403, "{site}");
    }
    for path in ["/", "/events"] {
        let request = own(&page, Request::get(path)).header("sec-fetch-site", "cross-site");
        assert_eq!(status(&request), 403, "{path}");
    }
    let plain = own(&page, Request::new("POST", "/try"))
        .header("origin", &origin)
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(status(&plain), 415);
    assert_eq!(status(&own(&page, Request::get("/try"))), 404);
}

#[test]
fn it_reads_no_more_than_a_form() {
    let page = page();
    let origin = format!("http://{}", page.address());
    let bare = || {
        own(&page, Request::new("POST", "/try"))
            .header("origin", &origin)
            .header("content-type", "application/json")
    };
    let status = |request: &Request| asked(&page, request).status;
    assert_eq!(status(&bare().header("content-length", "16385")), 413);
    assert_eq!(status(&bare().header("content-length", "-1")), 400);
    assert_eq!(status(&bare().header("transfer-encoding", "chunked")), 411);
    let both = bare().header("content-length", "2").header("transfer-encoding", "chunked");
    assert_eq!(status(&both), 400);
    assert_eq!(status(&own(&page, Request::get("/")).header("content-length", "2")), 400);
    let endless = own(&page, Request::get("/")).header("x", "y".repeat(64 * 1024));
    assert!(client::send(page.address(), &endless).is_err());
}
