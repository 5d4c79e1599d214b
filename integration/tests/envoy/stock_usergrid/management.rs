//! Paths under `/management`, which name no application.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::harness::http::header;
use integration::servers::usergrid::ADMIN;
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, identity, is, passes, refused, token, unavailable, user};

const ORGANIZATION: &str = "/management/organizations/acme";
const USER: &str = "/management/users/root/revoketokens";

fn get(path: &str, token: &str) -> Request {
    Request::get(path).bearer(token)
}

fn set(name: &str, version: Version, word: &str) -> Result<Stock> {
    let patch = json!({
        "introspection": { "management": word }, "breaker": { "failures": 1000 },
    });
    Stock::start(&format!("management-{name}"), version, patch)
}

/// The requests of the filter by method and path.
fn asked(site: &Stock, expected: &[&str]) -> Result<()> {
    let asked = site.asked();
    let asked: Vec<String> =
        asked.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    ensure!(asked == expected, "{asked:?} instead of {expected:?}");
    Ok(())
}

const ME: &str = "GET /management/me?ttl=1000";
const HEAD: &str = "HEAD /management/organizations/acme";

#[test]
fn they_are_refused_by_default() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("management-refuse", version, json!({}))?;
        let root = token(&site, &Principal::admin(ADMIN));
        for path in [ORGANIZATION, "/management/me", "/management/users/root"] {
            refused(&site, &get(path, &root), 401, "unauthorized", (0, 0))?;
            asked(&site, &[])?;
        }
    }
    Ok(())
}

/// As if they were public: nothing is asked, nothing is taken away.
#[test]
fn they_can_be_left_to_usergrid() -> Result<()> {
    for version in VERSIONS {
        let site = set("pass", version, "pass")?;
        for token in [token(&site, &Principal::admin(ADMIN)), "garbage".into()] {
            let request = get(ORGANIZATION, &token).header("x-usergrid-principal", "admin_user");
            let seen = passes(&site, &request, (0, 0))?;
            asked(&site, &[])?;
            let authorization = header(&seen.headers, "authorization").unwrap_or_default();
            ensure!(authorization == format!("Bearer {token}").as_bytes());
            ensure!(identity(&seen, ["principal"]) == [None]);
        }
        refused(&site, &get("/acme/shop/books", "garbage"), 401, "auth_unverified_oath", (0, 0))?;
    }
    Ok(())
}

#[test]
fn an_administrator_is_asked_for_by_me() -> Result<()> {
    for version in VERSIONS {
        let site = set("me", version, "me")?;
        for (name, organizations) in [(ADMIN, "acme"), ("vera", "acme,globex")] {
            let seen = passes(&site, &get(USER, &token(&site, &Principal::admin(name))), (0, 0))?;
            asked(&site, &[ME])?;
            is(&seen, "principal", Some("admin_user"))?;
            is(&seen, "subject", Some(&site.usergrid.admin_uuid(name)?))?;
            is(&seen, "organization", Some(organizations))?;
        }
    }
    Ok(())
}

/// Usergrid takes a client's token at `/management/me` for a login without a password.
#[test]
fn a_client_of_the_organisation_is_one_by_what_it_may_see() -> Result<()> {
    for version in VERSIONS {
        let site = set("client", version, "me")?;
        let organization = token(&site, &Principal::organization("acme"));
        let seen = passes(&site, &get(ORGANIZATION, &organization), (0, 0))?;
        asked(&site, &[ME, HEAD])?;
        is(&seen, "principal", Some("organization"))?;
        is(&seen, "organization", Some("acme"))?;
        refused(&site, &get(USER, &organization), 401, "unauthorized", (0, 0))?;
        asked(&site, &[ME])?;
        let application = token(&site, &Principal::application(SHOP));
        refused(&site, &get(ORGANIZATION, &application), 401, "unauthorized", (0, 0))?;
        asked(&site, &[ME, HEAD])?;
    }
    Ok(())
}

#[test]
fn users_of_applications_have_no_business_there() -> Result<()> {
    for version in VERSIONS {
        let site = set("user", version, "me")?;
        refused(&site, &get(USER, &user(&site, "tom")?), 401, "unauthorized", (0, 0))?;
        asked(&site, &[ME])?;
    }
    Ok(())
}

#[test]
fn bad_tokens_and_other_answers_are_read_as_everywhere() -> Result<()> {
    for version in VERSIONS {
        let site = set("bad", version, "me")?;
        let revoked = token(&site, &Principal::admin(ADMIN));
        site.usergrid.revoke(&revoked);
        refused(&site, &get(USER, &revoked), 401, "auth_invalid", (0, 0))?;
        asked(&site, &[ME])?;
        for what in [
            What::Html(200),
            What::Redirect,
            What::Status(500),
            What::Answers(500, r#"{"error":"runtime","error_description":"other"}"#.into()),
            What::Outage,
        ] {
            site.usergrid.fault(Some(Fault::of_all(what)));
            unavailable(&site, &get(USER, &token(&site, &Principal::admin(ADMIN))), (0, 0))?;
            asked(&site, &[ME])?;
        }
    }
    Ok(())
}

#[test]
fn the_log_warns_of_what_old_versions_do() -> Result<()> {
    let site = set("warning", Version::Release210, "me")?;
    ensure!(site.envoy.log()?.contains("Usergrid up to 2.1.1 issues a token"));
    Ok(())
}
