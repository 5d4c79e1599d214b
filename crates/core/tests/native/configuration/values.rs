//! What an accepted document becomes: defaults where it is silent, and every choice where it is
//! not.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::{
    BasicEncoding, ClaimLimits, ClientAuth, Config, ErrorFormat, Forward, IdentityHeader,
    IdentitySource, OnConflict, Overflow, PairAuth, Secret, Tenancy, TokenFormat,
};

use super::{MARK, environment, minimal};
use crate::support::server;

fn accepted(name: &str) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/accepted").join(name);
    Config::parse(&fs::read(path).unwrap(), &environment).unwrap()
}

#[test]
fn a_minimal_document_means_the_defaults() {
    let config = accepted("minimal-oauth.json");
    let introspection = server(&config).verifier.introspection().unwrap();
    assert_eq!(introspection.endpoint.cluster, "introspection");
    assert_eq!(introspection.endpoint.authority, "introspection");
    assert_eq!(introspection.endpoint.path, "/oauth2/introspect");
    assert_eq!(introspection.endpoint.timeout, Duration::from_millis(500));
    assert_eq!(introspection.retries, 1);
    assert!(matches!(introspection.client_auth, ClientAuth::None));
    assert_eq!(introspection.token_type_hint.as_deref(), Some("access_token"));
    assert!(introspection.parameters.is_empty());
    assert_eq!(introspection.max_response_bytes, 65536);
    assert_eq!(introspection.issuer, None);
    assert!(introspection.audience.is_empty() && introspection.scope.is_empty());
    assert!(server(&config).client_credentials.is_none());
    let sources = &config.credentials;
    assert!(sources.header && sources.query && sources.client_query && sources.client_basic);
    assert_eq!(sources.on_conflict, OnConflict::Reject);
    assert_eq!(sources.max_length, 16384);
    assert_eq!((sources.basic, sources.clean_headers.len()), (BasicEncoding::Raw, 9));
    assert!(matches!(server(&config).token, TokenFormat::Opaque));
    assert_eq!(server(&config).authorization.tenancy, Tenancy::IfPresent);
    assert_eq!(server(&config).authorization.application_ids.uuid("acme/sandbox"), None);
    assert!(
        server(&config).authorization.roles.is_none()
            && server(&config).authorization.scopes.is_none()
    );
    let claims: Vec<&str> =
        vec!["sub", "username", "client_id", "scope", "organization", "application"];
    let sources: Vec<_> = config.identity.iter().map(|header| header.source.clone()).collect();
    let claims = claims.into_iter().map(|name| Some(IdentitySource::Claim(name.to_owned())));
    assert_eq!(sources[0], Some(IdentitySource::Principal));
    assert!(claims.chain([Some(IdentitySource::Server)]).eq(sources[1..].iter().cloned()));
    let names: Vec<&str> = config.identity.iter().map(|header| &*header.name).collect();
    let suffixes = [
        "principal",
        "subject",
        "username",
        "client-id",
        "scope",
        "organization",
        "application",
        "server",
    ];
    assert_eq!(names, suffixes.map(|suffix| format!("x-usergrid-{suffix}")));
    assert_eq!(config.forward, Forward::Header);
    assert_eq!(config.cache.ttl, Duration::from_secs(60));
    assert_eq!(config.cache.negative_ttl, Duration::from_secs(5));
    assert_eq!((config.cache.max_entries, config.cache.max_negative_entries), (10000, 2000));
    assert!(config.cache.shared);
    assert_eq!(config.max_waiting, 1024);
    assert_eq!(config.claim_limits, ClaimLimits { bytes: 16384, entries: 256 });
    assert_eq!(config.identity_form.overflow, Overflow::Refuse);
    assert_eq!(config.identity_form.payload, None);
    assert_eq!(config.errors.format, ErrorFormat::Oauth);
    assert_eq!(config.errors.realm, "usergrid");
    assert!(config.bypass_preflight);
    assert!(config.base_path.is_empty());
}

#[test]
fn every_choice_is_taken_over() {
    let config = accepted("every-choice.json");
    let sources = &config.credentials;
    assert!(sources.header && !sources.query && sources.client_query && sources.client_basic);
    assert_eq!(sources.basic, BasicEncoding::Form);
    assert_eq!(sources.clean_headers.len(), 10);
    assert!(sources.clean_headers.iter().any(|name| &**name == "x-my-url"));
    assert_eq!(sources.on_conflict, OnConflict::Usergrid);
    assert_eq!(server(&config).authorization.tenancy, Tenancy::Require);
    let (ids, id) =
        (&server(&config).authorization.application_ids, "3b2a0c5e-0000-11e3-a495-11ddb1de66c8");
    assert_eq!((ids.uuid("acme/sandbox"), ids.name(id)), (Some(id), Some("acme/sandbox")));
    assert_eq!((ids.uuid(id), ids.name("acme/sandbox")), (None, None));
    let roles = server(&config).authorization.roles.as_ref().unwrap();
    assert_eq!((roles["editor"].len(), roles["nobody"].len()), (1, 0));
    assert_eq!(server(&config).authorization.scopes.as_ref().unwrap()["books:read"].len(), 1);
    let carries = |name: &str| {
        let is_it = |header: &&IdentityHeader| *header.name == *name;
        config.identity.iter().find(is_it).unwrap().source.clone()
    };
    let claim = |name: &str| Some(IdentitySource::Claim(name.to_owned()));
    assert_eq!(carries("x-usergrid-principal"), Some(IdentitySource::Principal));
    assert_eq!(carries("x-kind"), Some(IdentitySource::Principal));
    assert_eq!(carries("x-usergrid-subject"), claim("uid"));
    assert_eq!(carries("x-usergrid-username"), claim("preferred_username"));
    assert_eq!(carries("x-usergrid-scope"), None);
    assert_eq!(carries("x-tenant"), claim("tenant"));
    assert_eq!(carries("x-identity"), None, "it is cleared like the others");
    let payload = config.identity_form.payload.as_ref().unwrap();
    assert_eq!(&*payload.header, "x-identity");
    let members: Vec<_> = payload.members.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["principal", "subject", "username", "client_id", "organization", "application"];
    assert_eq!(members[..6], expected);
    assert_eq!(members[6..], ["server", "x_tenant", "x_kind"]);
    assert_eq!(config.identity.len(), 11);
    assert_eq!(config.identity_form.overflow, Overflow::Cut);
    assert_eq!(config.claim_limits, ClaimLimits { bytes: 262_144, entries: 4096 });
    assert_eq!(config.forward, Forward::AsSent);
    assert!(config.cache.ttl.is_zero() && config.cache.negative_ttl.is_zero());
    assert!(!config.cache.shared && !config.bypass_preflight);
    assert_eq!(config.errors.realm, "the API");
    assert_eq!(config.base_path, ["api", "v1"]);
}

