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
