//! Identity headers: what the backend is told about the caller, and nobody but this filter may tell it.

use std::rc::Rc;

use crate::request::RequestHeaders;
use usergrid_auth_config::{IdentityHeader, IdentitySource};

/// The principal of a caller without a credential.
pub const GUEST: &[u8] = b"guest";

/// The names among `headers` that must not reach the backend as the client sent them, each once.
///
/// Every character that is no letter and no digit counts as `-`: CGI, PHP and WSGI backends fold them, and would take
/// `x_usergrid_principal` or `x.usergrid.principal` for ours.
#[must_use]
pub fn spoofed(identity: &[IdentityHeader], headers: &RequestHeaders) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in headers.iter() {
        if identity.iter().any(|header| same_to_a_backend(&header.name, name))
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// The headers of a guest.
pub fn of_guest(identity: &[IdentityHeader]) -> impl Iterator<Item = (Rc<str>, Rc<[u8]>)> {
    identity
        .iter()
        .filter(|header| header.source == Some(IdentitySource::Principal))
        .map(|header| (Rc::clone(&header.name), Rc::from(GUEST)))
}

fn same_to_a_backend(ours: &str, theirs: &str) -> bool {
    ours.len() == theirs.len() && ours.bytes().zip(theirs.bytes()).all(|(a, b)| fold(a) == fold(b))
}

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}
