//! Envoy follows redirects of the backend by itself: the filter judges the request a second time, by
//! the head that its first pass has left.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::harness::http::header;
use integration::servers::stub::backend::LOCATION;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

fn start(name: &str, patch: Value) -> Result<Site> {
    let setup = Setup::test(name).config(patch);
    Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.follow_redirects()?;
        Ok(bootstrap)
    })
}

fn to(request: Request, path: &str) -> Request {
    request.header(LOCATION, format!("http://api.example.com{path}"))
}

/// What reached the backend on the second pass: its path and who it was for; `None` if that pass
/// was refused.
fn second_pass(site: &Site, request: &Request) -> Result<Option<(String, Option<String>)>> {
    let before = site.backend.seen().len();
    let response = site.send(request)?;
    let seen = site.backend.seen().split_off(before);
    ensure!(!seen.is_empty(), "the first pass was refused");
    let Some(second) = seen.get(1) else {
        ensure!(response.status == 401, "status {}", response.status);
        return Ok(None);
    };
    ensure!(response.status == 200, "status {}", response.status);
    ensure!(header(&second.headers, "x-envoy-original-url").is_some(), "{:?}", second.headers);
    let principal = header(&second.headers, "x-usergrid-principal");
    let principal = principal.map(|value| String::from_utf8_lossy(value).into_owned());
    Ok(Some((second.path.clone(), principal)))
}

#[test]
fn a_verified_caller_does_not_become_a_guest() -> Result<()> {
    for (name, patch) in [
        ("redirect-remove", json!({ "forward": { "credential": "remove" } })),
        ("redirect-as-sent", json!({ "forward": { "credential": "as_sent" } })),
        ("redirect-source", json!({ "credentials": { "sources": ["query"] } })),
    ] {
        let site = start(name, patch)?;
        let caller = Request::get("/acme/shop/x?access_token=alice");
        let found = second_pass(&site, &to(caller, "/acme/sandbox/y"))?;
        ensure!(found.is_none(), "{name}: {found:?}");
        let guest = to(Request::get("/acme/sandbox/x"), "/acme/sandbox/y");
        let found = second_pass(&site, &guest)?;
        ensure!(
            found == Some(("/acme/sandbox/y".into(), Some("guest".into()))),
            "{name}: {found:?}"
        );
        // A client's word for it counts on no pass.
        let liar = Request::get("/acme/shop/x?access_token=alice")
            .header("x-usergrid-principal", "guest")
            .header("x-envoy-original-url", "http://api.example.com/acme/sandbox/x");
        let found = second_pass(&site, &to(liar, "/acme/sandbox/y"))?;
        ensure!(found.is_none(), "{name}: {found:?}");
    }
    Ok(())
}

#[test]
fn a_caller_whose_credential_goes_on_is_judged_by_it_again() -> Result<()> {
    let site = start("redirect-header", json!({}))?;
    let caller = || Request::get("/acme/shop/x?access_token=alice");
    let found = second_pass(&site, &to(caller(), "/acme/shop/y"))?;
    ensure!(found == Some(("/acme/shop/y".into(), Some("application_user".into()))), "{found:?}");
    let found = second_pass(&site, &to(caller(), "/globex/crm/y"))?;
    ensure!(found.is_none(), "another tenant: {found:?}");
    Ok(())
}
