//! Tokens that are no good by themselves.

use anyhow::{Context, Result};
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::token::Category;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, books, is, passes, refused, token, user};

/// A good token with another's signature.
fn forged(site: &Stock) -> Result<String> {
    let (tom, other) = (user(site, "tom")?, user(site, "tom")?);
    let half = |token: &str, range: std::ops::Range<usize>| {
        token.get(range).map(str::to_owned).context("a short token")
    };
    Ok(half(&tom, 0..40)? + &half(&other, 40..other.len())?)
}

#[test]
fn what_the_token_says_by_itself_costs_no_call() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("by-itself", version, json!({}))?;
        let tom = site.usergrid.user(SHOP, "tom")?;
        let bad = "auth_unverified_oath";
        refused(&site, &books("garbage"), 401, bad, (0, 0))?;
        refused(&site, &books(&forged(&site)?), 401, bad, (0, 0))?;
        for category in [Category::Email, Category::Refresh, Category::Offline] {
            let token = site.usergrid.issue_other(&tom, category);
            refused(&site, &books(&token), 401, bad, (0, 0))?;
        }
        let expired = site.usergrid.issue(&tom, -1_000);
        refused(&site, &books(&expired), 401, "expired_token", (0, 0))?;
    }
    Ok(())
}

/// Without the check Usergrid has to say it all, and takes every category for access.
#[test]
fn unchecked_tokens_are_left_to_usergrid() -> Result<()> {
    let unchecked = json!({ "token": { "format": "opaque", "salt_env": null } });
    for version in VERSIONS {
        let site = Stock::start("unchecked", version, unchecked.clone())?;
        let tom = site.usergrid.user(SHOP, "tom")?;
        for bad in ["garbage", &forged(&site)?] {
            refused(&site, &books(bad), 401, "auth_invalid", (1, 0))?;
        }
        let expired = site.usergrid.issue(&tom, -1_000);
        refused(&site, &books(&expired), 401, "expired_token", (1, 0))?;
        let mail = site.usergrid.issue_other(&tom, Category::Email);
        let seen = passes(&site, &books(&mail), (1, 0))?;
        is(&seen, "username", Some("tom"))?;
    }
    Ok(())
}

#[test]
fn a_revoked_token_is_refused() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("revoked", version, json!({}))?;
        let token = user(&site, "tom")?;
        site.usergrid.revoke(&token);
        refused(&site, &books(&token), 401, "auth_invalid", (1, 0))?;
    }
    Ok(())
}

#[test]
fn the_token_of_an_application_that_is_gone_is_refused() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("lost", version, json!({}))?;
        let token = token(&site, &Principal::application("acme/lost"));
        refused(&site, &books(&token), 401, "auth_invalid", (1, 0))?;
    }
    Ok(())
}

/// Tokens of another kind beside Usergrid's own.
#[test]
fn mixed_tokens_are_checked_if_they_are_usergrids() -> Result<()> {
    let site = Stock::start("mixed", Version::Master, json!({ "token": { "format": "mixed" } }))?;
    refused(&site, &books(&forged(&site)?), 401, "auth_unverified_oath", (0, 0))?;
    // Usergrid would be asked about one of single sign-on; the stand-in knows none.
    refused(&site, &books("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), 401, "auth_invalid", (1, 0))
}
