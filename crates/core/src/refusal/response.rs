//! A refusal as an HTTP response, in Usergrid's words or in RFC 6750's.

use std::time::Duration;

use super::{Challenge, Refusal};
use crate::time::{UnixMillis, millis};
use usergrid_auth_config::{ErrorFormat, Errors};

/// What Usergrid names as the class of its authentication failures (`docs/usergrid.md`, "Errors").
const EXCEPTION: &str = "org.apache.usergrid.rest.exceptions.SecurityException";

/// Seconds after which a 503 may be tried again. The shortest that the header can say: a verdict
/// that failed is not remembered, so the next try asks the server afresh.
const RETRY_AFTER: &str = "1";

/// A local reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status; for a gRPC request the host turns it into `grpc-status`.
    pub status: u16,
    /// Headers, all of them header-safe text.
    pub headers: Vec<(&'static str, String)>,
    /// The body; for a gRPC request the host turns it into `grpc-message`.
    pub body: String,
}

/// What a response depends on besides the refusal itself.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Whose words, and the realm.
    pub errors: &'a Errors,
    /// Whether the request speaks gRPC, whose answers have no JSON body.
    pub grpc: bool,
    /// The scopes that would do, for the challenge.
    pub required_scopes: &'a [&'a str],
    /// The time of the refusal.
    pub now: UnixMillis,
    /// How long the request was held.
    pub took: Duration,
}

impl Refusal {
    /// The response that says so.
    #[must_use]
    pub fn response(self, situation: Situation<'_>) -> Response {
        let row = self.row();
        let oauth = situation.errors.format == ErrorFormat::Oauth;
        let status = if oauth { row.oauth_status } else { row.status };
        let mut headers = Vec::with_capacity(4);
        if !situation.grpc {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers.push(("cache-control", "no-store".to_owned()));
        if status == 503 {
            headers.push(("retry-after", RETRY_AFTER.to_owned()));
        }
        if let Some(challenge) = row.challenge.value(situation) {
            headers.push(("www-authenticate", challenge));
        }
        let body = if situation.grpc {
            row.description.to_owned()
        } else if oauth {
            format!(
                r#"{{"error":"{}","error_description":"{}"}}"#,
                row.oauth_error, row.description
            )
        } else {
            format!(
                r#"{{"error":"{}","timestamp":{},"duration":{},"exception":"{EXCEPTION}","error_description":"{}"}}"#,
                row.error,
                situation.now.0,
                millis(situation.took),
                row.description
            )
        };
        Response { status, headers, body }
    }
}

impl Challenge {
    fn value(self, situation: Situation<'_>) -> Option<String> {
        let realm = &situation.errors.realm;
        match self {
            Self::None => None,
            Self::Bearer => Some(format!(r#"Bearer realm="{realm}""#)),
            Self::BearerError(error) => Some(format!(r#"Bearer realm="{realm}", error="{error}""#)),
            Self::BearerScope if situation.required_scopes.is_empty() => {
                Self::BearerError("insufficient_scope").value(situation)
            }
            Self::BearerScope => {
                let mut challenge =
                    format!(r#"Bearer realm="{realm}", error="insufficient_scope", scope="#);
                let mut before = '"';
                for scope in situation.required_scopes {
                    challenge.push(before);
                    challenge.push_str(scope);
                    before = ' ';
                }
                challenge.push('"');
                Some(challenge)
            }
            Self::Basic => Some(format!(r#"Basic realm="{realm}""#)),
        }
    }
}
