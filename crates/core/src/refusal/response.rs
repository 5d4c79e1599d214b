//! A refusal as an HTTP response, in Usergrid's words or in RFC 6750's.

use std::time::Duration;

use super::{Challenge, Refusal};
use crate::time::{UnixMillis, millis};
use crate::verification::call::RetryAfter;
use usergrid_auth_config::{ErrorFormat, Errors};

/// What Usergrid names as the class of its authentication failures (`docs/usergrid.md`, "Errors").
const EXCEPTION: &str = "org.apache.usergrid.rest.exceptions.SecurityException";

/// Seconds after which a 503 may be tried again, if the server does not say. The shortest that the header can say: a verdict
/// that failed is not remembered, so the next try asks the server afresh.
const RETRY_AFTER: &str = "1";

/// A local reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status; for a gRPC request the host turns it into `grpc-status`.
    pub status: u16,
    /// Why, for Envoy's access log and `local_reply_config`.
    pub details: String,
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
    /// What a page may be told that it may read the response, if it may.
    pub allowed_origin: Option<&'a str>,
    /// Whether the request speaks gRPC, whose answers have no JSON body.
    pub grpc: bool,
    /// The scopes that would do, for the challenge.
    pub required_scopes: &'a [&'a str],
    /// When the verifying server wants to be asked again.
    pub retry_after: Option<RetryAfter>,
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
        let mut headers = Vec::with_capacity(7);
        if !situation.grpc {
            headers.push(("content-type", "application/json".to_owned()));
        }
        headers.push(("cache-control", "no-store".to_owned()));
        if status == 503 {
            let after = situation.retry_after.filter(|_| self == Self::Unavailable);
            let after = after.map_or_else(|| RETRY_AFTER.to_owned(), |it| it.seconds().to_string());
            headers.push(("retry-after", after));
        }
        if let Some(challenge) = row.challenge.value(situation) {
            headers.push(("www-authenticate", challenge));
        }
        // Envoy's own CORS filter does not see refusals, since it may come later.
        if let Some(origin) = situation.allowed_origin {
            headers.push(("access-control-allow-origin", origin.to_owned()));
            headers.push(("access-control-expose-headers", "www-authenticate".to_owned()));
            headers.push(("vary", "origin".to_owned()));
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
        let details = ["usergrid_auth_", row.label].concat();
        Response { status, details, headers, body }
    }
}

impl Challenge {
    fn value(self, situation: Situation<'_>) -> Option<String> {
        let realm = &situation.errors.realm;
        let mut challenge = match self {
            Self::None => return None,
            Self::Bearer => format!(r#"Bearer realm="{realm}""#),
            Self::BearerError(error) => format!(r#"Bearer realm="{realm}", error="{error}""#),
            Self::BearerScope => format!(r#"Bearer realm="{realm}", error="insufficient_scope""#),
            Self::Basic => format!(r#"Basic realm="{realm}""#),
        };
        if self == Self::BearerScope && !situation.required_scopes.is_empty() {
            challenge.push_str(", scope=");
            let mut before = '"';
            for scope in situation.required_scopes {
                challenge.push(before);
                challenge.push_str(scope);
                before = ' ';
            }
            challenge.push('"');
        }
        if let Some(metadata) = &situation.errors.resource_metadata {
            // RFC 9728 section 5.1, whatever the scheme.
            challenge.push_str(r#", resource_metadata=""#);
            challenge.push_str(&metadata.url);
            challenge.push('"');
        }
        Some(challenge)
    }
}
