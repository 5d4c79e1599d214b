//! Clients and administrators: U finds no user, K says whether they administer the application.

use anyhow::Result;
use integration::servers::usergrid::ADMIN;
use integration::servers::usergrid::principal::Principal;
use integration::site::Stock;
use serde_json::json;

use super::{SHOP, VERSIONS, books, books_of, is, passes, token};

#[test]
fn clients_of_the_application_and_of_its_organisation() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("clients", version, json!({}))?;
        for client in [Principal::application(SHOP), Principal::organization("acme")] {
            let seen = passes(&site, &books(&token(&site, &client)), (1, 1))?;
            // The two look alike, and have the same rights on this application.
            is(&seen, "principal", Some("application"))?;
            is(&seen, "subject", None)?;
            is(&seen, "organization", Some("acme"))?;
            is(&seen, "application", Some(SHOP))?;
        }
    }
    Ok(())
}

#[test]
fn an_administrator_is_known_by_uuid() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("admins", version, json!({}))?;
        for name in [ADMIN, "vera"] {
            let token = token(&site, &Principal::admin(name));
            let uuid = site.usergrid.admin_uuid(name)?;
            for application in [SHOP, "acme/sandbox"] {
                let seen = passes(&site, &books_of(application, &token), (1, 1))?;
                is(&seen, "principal", Some("admin_user"))?;
                is(&seen, "subject", Some(&uuid))?;
                is(&seen, "username", None)?;
                is(&seen, "organization", Some("acme"))?;
                is(&seen, "application", None)?;
            }
        }
    }
    Ok(())
}

/// Where a user is named `me`, U shows that user to everybody who is none.
#[test]
fn clients_are_not_the_user_named_me() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("client-me", version, json!({}))?;
        for client in [Principal::application("acme/mirror"), Principal::organization("acme")] {
            let request = books_of("acme/mirror", &token(&site, &client));
            let seen = passes(&site, &request, (1, 1))?;
            is(&seen, "principal", Some("application"))?;
            is(&seen, "username", None)?;
            is(&seen, "subject", None)?;
        }
    }
    Ok(())
}
