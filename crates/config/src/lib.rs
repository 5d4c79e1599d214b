//! The configuration as the filter uses it: typed, complete, checked.
//!
//! [`Config::parse`] is the only way to get one. `docs/configuration.md` describes every key for users.

mod application_ids;
mod base_path;
mod duration;
mod environment;
mod identity;
pub mod json;
mod keys;
mod notes;
mod parse;
mod problem;
mod reader;
mod rules;
mod secret;
mod sections;
mod spelling;
mod upstream;

pub use application_ids::ApplicationIds;
pub use keys::{Absent, KEYS, Key, Shape};
pub use problem::{Problem, Problems};
pub use secret::Secret;

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_rules::guest::GuestRules;
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::public::PublicRules;

/// The whole configuration.
#[derive(Debug)]
pub struct Config {
    /// How tokens are verified.
    pub introspection: Introspection,
    /// How client pairs are verified; without it they are refused.
    pub client_credentials: Option<Rc<ClientCredentials>>,
    /// Where credentials are looked for.
    pub credentials: Credentials,
    /// What a token must look like before any call.
    pub token: TokenFormat,
    /// Who is let in without a credential.
    pub guest: GuestRules,
    /// Endpoints that need no credential, matched against the whole path.
    pub public: PublicRules,
    /// What a verified principal may do.
    pub authorization: Authorization,
    /// The names of the claims that carry the principal.
    pub claims: ClaimNames,
    /// Identity headers, in the order they are set.
    pub identity: Vec<IdentityHeader>,
    /// What becomes of a verified token.
    pub forward: Forward,
    /// How long and how many answers are remembered.
    pub cache: CacheSettings,
    /// When a server that keeps failing is left alone.
    pub breaker: BreakerSettings,
    /// RFC 7009 endpoints whose success is looked for.
    pub revocation_paths: Vec<String>,
    /// Requests of one worker that may be paused at a time.
    pub max_waiting: usize,
    /// The words of refusals.
    pub errors: Errors,
    /// Whether a CORS preflight passes untouched.
    pub bypass_preflight: bool,
    /// The decoded segments that every path begins with; empty for `/`.
    pub base_path: Vec<String>,
    /// SHA-256 over everything that can change an answer: the document and the resolved environment.
    pub digest: [u8; 32],
}

/// `introspection`: the RFC 7662 endpoint.
pub struct Introspection {
    /// Where and how long.
    pub endpoint: Endpoint,
    /// Tries after the first one, all within the timeout.
    pub retries: u32,
    /// How we prove who we are.
    pub client_auth: ClientAuth,
    /// RFC 7662 section 2.1.
    pub token_type_hint: Option<String>,
    /// Extra form parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// A longer answer is a fault of the server.
    pub max_response_bytes: usize,
    /// The only accepted `iss`.
    pub issuer: Option<String>,
    /// One of these must be in `aud`; empty: not looked at.
    pub audience: Vec<String>,
    /// All of these must be in `scope`.
    pub scope: Vec<String>,
}

impl fmt::Debug for Introspection {
    /// Of the parameters only the names: an API key may be among their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Introspection")
            .field("endpoint", &self.endpoint)
            .field("retries", &self.retries)
            .field("client_auth", &self.client_auth)
            .field("token_type_hint", &self.token_type_hint)
            .field("parameters", &names)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("scope", &self.scope)
            .finish()
    }
}

/// A cluster and what is asked of it.
#[derive(Debug)]
pub struct Endpoint {
    /// Envoy's name of the cluster.
    pub cluster: String,
    /// The `:authority` of calls.
    pub authority: String,
    /// The `:path` of calls.
    pub path: String,
    /// For the whole exchange.
    pub timeout: Duration,
}

/// How we authenticate at a server (RFC 6749 section 2.3, RFC 6750 section 2.1).
#[derive(Debug)]
pub enum ClientAuth {
    /// Not at all.
    None,
    /// HTTP Basic, id and secret form-encoded first (RFC 6749 section 2.3.1).
    ClientSecretBasic {
        /// Our id.
        client_id: String,
        /// Our secret.
        client_secret: Secret,
    },
    /// `client_id` and `client_secret` in the form.
    ClientSecretPost {
        /// Our id.
        client_id: String,
        /// Our secret.
        client_secret: Secret,
    },
    /// `Authorization: Bearer`.
    Bearer {
        /// Our token.
        token: Secret,
    },
}

