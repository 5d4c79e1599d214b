//! What the verifying server receives: form, headers, and the client authentication that was
//! configured.

use anyhow::{Context, Result, ensure};
use integration::harness::client::Request;
use integration::harness::gateway::{GATEWAY_SECRET, GATEWAY_TOKEN};
use integration::harness::http::header;
use integration::servers::stub::introspection::Call;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

fn call(name: &str, introspection: Value, token: &str) -> Result<Call> {
    let site = Site::start(&Setup::test(name).config(json!({ "introspection": introspection })))?;
    let response = site.send(&Request::get("/acme/shop/x").bearer(token))?;
    ensure!(response.status == 200, "status {}: {:?}", response.status, response.json());
    site.introspection.calls().into_iter().next().context("no call")
}

fn authorization(call: &Call) -> Option<String> {
    header(&call.headers, "authorization").map(|value| String::from_utf8_lossy(value).into_owned())
}

fn field<'a>(call: &'a Call, name: &str) -> Vec<&'a str> {
    let fields = call.form.iter().filter(|(key, _)| key == name);
    fields.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn the_call_is_as_the_rfc_says() -> Result<()> {
    let extra = json!({
        "token_type_hint": "access_token",
        "parameters": { "resource": "https://api.example.com/?a=b&c", "tenant": "acme" },
    });
    let call = call("rfc", extra, "alice")?;
    ensure!(field(&call, "token") == ["alice"], "{:?}", call.form);
    ensure!(field(&call, "token_type_hint") == ["access_token"], "{:?}", call.form);
    ensure!(field(&call, "resource") == ["https://api.example.com/?a=b&c"], "{:?}", call.form);
    ensure!(field(&call, "tenant") == ["acme"], "{:?}", call.form);
    ensure!(header(&call.headers, "host").is_some_and(|host| host == b"auth.example.com"));
    let kind = header(&call.headers, "content-type").context("no content type")?;
    ensure!(kind.starts_with(b"application/x-www-form-urlencoded"));
    ensure!(header(&call.headers, "accept").is_some_and(|accept| accept == b"application/json"));
    ensure!(authorization(&call).is_some_and(|value| value.starts_with("Basic ")));
    ensure!(field(&call, "client_secret").is_empty(), "the secret is in the form too");
    Ok(())
}

#[test]
fn every_byte_of_a_token_arrives() -> Result<()> {
    let token = "aZ09-._~+/==";
    let site = Site::start(&Setup::test("bytes"))?;
    let answer = integration::servers::stub::answer::Answer::json(json!({ "active": true }));
    site.introspection.learn(token, answer);
    let in_header = site.send(&Request::get("/acme/shop/x").bearer(token))?;
    let in_query = site.send(&Request::get("/acme/shop/x?access_token=aZ09-._~%2B%2f=%3D"))?;
    ensure!(in_header.status == 200 && in_query.status == 200);
    ensure!(site.introspection.count(token) == 1, "{:?}", site.introspection.calls());
    Ok(())
}

#[test]
fn a_credential_that_is_too_long_costs_no_call() -> Result<()> {
    let site = Site::start(&Setup::test("long"))?;
    for (length, status, calls) in [(16_385, 401, 0), (16_384, 401, 1)] {
        let long = "a".repeat(length);
        let in_header = site.send(&Request::get("/acme/shop/x").bearer(&long))?;
        let in_query = site.send(&Request::get(format!("/acme/shop/x?access_token={long}")))?;
        ensure!(in_header.status == status && in_query.status == status, "{}", in_header.status);
        let made = site.introspection.count(&long);
        ensure!(made == calls, "{made} calls for {length} bytes");
    }
    Ok(())
}

#[test]
fn client_secret_post() -> Result<()> {
    let auth = json!({ "method": "client_secret_post" });
    let call = call("post", json!({ "client_auth": auth }), "alice")?;
    ensure!(authorization(&call).is_none(), "{:?}", call.headers);
    ensure!(field(&call, "client_id") == ["gateway"]);
    ensure!(field(&call, "client_secret") == [GATEWAY_SECRET]);
    Ok(())
}

#[test]
fn bearer() -> Result<()> {
    let auth = json!({
        "method": "bearer", "token": GATEWAY_TOKEN, "client_id": null, "client_secret_env": null,
    });
    let call = call("bearer", json!({ "client_auth": auth }), "alice")?;
    ensure!(authorization(&call) == Some(format!("Bearer {GATEWAY_TOKEN}")));
    Ok(())
}

#[test]
fn none() -> Result<()> {
    let introspection = json!({ "client_auth": null, "path": "/open/introspect" });
    let call = call("none", introspection, "alice")?;
    ensure!(authorization(&call).is_none(), "{:?}", call.headers);
    ensure!(field(&call, "client_id").is_empty());
    Ok(())
}

#[test]
fn a_failing_server_is_asked_again_as_often_as_configured() -> Result<()> {
    for (retries, calls) in [(0, 1), (2, 3)] {
        let config = json!({ "introspection": { "retries": retries } });
        let site = Site::start(&Setup::test("retries").config(config))?;
        let response = site.send(&Request::get("/acme/shop/x").bearer("status-503"))?;
        ensure!(response.status == 503);
        let made = site.introspection.count("status-503");
        ensure!(made == calls, "{made} calls with {retries} retries");
    }
    Ok(())
}

#[test]
fn the_client_pair_goes_to_the_token_endpoint_only() -> Result<()> {
    for (method, in_form) in [("client_secret_post", true), ("client_secret_basic", false)] {
        let config = json!({ "client_credentials": { "client_auth": method } });
        let site = Site::start(&Setup::test("pair").config(config))?;
        let path = "/globex/crm/x?client_id=globex&client_secret=globex-secret";
        let response = site.send(&Request::get(path))?;
        ensure!(response.status == 200, "{method}: {}", response.status);
        let calls = site.introspection.calls();
        let call = calls.first().context("no call")?;
        ensure!(call.path == "/management/token" && calls.len() == 1, "{calls:?}");
        ensure!(field(call, "grant_type") == ["client_credentials"]);
        ensure!(field(call, "client_secret").is_empty() != in_form, "{method}: {:?}", call.form);
        for seen in site.backend.seen() {
            let text = format!("{seen:?}");
            ensure!(!text.contains("globex-secret"), "the backend saw the secret: {text}");
        }
    }
    Ok(())
}
