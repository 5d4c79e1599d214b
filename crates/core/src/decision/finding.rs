//! What each step of the decision found, as values: the decision explains itself by listing them.

use std::fmt;

use usergrid_auth_rules::path::RequestPath;

use super::demands::GuardFinding;
use crate::authorization::{PermissionFinding, TenancyFinding};
use crate::certificate::CertificateFinding;
use crate::credential::usergrid_token::TokenProblem;
use crate::credential::{BadCredential, ClientPlace, Credential, Presented, TokenPlace};
use crate::principal::PrincipalKind;
use crate::time::UnixMillis;
use crate::verification::verdict::{Denial, Verdict};
use crate::verification::verifiers::usergrid::NoTarget;

/// What one step found. Its `Display` is a line for people: what was found, and which setting
/// decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing of what follows is enforced.
    Observing,
    /// The path must not reach any backend.
    BrokenPath,
    /// The path was read.
    Path {
        /// Whether every backend reads the same.
        is_clear: bool,
        /// The application it addresses, as in log lines.
        application: String,
    },
    /// The path can be read in several ways, or has parameters, and `paths.unclear` rejects that.
    RejectedPath,
    /// Whether the route's metadata bypasses the filter.
    Bypass(bool),
    /// Whether the request is a CORS preflight.
    Preflight(PreflightFinding),
    /// Whether a rule of `public` admits the request.
    Public(PublicFinding),
    /// Who alone may use the path.
    Guard(GuardFinding),
    /// What the request presents.
    Credential(CredentialFinding),
    /// Which server is asked about it and what it was chosen by, or why none is; only where there is
    /// a choice.
    Server(Result<String, NoServer>),
    /// No server is configured that judges such credentials.
    Unjudged,
    /// What the token says by itself, under `token.format`.
    TokenFormat(Result<(), TokenProblem>),
    /// `introspection.management` leaves the path to Usergrid.
    LeftToUsergrid,
    /// What a stock Usergrid is asked about the credential for, or why it is asked nothing.
    Target(Result<String, NoTarget>),
    /// Whether a caller without any credential goes on.
    Guest(GuestFinding),
    /// What is known of the credential.
    Verdict(VerdictFinding),
    /// Whether the client has the certificate that its token is bound to, where it is.
    Certificate(CertificateFinding),
    /// Whether guards let such a principal through, where one matches.
    Guarded(bool),
    /// Whether the principal has the scopes that the path demands, where it demands any.
    DemandedScope(bool),
    /// Whether the principal has the scopes that the route asks for.
    RouteScope(bool),
    /// Whether the application is the principal's.
    Tenancy(TenancyFinding),
    /// Whether the principal's rules allow the request.
    Permission(PermissionFinding),
}

/// What became of the look for a preflight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreflightFinding {
    /// `cors.bypass_preflight` is false.
    NotLookedFor,
    /// The request is none.
    None,
    /// It looks like one, but has a body, or may have.
    WithBody,
    /// It looks like one, but has a header that makes another method of it.
    MethodOverride,
    /// It is one.
    Preflight,
}

/// Whether the request passes without a look at its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicFinding {
    /// A rule of `public` matches.
    Admitted,
    /// It asks for the metadata that `errors.resource_metadata` names.
    ResourceMetadata,
    /// No rule of `public` matches.
    NoRule,
    /// The budget of steps was used up before a rule was found that matches.
    TooCostly,
}

/// What the request presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialFinding {
    /// No credential in any accepted place.
    None,
    /// A token.
    Token(TokenPlace),
    /// A client id and secret.
    Client(ClientPlace),
    /// Something that cannot be one.
    Bad(BadCredential),
}

/// Why a caller without any credential goes on, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestFinding {
    /// A rule of `guest` allows it.
    Admitted,
    /// Envoy redirected the request to itself, and the credential that it came with may be gone.
    SecondPass,
    /// The route asks for a scope, and guests have none.
    ScopeRequired,
    /// The path demands a scope, and guests have none.
    ScopeDemanded,
    /// No rule of `guest` allows it.
    NoRule,
    /// The budget of steps was used up before a rule was found that allows it.
    TooCostly,
}

