//! Which servers there are, and where each has what.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `oidc-provider` of npm, certified for OpenID Connect.
    OidcProvider,
    /// `django-oauth-toolkit` of PyPI.
    Django,
}

pub const ALL: [Kind; 2] = [Kind::OidcProvider, Kind::Django];

#[derive(Clone, Copy, Debug)]
pub struct Paths {
    /// Tokens (RFC 6749 section 3.2).
    pub token: &'static str,
    /// Introspection (RFC 7662).
    pub introspection: &'static str,
    /// Revocation (RFC 7009).
    pub revocation: &'static str,
}

impl Kind {
    /// The word for command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc",
            Self::Django => "django",
        }
    }

    /// The name of the package, and of the directory under `servers/`.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc-provider",
            Self::Django => "django-oauth-toolkit",
        }
    }

    #[must_use]
    pub fn paths(self) -> Paths {
        match self {
            Self::OidcProvider => Paths {
                token: "/token",
                introspection: "/token/introspection",
                revocation: "/token/revocation",
            },
            Self::Django => Paths {
                token: "/oauth/token/",
                introspection: "/oauth/introspect/",
                revocation: "/oauth/revoke_token/",
            },
        }
    }

    /// The identity header in which the name of a user arrives, by the claim that the server has it
    /// in.
    #[must_use]
    pub fn user_header(self) -> &'static str {
        match self {
            Self::OidcProvider => "x-usergrid-subject",
            Self::Django => "x-usergrid-username",
        }
    }
}
