//! What may be a token, within the configured length. Whether it is a good one is not decided here.

use usergrid_auth_config::Secret;

use super::BadCredential;

/// The token, if `value` has the shape of one and at most `longest` bytes.
pub(super) fn token(value: &[u8], longest: usize) -> Result<Secret, BadCredential> {
    if value.len() <= longest && !is_token(value) {
        return Err(BadCredential::Token);
    }
    of_shape(value, longest)
}

/// The token `value`, which is known to have the shape of one, if it has at most `longest` bytes.
pub(super) fn of_shape(value: &[u8], longest: usize) -> Result<Secret, BadCredential> {
    if value.len() > longest { Err(BadCredential::TooLong) } else { Ok(Secret::new(value)) }
}

/// RFC 6749 appendix A.12: one or more visible characters of ASCII. RFC 6750's `b64token` is
/// narrower than what servers issue (`12|x9..`, `$..`). A comma is excepted: in a header it would
/// stand between two credentials. So is the blank, which ends one.
///
/// What passes is safe in a header. In a form it has to be encoded.
pub(crate) fn is_token(value: &[u8]) -> bool {
    // Eight bytes at a time: of all that a hit looks at, its token is the longest.
    let (words, rest) = value.as_chunks();
    !value.is_empty()
        && words.iter().all(|word| are_of_tokens(u64::from_le_bytes(*word)))
        && rest.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',')
}

/// The same of each of eight bytes: none has its high bit set, is below `!`, or is a comma or DEL.
fn are_of_tokens(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // A byte that is less than `least`, which is at most 0x80, borrows into its high bit. So may the
    // one above it, but only if there is such a byte.
    let below = |word: u64, least: u8| {
        word.wrapping_sub(ONES.wrapping_mul(u64::from(least))) & !word & HIGHS
    };
    let equal = |byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
    (word & HIGHS) | below(word, b'!') | equal(b',') | equal(0x7f) == 0
}
