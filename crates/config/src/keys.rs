//! Every key of the configuration, once: its place, what it takes, its default and its bounds.
//! The reader knows nothing else about a key; the documentation is tested against this table.

use crate::authorization::Tenancy;
use crate::client_auth::Method;
use crate::credentials::{BasicEncoding, OnConflict, TokenFormatWord};
use crate::demands::GuardedPrincipal;
use crate::identity_headers::Overflow;
use crate::key_spec::Absent::{
    Boolean, ByProfile, ByProtocol, EmptyArray, EmptyObject, EveryWord, Means, Millis, Number,
    OneWord, Required, Text,
};
use crate::key_spec::{Absent, KeySpec};
use crate::profile::Profile;
use crate::protocol::{Management, Protocol, RestrictedUsers};
use crate::sections::{ErrorFormat, Forward, Unclear};
use crate::shape::Format::{Any, Claim, Name, Path, Secret, Variable};
use crate::shape::{Format, Shape};
use crate::sources::Source;
use crate::telemetry::{Mode, StateName};
use crate::upstream::PairAuth;
use crate::words::Word;

const STRING: Shape = Shape::String(Format::Text);
const HEADER_NAMES: Shape = Shape::Array(&Shape::String(Format::Header));
const SOURCE: Shape = Shape::WordOrMember {
    words: Source::WORDS,
    members: &[
        ("header", Shape::String(Format::Header)),
        ("cookie", Shape::String(Format::Cookie)),
    ],
};
const RULES: Shape = Shape::Array(&Shape::String(Format::Rule));
const RULES_BY_NAME: Shape = Shape::Map { keys: Name, values: &RULES };

const HEADERS: Shape =
    Shape::Map { keys: Format::Header, values: &Shape::Nullable(&Shape::String(Claim)) };

const STRINGS: Shape = Shape::NonEmptyArray(&STRING);
const HOSTS: Shape = Shape::NonEmptyArray(&Shape::String(Format::HostPattern));

const OR_ANY_OF: Absent = Means("`any_of` is required");
const OR_ALL_OF: Absent = Means("`all_of` is required");
const NOTHING: Absent = Means("none");
const NOT_READ: Absent = Means("not read");
const ANY: Absent = Means("any");
const BESIDE: Absent = Means("what stands beside `introspection`");
const OF_AUTHORIZATION: Absent = Means("as in `authorization`");
const OF_THE_METHOD: Absent = Means("by `method`");
const OF_THE_CLUSTER: Absent = Means("the cluster's name");
const OF_INTROSPECTION: Absent = Means("as in `introspection`");
const OF_INTROSPECTION_OR_THE_CLUSTER: Absent =
    Means("as in `introspection`, the cluster's name where another cluster is given");

/// Where every Usergrid takes the client pairs of all organisations and applications.
const USERGRIDS_ENDPOINT: &str = "/management/token";

/// Longest wait for a verifying server in milliseconds: a client that waits longer has long gone.
const LONGEST_CALL: u32 = 60_000;

const CALL: Shape = Shape::Duration { least: 1, most: LONGEST_CALL };
const ANSWER: Shape = Shape::WholeNumber { least: 16, most: 1_048_576 };

/// Most entries of a cache: some hundred bytes each, in every worker.
const MOST_ENTRIES: u32 = 1_000_000;

/// Most bytes of a list of claims: what is kept of one principal is many times that.
const LONGEST_LIST: u32 = 262_144;

