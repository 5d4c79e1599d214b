//! What the answer of a verifying server says about a credential: a verdict, or why there is none.

use std::fmt;
use std::rc::Rc;

use super::call::{AnswerBody, CallOutcome};
use super::verifiers::usergrid;
use crate::principal::{ClaimLimit, Principal};

/// What a server has judged. Facts about a credential, which may be remembered; never a decision
/// about a request.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The credential is good; remembered for `cache.ttl` at most, and never past its `exp`.
    Verified(Rc<Principal>),
    /// The credential is bad; remembered for `cache.negative_ttl`.
    Denied(Denial),
}

/// Why a credential does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// `"active": false`, or an issuer, audience or key binding the configuration does not accept.
    Inactive,
    /// Active by the server's word, but its own `exp` has passed.
    Expired,
    /// A configured `introspection.scope` is missing.
    Scope,
    /// Good, or so it seems, but of another tenant than the request addresses: what a server says
    /// that is asked about a credential in an application.
    AnotherTenant,
    /// The token endpoint knows no such client, or not with this secret.
    BadClient,
    /// The answer holds a claim beyond this limit, which only the operator can raise.
    Claims(ClaimLimit),
}

/// Why there is no verdict. Never remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerFault {
    /// 401 or 403: our own client authentication was refused.
    RejectedUs,
    /// It calls a random credential good that nobody has. Then its word means nothing.
    AcceptsAnything,
    /// A status that is no answer.
    Status(u16),
    /// 200, but not an answer by the RFC: not JSON, no boolean `active`, a repeated member, an
    /// unusable `exp`, …
    BadAnswer,
    /// Longer than `max_response_bytes`.
    TooLarge,
    /// There was none.
    NoAnswer(NoAnswer),
    /// What a stock Usergrid answered, or did not.
    Usergrid(usergrid::Failure),
}

/// How a call ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// See [`CallOutcome::Reset`].
    Reset,
    /// See [`CallOutcome::TimedOut`].
    TimedOut,
    /// See [`CallOutcome::NotSent`].
    NotSent,
}

impl From<NoAnswer> for ServerFault {
    fn from(fault: NoAnswer) -> Self {
        Self::NoAnswer(fault)
    }
}

impl ServerFault {
    /// Whether the server is down: it gave no answer, or says itself that it failed. Nothing that a
    /// caller could bring about.
    #[must_use]
    pub const fn is_down(self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Status(status) => status >= 500,
            Self::Usergrid(failure) => failure.is_down(),
            Self::RejectedUs | Self::AcceptsAnything | Self::BadAnswer | Self::TooLarge => false,
        }
    }

    /// Whether no answer came in time.
    #[must_use]
    pub fn is_timeout(self) -> bool {
        let timed_out = NoAnswer::TimedOut;
        self == Self::NoAnswer(timed_out)
            || matches!(self, Self::Usergrid(failure) if failure.is_unanswered(timed_out))
    }

    /// Whether the server failed whoever asked: it could not be reached, was too late, or says
    /// itself that it cannot. Any other answer may be due to what a client presented, and must not
    /// keep other clients from being heard.
    #[must_use]
    pub const fn is_the_servers(self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Usergrid(failure) => failure.is_the_servers(),
            Self::Status(status) => status >= 500 || status == 408 || status == 429,
            Self::RejectedUs | Self::AcceptsAnything | Self::BadAnswer | Self::TooLarge => false,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claims(limit) => {
                return write!(f, "a claim is beyond its limit, see `{}`", limit.key());
            }
            Self::Inactive => "not active, or not for us",
            Self::Expired => "expired",
            Self::Scope => "without the scopes of `introspection.scope`",
            Self::AnotherTenant => "not for what the path addresses",
            Self::BadClient => "no such client, or another secret",
        })
    }
}

impl fmt::Display for ServerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RejectedUs => f.write_str(
                "it refused our own client authentication; check `client_auth` in the configuration",
            ),
            Self::AcceptsAnything => f.write_str("it calls a random credential good"),
            Self::Status(status) => write!(f, "it answered with status {status}"),
            Self::BadAnswer => f.write_str("its answer is not what the RFC asks for"),
            Self::TooLarge => f.write_str("its answer is longer than `max_response_bytes`"),
            Self::NoAnswer(fault) => fault.fmt(f),
            Self::Usergrid(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reset => "it could not be reached, or broke off",
            Self::TimedOut => "it did not answer in time",
            Self::NotSent => "Envoy did not start the call; is the cluster known, and healthy?",
        })
    }
}

impl CallOutcome {
    /// The status and the body, if a server answered at all.
    ///
    /// # Errors
    /// How the call ended otherwise.
    pub fn answer(&self) -> Result<(u16, &AnswerBody), NoAnswer> {
        match self {
            Self::Answered { status, body, .. } => Ok((*status, body)),
            Self::Reset => Err(NoAnswer::Reset),
            Self::TimedOut => Err(NoAnswer::TimedOut),
            Self::NotSent => Err(NoAnswer::NotSent),
        }
    }
}
