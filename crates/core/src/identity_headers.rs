//! Identity headers: what the backend is told about the caller, and nobody but this filter may tell
//! it.

use std::rc::Rc;

use usergrid_auth_config::{IdentityHeader, IdentitySource};

use crate::header_map::HeaderMap;

/// The principal of a caller without a credential.
pub const GUEST: &[u8] = b"guest";

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