/// All keys, those of a section together.
pub static KEYS: &[KeySpec] = &[
    word("", "profile", Profile::WORDS),
    word("", "mode", Mode::WORDS),
    key("", "introspection", Shape::OneOrMore(&Shape::Object("introspection")), Required),
    string("introspection", "name", Format::Label, NOTHING),
    object("introspection", "match", "introspection.match", EmptyObject),
    key("introspection.match", "hosts", HOSTS, ANY),
    key("introspection.match", "paths", Shape::NonEmptyArray(&Shape::String(Format::Rule)), ANY),
    key("introspection.match", "token_prefixes", STRINGS, ANY),
    word("introspection", "protocol", Protocol::WORDS),
    string("introspection", "cluster", Format::Text, Required),
    string("introspection", "authority", Format::Text, OF_THE_CLUSTER),
    string("introspection", "path", Path, Required),
    key("introspection", "timeout", CALL, by_protocol(&Millis(500), &Millis(1_000))),
    number("introspection", "retries", 1, 0, 5),
    duration("introspection", "leeway", 5_000, 0, 300_000),
    object("introspection", "client_auth", "introspection.client_auth", EmptyObject),
    word("introspection.client_auth", "method", Method::WORDS),
    string("introspection.client_auth", "client_id", Format::Text, OF_THE_METHOD),
    string("introspection.client_auth", "client_secret", Secret, OF_THE_METHOD),
    string("introspection.client_auth", "client_secret_env", Variable, OF_THE_METHOD),
    string("introspection.client_auth", "token", Secret, OF_THE_METHOD),
    string("introspection.client_auth", "token_env", Variable, OF_THE_METHOD),
    key("introspection", "token_type_hint", Shape::Nullable(&STRING), Text("access_token")),
    map("introspection", "parameters", Name, &Shape::String(Any)),
    key(
        "introspection",
        "max_response_bytes",
        ANSWER,
        by_protocol(&Number(65_536), &Number(262_144)),
    ),
    string("introspection", "issuer", Format::Text, NOTHING),
    key("introspection", "audience", Shape::OneOrMany(&STRING), EmptyArray),
    key("introspection", "scope", Shape::OneOrMany(&STRING), EmptyArray),
    word("introspection", "management", Management::WORDS),
    word("introspection", "restricted_users", RestrictedUsers::WORDS),
    boolean("introspection", "offline_if_error", false),
    string("introspection", "probe_application", Format::Application, NOTHING),
    key(
        "introspection",
        "client_credentials",
        Shape::Nullable(&Shape::Object("client_credentials")),
        BESIDE,
    ),
    object("introspection", "token", "token", BESIDE),
    key("introspection", "tenancy", Shape::Word(Tenancy::WORDS), OF_AUTHORIZATION),
    key("introspection", "roles", RULES_BY_NAME, OF_AUTHORIZATION),
    key("introspection", "scopes", RULES_BY_NAME, OF_AUTHORIZATION),
    key(
        "",
        "client_credentials",
        Shape::Nullable(&Shape::Object("client_credentials")),
        by_protocol(&NOTHING, &EmptyObject),
    ),
    string(
        "client_credentials",
        "cluster",
        Format::Text,
        by_protocol(&Required, &OF_INTROSPECTION),
    ),
    string(
        "client_credentials",
        "authority",
        Format::Text,
        by_protocol(&OF_THE_CLUSTER, &OF_INTROSPECTION_OR_THE_CLUSTER),
    ),
    string("client_credentials", "path", Path, by_protocol(&Required, &Text(USERGRIDS_ENDPOINT))),
    duration("client_credentials", "timeout", 1_000, 1, LONGEST_CALL),
    word("client_credentials", "client_auth", PairAuth::WORDS),
    number("client_credentials", "max_response_bytes", 65_536, 16, 1_048_576),
    object("", "credentials", "credentials", EmptyObject),
    key(
        "credentials",
        "sources",
        Shape::NonEmptyArray(&SOURCE),
        by_profile(&EveryWord, &OneWord("header")),
    ),
    word("credentials", "on_conflict", OnConflict::WORDS),
    number("credentials", "max_length", 16_384, 16, 65_536),
    word("credentials", "basic", BasicEncoding::WORDS),
    key(
        "credentials",
        "cookie_origins",
        Shape::Array(&Shape::String(Format::ExactOrigin)),
        EmptyArray,
    ),
    key("credentials", "clean_headers", HEADER_NAMES, EmptyArray),
    object("", "token", "token", EmptyObject),
    key(
        "token",
        "format",
        Shape::Word(TokenFormatWord::WORDS),
        by_protocol(&Text("opaque"), &Text("usergrid")),
    ),
    string("token", "salt_env", Variable, NOTHING),
    key("", "guest", Shape::Array(&Shape::Object("guest[]")), EmptyArray),
    non_empty("guest[]", "applications", &Shape::String(Format::ApplicationPattern)),
    non_empty("guest[]", "permissions", &Shape::String(Format::Rule)),
    key("", "public", RULES, EmptyArray),
    object("", "authorization", "authorization", EmptyObject),
    key(
        "authorization",
        "tenancy",
        Shape::Word(Tenancy::WORDS),
        by_profile(&Text("if_present"), &Text("ignore")),
    ),
    map("authorization", "application_ids", Format::Application, &Shape::String(Format::Uuid)),
    key("authorization", "roles", RULES_BY_NAME, EmptyObject),
    key("authorization", "scopes", RULES_BY_NAME, EmptyObject),
    key(
        "authorization",
        "require_scope",
        Shape::Array(&Shape::Object("authorization.require_scope[]")),
        EmptyArray,
    ),
    non_empty("authorization.require_scope[]", "rules", &Shape::String(Format::Rule)),
    key("authorization.require_scope[]", "all_of", Shape::NonEmptyArray(&STRING), OR_ANY_OF),
    key("authorization.require_scope[]", "any_of", Shape::NonEmptyArray(&STRING), OR_ALL_OF),
    key("", "guards", Shape::Array(&Shape::Object("guards[]")), EmptyArray),
    non_empty("guards[]", "rules", &Shape::String(Format::Rule)),
    non_empty("guards[]", "principals", &Shape::Word(GuardedPrincipal::WORDS)),
    object("", "claims", "claims", EmptyObject),
    string("claims", "sub", Claim, Text("sub")),
    string("claims", "username", Claim, Text("username")),
    string("claims", "client_id", Claim, Text("client_id")),
    string("claims", "scope", Claim, Text("scope")),
    string("claims", "principal", Claim, by_profile(&Text("principal"), &NOT_READ)),
    string("claims", "organization", Claim, by_profile(&Text("organization"), &NOT_READ)),
    string("claims", "application", Claim, by_profile(&Text("application"), &NOT_READ)),
    string("claims", "roles", Claim, by_profile(&Text("roles"), &NOT_READ)),
    string("claims", "permissions", Claim, by_profile(&Text("permissions"), &NOT_READ)),
    object("", "identity", "identity", EmptyObject),
    string(
        "identity",
        "prefix",
        Format::HeaderPrefix,
        by_profile(&Text("x-usergrid-"), &Text("x-auth-")),
    ),
    key("identity", "headers", Shape::Nullable(&HEADERS), EmptyObject),
    key("identity", "payload", Shape::Nullable(&Shape::String(Format::Header)), NOTHING),
    word("identity", "overflow", Overflow::WORDS),
    object("", "forward", "forward", EmptyObject),
    word("forward", "credential", Forward::WORDS),
    object("", "paths", "paths", EmptyObject),
    word("paths", "unclear", Unclear::WORDS),
    object("", "routes", "routes", EmptyObject),
    boolean("routes", "metadata", true),
    object("", "cache", "cache", EmptyObject),
    duration("cache", "ttl", 60_000, 0, 86_400_000),
    duration("cache", "negative_ttl", 5_000, 0, 3_600_000),
    number("cache", "max_entries", 10_000, 1, MOST_ENTRIES),
    number("cache", "max_bytes", 67_108_864, 65_536, 1_073_741_824),
    number("cache", "max_negative_entries", 2_000, 1, MOST_ENTRIES),
    boolean("cache", "shared", true),
    duration("cache", "stale_if_error", 0, 0, 86_400_000),
    duration("cache", "refresh_ahead", 0, 0, 86_400_000),
    object("", "limits", "limits", EmptyObject),
    number("limits", "max_waiting", 1_024, 1, 65_536),
    object("limits", "claims", "limits.claims", EmptyObject),
    number("limits.claims", "bytes", 16_384, 256, LONGEST_LIST),
    number("limits.claims", "entries", 256, 1, 4_096),
    object("", "errors", "errors", EmptyObject),
    key(
        "errors",
        "format",
        Shape::Word(ErrorFormat::WORDS),
        by_profile(&Text("usergrid"), &Text("oauth")),
    ),
    string("errors", "realm", Format::Text, by_profile(&Text("usergrid"), &Text("api"))),
    string("errors", "resource_metadata", Format::Url, NOTHING),
    object("", "cors", "cors", EmptyObject),
    boolean("cors", "bypass_preflight", true),
    key("cors", "allow_origins", Shape::Array(&Shape::String(Format::Origin)), EmptyArray),
    object("", "telemetry", "telemetry", EmptyObject),
    key("telemetry", "filter_state", Shape::Array(&Shape::Word(StateName::WORDS)), EmptyArray),
    boolean("telemetry", "trace_context", true),
    string("", "base_path", Path, Text("/")),
    object("", "breaker", "breaker", EmptyObject),
    number("breaker", "failures", 10, 1, 1_000_000),
    duration("breaker", "open", 1_000, 1, 60_000),
    object("", "revocation", "revocation", EmptyObject),
    key("revocation", "paths", Shape::Array(&Shape::String(Path)), EmptyArray),
];

