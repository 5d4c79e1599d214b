//! Which servers a revocation seen passing by concerns.
//!
//! A revocation too many costs a verification, one too few an admission: where nothing says whose
//! it is, it is everybody's.

use std::rc::Rc;

use usergrid_auth_config::Server;

use super::Revoked;
use crate::verification::key::CredentialDigest;

/// Some of the servers of a configuration, by their places, of which there are at most 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose(u32);

impl Whose {
    /// All servers.
    pub const ALL: Self = Self(u32::MAX);

    /// One server alone.
    #[must_use]
    pub fn of(server: &Server) -> Self {
        Self(bit(server))
    }

    /// Those that name this host; all where none does, or where it is none.
    #[must_use]
    pub fn at_host(servers: &[Rc<Server>], host: Option<&[u8]>) -> Self {
        let names = |server: &Server, host| {
            server.matching.hosts.iter().any(|pattern| pattern.matches(host))
        };
        let Some(host) = host else { return Self::ALL };
        let named = servers.iter().filter(|server| names(server, host));
        match named.fold(0, |all, server| all | bit(server)) {
            0 => Self::ALL,
            named => Self(named),
        }
    }

    /// What it means that `token` was revoked, at each server that it can be a token of: by its
    /// beginning among these; if it is none of theirs, among all.
    #[must_use]
    pub fn revoked_token(self, token: &[u8], servers: &[Rc<Server>]) -> Vec<(usize, Revoked)> {
        let digest = CredentialDigest::of_token(token);
        let fits = |server: &&Rc<Server>| {
            let prefixes = &server.matching.token_prefixes;
            prefixes.is_empty() || prefixes.iter().any(|it| token.starts_with(it.as_bytes()))
        };
        let is_one = |server: &&Rc<Server>| self.0 & bit(server) != 0;
        let among_all = !servers.iter().any(|server| is_one(&server) && fits(&server));
        servers
            .iter()
            .filter(|server| (among_all || is_one(server)) && fits(server))
            .map(|server| {
                let digest = digest.at(server.name.as_deref());
                (server.place, Revoked::Credential(digest))
            })
            .collect()
    }
}

fn bit(server: &Server) -> u32 {
    // A place that has no bit of its own stands for all.
    u32::try_from(server.place).ok().and_then(|place| 1_u32.checked_shl(place)).unwrap_or(u32::MAX)
}
