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
        /// What its headers say.
        headers: AnswerHeaders,
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
    pub fn reported(
        status: Option<u16>,
        made_by_envoy: bool,
        body: AnswerBody,
        headers: AnswerHeaders,
    ) -> Self {
        match status {
            None => Self::Reset,
            Some(504) if made_by_envoy => Self::TimedOut,
            Some(503) if made_by_envoy => Self::Reset,
            Some(status) => Self::Answered { status, body, headers },
        }
    }

    /// What the headers of the answer say.
    #[must_use]
    pub fn headers(&self) -> AnswerHeaders {
        match self {
            Self::Answered { headers, .. } => *headers,
            Self::Reset | Self::TimedOut | Self::NotSent => AnswerHeaders::default(),
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

/// What the headers of an answer say that is no 200, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerHeaders {
    /// After which time to try again.
    pub retry_after: Option<RetryAfter>,
    /// Whether it asks for HTTP Basic: it is our own client that is refused.
    pub challenges_basic: bool,
}

impl AnswerHeaders {
    /// Reads the value of `retry-after` and every one of `www-authenticate`, which may come in
    /// several lines.
    #[must_use]
    pub fn new<'a>(
        retry_after: Option<&[u8]>,
        www_authenticate: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        Self {
            retry_after: retry_after.and_then(RetryAfter::parse),
            challenges_basic: www_authenticate.into_iter().any(challenges_basic),
        }
    }
}

/// Whether one of the challenges (RFC 9110 section 11.6.1) is for Basic. A comma in a quoted value
/// may make one too many of them, which is the safe side.
fn challenges_basic(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|part| {
        let part = part.trim_ascii();
        let end = part.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(part.len());
        part.get(..end).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
    })
}

/// Seconds after which a server wants to be asked again, 1 to 60.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(u8);

impl RetryAfter {
    /// The longest that is handed on to clients.
    pub const LONGEST: u8 = 60;

    /// So many seconds, if they are few enough.
    #[must_use]
    pub fn from_seconds(seconds: u8) -> Option<Self> {
        (1..=Self::LONGEST).contains(&seconds).then_some(Self(seconds))
    }

    /// Reads `delay-seconds` (RFC 9110 section 10.2.3). A date is not read: whose clock is it?
    fn parse(value: &[u8]) -> Option<Self> {
        let digits = value.trim_ascii();
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        Self::from_seconds(std::str::from_utf8(digits).ok()?.parse().ok()?)
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u8 {
        self.0
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
