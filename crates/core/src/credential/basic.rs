//! The Basic scheme (RFC 7617): base64 of `id:secret`.
//! One reading only: strict alphabet, no stray bits, split at the first colon, and both halves as
//! they stand or form-encoded, as the configuration says.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use usergrid_auth_config::{BasicEncoding, Credentials};

use super::query;

/// Clients in the field leave the padding out; nothing else is forgiven.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Id and secret, both non-empty and of at most `credentials.max_length` bytes; a secret may contain
/// colons.
pub(super) fn pair(value: &[u8], settings: &Credentials) -> Option<(Vec<u8>, Vec<u8>)> {
    let decoded = BASE64.decode(value).ok()?;
    let mut halves = decoded.splitn(2, |byte| *byte == b':');
    let mut half = || {
        let half = halves.next()?;
        let half = match settings.basic {
            BasicEncoding::Raw => half.to_vec(),
            BasicEncoding::Form => query::decode(half)?,
        };
        (!half.is_empty() && half.len() <= settings.max_length).then_some(half)
    };
    Some((half()?, half()?))
}