/// Why no server is asked about a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoServer {
    /// No `match` holds.
    NoMatch,
    /// The host is missing, repeated or can be read in several ways, and servers are chosen by it.
    UnclearHost,
    /// The path can be read in several ways that choose different servers, or costs too much to
    /// match.
    UnclearPath,
}

/// What is known of a credential at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictFinding {
    /// It is good, and whose it is.
    Verified(PrincipalKind),
    /// It was good, but its `exp` has passed.
    Expired,
    /// It will be good, at its `nbf`.
    NotYetValid,
    /// It is bad.
    Denied(Denial),
    /// No verdict is to be had.
    None,
}

/// Where findings go. `()` drops them, unmade, and costs nothing.
pub(super) trait Trace {
    /// Takes what a step found.
    fn note(&mut self, finding: impl FnOnce() -> Finding);
}

impl Trace for () {
    #[inline]
    fn note(&mut self, _: impl FnOnce() -> Finding) {}
}

impl Trace for Vec<Finding> {
    fn note(&mut self, finding: impl FnOnce() -> Finding) {
        self.push(finding());
    }
}

impl Finding {
    pub(super) fn path(path: &RequestPath) -> Self {
        Self::Path { is_clear: path.is_clear(), application: path.application_label() }
    }
}

impl CredentialFinding {
    pub(super) fn of(presented: &Presented) -> Self {
        match presented {
            Presented::Nothing => Self::None,
            Presented::One(Credential::Token { place, .. }) => Self::Token(place.clone()),
            Presented::One(Credential::Client { place, .. }) => Self::Client(*place),
            Presented::Bad(bad) => Self::Bad(*bad),
        }
    }
}

