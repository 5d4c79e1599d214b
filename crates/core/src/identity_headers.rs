//! Identity headers: what the backend is told about the caller, and nobody but this filter may tell
//! it.

use std::rc::Rc;

use usergrid_auth_config::{IdentityHeader, IdentitySource};

use crate::header_map::HeaderMap;

/// The principal of a caller without a credential.
pub const GUEST: &[u8] = b"guest";

/// Names that must not reach the backend as a client sent them.
#[derive(Debug)]
pub struct ReservedNames {
    names: Vec<Rc<str>>,
    /// Bit n is set if a name is n bytes long: most of a request's headers are ruled out by that.
    lengths: u128,
}

impl ReservedNames {
    /// The names of all identity headers, also of those that the configuration drops.
    #[must_use]
    pub fn new(identity: &[IdentityHeader]) -> Self {
        let names: Vec<Rc<str>> = identity.iter().map(|header| Rc::clone(&header.name)).collect();
        let lengths = names.iter().fold(0, |lengths, name| lengths | length_bit(name));
        Self { names, lengths }
    }

    /// Those of them among `headers`, as they are written there, each once.
    ///
    /// Every character that is no letter and no digit counts as `-`: CGI, PHP and WSGI backends
    /// fold them, and would take `x_usergrid_principal` or `x.usergrid.principal` for ours.
    #[must_use]
    pub fn among(&self, headers: &HeaderMap) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (name, _) in headers.iter() {
            if self.lengths & length_bit(name) != 0
                && self.names.iter().any(|ours| same_to_a_backend(ours, name))
                && !found.iter().any(|known| known == name)
            {
                found.push(name.to_owned());
            }
        }
        found
    }
}

/// All names of 127 bytes and more share one bit.
fn length_bit(name: &str) -> u128 {
    1 << name.len().min(127)
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
