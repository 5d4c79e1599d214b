//! Every key of the configuration, once: its place, what it takes, its default and its bounds.
//! The parser refuses what is not listed here and reads defaults and bounds from here; the
//! documentation is tested against it.

use super::duration::write_millis;
use super::problem::listed;

/// One key.
#[derive(Debug)]
pub struct Key {
    /// The object it stands in: `""` for the document, `guest[]` for each entry of an array.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
}

/// What a key takes.
#[derive(Debug)]
pub enum Shape {
    /// A duration; all three in milliseconds. 32 bits, because the table is in the module.
    #[allow(missing_docs, reason = "the names say it")]
    Duration { default: u32, least: u32, most: u32 },
    /// A whole number.
    #[allow(missing_docs, reason = "the names say it")]
    Count { default: u32, least: u32, most: u32 },
    /// `true` or `false`.
    #[allow(missing_docs, reason = "the name says it")]
    Switch { default: bool },
    /// One of these words; the first is the default.
    Word(&'static [&'static str]),
    /// Something that its section checks.
    Value {
        /// In the words of the documentation.
        kind: &'static str,
        /// What an absent key means.
        absent: Absent,
    },
}

/// What an absent key means.
#[derive(Debug)]
pub enum Absent {
    /// An error.
    Required,
    /// This, in the words of the documentation.
    Means(&'static str),
    /// The same as this string.
    Text(&'static str),
    /// The same as this JSON.
    Json(&'static str),
}

use Absent::{Json, Means, Required, Text};

const STRING: &str = "string";
const PATH: &str = "string that begins with `/`";
const STRINGS: &str = "string or array of strings";
const ENVIRONMENT: &str = "name of an environment variable";
const OBJECT: &str = "object";
const RULES: &str = "array of rules";
const RULES_BY_NAME: &str = "object: a name to an array of rules";
const CLAIM: &str = "name of a claim";

const NOTHING: Absent = Means("none");
const OF_THE_METHOD: Absent = Means("by `method`");

/// Longest wait for a verifying server in milliseconds: a client that waits longer has long gone.
const LONGEST_CALL: u32 = 60_000;

/// Most entries of a cache: some hundred bytes each, in every worker.
const MOST_ENTRIES: u32 = 1_000_000;

/// All keys, in the order of the documentation.
pub static KEYS: &[Key] = &[
    value("", "introspection", OBJECT, Required),
    value("introspection", "cluster", STRING, Required),
    value("introspection", "authority", STRING, Means("the cluster's name")),
    value("introspection", "path", PATH, Required),
    duration("introspection", "timeout", 500, 1, LONGEST_CALL),
    count("introspection", "retries", 1, 0, 5),
    value("introspection", "client_auth", OBJECT, Json("{}")),
    word(
        "introspection.client_auth",
        "method",
        &["none", "client_secret_basic", "client_secret_post", "bearer"],
    ),
    value("introspection.client_auth", "client_id", STRING, OF_THE_METHOD),
    value("introspection.client_auth", "client_secret", STRING, OF_THE_METHOD),
    value("introspection.client_auth", "client_secret_env", ENVIRONMENT, OF_THE_METHOD),
    value("introspection.client_auth", "token", STRING, OF_THE_METHOD),
    value("introspection.client_auth", "token_env", ENVIRONMENT, OF_THE_METHOD),
    value("introspection", "token_type_hint", "string or `null`", Text("access_token")),
    value("introspection", "parameters", "object: a name to a string", Json("{}")),
    count("introspection", "max_response_bytes", 65_536, 16, 1_048_576),
    value("introspection", "issuer", STRING, NOTHING),
    value("introspection", "audience", STRINGS, Json("[]")),
    value("introspection", "scope", STRINGS, Json("[]")),
    value("", "client_credentials", OBJECT, NOTHING),
    value("client_credentials", "cluster", STRING, Required),
    value("client_credentials", "authority", STRING, Means("the cluster's name")),
    value("client_credentials", "path", PATH, Required),
    duration("client_credentials", "timeout", 1_000, 1, LONGEST_CALL),
    word("client_credentials", "client_auth", &["client_secret_post", "client_secret_basic"]),
    count("client_credentials", "max_response_bytes", 65_536, 16, 1_048_576),
    value("", "credentials", OBJECT, Json("{}")),
    value(
        "credentials",
        "sources",
        "array of `header`, `query`, `client_query`, `client_basic`",
        Json(r#"["header", "query", "client_query", "client_basic"]"#),
    ),
    word("credentials", "on_conflict", &["reject", "usergrid"]),
    count("credentials", "max_length", 4_096, 16, 65_536),
    value("", "token", OBJECT, Json("{}")),
    word("token", "format", &["opaque", "usergrid"]),
    value("token", "salt_env", ENVIRONMENT, NOTHING),
    value("", "guest", "array of objects", Json("[]")),
    value("guest[]", "applications", "array of `org/app` patterns", Required),
    value("guest[]", "permissions", RULES, Required),
    value("", "public", RULES, Json("[]")),
    value("", "authorization", OBJECT, Json("{}")),
    word("authorization", "tenancy", &["if_present", "require", "ignore"]),
    value("authorization", "application_ids", "object: `org/app` to a UUID", Json("{}")),
    value("authorization", "roles", RULES_BY_NAME, Json("{}")),
    value("authorization", "scopes", RULES_BY_NAME, Json("{}")),
    value("", "claims", OBJECT, Json("{}")),
    value("claims", "sub", CLAIM, Text("sub")),
    value("claims", "username", CLAIM, Text("username")),
    value("claims", "client_id", CLAIM, Text("client_id")),
    value("claims", "scope", CLAIM, Text("scope")),
    value("claims", "principal", CLAIM, Text("principal")),
    value("claims", "organization", CLAIM, Text("organization")),
    value("claims", "application", CLAIM, Text("application")),
    value("claims", "roles", CLAIM, Text("roles")),
    value("claims", "permissions", CLAIM, Text("permissions")),
    value("", "identity", OBJECT, Json("{}")),
    value("identity", "headers", "object: a header to a claim or `null`", Json("{}")),
    value("", "forward", OBJECT, Json("{}")),
    word("forward", "credential", &["header", "remove", "as_sent"]),
    value("", "cache", OBJECT, Json("{}")),
    duration("cache", "ttl", 60_000, 0, 86_400_000),
    duration("cache", "negative_ttl", 5_000, 0, 3_600_000),
    count("cache", "max_entries", 10_000, 1, MOST_ENTRIES),
    count("cache", "max_negative_entries", 2_000, 1, MOST_ENTRIES),
    switch("cache", "shared", true),
    duration("cache", "stale_if_error", 0, 0, 86_400_000),
    duration("cache", "refresh_ahead", 0, 0, 86_400_000),
    value("", "limits", OBJECT, Json("{}")),
    count("limits", "max_waiting", 1_024, 1, 65_536),
    value("", "errors", OBJECT, Json("{}")),
    word("errors", "format", &["usergrid", "oauth"]),
    value("errors", "realm", STRING, Text("usergrid")),
    value("", "cors", OBJECT, Json("{}")),
    switch("cors", "bypass_preflight", true),
    value("", "base_path", PATH, Text("/")),
    value("", "breaker", OBJECT, Json("{}")),
    count("breaker", "failures", 10, 1, 1_000_000),
    duration("breaker", "open", 1_000, 1, 60_000),
    value("", "revocation", OBJECT, Json("{}")),
    value("revocation", "paths", "array of strings that begin with `/`", Json("[]")),
];

impl Key {
    /// The whole key path, such as `introspection.timeout`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from(self.section);
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(self.name);
        path
    }

    /// What it takes, bounds included, in the words of the documentation.
    #[must_use]
    pub fn kind(&self) -> String {
        match &self.shape {
            Shape::Duration { least, most, .. } => {
                format!(
                    "duration, `{}` to `{}`",
                    write_millis((*least).into()),
                    write_millis((*most).into())
                )
            }
            Shape::Count { least, most, .. } => format!("whole number, {least} to {most}"),
            Shape::Switch { .. } => String::from("boolean"),
            Shape::Word(words) => listed(words),
            Shape::Value { kind, .. } => String::from(*kind),
        }
    }

    /// The default as JSON text. `None`: there is none, see [`Key::absent`].
    #[must_use]
    pub fn default_json(&self) -> Option<String> {
        match &self.shape {
            Shape::Duration { default, .. } => {
                Some(format!("\"{}\"", write_millis((*default).into())))
            }
            Shape::Count { default, .. } => Some(default.to_string()),
            Shape::Switch { default } => Some(default.to_string()),
            Shape::Word(words) => words.first().map(|word| format!("\"{word}\"")),
            Shape::Value { absent: Text(text), .. } => Some(format!("\"{text}\"")),
            Shape::Value { absent: Json(json), .. } => Some(String::from(*json)),
            Shape::Value { absent: Required | Means(_), .. } => None,
        }
    }

    /// What leaving it out means, in the words of the documentation.
    #[must_use]
    pub fn absent(&self) -> String {
        match (&self.shape, self.default_json()) {
            (Shape::Value { absent: Required, .. }, _) => String::from("required"),
            (Shape::Value { absent: Means(meaning), .. }, _) => String::from(*meaning),
            (_, Some(json)) => format!("`{json}`"),
            (_, None) => String::from("none"),
        }
    }
}

const fn value(
    section: &'static str,
    name: &'static str,
    kind: &'static str,
    absent: Absent,
) -> Key {
    Key { section, name, shape: Shape::Value { kind, absent } }
}

const fn duration(
    section: &'static str,
    name: &'static str,
    default: u32,
    least: u32,
    most: u32,
) -> Key {
    Key { section, name, shape: Shape::Duration { default, least, most } }
}

const fn count(
    section: &'static str,
    name: &'static str,
    default: u32,
    least: u32,
    most: u32,
) -> Key {
    Key { section, name, shape: Shape::Count { default, least, most } }
}

const fn word(section: &'static str, name: &'static str, words: &'static [&'static str]) -> Key {
    Key { section, name, shape: Shape::Word(words) }
}

const fn switch(section: &'static str, name: &'static str, default: bool) -> Key {
    Key { section, name, shape: Shape::Switch { default } }
}
