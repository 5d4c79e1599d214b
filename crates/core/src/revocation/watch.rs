//! Which requests revoke something if the backend says yes, and what.

use std::rc::Rc;

use usergrid_auth_config::{Config, Server};
use usergrid_auth_rules::path::{RequestPath, is_application_word, is_reserved};
use usergrid_auth_rules::syntax::is_uuid;

use super::{Revocation, Revoked, Whose};
use crate::credential::{Credential, form_value};
use crate::time::UnixMillis;
use crate::verification::key::CredentialDigest;

/// The longest form that is looked into for a token (RFC 7009 section 2.1), in bytes. It is read as
/// it passes, not held back.
const LONGEST_FORM: usize = 16_384;

/// A request whose success revokes something.
#[derive(Debug)]
pub struct Watch {
    revoked: Vec<Revocation>,
    form: bool,
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

    /// What the request has revoked, given as much of its body as was asked for.
    #[must_use]
    pub fn revoked(
        mut self,
        body: &[u8],
        servers: &[Rc<Server>],
        now: UnixMillis,
    ) -> Vec<Revocation> {
        if self.form
            && let Some(token) = form_value(body, b"token")
        {
            self.revoked.extend(Whose::ALL.revoked_token(&token, servers, now));
        }
        self.revoked
    }
}

/// A call of an RFC 7009 endpoint that the configuration names. Whoever calls it must know the
/// token, so no credential is asked for; but since any token gets a 200 (RFC 7009 section 2.2),
/// only one that is known counts.
///
/// At every server that it can be a token of: neither host nor path of such an endpoint says whose
/// tokens are revoked there.
#[inline]
#[must_use]
pub fn endpoint(method: &[u8], target: &[u8], config: &Config, now: UnixMillis) -> Option<Watch> {
    if is_write(method) { named_endpoint(target, config, now) } else { None }
}

fn named_endpoint(target: &[u8], config: &Config, now: UnixMillis) -> Option<Watch> {
    let (path, query) = split(target);
    let is_named = |named: &String| named.as_bytes() == path;
    if !config.revocation_paths.iter().any(is_named) {
        return None;
    }
    let revoked = token_in(query, Whose::ALL, &config.servers, now);
    Some(Watch { revoked, form: true, proven: false })
}

/// A call of one of Usergrid's own endpoints (`docs/usergrid.md`, "Revocation"), by a caller with
/// the `credential` that `server` has verified. It counts at every server with the same backend.
#[inline]
#[must_use]
pub fn usergrid(
    method: &[u8],
    target: &[u8],
    path: &RequestPath,
    credential: &Credential,
    server: &Server,
    servers: &[Rc<Server>],
    now: UnixMillis,
) -> Option<Watch> {
    if is_write(method) {
        usergrids_endpoint(target, path, credential, server, servers, now)
    } else {
        None
    }
}

fn usergrids_endpoint(
    target: &[u8],
    path: &RequestPath,
    credential: &Credential,
    server: &Server,
    servers: &[Rc<Server>],
    now: UnixMillis,
) -> Option<Watch> {
    let (_, query) = split(target);
    // Usergrid's router cuts parameters off before it compares.
    let without_parameters = |segment| str::split(segment, ';').next().unwrap_or_default();
    // With what each is without them.
    let segments = || {
        let both = path.segments().map(|segment| (segment, without_parameters(segment)));
        both.filter(|(_, bare)| !bare.is_empty())
    };
    let mut last = segments();
    let ((_, action), (whole, user)) = (last.next_back()?, last.next_back()?);
    let (_, collection) = last.next_back()?;
    let first = segments().next().map(|(_, bare)| bare);
    // `/{org}/{app}/users/…`, `/{org}/apps/{app}/users/…` and `/management/users/…`; longer only in
    // the shapes that begin with a word of Usergrid's.
    let is_announced = segments().nth(1).is_some_and(|(_, bare)| is_application_word(bare));
    let usual = match last.count() {
        0..=2 => true,
        3 if is_announced => true,
        _ => first.is_some_and(is_reserved),
    };
    if !usual || !matches!(collection, "users" | "user") {
        return None;
    }
    let whose = Whose::of_backend(server, servers);
    let revoked = match action {
        "revoketoken" => token_in(query, whose, servers, now),
        // Whoever logs himself out may have written his name in a way that no claim of his token
        // repeats.
        "revoketokens" | "deactivate" => {
            let own = Revoked::Credential(CredentialDigest::of(credential));
            let mut revoked = vec![Revoked::user(user), own];
            if whole != user {
                // Whether a `;` was encoded, and is of the name, is not known here.
                revoked.push(Revoked::user(whole));
            }
            let is_administrator = first == Some("management");
            if !is_uuid(user) {
                revoked.push(Revoked::user(nameless(is_administrator)));
            }
            if user.contains('@') {
                revoked.push(Revoked::user(without_email(is_administrator)));
            }
            let all = servers.iter().filter(|server| whose.includes(server));
            let at = |server: &Rc<Server>| {
                let name = server.name.clone();
                let at_it = move |one: &Revoked| one.at(name.as_deref());
                let place = server.place;
                revoked.iter().map(at_it).map(move |one| Revocation::unsigned(place, one))
            };
            all.flat_map(at).collect()
        }
        _ => return None,
    };
    Some(Watch { revoked, form: false, proven: true })
}

/// What stands for the names of all users, or of all administrators, of whom only the UUID is
/// known: a revocation by another name may mean any of them. No user is called so, for the name of
/// one is a segment of a path.
pub(crate) const fn nameless(is_administrator: bool) -> &'static str {
    if is_administrator { "/administrator" } else { "/user" }
}

/// What stands for the e-mail addresses of all users, or of all administrators, whose address is not
/// known: a revocation by one may mean any of them.
pub(crate) const fn without_email(is_administrator: bool) -> &'static str {
    if is_administrator { "/administrator@" } else { "/user@" }
}

fn is_write(method: &[u8]) -> bool {
    matches!(method, b"POST" | b"PUT")
}

fn split(target: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = target.splitn(2, |byte| *byte == b'?');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

fn token_in(
    query: &[u8],
    whose: Whose,
    servers: &[Rc<Server>],
    now: UnixMillis,
) -> Vec<Revocation> {
    let token = form_value(query, b"token");
    token.map(|token| whose.revoked_token(&token, servers, now)).unwrap_or_default()
}