#[test]
fn places_are_taken_over() {
    let config = accepted("places.json");
    let sources = &config.credentials;
    assert!(sources.header && !sources.query && !sources.client_query && !sources.client_basic);
    assert_eq!(sources.headers, [Rc::from("x-api-token")]);
    assert_eq!(sources.cookies, [Rc::from("__Host-session"), Rc::from("session")]);
    let origins = ["https://app.example.com", "http://localhost:3000"];
    assert_eq!(sources.cookie_origins, origins.map(Rc::from));
    assert!(sources.clean_headers.is_empty());
}

#[test]
fn guest_and_public_rules_are_taken_over() {
    let parse = |rest: &str| Config::parse(minimal(rest).as_bytes(), &environment).unwrap();
    let guest = |rest: &str| format!("{:?}", parse(rest).guest);
    let sandbox = r#","guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}]"#;
    assert_ne!(guest(sandbox), guest(""));
    assert_ne!(guest(sandbox), guest(&sandbox.replace("get", "post")));
    assert_ne!(guest(sandbox), guest(&sandbox.replace('*', "acme")));
    let public = |rest: &str| format!("{:?}", parse(rest).public);
    assert_ne!(public(r#","public":["get:/status"]"#), public(""));
}

#[test]
fn servers_and_secrets_are_taken_over() {
    let config = accepted("bearer.json");
    let introspection = server(&config).verifier.introspection().unwrap();
    assert!(matches!(&introspection.client_auth, ClientAuth::Bearer { token }
        if token.expose() == b"TOPSECRET-of-the-environment"));
    assert_eq!(introspection.endpoint.path, "/introspect?realm=api");
    assert_eq!(introspection.token_type_hint, None);
    let resource = ("resource".to_owned(), "https://api.example.com".to_owned());
    assert_eq!(introspection.parameters, [resource]);
    assert_eq!(introspection.audience, ["usergrid"]);
    assert_eq!(introspection.scope, ["read", "write"]);

    let config = accepted("post.json");
    assert!(matches!(&server(&config).verifier.introspection().unwrap().client_auth,
        ClientAuth::ClientSecretPost { client_id, client_secret }
        if client_id == "gateway" && client_secret.expose() == MARK.as_bytes()));
    assert_eq!(
        server(&config).client_credentials.as_ref().unwrap().client_auth,
        PairAuth::ClientSecretBasic
    );

    let config = accepted("usergrid.json");
    assert!(matches!(
        &server(&config).verifier.introspection().unwrap().client_auth,
        ClientAuth::ClientSecretBasic { .. }
    ));
    assert!(matches!(&server(&config).token, TokenFormat::Usergrid { salt: Some(salt) }
        if salt.expose() == b"TOPSECRET salt"));
    let pairs = server(&config).client_credentials.as_ref().unwrap();
    assert_eq!(pairs.client_auth, PairAuth::ClientSecretPost);
    assert_eq!((pairs.endpoint.authority.as_str(), pairs.max_response_bytes), ("usergrid", 65536));
    assert_eq!(pairs.endpoint.timeout, Duration::from_secs(1));
}

#[test]
fn secrets_are_equal_where_all_their_bytes_are() {
    let secret = |text: &str| Secret::new(text.as_bytes());
    assert_eq!(secret("one"), secret("one"));
    for other in ["", "on", "onf", "One", "ones"] {
        assert_ne!(secret("one"), secret(other), "{other}");
    }
}

#[test]
fn numbers_survive_a_control_plane_that_knows_only_doubles() {
    let config = accepted("istio.json");
    assert_eq!((config.cache.max_entries, config.cache.max_negative_entries), (10000, 2000));
    assert_eq!((config.credentials.max_length, config.max_waiting), (4096, 1024));
    let introspection = server(&config).verifier.introspection().unwrap();
    assert_eq!((introspection.retries, introspection.max_response_bytes), (0, 65536));
}

#[test]
fn the_digest_follows_the_document_and_the_environment() {
    let digest = |text: &str, secret: &'static str| {
        let env = |_: &str| Some(secret.as_bytes().to_vec());
        Config::parse(text.as_bytes(), &env).unwrap().digest
    };
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/accepted/usergrid.json"),
    );
    let text = text.unwrap();
    assert_eq!(digest(&text, "one"), digest(&text, "one"));
    assert_ne!(digest(&text, "one"), digest(&text, "two"));
    assert_ne!(digest(&text, "one"), digest(&format!("{text} "), "one"));
}
