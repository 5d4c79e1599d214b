//! What a verifying server said about a good credential: facts, kept as long as the cache allows.

mod claims;
pub(crate) mod header_values;
pub(crate) mod members;
pub(crate) mod payload;
mod pointer;
mod size;
mod unusable;

pub use unusable::{ClaimKind, UnusableClaims};

pub(crate) use claims::{collect_rules, from_claims, tenants};

use std::rc::Rc;

use usergrid_auth_config::{Secret, StateName};
use usergrid_auth_rules::permission::Rule;

use crate::certificate::CertificateDigest;
use crate::time::UnixMillis;

/// The kinds of principal Usergrid knows (`docs/usergrid.md`, "Principals").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// `application_user`, and any unknown or absent kind: the least rights.
    ApplicationUser,
    /// `admin_user`: an administrator of organisations.
    AdminUser,
    /// `application`: an application's own client credentials.
    Application,
    /// `organization`: an organisation's own client credentials.
    Organization,
}

/// An application named by an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationName {
    /// `org/app`, both in lower case.
    Path {
        /// The organisation.
        organization: String,
        /// The application.
        application: String,
    },
    /// A UUID in lower case.
    Uuid(String),
}

/// A verified principal.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Whose credential it is.
    pub kind: PrincipalKind,
    /// The names that `${user}` and `/me/` stand for: username first, then subject.
    pub user_names: Vec<String>,
    /// `organization`: names and UUIDs in lower case. `None`: the answer does not speak of any; an
    /// empty list: the principal belongs to none.
    pub organizations: Option<Vec<String>>,
    /// `application`, `None` and empty as before.
    pub applications: Option<Vec<ApplicationName>>,
    /// `scope`, split at blanks (RFC 6749 section 3.3).
    pub scopes: Vec<String>,
    /// The permission rules that must allow a request: the `permissions` claim and what roles and
    /// scopes map to. `None`: not enforced, the backend decides.
    ///
    /// In groups: the claim's own, and those of the configuration, which all principals share.
    pub rules: Option<Vec<Rc<[Rule]>>>,
    /// Which `permissions` claim the first of those groups was compiled from, if there was one.
    pub permissions: Option<ClaimDigest>,
    /// Names besides `user_names` by which a revocation may name the user: an e-mail address, a
    /// UUID.
    pub aliases: Vec<String>,
    /// The client certificate without which nobody may use the token.
    pub certificate: Option<CertificateDigest>,
    /// `nbf`: not valid before.
    pub not_before: Option<UnixMillis>,
    /// `exp`: not valid from then on; for a client pair, the end of the issued token.
    pub expires: Option<UnixMillis>,
    /// Identity headers, ready to be set: name and header-safe value.
    pub identity: Vec<(Rc<str>, Rc<[u8]>)>,
    /// What of it `telemetry.filter_state` lists, header-safe.
    pub state: Vec<(StateName, Rc<[u8]>)>,
    /// For a client pair: the token that goes upstream in place of the secret.
    pub issued_token: Option<Secret>,
    /// Claims of which nothing could be made, and which therefore grant nothing.
    pub unusable: UnusableClaims,
}

/// SHA-256 of a claim: equal claims compile to equal rules.
pub type ClaimDigest = [u8; 32];

impl Principal {
    /// Somebody of whom nothing is known: no name, no tenant, no right that is not everybody's.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            kind: PrincipalKind::ApplicationUser,
            user_names: Vec::new(),
            organizations: None,
            applications: None,
            scopes: Vec::new(),
            rules: None,
            permissions: None,
            aliases: Vec::new(),
            certificate: None,
            not_before: None,
            expires: None,
            identity: Vec::new(),
            state: Vec::new(),
            issued_token: None,
            unusable: UnusableClaims::default(),
        }
    }
}

impl PrincipalKind {
    /// The word for it in the `principal` claim and in the identity header.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ApplicationUser => "application_user",
            Self::AdminUser => "admin_user",
            Self::Application => "application",
            Self::Organization => "organization",
        }
    }
}

/// A limit on what an answer may hold about one principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimLimit {
    /// The bytes of a list.
    Bytes,
    /// The entries of a list.
    Entries,
    /// The bytes of one permission rule, which are not configurable.
    Rule,
    /// The bytes of an identity header, and of a user's name.
    Header,
}

impl ClaimLimit {
    /// The key of the configuration that sets it; of a rule, the key that names the claim.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Bytes => "limits.claims.bytes",
            Self::Entries => "limits.claims.entries",
            Self::Rule => "claims.permissions",
            Self::Header => "identity.overflow",
        }
    }
}

/// Why an answer cannot become a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerError {
    /// A decisive member is repeated or of a shape that says nothing: the server's fault.
    Malformed,
    /// A value or list is longer than a principal may hold. A matter of this principal alone: were
    /// it the server's fault, one user with an overlong name could open the breaker for all.
    Oversized(ClaimLimit),
}

impl From<usergrid_auth_config::json::Repeated> for AnswerError {
    fn from(_: usergrid_auth_config::json::Repeated) -> Self {
        Self::Malformed
    }
}
