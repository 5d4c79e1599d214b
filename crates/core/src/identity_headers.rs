//! Identity headers: what the backend is told about the caller, and nobody but this filter may tell
//! it.

use std::rc::Rc;

use usergrid_auth_config::{Config, IdentityHeader, IdentitySource};

use crate::header_map::HeaderMap;
use crate::principal::payload;

/// The principal of a caller without a credential.
pub const GUEST: &[u8] = b"guest";

/// The headers of a guest.
pub fn of_guest(config: &Config) -> impl Iterator<Item = (Rc<str>, Rc<[u8]>)> {
    let payload = config.identity_form.payload.as_ref();
    let payload =
        payload.and_then(|payload| Some((Rc::clone(&payload.header), payload::of_guest(payload)?)));
    let headers = principal(config).map(|name| (Rc::clone(name), Rc::from(GUEST)));
    headers.chain(payload)
}

/// Whether this filter has set the header that says so, on an earlier pass: nobody else's can be
/// there then.
#[must_use]
pub fn says_guest(config: &Config, headers: &HeaderMap) -> bool {
    let payload = config.identity_form.payload.as_ref();
    let of_payload = || payload.and_then(|it| Some((&it.header, payload::of_guest(it)?)));
    principal(config).any(|name| headers.values(name).eq([GUEST]))
        || of_payload().is_some_and(|(name, guest)| headers.values(name).eq([&*guest]))
}

/// The headers that carry the kind of principal.
fn principal(config: &Config) -> impl Iterator<Item = &Rc<str>> {
    let carries = |header: &&IdentityHeader| header.source == Some(IdentitySource::Principal);
    config.identity.iter().filter(carries).map(|header| &header.name)
}
