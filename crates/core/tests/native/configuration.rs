//! What a configuration may say and what a wrong one is told, by documents under `tests/config`.
//! Beside each rejected document stands a `.expected` with every message, one a line; where a line
//! ends in `: ...`, the words of a rule or pattern follow, which are tested with those.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use usergrid_auth_config::{
    ClientAuth, Config, ErrorFormat, Forward, IdentityHeader, IdentitySource, KEYS, OnConflict,
    PairAuth, Shape, Tenancy, TokenFormat,
};

/// Stands for every secret in the documents: no message may show it.
const MARK: &str = "TOPSECRET";

pub(crate) fn environment(name: &str) -> Option<Vec<u8>> {
    let value: &[u8] = match name {
        "INTROSPECTION_SECRET" => b"TOPSECRET-of-the-environment",
        "USERGRID_TOKEN_SALT" => b"TOPSECRET salt",
        "EMPTY" => b"",
        "LINE_BREAK" => b"TOPSECRET\n",
        _ => return None,
    };
    Some(value.to_vec())
}

fn documents(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(kind);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let mut paths: Vec<PathBuf> = entries.filter(is_json).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn accepted(name: &str) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/accepted").join(name);
    Config::parse(&fs::read(path).unwrap(), &environment).unwrap()
}

fn minimal(rest: &str) -> String {
    format!(r#"{{"introspection":{{"cluster":"introspection","path":"/introspect"}}{rest}}}"#)
}

fn problems(text: impl AsRef<[u8]>) -> String {
    Config::parse(text.as_ref(), &environment).unwrap_err().to_string()
}

#[test]
fn accepted_documents_are_accepted_and_keep_their_secrets() {
    for path in documents("accepted") {
        match Config::parse(&fs::read(&path).unwrap(), &environment) {
            Ok(config) => assert!(!format!("{config:?}").contains(MARK), "{}", path.display()),
            Err(problems) => panic!("{}:\n{problems}", path.display()),
        }
    }
}

#[test]
fn rejected_documents_are_told_everything_and_no_secret() {
    let mut wrong = Vec::new();
    for path in documents("rejected") {
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        let told = problems(fs::read(&path).unwrap());
        assert!(!told.contains(MARK), "{} shows a secret:\n{told}", path.display());
        let as_expected = told.lines().count() == expected.lines().count()
            && told.lines().zip(expected.lines()).all(|(told, expected)| {
                match expected.strip_suffix(": ...") {
                    Some(beginning) => told.strip_prefix(beginning).is_some_and(|it| it.len() > 3),
                    None => told == expected,
                }
            });
        if !as_expected {
            wrong.push(format!("{}: told\n{told}\nexpected\n{expected}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_expectation_has_its_document() {
    for path in documents("rejected") {
        assert!(path.with_extension("expected").exists(), "{}", path.display());
    }
}

#[test]
fn messages_are_lines_for_a_log() {
    for path in documents("rejected") {
        let list = Config::parse(&fs::read(&path).unwrap(), &environment).unwrap_err();
        assert!(list.iter().count() > 0);
        for problem in list.iter() {
            let line = problem.to_string();
            assert!(line.chars().all(|one| matches!(one, ' '..='~')), "{line:?}");
            assert!(!line.ends_with('.') || line.ends_with("..."), "{line}");
            assert!(!problem.message.starts_with(char::is_uppercase), "{line}");
            assert!(line.matches('`').count().is_multiple_of(2), "{line}");
        }
    }
}

#[test]
fn bytes_that_are_no_json_object_get_advice() {
    let string_value = "google.protobuf.StringValue";
    let other_first_bytes = [&b""[..], b" \n\t", b"\"{}\"", b"null", b"\xff"];
    // `google.protobuf.Struct` as Envoy hands it over; the second is 123 = `{` bytes long.
    let structs =
        [&b"\n\x0f\n\x03key\x12\x08\x1a\x06string"[..], b"\n{\n\x03key\x12\x74\x1a\x72string"];
    for text in other_first_bytes.into_iter().chain(structs) {
        assert!(problems(text).contains(string_value), "{text:?}");
    }
    assert!(problems(b"\xEF\xBB\xBF{}").contains("byte order mark"));
    assert!(problems(b"{ \"a\": \"\xff\" }").contains("line 1"));
    assert!(problems("{\n\n  \"introspection\": tru }").contains("line 3 column"));
    let deep = "{\"a\":".repeat(100_000);
    assert!(problems(deep).contains("recursion limit"));
}

#[test]
fn white_space_may_surround_the_document() {
    assert!(Config::parse(format!(" \r\n\t{} \n", minimal("")).as_bytes(), &environment).is_ok());
}

/// The table's default, written out, changes nothing: so documentation and parser mean the same by
/// it.
#[test]
fn explicit_defaults_change_nothing() {
    let debug = |text: &str| {
        let mut config = Config::parse(text.as_bytes(), &environment).unwrap();
        config.digest = [0; 32];
        format!("{config:?}")
    };
    let plain = debug(&with(&[]));
    for key in KEYS {
        if let Some(default) = key.default_json() {
            assert_eq!(debug(&with(&[(&key.path(), &default)])), plain, "{}", key.path());
        }
    }
}

#[test]
fn bounds_are_those_of_the_table() {
    for key in KEYS {
        let path = key.path();
        let (inside, outside): (Vec<String>, Vec<String>) = match key.shape {
            Shape::Duration { least, most } => {
                let text = |millis: u32| format!("\"{millis}ms\"");
                let below = if least == 0 { "-1".into() } else { text(least - 1) };
                (vec![text(least), text(most)], vec![below, text(most + 1), "60".into()])
            }
            Shape::WholeNumber { least, most } => {
                let below = if least == 0 { "-1".into() } else { (least - 1).to_string() };
                let doubles = vec![format!("{least}.0"), format!("{least}"), format!("{most:e}")];
                (doubles, vec![below, (most + 1).to_string(), format!("{least}.5"), "\"1\"".into()])
            }
            Shape::Word(words) => {
                let quoted = words.iter().map(|word| format!("\"{word}\"")).collect();
                (if path.ends_with("method") { vec![] } else { quoted }, vec!["\"\"".into()])
            }
            _ => continue,
        };
        for value in inside {
            let text = with(&[(&path, &value)]);
            assert!(Config::parse(text.as_bytes(), &environment).is_ok(), "{path} {value}");
        }
        for value in outside {
            let told = problems(with(&[(&path, &value)]));
            assert!(told.starts_with(&format!("`{path}`: ")), "{path} {value}: {told}");
        }
    }
}

/// So a key that is listed but never read is found.
#[test]
fn every_listed_key_is_read() {
    for key in KEYS {
        let path = key.path();
        let told = problems(with(&[(&path, "[[]]")]));
        let at = path.replace("[]", "[0]");
        let tokens = ["client_id", "client_secret", "client_secret_env", "token", "token_env"];
        if key.section.ends_with("client_auth") && tokens.contains(&key.name) {
            assert!(told.contains("does not go with method"), "{path}: {told}");
        }
        assert!(told.contains(&format!("`{at}")), "{path}: {told}");
        assert!(!told.contains("unknown key"), "{path}: {told}");
    }
}

/// A document with everything that is required and `keys` on top.
pub(crate) fn with(keys: &[(&str, &str)]) -> String {
    let mut document = serde_json::json!({
        "introspection": { "cluster": "introspection", "path": "/introspect" },
        "client_credentials": { "cluster": "usergrid", "path": "/token" },
    });
    if keys.iter().any(|(path, _)| path.starts_with("guest[]")) {
        document["guest"] =
            serde_json::json!([{ "applications": ["*/sandbox"], "permissions": ["get:/**"] }]);
    }
    for (path, value) in keys {
        let pointer = format!("/{}", path.replace("[]", ".0").replace('.', "/"));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let (before, section) = parent.rsplit_once('/').unwrap_or(("", ""));
        if document.pointer(parent).is_none() {
            document.pointer_mut(before).unwrap()[section] = serde_json::json!({});
        }
        document.pointer_mut(parent).unwrap()[name] = serde_json::from_str(value).unwrap();
    }
    document.to_string()
}

#[test]
fn a_minimal_document_means_the_defaults() {
    let config = accepted("minimal-oauth.json");
    let introspection = &config.introspection;
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
    assert!(config.client_credentials.is_none());
    let sources = &config.credentials;
    assert!(sources.header && sources.query && sources.client_query && sources.client_basic);
    assert_eq!(sources.on_conflict, OnConflict::Reject);
    assert_eq!(sources.max_length, 4096);
    assert!(matches!(config.token, TokenFormat::Opaque));
    assert_eq!(config.authorization.tenancy, Tenancy::IfPresent);
    assert_eq!(config.authorization.application_ids.uuid("acme/sandbox"), None);
    assert!(config.authorization.roles.is_none() && config.authorization.scopes.is_none());
    let claims: Vec<&str> =
        vec!["sub", "username", "client_id", "scope", "organization", "application"];
    let sources: Vec<_> = config.identity.iter().map(|header| header.source.clone()).collect();
    let claims = claims.into_iter().map(|name| Some(IdentitySource::Claim(name.to_owned())));
    assert_eq!(sources[0], Some(IdentitySource::Principal));
    assert!(claims.eq(sources[1..].iter().cloned()));
    let names: Vec<&str> = config.identity.iter().map(|header| &*header.name).collect();
    let suffixes =
        ["principal", "subject", "username", "client-id", "scope", "organization", "application"];
    assert_eq!(names, suffixes.map(|suffix| format!("x-usergrid-{suffix}")));
    assert_eq!(config.forward, Forward::Header);
    assert_eq!(config.cache.ttl, Duration::from_secs(60));
    assert_eq!(config.cache.negative_ttl, Duration::from_secs(5));
    assert_eq!((config.cache.max_entries, config.cache.max_negative_entries), (10000, 2000));
    assert!(config.cache.shared);
    assert_eq!(config.max_waiting, 1024);
    assert_eq!(config.errors.format, ErrorFormat::Oauth);
    assert_eq!(config.errors.realm, "usergrid");
    assert!(config.bypass_preflight);
    assert!(config.base_path.is_empty());
}

#[test]
fn every_choice_is_taken_over() {
    let config = accepted("every-choice.json");
    let sources = &config.credentials;
    assert!(sources.header && !sources.query && !sources.client_query && !sources.client_basic);
    assert_eq!(sources.on_conflict, OnConflict::Usergrid);
    assert_eq!(config.authorization.tenancy, Tenancy::Require);
    let (ids, id) = (&config.authorization.application_ids, "3b2a0c5e-0000-11e3-a495-11ddb1de66c8");
    assert_eq!((ids.uuid("acme/sandbox"), ids.name(id)), (Some(id), Some("acme/sandbox")));
    assert_eq!((ids.uuid(id), ids.name("acme/sandbox")), (None, None));
    let roles = config.authorization.roles.as_ref().unwrap();
    assert_eq!((roles["editor"].len(), roles["nobody"].len()), (1, 0));
    assert_eq!(config.authorization.scopes.as_ref().unwrap()["books:read"].len(), 1);
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
    assert_eq!(config.identity.len(), 9);
    assert_eq!(config.forward, Forward::AsSent);
    assert!(config.cache.ttl.is_zero() && config.cache.negative_ttl.is_zero());
    assert!(!config.cache.shared && !config.bypass_preflight);
    assert_eq!(config.errors.realm, "the API");
    assert_eq!(config.base_path, ["api", "v1"]);
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
    let introspection = &config.introspection;
    assert!(matches!(&introspection.client_auth, ClientAuth::Bearer { token }
        if token.expose() == b"TOPSECRET-of-the-environment"));
    assert_eq!(introspection.endpoint.path, "/introspect?realm=api");
    assert_eq!(introspection.token_type_hint, None);
    let resource = ("resource".to_owned(), "https://api.example.com".to_owned());
    assert_eq!(introspection.parameters, [resource]);
    assert_eq!(introspection.audience, ["usergrid"]);
    assert_eq!(introspection.scope, ["read", "write"]);

    let config = accepted("post.json");
    assert!(matches!(&config.introspection.client_auth,
        ClientAuth::ClientSecretPost { client_id, client_secret }
        if client_id == "gateway" && client_secret.expose() == MARK.as_bytes()));
    assert_eq!(config.client_credentials.unwrap().client_auth, PairAuth::ClientSecretBasic);

    let config = accepted("usergrid.json");
    assert!(matches!(&config.introspection.client_auth, ClientAuth::ClientSecretBasic { .. }));
    assert!(matches!(&config.token, TokenFormat::Usergrid { salt: Some(salt) }
        if salt.expose() == b"TOPSECRET salt"));
    let pairs = config.client_credentials.unwrap();
    assert_eq!(pairs.client_auth, PairAuth::ClientSecretPost);
    assert_eq!((pairs.endpoint.authority.as_str(), pairs.max_response_bytes), ("usergrid", 65536));
    assert_eq!(pairs.endpoint.timeout, Duration::from_secs(1));
}

#[test]
fn numbers_survive_a_control_plane_that_knows_only_doubles() {
    let config = accepted("istio.json");
    assert_eq!((config.cache.max_entries, config.cache.max_negative_entries), (10000, 2000));
    assert_eq!((config.credentials.max_length, config.max_waiting), (4096, 1024));
    assert_eq!((config.introspection.retries, config.introspection.max_response_bytes), (0, 65536));
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

proptest! {
    // Reading a document takes longer than making one up, and neighbours want the machine too.
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_documents_are_told_so_or_read(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut_it in any::<bool>(),
    ) {
        let mut paths = documents("accepted");
        paths.extend(documents("rejected"));
        let mut text = fs::read(which.get(&paths)).unwrap();
        for (at, byte) in changes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        if cut_it {
            text.truncate(cut.index(text.len()));
        }
        if let Err(problems) = Config::parse(&text, &environment) {
            prop_assert!(problems.iter().count() > 0);
        }
    }

    #[test]
    fn any_bytes_are_told_so(text in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(Config::parse(&text, &environment).is_err());
    }

    #[test]
    fn any_json_under_any_key_is_told_so_or_read(
        key in any::<prop::sample::Index>(),
        value in prop::sample::select(&[
            "null", "true", "-0.0", "-1", "0", "1e300", "9007199254740993", "\"\"", "\"a\"", "\"0s\"", "\"/\"",
            "[]", "{}", "[null]", "[\"\"]", "[{}]", "{\"\":null}", "{\"a\":{}}", "{\"a/b\":[]}", "{\"é\":\"é\"}",
        ][..]),
    ) {
        let _ = Config::parse(with(&[(&key.get(KEYS).path(), value)]).as_bytes(), &environment);
    }
}

#[test]
fn a_message_shows_only_the_beginning_of_a_long_value() {
    let told = problems(minimal(&format!(r#","token":{{"format":"{}"}}"#, "y".repeat(100_000))));
    assert!(told.len() < 200, "{told}");
}
