//! From the bytes Envoy hands over to a [`Config`], or to everything that is wrong with them.
//! The sections are read one by one; their rules live in the modules named after them.

use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::notes::{Environment, Notes};
use super::problem::{Problem, Problems};
use super::reader::{Section, Value};
use super::secret::Secret;
use super::{Config, base_path, identity, rules, sections, upstream};
use crate::json::Json;

const PASS_A_STRING: &str = "pass it as `google.protobuf.StringValue` holding a JSON object";

impl Config {
    /// Reads the configuration `text`; `env` looks up the environment variables it names.
    ///
    /// # Errors
    /// Everything that is wrong, at once: see [`Problems`].
    pub fn parse(text: &[u8], env: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Self, Problems> {
        let json = document(text)?;
        read(text, &json, env)
    }
}

fn read(text: &[u8], json: &Json, env: Environment<'_>) -> Result<Config, Problems> {
    let notes = Notes::new(env);
    let mut config = settings(&Value::document(json, &notes).section(""));
    let (problems, resolved) = notes.finish();
    match Problems::of(problems) {
        Some(problems) => Err(problems),
        None => {
            config.digest = digest(text, &resolved);
            Ok(config)
        }
    }
}

fn settings(root: &Section<'_>) -> Config {
    let claims = identity::claims(root);
    Config {
        introspection: upstream::introspection(root),
        client_credentials: upstream::client_credentials(root).map(Rc::new),
        credentials: sections::credentials(root),
        token: sections::token(root),
        guest: rules::guest(root),
        public: rules::public(root),
        authorization: rules::authorization(root),
        identity: identity::headers(root, &claims),
        claims,
        forward: sections::forward(root),
        cache: sections::cache(root),
        breaker: sections::breaker(root),
        revocation_paths: sections::revocation_paths(root),
        max_waiting: sections::max_waiting(root),
        errors: sections::errors(root),
        bypass_preflight: root.section("cors", "cors").switch("bypass_preflight"),
        base_path: base_path::segments(root),
        digest: [0; 32],
    }
}

/// The JSON object in `text`, or one message about the whole of it.
fn document(text: &[u8]) -> Result<Json, Problems> {
    let whole = |message: &[&str]| Problems::one(Problem::new("", message));
    if text.starts_with(b"\xEF\xBB\xBF") {
        return Err(whole(&["the configuration begins with a byte order mark, remove it"]));
    }
    match text.trim_ascii_start().first() {
        None => return Err(whole(&["the configuration is empty: ", PASS_A_STRING])),
        Some(b'{') => {}
        Some(_) => {
            return Err(whole(&["the configuration does not begin with `{`: ", PASS_A_STRING]));
        }
    }
    // The parser's own words name line and column and show nothing of the text.
    Json::parse(text).map_err(|error| {
        // A `Struct` is protobuf: it begins with a line feed and a length, which may look like `{`.
        let is_binary = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        let binary = text.starts_with(b"\n") && text.iter().any(is_binary);
        let (colon, advice) = if binary { (": ", PASS_A_STRING) } else { ("", "") };
        whole(&["the configuration is not JSON: ", &error.to_string(), colon, advice])
    })
}

/// Each part goes in with its length, so that no two lists of parts run together alike.
fn digest(text: &[u8], resolved: &[Secret]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(text).chain(resolved.iter().map(Secret::expose)) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
