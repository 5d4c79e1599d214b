//! What protocol `usergrid` makes of a document: its defaults, its choices, and what an operator is
//! warned of.

use std::time::Duration;

use usergrid_auth_config::{
    Config, Endpoint, Management, RestrictedUsers, TokenFormat, UsergridSettings,
};

use super::{environment, with_usergrid};
use crate::support::server;

fn parse(keys: &[(&str, &str)]) -> Config {
    Config::parse(with_usergrid(keys).as_bytes(), &environment)
        .unwrap_or_else(|problems| panic!("{keys:?}:\n{problems}"))
}

fn settings(config: &Config) -> &UsergridSettings {
    server(config).verifier.usergrid().unwrap()
}

fn pairs(config: &Config) -> &Endpoint {
    &server(config).client_credentials.as_ref().unwrap().endpoint
}

#[test]
fn a_cluster_is_enough() {
    let config = parse(&[]);
    let settings = settings(&config);
    assert_eq!(settings.endpoint.cluster, "usergrid");
    assert_eq!(settings.endpoint.authority, "usergrid");
    assert_eq!(settings.endpoint.timeout, Duration::from_secs(1));
    assert_eq!((settings.retries, settings.max_response_bytes), (1, 262_144));
    assert_eq!(settings.management, Management::Refuse);
    assert_eq!(settings.restricted_users, RestrictedUsers::Refuse);
    assert!(!settings.offline_if_error);
    assert_eq!(settings.probe_application, None);
    assert!(matches!(server(&config).token, TokenFormat::Usergrid { salt: None }));
    assert!(server(&config).verifier.required_scopes().is_empty());
    assert!(server(&config).verifier.introspection().is_none());
}

#[test]
fn pairs_are_verified_by_the_same_usergrid() {
    let api = ("introspection.authority", "\"api.example.com\"");
    let cluster = ("client_credentials.cluster", "\"other\"");
    let authority = ("client_credentials.authority", "\"tokens.example.com\"");
    let same = ("client_credentials.cluster", "\"usergrid\"");
    for (keys, expected) in [
        (&[api][..], ("usergrid", "api.example.com")),
        (&[], ("usergrid", "usergrid")),
        (&[api, same], ("usergrid", "api.example.com")),
        (&[api, authority], ("usergrid", "tokens.example.com")),
        // Another server does not know the first one's name.
        (&[api, cluster], ("other", "other")),
        (&[api, cluster, authority], ("other", "tokens.example.com")),
    ] {
        let config = parse(keys);
        let pairs = pairs(&config);
        assert_eq!((&*pairs.cluster, &*pairs.authority), expected, "{keys:?}");
        assert_eq!(pairs.path, "/management/token");
        assert_eq!(pairs.timeout, Duration::from_secs(1));
    }
    assert_eq!(pairs(&parse(&[("client_credentials.path", "\"/token\"")])).path, "/token");
    let config = parse(&[("client_credentials", "null")]);
    assert!(server(&config).client_credentials.is_none());
}

#[test]
fn the_application_to_probe_is_named_plainly() {
    let probed = |name: &str| {
        let key = ("introspection.probe_application", &*format!("\"{name}\""));
        let text = with_usergrid(&[key]);
        let config = Config::parse(text.as_bytes(), &environment).ok()?;
        settings(&config).probe_application.clone()
    };
    let named = |org: &str, app: &str| Some((org.to_owned(), app.to_owned()));
    assert_eq!(probed("Acme/Sandbox"), named("acme", "sandbox"));
    assert_eq!(probed("größe/a b"), named("größe", "a b"));
    let id = "7d1f2c11-833a-11ee-8b11-0242ac120001";
    for name in [
        "acme",
        "acme/",
        "/acme",
        "acme/a/b",
        "acme/..",
        "../a",
        "orgs/acme",
        "acme/apps",
        "a/*",
        "acme/a;b",
        " acme/a",
        "STATUS/x",
        &format!("acme/{id}"),
        &format!("{id}/a"),
        &format!("acme/{}", "a".repeat(1_021)),
    ] {
        assert_eq!(probed(name), None, "{name}");
    }
}

#[test]
fn operators_are_warned_of_what_may_surprise() {
    let salt = ("token.salt_env", "\"USERGRID_TOKEN_SALT\"");
    let me = ("introspection.management", "\"me\"");
    let accept = ("introspection.restricted_users", "\"accept\"");
    let opaque = ("token.format", "\"opaque\"");
    let offline = ("introspection.offline_if_error", "true");
    let probe = ("introspection.probe_application", "\"acme/probe\"");
    for (keys, words) in [
        (&[salt][..], &[][..]),
        (&[], &["`token.salt_env`"]),
        (&[salt, opaque], &["`token.salt_env`"]),
        (&[salt, me], &["2.1.1"]),
        (&[salt, accept], &[]),
        (&[salt, offline], &["`introspection.probe_application`"]),
        (&[salt, offline, probe], &[]),
        (&[me, accept], &["database", "`introspection.restricted_users`", "2.1.1"]),
    ] {
        let warnings = parse(keys).warnings();
        assert_eq!(warnings.len(), words.len(), "{keys:?}: {warnings:?}");
        for (warning, word) in warnings.iter().zip(words) {
            assert!(warning.contains(word), "{warning}");
        }
    }
    assert!(crate::support::config("").warnings().is_empty());
}
