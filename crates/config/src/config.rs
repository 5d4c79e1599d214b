//! The whole configuration, and the way to it from the bytes that Envoy hands over.
//! The sections are read one by one; their rules live in the modules named after them.

use std::rc::Rc;

use sha2::{Digest, Sha256};
use usergrid_auth_rules::guest::GuestRules;
use usergrid_auth_rules::public::PublicRules;

use crate::claims::{self, ClaimNames};
use crate::cors::{self, AllowedOrigins};
use crate::credentials::{self, Credentials};
use crate::demands::{GuardEntry, ScopeEntry};
use crate::identity_headers::{self, IdentityForm, IdentityHeader};
use crate::json::Json;
use crate::notes::{Notes, Reported};
use crate::problem::{Problem, Problems};
use crate::profile::Profile;
use crate::reader::Value;
use crate::secret::Secret;
use crate::sections::{
    self, BreakerSettings, CacheSettings, ClaimLimits, Errors, Forward, Unclear,
};
use crate::server::{self, Server};
use crate::telemetry::{self, Mode, Telemetry};
use crate::{base_path, demands, rules, sources};

/// What is said at start, and again and again, while nothing is enforced.
pub const OBSERVING: &str = "`mode` is `observe`: NOTHING IS ENFORCED, every request passes";

const PASS_A_STRING: &str = "pass it as `google.protobuf.StringValue` holding a JSON object";

/// The whole configuration.
#[derive(Debug)]
pub struct Config {
    /// Whose defaults there are, and by whose routes paths are read.
    pub profile: Profile,
    /// The servers that verify credentials, at least one.
    pub servers: Vec<Rc<Server>>,
    /// Where credentials are looked for.
    pub credentials: Credentials,
    /// Who is let in without a credential.
    pub guest: GuestRules,
    /// Endpoints that need no credential, matched against the whole path.
    pub public: PublicRules,
    /// What only some kinds of principal may do.
    pub guards: Vec<GuardEntry>,
    /// What becomes of a path that backends may read in several ways.
    pub unclear_paths: Unclear,
    /// Whether the settings in a route's metadata count.
    pub route_metadata: bool,
    /// The names of the claims that carry the principal.
    pub claims: ClaimNames,
    /// Identity headers, in the order they are set.
    pub identity: Vec<IdentityHeader>,
    /// How what they carry is written.
    pub identity_form: IdentityForm,
    /// What becomes of a verified token.
    pub forward: Forward,
    /// How long and how many answers are remembered.
    pub cache: CacheSettings,
    /// When a server that keeps failing is left alone.
    pub breaker: BreakerSettings,
    /// The paths of RFC 7009 endpoints behind the filter; a request to one that succeeds makes the
    /// filter forget what it knows of the token.
    pub revocation_paths: Vec<String>,
    /// Requests of one worker that may be paused at a time.
    pub max_waiting: usize,
    /// What an answer may hold about one principal.
    pub claim_limits: ClaimLimits,
    /// The words of refusals.
    pub errors: Errors,
    /// Whether a CORS preflight passes untouched.
    pub bypass_preflight: bool,
    /// The pages that may read refusals.
    pub allow_origins: AllowedOrigins,
    /// Whether the filter acts on what it decides.
    pub mode: Mode,
    /// What it shows of its decisions.
    pub telemetry: Telemetry,
    /// The decoded segments that every path begins with; empty for `/`.
    pub base_path: Vec<String>,
    /// SHA-256 over everything that can change an answer: the document and the values of the
    /// environment variables that it names.
    pub digest: [u8; 32],
}

impl Config {
    /// Reads the configuration `text`; `env` looks up the environment variables it names.
    ///
    /// # Errors
    /// Everything that is wrong, at once: see [`Problems`].
    pub fn parse(text: &[u8], env: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Self, Problems> {
        let json = document(text)?;
        let notes = Notes::new(env);
        let config = settings(text, &Value::document(&json, &notes), &notes);
        notes.finish(config)
    }

    /// The scopes that some paths ask for.
    #[must_use]
    pub fn require_scope(&self) -> &[ScopeEntry] {
        // The same for all servers.
        self.servers.first().map_or(&[], |server| &server.authorization.require_scope)
    }

    /// What an operator should know at start about an accepted configuration, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let observing = (self.mode == Mode::Observe).then(|| OBSERVING.to_owned());
        let servers = self.servers.iter().flat_map(|server| server.warnings());
        observing.into_iter().chain(servers).collect()
    }
}

fn settings(text: &[u8], document: &Value<'_>, notes: &Notes<'_>) -> Result<Config, Reported> {
    let root = &document.section()?;
    let named_profile = root.word("profile");
    let effective_profile = *named_profile.as_ref().unwrap_or(&Profile::Usergrid);
    notes.set_profile(effective_profile);
    let named_claims = claims::claims(root);
    gather!(
        root,
        Config {
            profile: named_profile,
            claims: named_claims,
            servers: server::servers(root),
            credentials: credentials::credentials(root, effective_profile),
            guest: rules::guest(root),
            public: rules::public(root),
            guards: demands::guards(root),
            unclear_paths: sections::unclear_paths(root),
            route_metadata: sections::route_metadata(root),
            identity + identity_form: sources::distinct(
                root,
                &credentials,
                identity_headers::identity(root, &claims),
            ),
            forward: sections::forward(root),
            cache: sections::cache(root),
            breaker: sections::breaker(root),
            revocation_paths: sections::revocation_paths(root),
            max_waiting + claim_limits: sections::limits(root),
            errors: sections::errors(root),
            bypass_preflight + allow_origins: cors::cors(root),
            mode: root.word("mode"),
            telemetry: telemetry::telemetry(root),
            base_path: base_path::segments(root),
            // Last, when every variable has been looked up.
            digest: Ok(digest(text, &notes.take_resolved())),
        }
    )
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