const fn key(section: &'static str, name: &'static str, shape: Shape, absent: Absent) -> KeySpec {
    KeySpec { section, name, shape, absent }
}

const fn by_protocol(rfc7662: &'static Absent, usergrid: &'static Absent) -> Absent {
    ByProtocol { rfc7662, usergrid }
}

const fn by_profile(usergrid: &'static Absent, oauth: &'static Absent) -> Absent {
    ByProfile { usergrid, oauth }
}

/// An object of the keys of the section `of`.
const fn object(
    section: &'static str,
    name: &'static str,
    of: &'static str,
    absent: Absent,
) -> KeySpec {
    key(section, name, Shape::Object(of), absent)
}

const fn string(
    section: &'static str,
    name: &'static str,
    format: Format,
    absent: Absent,
) -> KeySpec {
    key(section, name, Shape::String(format), absent)
}

/// One of `words`, of which the first is the default.
const fn word(
    section: &'static str,
    name: &'static str,
    words: &'static [&'static str],
) -> KeySpec {
    let absent = match words.first() {
        Some(first) => Text(first),
        None => Required,
    };
    key(section, name, Shape::Word(words), absent)
}

/// A duration; default and bounds in milliseconds, of 32 bits because the table is in the module.
const fn duration(
    section: &'static str,
    name: &'static str,
    default: u32,
    least: u32,
    most: u32,
) -> KeySpec {
    key(section, name, Shape::Duration { least, most }, Millis(default))
}

const fn number(
    section: &'static str,
    name: &'static str,
    default: u32,
    least: u32,
    most: u32,
) -> KeySpec {
    key(section, name, Shape::WholeNumber { least, most }, Number(default))
}

const fn boolean(section: &'static str, name: &'static str, default: bool) -> KeySpec {
    key(section, name, Shape::Boolean, Boolean(default))
}

/// A required array with at least one entry.
const fn non_empty(section: &'static str, name: &'static str, of: &'static Shape) -> KeySpec {
    key(section, name, Shape::NonEmptyArray(of), Required)
}

/// A map that is empty by default.
const fn map(
    section: &'static str,
    name: &'static str,
    keys: Format,
    values: &'static Shape,
) -> KeySpec {
    key(section, name, Shape::Map { keys, values }, EmptyObject)
}
