//! The JSON Schema and the reader of configurations say the same, as far as a schema can say it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do ends it")]

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;
use usergrid_auth::{found, schema};
use usergrid_auth_config::Config;

/// What the reader refuses and the schema accepts, by document and key: what a schema cannot say.
const BEYOND: &[(&str, &str)] = &[
    // Headers with a meaning of their own, in whatever letters and spelt with `_` or `-`.
    ("claim-limits", "identity.headers.host"),
    // Bounds of a duration.
    ("claim-pointers", "introspection.leeway"),
    // Names that differ by letter case alone, a header with a meaning of its own, and a
    // contradiction.
    ("clean-headers", "credentials.clean_headers[1]"),
    ("clean-headers", "credentials.clean_headers[4]"),
    ("clean-headers-of-no-use", "credentials.clean_headers"),
    ("cookie-origins-of-no-use", "credentials.cookie_origins"),
    // Rules that could never match.
    ("demands", "authorization.require_scope[3].rules[0]"),
    ("demands", "authorization.require_scope[3].rules[1]"),
    ("demands", "authorization.require_scope[3].rules[2]"),
    ("demands", "guards[0].rules[0]"),
    // A pattern cannot compare durations.
    ("durations", "client_credentials.timeout"),
    ("durations", "cache.ttl"),
    // The environment.
    ("environment-variable-empty", "introspection.client_auth.token_env"),
    ("environment-variable-not-set", "introspection.client_auth.client_secret_env"),
    ("environment-variable-of-a-salt-not-used", "token.salt_env"),
    ("environment-variable-with-line-break", "token.salt_env"),
    // Names that are no organisation's, in whatever letters.
    ("guest-applications", "guest[1].applications[6]"),
    // Headers that a backend may take for one with a meaning of its own.
    ("identity-headers", "identity.headers.content.type"),
    ("identity-headers", "identity.headers.x.tenant"),
    // Headers that have another use, everywhere or in the same document.
    ("payload-as-a-place", "credentials.sources"),
    ("payload-of-the-usual-name", "identity.payload"),
    ("payload-reserved", "identity.payload"),
    ("payload-taken", "identity.payload"),
    ("payload-with-a-member-twice", "identity.payload"),
    ("places", "credentials.sources[1].header"),
    ("places", "credentials.sources[3].header"),
    ("places", "credentials.sources[14].header"),
    ("places", "credentials.sources[15].header"),
    ("places", "credentials.sources[16].header"),
    ("places-taken", "credentials.sources"),
    ("places-taken", "credentials.sources"),
    ("places-taken", "credentials.sources"),
    ("places-taken", "credentials.sources"),
    // A name that begins so would have a meaning of its own.
    ("profile", "identity.prefix"),
    // What one key says about another.
    ("profile-of-usergrid", "introspection.protocol"),
    // The schema says that `introspection` is missing.
    ("required-keys-missing", "introspection.cluster"),
    ("required-keys-missing", "introspection.path"),
    // What several servers say about each other, and about what stands beside them.
    ("servers-contradictions", "introspection[0].client_credentials"),
    ("servers-contradictions", "introspection[1].offline_if_error"),
    ("servers-contradictions", "introspection[1].management"),
    ("servers-match", "introspection[0].match.paths[1]"),
    ("servers-names", "introspection[2].name"),
    ("servers-never-reached", "introspection[1].match"),
    ("servers-never-reached", "introspection[3].match"),
    ("servers-never-reached", "introspection[5].match"),
    ("servers-never-reached", "introspection[6].match"),
    ("servers-too-many", "introspection[32]"),
    ("servers-unused-settings", "client_credentials"),
    ("servers-unused-settings", "token"),
    ("servers-unused-settings", "authorization.tenancy"),
    ("servers-unused-settings", "authorization.roles"),
    ("servers-unused-settings", "authorization.scopes"),
    ("servers-usergrids-alone", "claims"),
    ("servers-usergrids-alone", "authorization.roles"),
    // A name of the machine's own, given or inherited from the cluster.
    ("usergrid-localhost", "introspection.authority"),
    ("usergrid-localhost-by-cluster", "introspection.authority"),
    ("usergrid-localhost-with-port", "introspection.authority"),
    // Contradictions between sections, and a value in the environment.
    ("usergrid-offline-default-salt", "token.salt_env"),
    ("usergrid-offline-opaque", "introspection.offline_if_error"),
    ("usergrid-offline-required-tenancy", "introspection.offline_if_error"),
    ("usergrid-offline-required-tenancy", "introspection.offline_if_error"),
    ("usergrid-offline-without-salt", "introspection.offline_if_error"),
    // Names that are no organisation's, as before.
    ("usergrid-probe-application", "introspection.probe_application"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&schema::configuration()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Every document among the tests of the reader that is JSON, by folder and name.
fn documents() -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    for folder in ["accepted", "rejected"] {
        let path = root().join("crates/core/tests/config").join(folder);
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let is_json = path.extension().is_some_and(|it| it == "json");
            if let (true, Ok(value)) = (is_json, serde_json::from_slice(&fs::read(&path).unwrap()))
            {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                documents.push((format!("{folder}/{name}"), value));
            }
        }
    }
    documents.sort_by(|one, other| one.0.cmp(&other.0));
    documents
}