/// `client_credentials`: the token endpoint for client pairs.
#[derive(Debug)]
pub struct ClientCredentials {
    /// Where and how long.
    pub endpoint: Endpoint,
    /// How the caller's pair is presented.
    pub client_auth: PairAuth,
    /// A longer answer is a fault of the server.
    pub max_response_bytes: usize,
}

/// `client_credentials.client_auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairAuth {
    /// In the form; what every Usergrid accepts.
    ClientSecretPost,
    /// HTTP Basic.
    ClientSecretBasic,
}

/// `credentials`.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `Authorization: Bearer`.
    pub header: bool,
    /// `access_token` in the query.
    pub query: bool,
    /// `client_id` and `client_secret` in the query.
    pub client_query: bool,
    /// `Authorization: Basic`.
    pub client_basic: bool,
    /// What more than one credential means.
    pub on_conflict: OnConflict,
    /// The longest token, client id or client secret in bytes.
    pub max_length: usize,
}

/// `credentials.on_conflict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// 400 (RFC 6750 section 2).
    Reject,
    /// The first of query token, Bearer, Basic, query pair counts; of duplicates, the first.
    Usergrid,
}

/// `token`.
#[derive(Debug)]
pub enum TokenFormat {
    /// Nothing is known about it.
    Opaque,
    /// A Usergrid access token; signed with the salt if there is one.
    Usergrid {
        /// `token.salt_env`.
        salt: Option<Secret>,
    },
}

/// `authorization`.
#[derive(Debug)]
pub struct Authorization {
    /// Whether the principal's tenant must be the path's.
    pub tenancy: Tenancy,
    /// `org/app` and UUID.
    pub application_ids: ApplicationIds,
    /// Rules of a role. `None`: no mapping is configured; never empty.
    pub roles: Option<HashMap<String, Rc<[Rule]>>>,
    /// Rules of a scope. `None`: no mapping is configured; never empty.
    pub scopes: Option<HashMap<String, Rc<[Rule]>>>,
}

/// `authorization.tenancy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenancy {
    /// Checked where the answer names applications or organisations.
    IfPresent,
    /// As before, and an answer without them is refused on application paths.
    Require,
    /// Not checked.
    Ignore,
}

/// `claims`: names of the claims, each with its default.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the claim of the same name")]
pub struct ClaimNames {
    pub sub: String,
    pub username: String,
    pub client_id: String,
    pub scope: String,
    pub principal: String,
    pub organization: String,
    pub application: String,
    pub roles: String,
    pub permissions: String,
}

/// One identity header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeader {
    /// Its name, in lower case.
    pub name: Rc<str>,
    /// What it carries; `None`: dropped by the configuration, still cleared.
    pub source: Option<IdentitySource>,
}

/// What an identity header carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// The kind of principal, `guest` included; by default in `x-usergrid-principal`.
    Principal,
    /// The value of this claim.
    Claim(String),
}

/// `forward.credential`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// One `Authorization: Bearer`, whichever place it came from.
    Header,
    /// None.
    Remove,
    /// Where the client put it.
    AsSent,
}

/// `cache`.
#[derive(Clone, Debug)]
pub struct CacheSettings {
    /// Longest life of a good answer.
    pub ttl: Duration,
    /// Life of a bad one.
    pub negative_ttl: Duration,
    /// Good answers per worker.
    pub max_entries: usize,
    /// Bad answers per worker.
    pub max_negative_entries: usize,
    /// Whether workers share answers and calls.
    pub shared: bool,
    /// How long past its `ttl` a good answer serves while the server fails.
    pub stale_if_error: Duration,
    /// How long before its end a busy good answer is renewed.
    pub refresh_ahead: Duration,
}

/// `breaker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open before a probe.
    pub open: Duration,
}

/// `errors`.
#[derive(Clone, Debug)]
pub struct Errors {
    /// Whose words.
    pub format: ErrorFormat,
    /// The `realm` of challenges.
    pub realm: String,
}

/// `errors.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorFormat {
    /// Usergrid's members, words and statuses.
    Usergrid,
    /// RFC 6749's and RFC 6750's.
    Oauth,
}
