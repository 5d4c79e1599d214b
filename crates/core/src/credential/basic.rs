//! The Basic scheme (RFC 7617): base64 of `id:secret`.
//! One reading only: strict alphabet, no stray bits, split at the first colon.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Clients in the field leave the padding out; nothing else is forgiven.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Id and secret, both non-empty and of at most `longest` bytes; a secret may contain colons.
pub(super) fn pair(value: &[u8], longest: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let decoded = BASE64.decode(value).ok()?;
    let mut halves = decoded.splitn(2, |byte| *byte == b':');
    let (id, secret) = (halves.next()?, halves.next()?);
    let fits = |half: &[u8]| !half.is_empty() && half.len() <= longest;
    (fits(id) && fits(secret)).then(|| (id.to_vec(), secret.to_vec()))
}
