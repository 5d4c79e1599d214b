//! What `profile` makes of a document that is silent about the rest, and what `identity` makes of
//! the names of its headers.

use usergrid_auth_config::{Config, ErrorFormat, IdentitySource, Profile, Tenancy};
use usergrid_auth_rules::path::{Addressed, RequestPath, Routes};
use usergrid_auth_rules::steps::Steps;

use crate::support::config;

const OAUTH: &str = r#""profile":"oauth""#;

fn oauth(rest: &str) -> Config {
    config(&[OAUTH, rest].join(if rest.is_empty() { "" } else { "," }))
}

/// The names of the headers that are set, and of those that are cleared only.
fn headers(config: &Config) -> (Vec<&str>, Vec<&str>) {
    let (set, cleared): (Vec<_>, Vec<_>) =
        config.identity.iter().partition(|header| header.source.is_some());
    (
        set.into_iter().map(|header| &*header.name).collect(),
        cleared.into_iter().map(|header| &*header.name).collect(),
    )
}

#[test]
fn oauth_is_what_a_plain_server_needs() {
    let config = oauth("");
    assert_eq!(config.profile, Profile::Oauth);
    assert_eq!(config.profile.routes(), Routes::Plain);
    assert_eq!((config.errors.format, &*config.errors.realm), (ErrorFormat::Oauth, "api"));
    assert_eq!(config.servers[0].authorization.tenancy, Tenancy::Ignore);
    let sources = &config.credentials;
    assert!(sources.header && !sources.query && !sources.client_query && !sources.client_basic);
    let claims = &config.claims;
    assert_eq!((&*claims.sub, &*claims.username), ("sub", "username"));
    assert_eq!((&*claims.client_id, &*claims.scope), ("client_id", "scope"));
    for claim in [
        &claims.principal,
        &claims.organization,
        &claims.application,
        &claims.roles,
        &claims.permissions,
    ] {
        assert_eq!(*claim, None);
    }
    assert_eq!(
        headers(&config),
        (
            vec![
                "x-auth-principal",
                "x-auth-subject",
                "x-auth-username",
                "x-auth-client-id",
                "x-auth-scope",
                "x-auth-server",
            ],
            vec!["x-auth-organization", "x-auth-application"]
        )
    );
}

#[test]
fn whatever_a_document_says_stays_said() {
    let config = oauth(
        r#""errors":{"format":"usergrid","realm":"r"},"authorization":{"tenancy":"require"},
           "credentials":{"sources":["query"]},"claims":{"roles":"groups","organization":"org"},
           "identity":{"prefix":"X-Id-"}"#,
    );
    assert_eq!((config.errors.format, &*config.errors.realm), (ErrorFormat::Usergrid, "r"));
    assert_eq!(config.servers[0].authorization.tenancy, Tenancy::Require);
    assert!(config.credentials.query && !config.credentials.header);
    assert_eq!(config.claims.roles.as_deref(), Some("groups"));
    assert_eq!(config.claims.permissions, None);
    let (set, cleared) = headers(&config);
    assert!(set.contains(&"x-id-organization") && !set.contains(&"x-auth-organization"));
    // A backend may still believe the names that the profile is known for.
    assert!(cleared.contains(&"x-auth-subject") && cleared.contains(&"x-auth-organization"));
}

#[test]
fn null_sets_no_header_and_clears_them_all() {
    let usergrid = config(r#""identity":{"headers":null}"#);
    let (set, cleared) = headers(&usergrid);
    assert!(set.is_empty(), "{set:?}");
    assert_eq!(cleared.len(), 8);
    assert!(cleared.iter().all(|name| name.starts_with("x-usergrid-")), "{cleared:?}");

    let renamed = config(r#""identity":{"headers":null,"prefix":"id_"}"#);
    let (set, cleared) = headers(&renamed);
    assert!(set.is_empty(), "{set:?}");
    assert!(cleared.contains(&"id_subject") && cleared.contains(&"x-usergrid-subject"));
}

#[test]
fn a_prefix_goes_with_changes_of_single_headers() {
    let config = config(
        r#""identity":{"prefix":"x-id-","headers":{"x-id-scope":null,"x-id-subject":"uid",
           "x-usergrid-scope":"scope"}}"#,
    );
    let source = |name: &str| {
        let mut named = config.identity.iter().filter(|header| *header.name == *name);
        let source = named.next().unwrap().source.clone();
        assert!(named.next().is_none(), "{name} twice");
        source
    };
    let claim = |name: &str| Some(IdentitySource::Claim(name.to_owned()));
    assert_eq!(source("x-id-scope"), None);
    assert_eq!(source("x-id-subject"), claim("uid"));
    assert_eq!(source("x-usergrid-scope"), claim("scope"));
    assert_eq!(source("x-usergrid-subject"), None);
    assert_eq!(source("x-id-principal"), Some(IdentitySource::Principal));
}

#[test]
fn guests_may_use_what_only_usergrid_reserves() {
    let guest = r#""guest":[{"applications":["status/apps"],"permissions":["get:/**"]}]"#;
    let (config, steps) = (oauth(guest), Steps::of_a_request());
    let path = |text: &str| {
        RequestPath::parse_by(config.profile.routes(), text.as_bytes(), &[]).expect("a path")
    };
    assert!(config.guest.admits(b"GET", &path("/status/apps/x"), &steps));
    assert!(config.guest.admits(b"GET", &path("/STATUS/apps/x"), &steps));
    // What is unclear stays so.
    for unclear in ["/status/apps;a/x", "/status%2fapps/x", "//status/apps/x", "/status/apps%2fx"] {
        assert!(!config.guest.admits(b"GET", &path(unclear), &steps), "{unclear}");
    }
}

#[test]
fn no_segment_means_anything_to_an_api_that_is_not_usergrid() {
    let config = oauth(r#""public":["get:/*/apps/*"]"#);
    let path = |text: &str| {
        RequestPath::parse_by(config.profile.routes(), text.as_bytes(), &[]).expect("a path")
    };
    let id = "7d1f2c11-833a-11ee-8b11-0242ac120001";
    for (text, label) in [
        ("/management/token", "management/token"),
        ("/ORGS/apps/x", "orgs/apps"),
        ("/v1/apps/x", "v1/apps"),
        (&format!("/v1/{id}/x"), &format!("v1/{id}")),
        (&format!("/{id}/users/me"), &format!("{id}/users")),
    ] {
        let path = path(text);
        assert!(path.is_clear(), "{text}");
        assert_eq!(path.application_label(), label, "{text}");
    }
    for text in ["/", "/v1", "/v1/"] {
        assert_eq!(*path(text).application(), Addressed::Nothing, "{text}");
    }
    let is_public = |text| config.public.admits(b"GET", &path(text), &Steps::of_a_request());
    assert!(is_public("/status/apps/x") && is_public("/orgs/apps/x"));
    assert!(!is_public("/status/APPS/x"));
}
