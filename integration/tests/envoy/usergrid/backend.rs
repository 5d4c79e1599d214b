//! The backend without Envoy: what it refuses by itself is a part of what the other tests show.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use integration::harness::client::{self, Request};
use integration::harness::gateway::GATEWAY_SECRET;
use integration::harness::wait;
use integration::servers::usergrid::relay::Relay;
use integration::servers::usergrid::{APPLICATION_CLIENT, PASSWORD, Usergrid};
use serde_json::{Value, json};

use super::APPLICATIONS;

/// The backend, and what a request to it is answered with.
struct Alone(Usergrid);

impl Alone {
    fn start() -> Result<Self> {
        Ok(Self(Usergrid::start(SocketAddr::from(([127, 0, 0, 1], 0)))?))
    }

    fn ask(&self, request: &Request) -> Result<(u16, Value)> {
        let response = client::send(self.0.address(), request)?;
        Ok((response.status, response.json()?))
    }

    fn login(&self, more: Value) -> Result<(u16, Value)> {
        let mut body = json!({ "grant_type": "password", "username": "tom", "password": PASSWORD });
        integration::harness::bootstrap::merge(&mut body, &more);
        self.ask(&Request::new("POST", "/acme/shop/token").body(body.to_string()))
    }

    fn token(&self, more: Value) -> Result<String> {
        let (_, answer) = self.login(more)?;
        Ok(answer["access_token"].as_str().with_context(|| answer.to_string())?.to_owned())
    }

    /// What the introspection service says, which asks the backend.
    fn introspect(&self, secret: &str, token: &str) -> Result<(u16, Value)> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let relay = Relay::start(anywhere, &self.0.address().to_string(), &APPLICATIONS)?;
        let basic = BASE64_STANDARD.encode(format!("gateway:{secret}"));
        let request = Request::new("POST", "/oauth2/introspect").body(format!("token={token}"));
        let request = request.header("authorization", format!("Basic {basic}"));
        let response = client::send(relay.address(), &request)?;
        Ok((response.status, response.json()?))
    }
}

#[test]
fn credentials_are_judged() -> Result<()> {
    let alone = Alone::start()?;
    let tom = alone.token(json!({}))?;
    let other = alone.token(json!({}))?;
    let get = |token: &str| Request::get("/acme/shop/books").bearer(token);
    let forged = format!("{}{}", &tom[..40], &other[40..]);
    let (id, secret) = APPLICATION_CLIENT;
    // An identity header opens nothing: the backend believes tokens only.
    let posing = Request::get("/acme/shop/books").header("x-usergrid-principal", "admin_user");
    for (request, status, word) in [
        (get(&tom), 200, ""),
        (Request::get(format!("/acme/shop/books?access_token={tom}")), 200, ""),
        (Request::get(format!("/acme/shop/books?client_id={id}&client_secret={secret}")), 200, ""),
        (get(&forged), 401, "auth_unverified_oath"),
        (get("gibberish"), 401, "auth_unverified_oath"),
        (Request::get("/acme/sandbox/books").bearer("gibberish"), 401, "auth_unverified_oath"),
        (posing, 401, "unauthorized"),
        (Request::get("/acme/sandbox/books"), 200, ""),
        (Request::get("/globex/lab/books").bearer(&tom), 401, "unauthorized"),
        (Request::get("/acme/nowhere/books"), 404, "organization_application_not_found"),
        (Request::get("/acme/shop/pets").bearer(&tom), 404, "service_resource_not_found"),
    ] {
        let (got, answer) = alone.ask(&request)?;
        let what = client::describe(&request);
        ensure!(got == status, "{what}: {got} {answer}");
        ensure!(answer["error"].as_str().unwrap_or_default() == word, "{what}: {answer}");
    }
    Ok(())
}