#[test]
fn the_files_are_what_the_command_writes() {
    let files = [
        ("config.schema.json", schema::configuration(), "cargo auth schema"),
        ("manifests.schema.json", schema::manifests(), "cargo auth schema --manifests"),
    ];
    for (name, text, command) in files {
        let file = fs::read_to_string(root().join("docs").join(name)).unwrap_or_default();
        assert!(file == text, "docs/{name} is out of date: run `{command} > docs/{name}`");
    }
}

/// What is shipped, embedded as it is.
#[test]
fn the_configurations_of_the_examples_fit() {
    let validator = validator();
    let mut count = 0;
    let folders = [
        ("envoy", ""),
        ("envoy/istio/usergrid", "../../../"),
        ("envoy/istio/oauth", "../../../"),
        ("envoy/gateway/usergrid", "../../../"),
        ("envoy/gateway/oauth", "../../../"),
    ];
    for (folder, up) in folders {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let is_yaml = path.extension().is_some_and(|it| it == "yaml");
            let text = if is_yaml { fs::read_to_string(&path).unwrap() } else { continue };
            for found in found::find(&text).unwrap().found {
                let document: Value = serde_json::from_str(&found.text).unwrap();
                let told: Vec<String> =
                    validator.iter_errors(&document).map(|it| it.to_string()).collect();
                assert!(told.is_empty(), "{}: {told:?}", path.display());
                // Where the configuration is an object, the editor is told of the schema.
                let comment =
                    format!("# yaml-language-server: $schema={up}docs/manifests.schema.json\n");
                assert!(found.is_literal || text.starts_with(&comment), "{}", path.display());
                count += 1;
            }
        }
    }
    assert!(count >= 6, "{count} configurations");
}

#[test]
fn what_the_reader_accepts_the_schema_accepts() {
    let validator = validator();
    let accepted = documents().into_iter().filter(|(name, _)| name.starts_with("accepted/"));
    let mut count = 0;
    for (name, document) in accepted {
        let told: Vec<String> = validator.iter_errors(&document).map(|it| it.to_string()).collect();
        assert!(told.is_empty(), "{name}: {told:?}");
        count += 1;
    }
    assert!(count >= 10, "{count} documents");
}

/// The schema points at an object for what is in it, and at a value for what its parts are.
fn is_about(place: &str, key: &str) -> bool {
    let is_index = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
    let depth = |path: &str| {
        let indices = path.split('[').skip(1).filter(is_index).count();
        path.split('.').filter(|part| !part.is_empty()).count() + indices
    };
    is_below(place, key) || (is_below(key, place) && depth(key) <= depth(place) + 1)
}

