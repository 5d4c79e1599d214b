//! Which servers there are, and where each has what.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `oidc-provider` of npm, certified for OpenID Connect.
    OidcProvider,
    /// `django-oauth-toolkit` of PyPI.
    Django,
    /// Authlib of PyPI, in Flask.
    Authlib,
    /// `glewlwyd` of Debian.
    Glewlwyd,
}

pub const ALL: [Kind; 4] = [Kind::OidcProvider, Kind::Django, Kind::Authlib, Kind::Glewlwyd];

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
            Self::Authlib => "authlib",
            Self::Glewlwyd => "glewlwyd",
        }
    }

    /// The name of the package, and of the directory under `servers/`.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc-provider",
            Self::Django => "django-oauth-toolkit",
            Self::Authlib => "authlib",
            Self::Glewlwyd => "glewlwyd",
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
            Self::Authlib => Paths {
                token: "/oauth/token",
                introspection: "/oauth/introspect",
                revocation: "/oauth/revoke",
            },
            Self::Glewlwyd => Paths {
                token: "/api/oauth/token",
                introspection: "/api/oauth/introspect",
                revocation: "/api/oauth/revoke",
            },
        }
    }

    /// The identity header in which the name of a user arrives with the shipped configuration, by
    /// the claim that the server has it in.
    #[must_use]
    pub fn user_header(self) -> &'static str {
        match self {
            Self::OidcProvider => "x-usergrid-subject",
            Self::Django | Self::Authlib | Self::Glewlwyd => "x-usergrid-username",
        }
    }

    /// Whether a client may have tokens that live shorter than others'.
    #[must_use]
    pub fn knows_short_lives(self) -> bool {
        self != Self::Glewlwyd
    }
}
