//! What verified principals may do: the cast, and how a case is put to `authorization::check`.
//!
//! `tenancy` and `rules` hold the tables: which tenant the path's must be, and which rules must
//! allow the request (`docs/configuration.md`, "authorization"; `docs/usergrid.md`, "Principals").

mod rules;
mod tenancy;

use usergrid_auth_config::{Authorization, Tenancy};
use usergrid_auth_core::authorization::check;
use usergrid_auth_core::principal::{ApplicationName, Principal, PrincipalKind};
use usergrid_auth_rules::path::RequestPath;

use crate::support::{config, server};

/// `acme/app` in `application_ids`.
const APP: &str = "aaaaaaaa-b5d5-11e3-a495-11ddb1de66c8";
/// `globex/shop` in `application_ids`.
const SHOP: &str = "bbbbbbbb-b5d5-11e3-a495-11ddb1de66c8";
/// In no entry.
const STRAY: &str = "cccccccc-b5d5-11e3-a495-11ddb1de66c8";
/// An organisation's.
const ORG: &str = "dddddddd-b5d5-11e3-a495-11ddb1de66c8";

fn settings(tenancy: Tenancy) -> Authorization {
    let ids = format!(r#""application_ids":{{"acme/app":"{APP}","globex/shop":"{SHOP}"}}"#);
    let config = config(&format!(r#""authorization":{{{ids}}}"#));
    Authorization { tenancy, ..server(&config).authorization.clone() }
}

fn application(text: &str) -> ApplicationName {
    match text.split_once('/') {
        Some((organization, application)) => ApplicationName::Path {
            organization: organization.to_owned(),
            application: application.to_owned(),
        },
        None => ApplicationName::Uuid(text.to_owned()),
    }
}

/// A principal of these tenants; one list left empty is one that the answer does not have.
fn principal(kind: PrincipalKind, organizations: &[&str], applications: &[&str]) -> Principal {
    Principal {
        kind,
        user_names: Vec::new(),
        organizations: (!organizations.is_empty())
            .then(|| organizations.iter().map(|name| (*name).to_owned()).collect()),
        applications: (!applications.is_empty())
            .then(|| applications.iter().map(|name| application(name)).collect()),
        scopes: Vec::new(),
        rules: None,
        permissions: None,
        aliases: Vec::new(),
        certificate: None,
        not_before: None,
        expires: None,
        identity: Vec::new(),
        state: Vec::new(),
        issued_token: None,
        unusable: Default::default(),
    }
}

fn fill(path: &str) -> String {
    path.replace("@APP", APP).replace("@SHOP", SHOP).replace("@STRAY", STRAY).replace("@ORG", ORG)
}

fn permits(tenancy: Tenancy, principal: &Principal, method: &str, path: &str) -> bool {
    let path = fill(path);
    let path = RequestPath::parse(path.as_bytes(), &[]).unwrap_or_else(|_| panic!("{path}"));
    check(&settings(tenancy), principal, method.as_bytes(), &path) == Ok(())
}
