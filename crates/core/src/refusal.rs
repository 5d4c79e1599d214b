//! Every way to say no, once: the reply, the counter, the log line and `docs/errors.md` come from
//! these rows.
//!
//! Nothing a client sent ever becomes part of a refusal.

mod response;

pub use response::{Response, Situation};

/// Why a request is refused; one variant per row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No credential, and no guest rule admits the request.
    Missing,
    /// Two credentials, or a parameter repeated (RFC 6750 section 2).
    Conflict,
    /// A path that two readers could understand differently.
    BadPath,
    /// Not a token, forged, of the wrong category, or of an unsupported scheme.
    Malformed,
    /// A token longer than `credentials.max_length`.
    TooLong,
    /// A cookie that another site may have made a browser send.
    CrossSite,
    /// The answer about the credential holds a claim beyond its limit.
    Claims,
    /// A token whose time is over.
    Expired,
    /// Not active, of the wrong issuer or audience, bound to a key or to another certificate than
    /// the client's, or not valid yet.
    Inactive,
    /// A required scope is missing.
    Scope,
    /// A client pair in the query is wrong.
    ClientQuery,
    /// A client pair in `Authorization: Basic` is wrong.
    ClientBasic,
    /// Another tenant's, or without a permission.
    Forbidden,
    /// Only other kinds of principal may do this, by `guards`.
    Guarded,
    /// The verifying server gave no verdict.
    Unavailable,
    /// Too many requests are waiting for verdicts.
    Overloaded,
}

/// The challenge that goes with a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// None.
    None,
    /// `Bearer` with the realm alone: nothing was presented (RFC 6750 section 3.1).
    Bearer,
    /// `Bearer` with this error code.
    BearerError(&'static str),
    /// `Bearer` with `insufficient_scope` and the scopes that are required.
    BearerScope,
    /// `Basic`, for credentials presented that way.
    Basic,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// The value of the `outcome` label and of `reason` in the log.
    pub label: &'static str,
    /// When it happens, for people.
    pub situation: &'static str,
    /// HTTP status with `errors.format: "usergrid"`.
    pub status: u16,
    /// `error` with `errors.format: "usergrid"`.
    pub error: &'static str,
    /// HTTP status with `errors.format: "oauth"`.
    pub oauth_status: u16,
    /// `error` with `errors.format: "oauth"`.
    pub oauth_error: &'static str,
    /// `error_description`; Usergrid's own words where it has some.
    pub description: &'static str,
    /// `WWW-Authenticate`.
    pub challenge: Challenge,
}

/// What Usergrid says when a path rule denies, whoever asks.
const NO_PERMISSION: &str = "Subject does not have permission to access this resource";

