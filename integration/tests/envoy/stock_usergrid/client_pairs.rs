//! Client id and secret: Usergrid's token endpoint verifies them, K says what they are good for.

use anyhow::{Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use integration::harness::client::{self, Request};
use integration::harness::http::header;
use integration::servers::usergrid::calls::Kind;
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::servers::usergrid::{APPLICATION_CLIENT, ORGANIZATION_CLIENT};
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, is, passes, refused};

fn in_query(application: &str, id: &str, secret: &str) -> Request {
    Request::get(format!("/{application}/books?client_id={id}&client_secret={secret}"))
}

fn in_basic(id: &str, secret: &str) -> Request {
    let pair = BASE64_STANDARD.encode(format!("{id}:{secret}"));
    Request::get("/acme/shop/books").header("authorization", format!("Basic {pair}"))
}

fn issued(site: &Stock, count: usize) -> Result<()> {
    let calls = site.asked().iter().filter(|seen| seen.path == "/management/token").count();
    ensure!(calls == count, "{calls} tokens were asked for instead of {count}");
    Ok(())
}

#[test]
fn a_pair_costs_a_token_and_k() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("pair", version, json!({}))?;
        for ((id, secret), principal) in
            [(APPLICATION_CLIENT, "application"), (ORGANIZATION_CLIENT, "organization")]
        {
            let seen = passes(&site, &in_query(SHOP, id, secret), (0, 1))?;
            issued(&site, 1)?;
            is(&seen, "principal", Some(principal))?;
            is(&seen, "client-id", Some(id))?;
            is(&seen, "organization", Some("acme"))?;
            ensure!(!seen.path.contains("client_"), "{}", seen.path);
            let authorization = header(&seen.headers, "authorization").unwrap_or_default();
            ensure!(authorization.starts_with(b"Bearer YWMt"), "no issued token");
            passes(&site, &in_basic(id, secret), (0, 0))?;
            issued(&site, 0)?;
        }
    }
    Ok(())
}

#[test]
fn an_organisations_pair_is_good_for_all_its_applications() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("pair-org", version, json!({}))?;
        let (id, secret) = ORGANIZATION_CLIENT;
        for application in [SHOP, "acme/sandbox"] {
            passes(&site, &in_query(application, id, secret), (0, 1))?;
        }
        refused(&site, &in_query("globex/lab", id, secret), 401, "unauthorized", (0, 1))?;
        let (id, secret) = site.usergrid.client(&Principal::application("globex/lab"))?;
        refused(&site, &in_query(SHOP, &id, &secret), 401, "unauthorized", (0, 1))?;
        issued(&site, 1).and_then(|()| {
            refused(&site, &in_query(SHOP, &id, "no"), 401, "invalid_client", (0, 0))
        })?;
    }
    Ok(())
}

#[test]
fn a_wrong_secret_is_refused_in_the_words_of_its_place() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("pair-wrong", version, json!({}))?;
        let id = APPLICATION_CLIENT.0;
        refused(&site, &in_query(SHOP, id, "guess"), 401, "invalid_client", (0, 0))?;
        issued(&site, 1)?;
        refused(&site, &in_basic(id, "guess too"), 401, "auth_invalid_credentials", (0, 0))?;
    }
    Ok(())
}

/// Usergrid has the same word for a wrong secret and for an outage, so it holds for a moment only.
#[test]
fn an_outage_refuses_pairs_for_a_moment() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("pair-outage", version, json!({}))?;
        let (id, secret) = APPLICATION_CLIENT;
        let request = in_query(SHOP, id, secret);
        site.usergrid.fault(Some(Fault::of_all(What::Outage)));
        refused(&site, &request, 401, "invalid_client", (0, 0))?;
        site.usergrid.fault(None);
        integration::harness::wait::until("the end of a doubtful refusal", || {
            Ok((site.send(&request)?.status == 200).then_some(()))
        })?;
        site.usergrid.fault(Some(Fault::of(Kind::Token, What::Html(502))));
        let (id, secret) = ORGANIZATION_CLIENT;
        refused(&site, &in_query(SHOP, id, secret), 503, "service_unavailable", (0, 0))?;
    }
    Ok(())
}

#[test]
fn pairs_can_be_turned_off() -> Result<()> {
    let off = json!({ "client_credentials": "$null" });
    let site = Stock::start("pair-off", Version::Master, off)?;
    let (id, secret) = APPLICATION_CLIENT;
    refused(&site, &in_query(SHOP, id, secret), 401, "invalid_client", (0, 0))?;
    issued(&site, 0)
}

/// Tokens issued for pairs end soon, so that they do not pile up in Usergrid.
#[test]
fn an_issued_token_lives_little_longer_than_the_answer() -> Result<()> {
    let site = Stock::start("pair-ttl", Version::Master, json!({ "cache": { "ttl": "7s" } }))?;
    let (id, secret) = APPLICATION_CLIENT;
    passes(&site, &in_query(SHOP, id, secret), (0, 1))?;
    let asked = site.asked();
    let form = asked.first().map(|seen| String::from_utf8_lossy(&seen.body).into_owned());
    let form = form.unwrap_or_default();
    ensure!(form.contains("&ttl=17000"), "{form}");
    // What a client sends itself to a token endpoint is none of the filter's.
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let request = Request::new("POST", "/acme/shop/token").body(body);
    let response = site.send(&request)?;
    ensure!(response.status == 200, "{}: {}", client::describe(&request), response.status);
    Ok(())
}
