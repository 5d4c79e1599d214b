//! Usergrid 2.1.0 hides from users with few rights even their own record.

use anyhow::Result;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::{Value, json};

use super::{SHOP, books, books_of, is, passes, refused, token, uuid};

fn site(name: &str, more: Value) -> Result<Stock> {
    let accept = json!({ "introspection": { "restricted_users": "accept" } });
    Stock::with(&Stock::setup(name).config(accept).config(more), Version::Release210)
}

#[test]
fn they_are_refused_by_default() -> Result<()> {
    let site = Stock::start("restricted", Version::Release210, json!({}))?;
    let kim = site.usergrid.user(SHOP, "kim")?;
    refused(&site, &books(&token(&site, &kim)), 401, "unauthorized", (1, 0))
}

#[test]
fn accepted_they_are_known_by_uuid() -> Result<()> {
    let site = site("accepted", json!({}))?;
    let kim = site.usergrid.user(SHOP, "kim")?;
    let token = token(&site, &kim);
    let seen = passes(&site, &books(&token), (1, 0))?;
    is(&seen, "principal", Some("application_user"))?;
    is(&seen, "subject", Some(&uuid(&kim)?))?;
    is(&seen, "username", None)?;
    is(&seen, "application", Some(SHOP))?;
    // It is no way into another application.
    refused(&site, &books_of("globex/lab", &token), 401, "unauthorized", (1, 0))
}

/// Only the signature tells that the token is one of Usergrid's.
#[test]
fn without_a_salt_nobody_is_accepted() -> Result<()> {
    let site = site("unsigned", json!({ "token": { "salt_env": null } }))?;
    let kim = site.usergrid.user(SHOP, "kim")?;
    refused(&site, &books(&token(&site, &kim)), 401, "unauthorized", (1, 0))
}