impl Refusal {
    /// The setting that an operator may want to change, where there is one for all such refusals.
    #[must_use]
    pub const fn setting(self) -> Option<&'static str> {
        match self {
            Self::TooLong => Some("credentials.max_length"),
            Self::CrossSite => Some("credentials.cookie_origins"),
            _ => None,
        }
    }

    /// All of them, in the order of the table.
    pub const ALL: [Self; 16] = [
        Self::Missing,
        Self::Conflict,
        Self::BadPath,
        Self::Malformed,
        Self::TooLong,
        Self::CrossSite,
        Self::Claims,
        Self::Expired,
        Self::Inactive,
        Self::Scope,
        Self::ClientQuery,
        Self::ClientBasic,
        Self::Forbidden,
        Self::Guarded,
        Self::Unavailable,
        Self::Overloaded,
    ];

    /// The row of this refusal.
    #[must_use]
    pub const fn row(self) -> &'static Row {
        match self {
            Self::Missing => &Row {
                label: "missing",
                situation: "no credential, no guest rule",
                status: 401,
                error: "unauthorized",
                oauth_status: 401,
                oauth_error: "unauthorized",
                description: NO_PERMISSION,
                challenge: Challenge::Bearer,
            },
            Self::Conflict => &Row {
                label: "conflict",
                situation: "two credentials, or a repeated parameter",
                status: 400,
                error: "invalid_request",
                oauth_status: 400,
                oauth_error: "invalid_request",
                description: "The request presents more than one credential",
                challenge: Challenge::None,
            },
            Self::BadPath => &Row {
                label: "bad_path",
                situation: "a dot segment, a backslash, a NUL or a broken escape in the path, more than 256 segments, or what `paths.unclear` rejects",
                status: 400,
                error: "invalid_request",
                oauth_status: 400,
                oauth_error: "invalid_request",
                description: "The request path is malformed",
                challenge: Challenge::None,
            },
            Self::Malformed => &Row {
                label: "malformed",
                situation: "not a token, forged, wrong category, unsupported scheme",
                status: 401,
                error: "auth_unverified_oath",
                oauth_status: 401,
                oauth_error: "invalid_token",
                description: "Unable to authenticate OAuth credentials",
                challenge: Challenge::BearerError("invalid_token"),
            },
            Self::TooLong => &Row {
                label: "too_long",
                situation: "token longer than `credentials.max_length`",
                status: 401,
                error: "auth_unverified_oath",
                oauth_status: 401,
                oauth_error: "invalid_token",
                description: "Unable to authenticate OAuth credentials, the token is too long",
                challenge: Challenge::BearerError("invalid_token"),
            },
            Self::CrossSite => &Row {
                label: "cross_site",
                situation: "a cookie that another site may have made a browser send (`credentials.cookie_origins`)",
                status: 401,
                error: "auth_unverified_oath",
                oauth_status: 401,
                oauth_error: "invalid_token",
                description: "Unable to authenticate OAuth credentials, a cookie does not count across sites",
                challenge: Challenge::BearerError("invalid_token"),
            },
            Self::Claims => &Row {
                label: "claims",
                situation: "a claim beyond its limit (`limits.claims`, `identity.overflow`)",
                status: 401,
                error: "auth_invalid",
                oauth_status: 401,
                oauth_error: "invalid_token",
                description: "Unable to authenticate",
                challenge: Challenge::BearerError("invalid_token"),
            },
            Self::Expired => &Row {
                label: "expired",
                situation: "expired",
                status: 401,
                error: "expired_token",
                oauth_status: 401,
                oauth_error: "invalid_token",
                description: "Unable to authenticate due to expired access token",
                challenge: Challenge::BearerError("invalid_token"),
            },
            Self::Inactive => &Row {
                label: "inactive",
                situation: "not active, wrong issuer or audience, bound to a key or another certificate, \
                            not valid yet",
                status: 401,
                error: "auth_invalid",
                oauth_status: 401,
                oauth_error: "invalid_token",
                description: "Unable to authenticate",
                challenge: Challenge::BearerError("invalid_token"),
            },
            Self::Scope => &Row {
                label: "scope",
                situation: "a required scope is missing",
                status: 401,
                error: "unauthorized",
                oauth_status: 403,
                oauth_error: "insufficient_scope",
                description: NO_PERMISSION,
                challenge: Challenge::BearerScope,
            },
            Self::ClientQuery => &Row {
                label: "client_query",
                situation: "client pair in the query refused",
                status: 401,
                error: "invalid_client",
                oauth_status: 401,
                oauth_error: "invalid_client",
                description: "Unable to authenticate (OAuth)",
                challenge: Challenge::BearerError("invalid_client"),
            },
            Self::ClientBasic => &Row {
                label: "client_basic",
                situation: "client pair in Basic refused, or Basic malformed",
                status: 401,
                error: "auth_invalid_credentials",
                oauth_status: 401,
                oauth_error: "invalid_client",
                description: "Unable to authenticate due to invalid client credentials",
                challenge: Challenge::Basic,
            },
            Self::Forbidden => &Row {
                label: "forbidden",
                situation: "another tenant, or no permission",
                status: 401,
                error: "unauthorized",
                oauth_status: 403,
                oauth_error: "insufficient_scope",
                description: NO_PERMISSION,
                challenge: Challenge::BearerError("insufficient_scope"),
            },
            Self::Guarded => &Row {
                label: "guarded",
                situation: "not a principal that `guards` lets through",
                status: 401,
                error: "unauthorized",
                oauth_status: 403,
                oauth_error: "insufficient_scope",
                description: NO_PERMISSION,
                challenge: Challenge::BearerError("insufficient_scope"),
            },
            Self::Unavailable => &Row {
                label: "unavailable",
                situation: "the verifying server failed",
                status: 503,
                error: "service_unavailable",
                oauth_status: 503,
                oauth_error: "temporarily_unavailable",
                description: "Unable to verify credentials at the moment",
                challenge: Challenge::None,
            },
            Self::Overloaded => &Row {
                label: "overloaded",
                situation: "too many requests waiting",
                status: 503,
                error: "service_unavailable",
                oauth_status: 503,
                oauth_error: "temporarily_unavailable",
                description: "Too many requests are waiting for verification",
                challenge: Challenge::None,
            },
        }
    }
}