#[test]
fn an_answer_repeats_the_query() -> Result<()> {
    let alone = Alone::start()?;
    let tom = alone.token(json!({}))?;
    let path = format!("/acme/shop/books?limit=3&filter=a&filter=b&access_token={tom}");
    let (_, answer) = alone.ask(&Request::get(path))?;
    let expected = json!({ "limit": ["3"], "filter": ["a", "b"], "access_token": [tom] });
    ensure!(answer["params"] == expected, "{answer}");
    Ok(())
}

#[test]
fn token_endpoints_refuse_what_usergrid_refuses() -> Result<()> {
    let alone = Alone::start()?;
    for (more, word) in [
        (json!({ "password": "guess" }), "invalid_grant"),
        (json!({ "username": "nobody" }), "invalid_grant"),
        (json!({ "grant_type": "refresh_token" }), "invalid_grant"),
        (json!({ "ttl": 604_800_001_u64 }), "illegal_argument"),
        (json!({ "ttl": "soon" }), "illegal_argument"),
    ] {
        let (status, answer) = alone.login(more.clone())?;
        ensure!(status == 400 && answer["error"] == word, "{more}: {status} {answer}");
        let oauth = word == "invalid_grant";
        ensure!(answer["exception"].is_null() == oauth, "{more}: {answer}");
    }
    Ok(())
}

#[test]
fn a_user_signs_up_and_a_name_is_taken_once() -> Result<()> {
    let alone = Alone::start()?;
    let sign_up = || {
        let eve = json!({ "username": "eve", "password": "apple", "email": "eve@example.com" });
        alone.ask(&Request::new("POST", "/acme/shop/users").body(eve.to_string()))
    };
    let (status, answer) = sign_up()?;
    ensure!(status == 200 && answer["action"] == "post" && answer["path"] == "/users", "{answer}");
    ensure!(!answer.to_string().contains("apple"), "the password is answered: {answer}");
    let token = alone.token(json!({ "username": "eve", "password": "apple" }))?;
    let (_, me) = alone.ask(&Request::get("/acme/shop/users/me").bearer(&token))?;
    ensure!(me["entities"][0]["username"] == "eve", "{me}");
    let (status, answer) = sign_up()?;
    ensure!(status == 400 && answer["error"] == "duplicate_unique_property_exists", "{answer}");
    Ok(())
}

#[test]
fn introspection_is_for_the_gateway_and_tells_whose_a_token_is() -> Result<()> {
    let alone = Alone::start()?;
    let tom = alone.token(json!({}))?;
    let (status, answer) = alone.introspect("guess", &tom)?;
    ensure!(status == 401 && answer["error"] == "invalid_client", "{answer}");
    let (_, answer) = alone.introspect(GATEWAY_SECRET, &tom)?;
    for (name, value) in [
        ("active", json!(true)),
        ("principal", json!("application_user")),
        ("username", json!("tom")),
        ("organization", json!("acme")),
        ("application", json!("acme/shop")),
        // Usergrid does not tell them.
        ("roles", Value::Null),
        ("permissions", Value::Null),
    ] {
        ensure!(answer[name] == value, "{name} in {answer}");
    }
    ensure!(answer["sub"].is_string() && answer["exp"].is_i64(), "{answer}");
    let (status, answer) = alone.introspect(GATEWAY_SECRET, "gibberish")?;
    ensure!(status == 200 && answer == json!({ "active": false }), "{answer}");
    // The backend itself has no such endpoint.
    let request = Request::new("POST", "/oauth2/introspect").body(format!("token={tom}"));
    let (status, answer) = alone.ask(&request)?;
    ensure!(status == 404, "{answer}");
    Ok(())
}

#[test]
fn a_token_expires() -> Result<()> {
    let alone = Alone::start()?;
    let brief = alone.token(json!({ "ttl": 50 }))?;
    wait::until("the end of a token", || {
        let (status, answer) = alone.ask(&Request::get("/acme/shop/books").bearer(&brief))?;
        Ok((status == 401 && answer["error"] == "expired_token").then_some(()))
    })?;
    let (_, answer) = alone.introspect(GATEWAY_SECRET, &brief)?;
    ensure!(answer == json!({ "active": false }), "{answer}");
    Ok(())
}
