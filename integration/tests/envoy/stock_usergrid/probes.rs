//! The requests themselves: nothing of a client's request is in them but its token, the names in
//! its path, and its trace.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use integration::harness::client::Request;
use integration::servers::stub::backend::Seen;
use integration::servers::usergrid::version::Version;
use integration::servers::usergrid::{ADMIN, principal::Principal};
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, books, passes, token, user};

/// What Envoy adds to every call of a filter.
const ENVOYS: [&str; 3] = ["x-envoy-internal", "x-forwarded-for", "x-envoy-expected-rq-timeout-ms"];
/// What may be of the client's request, so that one finds the other.
const TRACE: [&str; 4] = ["traceparent", "tracestate", "b3", "x-request-id"];

fn headers(seen: &Seen) -> BTreeMap<String, String> {
    let text = |value: &Vec<u8>| String::from_utf8_lossy(value).into_owned();
    let own = |name: &str| !ENVOYS.contains(&name) && !TRACE.contains(&name);
    let own = seen.headers.iter().filter(|(name, _)| own(name));
    own.map(|(name, value)| (name.clone(), text(value))).collect()
}

fn expected(token: &str) -> BTreeMap<String, String> {
    let authorization = format!("Bearer {token}");
    [
        ("host", "api.example.com"),
        ("accept", "application/json"),
        ("cache-control", "no-store"),
        ("authorization", authorization.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into_iter()
    .collect()
}

/// A client's request with all that might find its way into a probe.
fn chatty(token: &str) -> Request {
    Request::get("/acme/shop/books?ql=select%20*&callback=evil")
        .header("authorization", format!("bEARER   {token}"))
        .header("accept", "text/html")
        .header("accept-encoding", "gzip, br")
        .header("origin", "https://evil.example.com")
        .header("cookie", "session=1")
        .header("user-agent", "somebody")
        .header("x-request-id", "request-1")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("baggage", "secret=1")
}

#[test]
fn a_probe_has_these_headers_and_no_others() -> Result<()> {
    let site = Stock::start("headers", Version::Master, json!({}))?;
    let root = token(&site, &Principal::admin(ADMIN));
    passes(&site, &chatty(&root), (1, 1))?;
    for (seen, what) in site.asked().iter().zip(["GET users/me", "HEAD credentials"]) {
        let (method, path) = what.split_once(' ').context("two words")?;
        ensure!(seen.method == method && seen.path == format!("/{SHOP}/{path}"), "{seen:?}");
        ensure!(seen.body_bytes == 0, "{what} has a body");
        let found = headers(seen);
        ensure!(found == expected(&root), "{what}: {found:#?}");
    }
    Ok(())
}

#[test]
fn names_are_decoded_once_and_written_anew() -> Result<()> {
    let site = Stock::start("names", Version::Master, json!({}))?;
    let tom = user(&site, "tom")?;
    for path in ["/ACME/Shop/books", "/acme/%73hop/books"] {
        passes(&site, &Request::get(path).bearer(&tom), {
            if path.starts_with("/ACME") { (1, 0) } else { (0, 0) }
        })?;
    }
    // A name of other letters is asked about in their encoding, and cannot add to the path.
    site.usergrid.forget();
    site.send(&Request::get("/acme/sh%20op%3fx/books").bearer(&tom))?;
    site.send(&Request::get("/acme/caf%c3%a9/books").bearer(&tom))?;
    let paths: Vec<String> = site.asked().into_iter().map(|seen| seen.path).collect();
    ensure!(paths == ["/acme/caf%C3%A9/users/me"], "{paths:?}");
    Ok(())
}

#[test]
fn a_token_in_the_query_is_asked_about_in_the_header() -> Result<()> {
    let site = Stock::start("query", Version::Master, json!({}))?;
    let tom = user(&site, "tom")?;
    let request = Request::get(format!("/acme/shop/books?limit=3&access_token={tom}"));
    let seen = passes(&site, &request, (1, 0))?;
    ensure!(seen.path == "/acme/shop/books?limit=3", "{}", seen.path);
    let asked = site.asked().pop().context("nothing was asked")?;
    ensure!(asked.path == "/acme/shop/users/me", "{}", asked.path);
    // The same token in its other place is known.
    passes(&site, &books(&tom), (0, 0)).map(drop)
}