fn is_below(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A JSON pointer as a key path.
fn key_path(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        match part.parse::<usize>() {
            Ok(at) => path.push_str(&format!("[{at}]")),
            Err(_) if path.is_empty() => path.push_str(&part),
            Err(_) => path.push_str(&format!(".{part}")),
        }
    }
    path
}

fn environment(name: &str) -> Option<Vec<u8>> {
    ["INTROSPECTION_SECRET", "USERGRID_TOKEN_SALT"].contains(&name).then(|| b"value".to_vec())
}

/// The patterns that are a grammar: what is beside a blank, a comma or a colon.
#[test]
fn texts_of_a_grammar_are_read_alike() {
    let rules = [
        "get:/**",
        "GET,post:/a",
        "*",
        "*:*",
        ":/a",
        "get:",
        "get,:/a",
        "/a",
        "get:/a b",
        "a,b",
        "get:/a,/b,",
        "get:a:b",
        "",
        ":",
        "git:/a",
        "get, post:/a",
        "get :/a",
        "get: /a",
        " get:/a",
        "get:/a ",
        ",:/a",
        "get:,",
        "get,,put:/a",
        ",get:/a",
        "a:b",
    ];
    let applications = [
        "*/*", "a/*", "*/a b", "a.b/..c", "a", "a/", "/a", "a/b/c", "*a/b", "a/b*", " a/b", "a/b ",
        "../a", "a/..", "./a", "a/b;c", "a%20/b",
    ];
    let base_paths = [
        "/", "/a", "/a/", "/a/b%20c", "/..a", "//", "a", "/a//b", "/.", "/a/..", "/%2E/a",
        "/a%2fb", "/a;b", "/a?b", "/a%", "/a%0a",
    ];
    let scopes = ["a", "a b", "a  b", " a", "a\"b", ""];
    let document = |key: &str, text: &str| {
        let mut document = serde_json::json!({ "introspection": { "cluster": "i", "path": "/i" } });
        match key {
            "public" => document["public"] = serde_json::json!([text]),
            "guest" => {
                document["guest"] =
                    serde_json::json!([{ "applications": [text], "permissions": ["get:/**"] }]);
            }
            "scope" => document["introspection"]["scope"] = text.into(),
            key => document[key] = text.into(),
        }
        document
    };
    let validator = validator();
    let texts = rules.map(|text| ("public", text)).into_iter();
    let texts = texts.chain(applications.map(|text| ("guest", text)));
    let texts = texts.chain(base_paths.map(|text| ("base_path", text)));
    let mut unlike = Vec::new();
    for (key, text) in texts.chain(scopes.map(|text| ("scope", text))) {
        let document = document(key, text);
        let read = Config::parse(document.to_string().as_bytes(), &environment).is_ok();
        if read != validator.is_valid(&document) {
            unlike.push((key, text, read));
        }
    }
    assert_eq!(unlike, []);
}

#[test]
fn what_the_reader_refuses_the_schema_refuses_as_far_as_it_can() {
    let validator = validator();
    let mut beyond = Vec::new();
    for (name, document) in documents().iter().filter(|(name, _)| name.starts_with("rejected/")) {
        // Written again, so that what repeats is gone: a schema sees one of them.
        let problems = match Config::parse(document.to_string().as_bytes(), &environment) {
            Ok(_) => continue,
            Err(problems) => problems,
        };
        let places: Vec<String> = validator
            .iter_errors(document)
            .map(|error| key_path(error.instance_path().as_str()))
            .collect();
        for problem in problems.iter() {
            if !places.iter().any(|place| is_about(place, &problem.path)) {
                beyond.push((name.clone(), problem.path.clone()));
            }
        }
        for place in places {
            let told = |key: &str| is_below(key, &place) || is_below(&place, key);
            let told = problems.iter().any(|problem| told(&problem.path));
            assert!(told, "{name}: the schema refuses {place:?}, the reader does not:\n{problems}");
        }
    }
    let beyond: Vec<(&str, &str)> =
        beyond.iter().map(|(name, path)| (name.trim_start_matches("rejected/"), &**path)).collect();
    assert_eq!(beyond, BEYOND);
}
