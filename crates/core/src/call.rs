//! A call to a verifying server: what goes out, and every way it can come back.

use std::time::Duration;

/// One HTTP request to a cluster.
///
/// No `Debug`: headers and body carry credentials.
pub struct CallRequest {
    /// Envoy's name of the cluster.
    pub cluster: String,
    /// Headers, pseudo-headers (`:method`, `:path`, `:authority`) included.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// For the whole exchange, retries included; never zero, which Envoy takes for "no limit".
    pub timeout: Duration,
    /// A longer answer is not read.
    pub max_response_bytes: usize,
}

/// How a call ended.
#[derive(Debug)]
pub enum CallOutcome {
    /// A server answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body, or [`AnswerBody::TooLarge`] if it was not read.
        body: AnswerBody,
    },
    /// The answer broke off, or Envoy could not reach the server.
    Reset,
    /// No answer within [`CallRequest::timeout`].
    TimedOut,
    /// Envoy refused to start the call: unknown cluster, no healthy endpoint, open circuit breaker.
    NotSent,
}

impl CallOutcome {
    /// What the host reports: without a status it broke off; an answer of Envoy's own making, told by `made_by_envoy`,
    /// says 504 where the time was over and 503 where the server could not be reached.
    #[must_use]
    pub fn reported(status: Option<u16>, made_by_envoy: bool, body: AnswerBody) -> Self {
        match status {
            None => Self::Reset,
            Some(504) if made_by_envoy => Self::TimedOut,
            Some(503) if made_by_envoy => Self::Reset,
            Some(status) => Self::Answered { status, body },
        }
    }
}

/// The body of an answer.
///
/// Its `Debug` shows no content: a token endpoint's answer holds a token.
pub enum AnswerBody {
    /// All of it.
    Complete(Vec<u8>),
    /// Over the limit, so it never entered the VM.
    TooLarge,
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Complete(body) => write!(f, "Complete({} bytes)", body.len()),
            Self::TooLarge => f.write_str("TooLarge"),
        }
    }
}

/// What the answer of a verifying server says, after it was read by the rules of its endpoint.
#[derive(Debug)]
pub enum Verification {
    /// The credential is good; remembered for `cache.ttl` at most.
    Granted(crate::grant::Grant),
    /// The server has judged the credential and it is bad; remembered for `cache.negative_ttl`.
    Denied(Denial),
    /// No verdict. Never remembered.
    Failed(ServerFault),
}

/// Why a verified credential does not count. A fact about the answer, not a decision about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// `"active": false`, or an issuer, audience or key binding the configuration does not accept.
    Inactive,
    /// Active by the server's word, but its own `exp` has passed.
    Expired,
    /// A configured `introspection.scope` is missing.
    Scope,
    /// The token endpoint knows no such client, or not with this secret.
    BadClient,
}

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerFault {
    /// 401 or 403: our own client authentication was refused.
    RejectedUs,
    /// A status that is no answer.
    Status(u16),
    /// 200, but not an answer by the RFC: not JSON, no boolean `active`, a repeated member, an unusable `exp`, …
    BadAnswer,
    /// Longer than `max_response_bytes`.
    TooLarge,
    /// See [`CallOutcome::Reset`].
    Reset,
    /// See [`CallOutcome::TimedOut`].
    TimedOut,
    /// See [`CallOutcome::NotSent`].
    NotSent,
}

impl ServerFault {
    /// Whether the server failed whoever asked: it could not be reached, was too late, or says itself that it cannot. Any
    /// other answer may be due to what a client presented, and must not keep other clients from being heard.
    #[must_use]
    pub const fn is_the_servers(self) -> bool {
        match self {
            Self::Reset | Self::TimedOut | Self::NotSent => true,
            Self::Status(status) => status >= 500 || status == 408 || status == 429,
            Self::RejectedUs | Self::BadAnswer | Self::TooLarge => false,
        }
    }
}
