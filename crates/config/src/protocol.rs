//! `introspection.protocol`, and the words that only one protocol knows.

use crate::words::Word;

words! {
    /// `introspection.protocol`: how the server is asked about a token.
    pub enum Protocol {
        /// By token introspection (RFC 7662).
        Rfc7662 = "rfc7662",
        /// By requests to Usergrid's own API.
        Usergrid = "usergrid",
    }
}

/// Every protocol with its word and the keys of `introspection` that go with it.
pub fn protocols() -> impl Iterator<Item = (&'static str, Protocol, &'static [&'static str])> {
    Protocol::TABLE.iter().map(|(word, protocol)| (*word, *protocol, protocol.keys()))
}

impl Protocol {
    /// The keys of `introspection` that go with it.
    #[must_use]
    pub fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Rfc7662 => &[
                "name",
                "match",
                "client_credentials",
                "token",
                "tenancy",
                "roles",
                "scopes",
                "protocol",
                "cluster",
                "authority",
                "path",
                "timeout",
                "retries",
                "leeway",
                "client_auth",
                "token_type_hint",
                "parameters",
                "max_response_bytes",
                "issuer",
                "audience",
                "scope",
            ],
            Self::Usergrid => &[
                "name",
                "match",
                "client_credentials",
                "token",
                "tenancy",
                "protocol",
                "cluster",
                "authority",
                "timeout",
                "retries",
                "max_response_bytes",
                "management",
                "restricted_users",
                "offline_if_error",
                "probe_application",
            ],
        }
    }
}

words! {
    /// `introspection.management`: what becomes of paths under `/management`, which name no
    /// application.
    pub enum Management {
        /// They are refused.
        Refuse = "refuse",
        /// They are left to Usergrid, credential and all.
        Pass = "pass",
        /// Usergrid is asked at `/management/me`.
        Me = "me",
    }
}

words! {
    /// `introspection.restricted_users`: users of Usergrid 2.1.0 whose roles hide their own record
    /// from them.
    pub enum RestrictedUsers {
        /// They are refused, since Usergrid does not say enough about them.
        Refuse = "refuse",
        /// They are taken for who Usergrid's refusal says they are.
        Accept = "accept",
    }
}
