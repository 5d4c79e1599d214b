//! Users of the application: U finds them, and nothing else has to be asked.

use anyhow::{Result, ensure};
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::json;

use super::{
    SHOP, VERSIONS, books, books_of, identity, is, passes, refused, token, unavailable, user, uuid,
};

#[test]
fn a_user_costs_one_call_and_is_named() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("user", version, json!({}))?;
        let tom = site.usergrid.user(SHOP, "tom")?;
        let seen = passes(&site, &books(&token(&site, &tom)), (1, 0))?;
        is(&seen, "principal", Some("application_user"))?;
        is(&seen, "subject", Some(&uuid(&tom)?))?;
        is(&seen, "username", Some("tom"))?;
        is(&seen, "organization", Some("acme"))?;
        is(&seen, "application", Some(SHOP))?;
        is(&seen, "scope", None)?;
        // Every right, that to the application's secret included, makes nobody an administrator.
        let seen = passes(&site, &books(&user(&site, "max")?), (1, 0))?;
        is(&seen, "principal", Some("application_user"))?;
    }
    Ok(())
}

#[test]
fn on_master_roles_hide_no_user_from_himself() -> Result<()> {
    let site = Stock::start("no-role", Version::Master, json!({}))?;
    let seen = passes(&site, &books(&user(&site, "kim")?), (1, 0))?;
    is(&seen, "username", Some("kim"))
}

/// Whatever a user writes of himself is a property like others.
#[test]
fn nobody_is_what_he_writes_of_himself() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("boasts", version, json!({}))?;
        let mallory = site.usergrid.user(SHOP, "mallory")?;
        let seen = passes(&site, &books(&token(&site, &mallory)), (1, 0))?;
        let names = ["principal", "subject", "username", "organization", "application", "scope"];
        let found = identity(&seen, names);
        let expected = [
            Some("application_user"),
            Some(&uuid(&mallory)?),
            Some("mallory"),
            Some("acme"),
            Some(SHOP),
            None,
        ];
        ensure!(found == expected.map(|value| value.map(str::to_owned)), "{found:?}");
        is(&seen, "client-id", None)?;
        refused(&site, &books_of("globex/lab", &token(&site, &mallory)), 401, "unauthorized", {
            if version == Version::Master { (1, 1) } else { (1, 0) }
        })?;
    }
    Ok(())
}

/// One of 300 KB is more than is read; that is his own affair.
#[test]
fn a_user_who_is_too_long_keeps_nobody_else_out() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("bulk", version, json!({ "breaker": { "failures": 3 } }))?;
        for _ in 0..5 {
            unavailable(&site, &books(&user(&site, "bulk")?), (1, 0))?;
        }
        passes(&site, &books(&user(&site, "tom")?), (1, 0))?;
        let roomy = json!({ "introspection": { "max_response_bytes": 1_048_576 } });
        let site = Stock::start("bulk-read", version, roomy)?;
        let seen = passes(&site, &books(&user(&site, "bulk")?), (1, 0))?;
        is(&seen, "username", Some("bulk"))?;
    }
    Ok(())
}

#[test]
fn a_user_who_may_not_log_in_is_refused() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("barred", version, json!({}))?;
        for name in ["dora", "nils"] {
            refused(&site, &books(&user(&site, name)?), 401, "auth_invalid", (1, 0))?;
        }
        // Usergrid's own cache may not know yet; the user's record does.
        site.usergrid.fault(Some(Fault::of_all(What::CachedIdentities)));
        for name in ["dora", "nils"] {
            refused(&site, &books(&user(&site, name)?), 401, "auth_invalid", (1, 0))?;
        }
    }
    Ok(())
}

#[test]
fn a_user_who_is_gone_is_refused() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("gone", version, json!({}))?;
        let token = user(&site, "ann")?;
        site.usergrid.delete_user(SHOP, "ann")?;
        refused(&site, &books(&token), 401, "auth_invalid", (1, 0))?;
    }
    Ok(())
}

/// Usergrid shows every client a user named `me` in place of nobody.
#[test]
fn a_user_named_me_is_nobodys_mask() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("me", version, json!({}))?;
        let me = site.usergrid.user("acme/mirror", "me")?;
        let request = books_of("acme/mirror", &token(&site, &me));
        refused(&site, &request, 401, "unauthorized", (1, 1))?;
    }
    Ok(())
}
