//! What may be a token, within the configured length. Whether it is a good one is not decided here.

use usergrid_auth_config::Secret;

use super::BadCredential;

/// The token, if `value` has the shape of one and at most `longest` bytes.
pub(super) fn token(value: &[u8], longest: usize) -> Result<Secret, BadCredential> {
    if value.len() > longest {
        Err(BadCredential::TooLong)
    } else if is_token(value) {
        Ok(Secret::new(value))
    } else {
        Err(BadCredential::Token)
    }
}

/// RFC 6749 appendix A.12: one or more visible characters of ASCII. RFC 6750's `b64token` is
/// narrower than what servers issue (`12|x9..`, `$..`). A comma is excepted: in a header it would
/// stand between two credentials. So is the blank, which ends one.
///
/// What passes is safe in a header. In a form it has to be encoded.
pub(crate) fn is_token(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',')
}
