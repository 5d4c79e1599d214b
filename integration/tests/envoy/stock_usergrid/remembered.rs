//! What is remembered: a verdict for one application, what is about the token alone for all.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::servers::usergrid::ADMIN;
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, books, books_of, passes, refused, token, user};

#[test]
fn the_next_request_costs_nothing() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("next", version, json!({}))?;
        let (tom, root) = (user(&site, "tom")?, token(&site, &Principal::admin(ADMIN)));
        passes(&site, &books(&tom), (1, 0))?;
        passes(&site, &books(&root), (1, 1))?;
        for token in [&tom, &root] {
            passes(&site, &books(token), (0, 0))?;
            passes(&site, &Request::get("/ACME/shop/users/me").bearer(token), {
                // The client's own request.
                (1, 0)
            })?;
        }
    }
    Ok(())
}

/// One application's verdict is no other's.
#[test]
fn another_application_is_asked_about_anew() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("anew", version, json!({}))?;
        let (tom, root) = (user(&site, "tom")?, token(&site, &Principal::admin(ADMIN)));
        let foreign = if version == Version::Master { (1, 1) } else { (1, 0) };
        passes(&site, &books(&tom), (1, 0))?;
        refused(&site, &books_of("acme/sandbox", &tom), 401, "unauthorized", foreign)?;
        passes(&site, &books(&tom), (0, 0))?;
        passes(&site, &books(&root), (1, 1))?;
        passes(&site, &books_of("acme/sandbox", &root), (1, 1))?;
    }
    Ok(())
}

/// A revoked token is a matter of the token, so many names are no way to many calls.
#[test]
fn a_bad_token_sprayed_over_many_names_costs_a_handful_of_calls() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("sprayed", version, json!({}))?;
        let bad = user(&site, "tom")?;
        site.usergrid.revoke(&bad);
        for number in 0..200 {
            let path = format!("/acme/name{number}/books");
            let response = site.send(&Request::get(path).bearer(&bad))?;
            ensure!(response.status == 401, "{}", response.status);
        }
        let (u, k) = site.probes();
        // It is young, and its refusal holds for a second at a time.
        ensure!(u <= 10 && k == 0, "{u} U and {k} K for 200 names");
    }
    Ok(())
}

/// What is known of a good token elsewhere ends with it.
#[test]
fn a_token_that_is_refused_anywhere_is_refused_everywhere() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("everywhere", version, json!({}))?;
        let root = token(&site, &Principal::admin(ADMIN));
        passes(&site, &books(&root), (1, 1))?;
        site.usergrid.revoke(&root);
        passes(&site, &books(&root), (0, 0))?;
        refused(&site, &books_of("acme/sandbox", &root), 401, "auth_invalid", (1, 0))?;
        let response = site.send(&books(&root))?;
        ensure!(response.status == 401, "{SHOP}: {}", response.status);
    }
    Ok(())
}

/// A good token is asked about in ten applications a second, and no more.
#[test]
fn a_good_token_is_not_asked_about_everywhere_at_once() -> Result<()> {
    let site = Stock::start("at-once", Version::Master, json!({}))?;
    let tom = user(&site, "tom")?;
    let mut overloaded = 0;
    for number in 0..30 {
        let response = site.send(&Request::get(format!("/acme/n{number}/books")).bearer(&tom))?;
        ensure!([401, 503].contains(&response.status), "{}", response.status);
        overloaded += usize::from(response.status == 503);
    }
    ensure!(overloaded > 0, "all of them were asked about");
    passes(&site, &books(&user(&site, "ann")?), (1, 0)).map(drop)
}

#[test]
fn a_revocation_that_passes_by_ends_the_token() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("passing-by", version, json!({}))?;
        let (tom, other) = (user(&site, "tom")?, user(&site, "tom")?);
        passes(&site, &books(&tom), (1, 0))?;
        passes(&site, &books(&other), (1, 0))?;
        let path = format!("/{SHOP}/users/tom/revoketoken?token={tom}");
        ensure!(site.send(&Request::new("PUT", path).bearer(&other))?.status == 200);
        refused(&site, &books(&tom), 401, "auth_invalid", (1, 0))?;
        passes(&site, &books(&other), (0, 0))?;
    }
    Ok(())
}

/// By name, where an administrator is known by UUID alone.
#[test]
fn a_revocation_by_name_reaches_administrators() -> Result<()> {
    let patch = json!({ "introspection": { "management": "me" } });
    let site = Stock::start("by-name", Version::Master, patch)?;
    let root = token(&site, &Principal::admin(ADMIN));
    passes(&site, &books(&root), (1, 1))?;
    let path = "/management/users/root/revoketokens";
    ensure!(site.send(&Request::new("POST", path).bearer(&root))?.status == 200);
    refused(&site, &books(&root), 401, "auth_invalid", (1, 0))
}
