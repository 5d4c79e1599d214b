//! Identity headers: what the backend is told about the caller, and nobody but this filter may tell
//! it.

use std::rc::Rc;

use usergrid_auth_config::{IdentityHeader, IdentitySource};

use crate::header_map::HeaderMap;
use crate::watched_names::Lengths;

/// The principal of a caller without a credential.
pub const GUEST: &[u8] = b"guest";

/// Names that must not reach the backend as a client sent them.
#[derive(Debug)]
pub struct ReservedNames {
    names: Vec<Rc<str>>,
}

impl ReservedNames {
    /// The names of all identity headers, also of those that the configuration drops.
    #[must_use]
    pub fn new(identity: &[IdentityHeader]) -> Self {
        Self { names: identity.iter().map(|header| Rc::clone(&header.name)).collect() }
    }

    /// Whether `name` is one of them to some backend.
    ///
    /// Every character that is no letter and no digit counts as `-`: CGI, PHP and WSGI backends
    /// fold them, and would take `x_usergrid_principal` or `x.usergrid.principal` for ours.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.names.iter().any(|ours| same_to_a_backend(ours, name))
    }

    /// Which lengths they have.
    pub(crate) fn lengths(&self) -> Lengths {
        Lengths::of(&self.names)
    }
}

/// The headers of a guest.
pub fn of_guest(identity: &[IdentityHeader]) -> impl Iterator<Item = (Rc<str>, Rc<[u8]>)> {
    identity
        .iter()
        .filter(|header| header.source == Some(IdentitySource::Principal))
        .map(|header| (Rc::clone(&header.name), Rc::from(GUEST)))
}

/// Whether this filter has set the header that says so, on an earlier pass: nobody else's can be
/// there then.
#[must_use]
pub fn says_guest(identity: &[IdentityHeader], headers: &HeaderMap) -> bool {
    let mut principal =
        identity.iter().filter(|header| header.source == Some(IdentitySource::Principal));
    principal.any(|header| headers.values(&header.name).eq([GUEST]))
}

pub(crate) fn same_to_a_backend(ours: &str, theirs: &str) -> bool {
    ours.len() == theirs.len() && ours.bytes().zip(theirs.bytes()).all(|(a, b)| fold(a) == fold(b))
}

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}
