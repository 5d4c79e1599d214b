//! Usergrid calls tokens bad when its own database is down; the signature tells the two apart.

use anyhow::Result;
use integration::servers::usergrid::fault::{Fault, What};
use integration::site::Stock;
use serde_json::json;

use super::{VERSIONS, books, passes, refused, unavailable, user};

#[test]
fn a_signed_token_is_not_bad_because_the_database_is_down() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("outage", version, json!({}))?;
        site.usergrid.fault(Some(Fault::of_all(What::Outage)));
        unavailable(&site, &books(&user(&site, "tom")?), (1, 0))?;
        refused(&site, &books("garbage"), 401, "auth_unverified_oath", (0, 0))?;
        site.usergrid.fault(None);
        passes(&site, &books(&user(&site, "tom")?), (1, 0))?;
    }
    Ok(())
}

/// As the start-up warning says.
#[test]
fn without_a_salt_an_outage_looks_like_a_bad_token() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("saltless", version, json!({ "token": { "salt_env": null } }))?;
        site.usergrid.fault(Some(Fault::of_all(What::Outage)));
        refused(&site, &books(&user(&site, "tom")?), 401, "auth_invalid", (1, 0))?;
        assert!(site.envoy.log()?.contains("without `token.salt_env`"), "no warning at start");
    }
    Ok(())
}

/// Usergrid has read the token, and not its owner.
#[test]
fn a_user_who_cannot_be_read_is_refused_for_a_moment() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("owner", version, json!({}))?;
        let tom = user(&site, "tom")?;
        site.usergrid.fault(Some(Fault::of_all(What::PrincipalOutage)));
        refused(&site, &books(&tom), 401, "auth_invalid", (1, 0))?;
        site.usergrid.fault(None);
        integration::harness::wait::until("the end of a doubtful refusal", || {
            Ok((site.send(&books(&tom))?.status == 200).then_some(()))
        })?;
    }
    Ok(())
}

/// Its refusals end no good answer, since they may hide an outage.
#[test]
fn an_outage_ends_no_stale_answer() -> Result<()> {
    let stale = json!({ "cache": { "ttl": "1s", "stale_if_error": "1h" } });
    for version in VERSIONS {
        let site = Stock::start("stale", version, stale.clone())?;
        let tom = user(&site, "tom")?;
        passes(&site, &books(&tom), (1, 0))?;
        site.usergrid
            .fault(Some(Fault::of(integration::servers::usergrid::calls::Kind::U, What::Outage)));
        site.usergrid.forget();
        integration::harness::wait::until("a call after the answer's life", || {
            let status = site.send(&books(&tom))?.status;
            anyhow::ensure!(status == 200, "{status} during the outage");
            Ok((site.probes().0 > 0).then_some(()))
        })?;
    }
    Ok(())
}
