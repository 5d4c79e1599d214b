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
    /// What the host reports: without a status it broke off; an answer of Envoy's own making, told
    /// by `made_by_envoy`, says 504 where the time was over and 503 where the server could not be
    /// reached.
    #[must_use]
    pub fn reported(status: Option<u16>, made_by_envoy: bool, body: AnswerBody) -> Self {
        match status {
            None => Self::Reset,
            Some(504) if made_by_envoy => Self::TimedOut,
            Some(503) if made_by_envoy => Self::Reset,
            Some(status) => Self::Answered { status, body },
        }
    }

    /// The whole body, if there is one.
    #[must_use]
    pub fn into_body(self) -> Option<Vec<u8>> {
        match self {
            Self::Answered { body: AnswerBody::Complete(body), .. } => Some(body),
            _ => None,
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
