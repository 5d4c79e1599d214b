//! Which requests revoke something if the backend says yes, and what.

use std::rc::Rc;

use usergrid_auth_config::{Config, Server};
use usergrid_auth_rules::path::{RequestPath, is_reserved};
use usergrid_auth_rules::syntax::is_uuid;

use super::{Revoked, Whose};
use crate::credential::form_value;
use crate::verification::key::CredentialDigest;

/// The longest form that is looked into for a token (RFC 7009 section 2.1), in bytes. It is read as
/// it passes, not held back.
const LONGEST_FORM: usize = 16_384;

/// A request whose success revokes something.
#[derive(Debug)]
pub struct Watch {
    /// What, and at the server in which place.
    revoked: Vec<(usize, Revoked)>,
    form: bool,
    /// Whose token a form names.
    whose: Whose,
    /// Whether the caller has a verified credential.
    pub proven: bool,
}

impl Watch {
    /// The same, by a caller whose credential will have been verified.
    #[must_use]
    pub fn of_verified_caller(self) -> Self {
        Self { proven: true, ..self }
    }

    /// How much of the request's body is needed to know what is revoked.
    #[must_use]
    pub const fn body_limit(&self) -> usize {
        if self.form { LONGEST_FORM } else { 0 }
    }

    /// What the request has revoked, given as much of its body as was asked for, and at the server
    /// in which place.
    #[must_use]
    pub fn revoked(mut self, body: &[u8], servers: &[Rc<Server>]) -> Vec<(usize, Revoked)> {
        if self.form
            && let Some(token) = form_value(body, b"token")
        {
            self.revoked.extend(self.whose.revoked_token(&token, servers));
        }
        self.revoked
    }
}

/// A call of an RFC 7009 endpoint that the configuration names. Whoever calls it must know the
/// token, so no credential is asked for; but since any token gets a 200 (RFC 7009 section 2.2),
/// only one that is known counts.
#[must_use]
pub fn endpoint(
    method: &[u8],
    target: &[u8],
    config: &Config,
    whose: impl FnOnce() -> Whose,
) -> Option<Watch> {
    let (path, query) = split(target);
    let is_named = |named: &String| named.as_bytes() == path;
    if !is_write(method) || !config.revocation_paths.iter().any(is_named) {
        return None;
    }
    let whose = whose();
    let revoked = token_in(query, whose, &config.servers);
    Some(Watch { revoked, form: true, whose, proven: false })
}

/// A call of one of Usergrid's own endpoints (`docs/usergrid.md`, "Revocation"), by a caller with
/// the `credential` that `server` has verified.
#[must_use]
pub fn usergrid(
    method: &[u8],
    target: &[u8],
    path: &RequestPath,
    credential: CredentialDigest,
    server: &Server,
    servers: &[Rc<Server>],
) -> Option<Watch> {
    if !is_write(method) {
        return None;
    }
    let (_, query) = split(target);
    let mut last = path.segments().rev().filter(|segment| !segment.is_empty());
    let (action, user, collection) = (last.next()?, last.next()?, last.next()?);
    // `/{org}/{app}/users/…` and `/management/users/…`; longer only in the shapes that begin with a
    // word of Usergrid's.
    let usual = last.count() <= 2 || path.segments().next().is_some_and(is_reserved);
    if !usual || !matches!(collection, "users" | "user") {
        return None;
    }
    let revoked = match action {
        "revoketoken" => token_in(query, Whose::of(server), servers),
        // Whoever logs himself out may have written his name in a way that no claim of his token
        // repeats.
        "revoketokens" | "deactivate" => {
            let user_of = |name| Revoked::user(name).at(server.name.as_deref());
            let mut revoked = vec![user_of(user), Revoked::Credential(credential)];
            if !is_uuid(user) {
                let is_administrator = path.segments().next() == Some("management");
                revoked.push(user_of(nameless(is_administrator)));
            }
            revoked.into_iter().map(|one| (server.place, one)).collect()
        }
        _ => return None,
    };
    Some(Watch { revoked, form: false, whose: Whose::of(server), proven: true })
}

/// What stands for the names of all users, or of all administrators, of whom only the UUID is
/// known: a revocation by another name may mean any of them. No user is called so, for the name of
/// one is a segment of a path.
pub(crate) const fn nameless(is_administrator: bool) -> &'static str {
    if is_administrator { "/administrator" } else { "/user" }
}

fn is_write(method: &[u8]) -> bool {
    matches!(method, b"POST" | b"PUT")
}

fn split(target: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = target.splitn(2, |byte| *byte == b'?');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

fn token_in(query: &[u8], whose: Whose, servers: &[Rc<Server>]) -> Vec<(usize, Revoked)> {
    let token = form_value(query, b"token");
    token.map(|token| whose.revoked_token(&token, servers)).unwrap_or_default()
}
