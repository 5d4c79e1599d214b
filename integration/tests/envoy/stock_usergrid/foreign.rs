//! Tokens of another application or organisation.

use anyhow::Result;
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, books, books_of, refused, token};

/// Master has K to refuse them, 2.1.0 refuses them at U.
fn calls(version: Version) -> super::Probes {
    if version == Version::Master { (1, 1) } else { (1, 0) }
}

#[test]
fn a_token_of_another_organisation_is_refused() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("foreign", version, json!({}))?;
        let lea = site.usergrid.user("globex/lab", "lea")?;
        for principal in [
            lea,
            Principal::application("globex/lab"),
            Principal::organization("globex"),
            Principal::admin("gus"),
        ] {
            let token = token(&site, &principal);
            refused(&site, &books(&token), 401, "unauthorized", calls(version))?;
        }
    }
    Ok(())
}

#[test]
fn so_is_one_of_another_application_of_the_organisation() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("sibling", version, json!({}))?;
        let tom = site.usergrid.user(SHOP, "tom")?;
        for principal in [tom, Principal::application(SHOP)] {
            let request = books_of("acme/sandbox", &token(&site, &principal));
            refused(&site, &request, 401, "unauthorized", calls(version))?;
        }
    }
    Ok(())
}

#[test]
fn an_application_that_is_not_there_is_nobodys() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("nowhere", version, json!({}))?;
        let token = token(&site, &Principal::admin("root"));
        refused(&site, &books_of("acme/nowhere", &token), 401, "unauthorized", (1, 0))?;
    }
    Ok(())
}

/// What the path names has to be clear before anybody is asked about it.
#[test]
fn nothing_is_asked_about_a_path_that_names_no_application() -> Result<()> {
    let site = Stock::start("no-application", Version::Master, json!({}))?;
    let tom = token(&site, &site.usergrid.user(SHOP, "tom")?);
    let uuid = site.usergrid.application_uuid(SHOP);
    for path in ["/", "/acme", "/acme%2fshop/books", "/orgs/acme/apps/shop/books"] {
        let request = integration::harness::client::Request::get(path).bearer(&tom);
        refused(&site, &request, 401, "unauthorized", (0, 0))?;
    }
    refused(&site, &books_of(&format!("acme/{uuid}"), &tom), 401, "unauthorized", (0, 0))
}

#[test]
fn a_uuid_is_asked_about_by_the_name_that_the_configuration_gives_it() -> Result<()> {
    let known = json!({ "authorization": { "application_ids": {
        "acme/shop": integration::servers::usergrid::APPLICATION_UUID,
    } } });
    for version in VERSIONS {
        let site = Stock::start("uuid", version, known.clone())?;
        let tom = token(&site, &site.usergrid.user(SHOP, "tom")?);
        let uuid = site.usergrid.application_uuid(SHOP);
        super::passes(&site, &books_of(&format!("acme/{uuid}"), &tom), (1, 0))?;
        // The same application by name: the same verdict.
        super::passes(&site, &books(&tom), (0, 0))?;
    }
    Ok(())
}
