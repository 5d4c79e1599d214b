//! Which servers a revocation seen passing by concerns.
//!
//! A revocation too many costs a verification, one too few an admission: where nothing says whose
//! it is, it is everybody's.

use std::rc::Rc;

use usergrid_auth_config::Server;

use super::Revoked;
use crate::credential::usergrid_token;
use crate::time::UnixMillis;
use crate::verification::key::CredentialDigest;

/// Something that was revoked at a server.
#[derive(Debug)]
pub struct Revocation {
    /// The server's place.
    pub place: usize,
    /// What.
    pub what: Revoked,
    /// Whether it is a token that the server has issued, by a salt that nobody else knows.
    pub is_signed: bool,
}

impl Revocation {
    /// One of which nothing tells who has issued it.
    #[must_use]
    pub const fn unsigned(place: usize, what: Revoked) -> Self {
        Self { place, what, is_signed: false }
    }
}

/// Some of the servers of a configuration, by their places, of which there are at most 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose(u32);

impl Whose {
    /// All servers.
    pub const ALL: Self = Self(u32::MAX);

    /// Those that ask the same backend as `server` does, itself included.
    #[must_use]
    pub fn of_backend(server: &Server, servers: &[Rc<Server>]) -> Self {
        let own = server.verifier.endpoint();
        let others = servers.iter().filter(|other| {
            let its = other.verifier.endpoint();
            its.cluster == own.cluster && its.authority == own.authority
        });
        Self(others.fold(bit(server), |all, other| all | bit(other)))
    }

    /// Whether `server` is one of them.
    #[must_use]
    pub fn includes(self, server: &Server) -> bool {
        self.0 & bit(server) != 0
    }

    /// What it means that `token` was revoked, at each server that it can be a token of: by its
    /// beginning among these; if it is none of theirs, among all.
    #[must_use]
    pub fn revoked_token(
        self,
        token: &[u8],
        servers: &[Rc<Server>],
        now: UnixMillis,
    ) -> Vec<Revocation> {
        let digest = CredentialDigest::of_token(token);
        let fits = |server: &&Rc<Server>| {
            let prefixes = &server.matching.token_prefixes;
            prefixes.is_empty() || prefixes.iter().any(|it| token.starts_with(it.as_bytes()))
        };
        let among_all = !servers.iter().any(|server| self.includes(server) && fits(&server));
        let is_signed = |server: &Server| {
            let salt = server.token.secret_salt();
            salt.is_some_and(|salt| usergrid_token::check(token, Some(salt), now).is_ok())
        };
        servers
            .iter()
            .filter(|server| (among_all || self.includes(server)) && fits(server))
            .map(|server| Revocation {
                place: server.place,
                what: Revoked::Credential(digest.at(server.name.as_deref())),
                is_signed: is_signed(server),
            })
            .collect()
    }
}

fn bit(server: &Server) -> u32 {
    // A place that has no bit of its own stands for all.
    u32::try_from(server.place).ok().and_then(|place| 1_u32.checked_shl(place)).unwrap_or(u32::MAX)
}