impl VerdictFinding {
    pub(super) fn of(verdict: Option<&Verdict>, now: UnixMillis) -> Self {
        match verdict {
            None => Self::None,
            Some(Verdict::Denied(denial)) => Self::Denied(*denial),
            Some(Verdict::Verified(principal)) => {
                if principal.expires.is_some_and(|expires| now >= expires) {
                    Self::Expired
                } else if principal.not_before.is_some_and(|not_before| now < not_before) {
                    Self::NotYetValid
                } else {
                    Self::Verified(principal.kind)
                }
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observing => {
                f.write_str("mode: `observe`, nothing of this is enforced, the request passes")
            }
            Self::BrokenPath => f.write_str("path: broken"),
            Self::Path { is_clear: true, application } => {
                write!(f, "path: clear, application {application}")
            }
            Self::Path { is_clear: false, application } => {
                write!(f, "path: can be read in several ways, application {application}")
            }
            Self::RejectedPath => {
                f.write_str("path: unclear or with parameters, rejected by `paths.unclear`")
            }
            Self::Certificate(finding) => write!(f, "certificate: {finding}"),
            Self::Guard(finding) => write!(f, "guard: {finding}"),
            Self::Guarded(true) => f.write_str("guard: lets such a principal through"),
            Self::Guarded(false) => f.write_str("guard: lets no such principal through"),
            Self::DemandedScope(true) => {
                f.write_str("scope: what `authorization.require_scope` demands is there")
            }
            Self::DemandedScope(false) => {
                f.write_str("scope: `authorization.require_scope` demands more")
            }
            Self::Bypass(true) => f.write_str("route: metadata `bypass` is true"),
            Self::Bypass(false) => f.write_str("route: no bypass"),
            Self::Preflight(finding) => f.write_str(match finding {
                PreflightFinding::NotLookedFor => "preflight: `cors.bypass_preflight` is false",
                PreflightFinding::None => "preflight: no",
                PreflightFinding::WithBody => "preflight: no, it has a body",
                PreflightFinding::MethodOverride => "preflight: no, it overrides its method",
                PreflightFinding::Preflight => "preflight: yes, by `cors.bypass_preflight`",
            }),
            Self::Public(finding) => f.write_str(match finding {
                PublicFinding::Admitted => "public: a rule of `public` matches",
                PublicFinding::ResourceMetadata => {
                    "public: the metadata of `errors.resource_metadata`"
                }
                PublicFinding::NoRule => "public: no rule of `public` matches",
                PublicFinding::TooCostly => {
                    "public: the rules of `public` cost more to match than one request may"
                }
            }),
            Self::Credential(finding) => write!(f, "credential: {finding}"),
            Self::Server(Ok(server)) => write!(f, "server: {server}"),
            Self::Server(Err(why)) => f.write_str(match why {
                NoServer::NoMatch => "server: none, no `match` of `introspection` holds",
                NoServer::UnclearHost => {
                    "server: none, the host is unclear and servers are chosen by `match.hosts`"
                }
                NoServer::UnclearPath => {
                    "server: none, the path is unclear and servers are chosen by `match.paths`"
                }
            }),
            Self::Unjudged => f.write_str("credential: no `client_credentials` is configured"),
            Self::TokenFormat(finding) => f.write_str(match finding {
                Ok(()) => "token: well formed, by `token.format`",
                Err(TokenProblem::Malformed) => "token: malformed or forged, by `token.format`",
                Err(TokenProblem::Expired) => "token: expired, by `token.format`",
            }),
            Self::LeftToUsergrid => {
                f.write_str("management: left to Usergrid, by `introspection.management`")
            }
            Self::Target(Ok(target)) => write!(f, "target: Usergrid is asked about {target}"),
            Self::Target(Err(why)) => write!(f, "target: {why}"),
            Self::Guest(finding) => f.write_str(match finding {
                GuestFinding::Admitted => "guest: a rule of `guest` allows it",
                GuestFinding::SecondPass => {
                    "guest: never after an internal redirect, unless it was one before"
                }
                GuestFinding::ScopeRequired => "guest: never where the route requires a scope",
                GuestFinding::ScopeDemanded => {
                    "guest: never where `authorization.require_scope` demands a scope"
                }
                GuestFinding::NoRule => "guest: no rule of `guest` allows it",
                GuestFinding::TooCostly => {
                    "guest: the rules of `public` and `guest` cost more to match than one request may"
                }
            }),
            Self::Verdict(finding) => match finding {
                VerdictFinding::Verified(kind) => write!(f, "verdict: verified, {}", kind.word()),
                VerdictFinding::Expired => f.write_str("verdict: its `exp` has passed"),
                VerdictFinding::NotYetValid => f.write_str("verdict: its `nbf` lies ahead"),
                VerdictFinding::Denied(denial) => write!(f, "verdict: denied, {denial}"),
                VerdictFinding::None => f.write_str("verdict: none"),
            },
            Self::RouteScope(true) => f.write_str("scope: what the route requires is there"),
            Self::RouteScope(false) => f.write_str("scope: the route requires more"),
            Self::Tenancy(finding) => write!(f, "tenancy: {finding}"),
            Self::Permission(finding) => write!(f, "permission: {finding}"),
        }
    }
}

impl fmt::Display for CredentialFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Token(TokenPlace::Header) => "token, in the header",
            Self::Token(TokenPlace::Query) => "token, in the query",
            Self::Token(TokenPlace::OtherHeader(name)) => {
                return write!(f, "token, in the header `{name}`");
            }
            Self::Token(TokenPlace::Cookie(name)) => {
                return write!(f, "token, in the cookie `{name}`");
            }
            Self::Client(ClientPlace::Basic) => "client pair, in Basic",
            Self::Client(ClientPlace::Query) => "client pair, in the query",
            Self::Bad(BadCredential::Conflict) => "more than one",
            Self::Bad(BadCredential::Token) => "not a token",
            Self::Bad(BadCredential::TooLong) => {
                "a token that is too long, by `credentials.max_length`"
            }
            Self::Bad(BadCredential::CrossSite) => {
                "a cookie that another site may have made a browser send, by `credentials.cookie_origins`"
            }
            Self::Bad(BadCredential::Basic) => "malformed Basic",
            Self::Bad(BadCredential::ClientQuery) => "malformed client pair in the query",
        })
    }
}
