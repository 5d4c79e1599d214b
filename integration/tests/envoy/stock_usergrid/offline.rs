//! `offline_if_error`: while Usergrid's verification is down, the signature alone admits.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::harness::wait;
use integration::servers::usergrid::calls::Kind;
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::servers::usergrid::{ADMIN, APPLICATION_CLIENT};
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, books, identity, passes, refused, token, unavailable, user};

fn site(name: &str, version: Version) -> Result<Stock> {
    let offline = json!({
        "introspection": { "offline_if_error": true }, "breaker": { "failures": 1000 },
    });
    Stock::start(&format!("offline-{name}"), version, offline)
}

fn down(site: &Stock, what: What) {
    site.usergrid.fault(Some(Fault::of(Kind::U, what)));
}

#[test]
fn a_signed_token_is_admitted_as_nobody() -> Result<()> {
    for version in VERSIONS {
        let site = site("signed", version)?;
        for what in [What::Status(500), What::Html(503), What::Reset] {
            down(&site, what);
            let seen = passes(&site, &books(&user(&site, "tom")?), (1, 0))?;
            let names = ["principal", "subject", "username", "organization", "application"];
            let found = identity(&seen, names);
            ensure!(found.iter().all(Option::is_none), "{found:?}");
        }
        site.envoy.admin().wait_for_metric("cache_total;result=offline", 3)?;
        ensure!(site.envoy.log()?.contains("`offline_if_error`"), "the log says nothing of it");
        refused(&site, &books("garbage"), 401, "auth_unverified_oath", (0, 0))?;
    }
    Ok(())
}

#[test]
fn what_a_caller_can_provoke_is_no_outage() -> Result<()> {
    let site = site("provoked", Version::Master)?;
    for what in [
        What::Redirect,
        What::Html(200),
        What::Html(404),
        What::Status(429),
        What::Answers(200, "{".into()),
        // Usergrid is there; its database is not, which only Usergrid can say.
        What::Outage,
    ] {
        down(&site, what);
        unavailable(&site, &books(&user(&site, "tom")?), (1, 0))?;
    }
    site.usergrid.fault(None);
    unavailable(&site, &books(&user(&site, "bulk")?), (1, 0))
}

#[test]
fn k_may_be_down_as_well() -> Result<()> {
    let site = site("k", Version::Master)?;
    site.usergrid.fault(Some(Fault::of(Kind::K, What::Status(500))));
    let seen = passes(&site, &books(&token(&site, &Principal::admin(ADMIN))), (1, 1))?;
    ensure!(identity(&seen, ["principal"]) == [None]);
    Ok(())
}

#[test]
fn a_client_pair_has_no_signature() -> Result<()> {
    let site = site("pair", Version::Master)?;
    site.usergrid.fault(Some(Fault::of(Kind::Token, What::Status(500))));
    let (id, secret) = APPLICATION_CLIENT;
    let path = format!("/acme/shop/books?client_id={id}&client_secret={secret}");
    unavailable(&site, &Request::get(path), (0, 0))
}

/// The answer about it is over by then; that it was refused is not forgotten.
#[test]
fn a_token_that_was_denied_stays_out() -> Result<()> {
    let offline = json!({
        "introspection": { "offline_if_error": true },
        "cache": { "negative_ttl": "1s" }, "breaker": { "failures": 1000 },
    });
    let site = Stock::start("offline-denied", Version::Master, offline)?;
    let token = user(&site, "tom")?;
    site.usergrid.revoke(&token);
    refused(&site, &books(&token), 401, "auth_invalid", (1, 0))?;
    down(&site, What::Status(500));
    site.usergrid.forget();
    wait::until("a call about the denied token", || {
        let status = site.send(&books(&token))?.status;
        ensure!([401, 503].contains(&status), "{status} for a token that was denied");
        Ok((status == 503).then_some(()))
    })?;
    ensure!(site.passed().is_empty(), "a denied token was admitted");
    Ok(())
}

#[test]
fn a_token_whose_revocation_passed_by_stays_out() -> Result<()> {
    let site = site("revoked", Version::Master)?;
    let (tom, other) = (user(&site, "tom")?, user(&site, "tom")?);
    passes(&site, &books(&tom), (1, 0))?;
    let path = format!("/{SHOP}/users/tom/revoketoken?token={tom}");
    ensure!(site.send(&Request::new("PUT", path).bearer(&other))?.status == 200);
    down(&site, What::Status(500));
    unavailable(&site, &books(&tom), (1, 0))?;
    // Another's token is admitted as before.
    passes(&site, &books(&user(&site, "ann")?), (1, 0)).map(drop)
}
