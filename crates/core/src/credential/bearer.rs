//! What may be a token: RFC 6750's `b64token`, within the configured length.
//! Whether it is a good one is not decided here.

use usergrid_auth_config::Secret;

use super::BadCredential;

/// The token, if `value` has the shape of one and at most `longest` bytes.
pub(super) fn token(value: &[u8], longest: usize) -> Result<Secret, BadCredential> {
    if value.len() > longest {
        Err(BadCredential::TooLong)
    } else if is_b64token(value) {
        Ok(Secret::new(value))
    } else {
        Err(BadCredential::Token)
    }
}

/// RFC 6750 section 2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
///
/// What passes is visible ASCII, hence safe in a header.
pub(crate) fn is_b64token(value: &[u8]) -> bool {
    let body = value.iter().rposition(|byte| *byte != b'=');
    // Padding alone is no token; `rposition` found the last byte that must be of the alphabet.
    body.and_then(|last| value.get(..=last)).is_some_and(|body| {
        body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
    })
}
