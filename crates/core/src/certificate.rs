//! Tokens that only the owner of a client certificate may use (RFC 8705 section 3): which certificate
//! a token is bound to, and which one the client has shown.
//!
//! Which certificate that is, Envoy alone says: a header such as `x-forwarded-client-cert` is
//! whatever a client or a proxy made of it.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_rules::syntax::hex_digit;

use crate::principal::{AnswerError, members};
use crate::verification::single_flight::StreamId;

/// SHA-256 of a certificate in DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateDigest([u8; 32]);

/// What Envoy knows of the connection that a request came in on.
pub trait Connections {
    /// SHA-256 of the certificate with which the client of `stream` has authenticated, in
    /// hexadecimal, as Envoy has it; `None` if it has shown none, or the stream is gone.
    fn client_certificate(&self, stream: StreamId) -> Option<Vec<u8>>;
}

/// Connections of which nothing is known: no token that is bound to a certificate passes.
#[derive(Clone, Copy, Debug)]
pub struct NoConnections;

impl Connections for NoConnections {
    fn client_certificate(&self, _: StreamId) -> Option<Vec<u8>> {
        None
    }
}

/// Whether the client may use a token that is bound to a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateFinding {
    /// It has shown that certificate.
    Same,
    /// It has shown another one.
    Other,
    /// It has shown none.
    None,
}

/// The last digit has two bits too many; RFC 8705's own examples do not leave them empty.
const BASE64URL: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// What an introspection answer binds its token to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// Nothing: whoever holds the token may use it.
    None,
    /// A client certificate.
    Certificate(CertificateDigest),
    /// Something that this filter cannot check, or does not understand.
    Unknown,
}

impl CertificateDigest {
    /// Reads the 64 hexadecimal digits of Envoy's.
    #[must_use]
    pub fn from_hex(text: &[u8]) -> Option<Self> {
        let (pairs, rest) = text.as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            *byte = hex_digit(*high)? << 4 | hex_digit(*low)?;
        }
        Some(Self(digest))
    }

    /// Reads an `x5t#S256`: base64url without padding (RFC 8705 section 3.1).
    fn from_thumbprint(text: &str) -> Option<Self> {
        // Longer ones are none, whatever is in them.
        let bytes = (text.len() == 43).then(|| BASE64URL.decode(text).ok())??;
        bytes.try_into().ok().map(Self)
    }

    /// Whether `shown` is this certificate.
    #[must_use]
    pub fn compared(self, shown: Option<Self>) -> CertificateFinding {
        match shown {
            Some(shown) if shown == self => CertificateFinding::Same,
            Some(_) => CertificateFinding::Other,
            None => CertificateFinding::None,
        }
    }
}

impl Confirmation {
    /// Reads `cnf` (RFC 7800 section 3.1). Of several members each may bind the token, so all would
    /// have to be checked.
    ///
    /// # Errors
    /// It stands there twice.
    pub(crate) fn of(answer: &Object) -> Result<Self, AnswerError> {
        let Some(cnf) = members::present(answer, "cnf")? else { return Ok(Self::None) };
        let Json::Object(cnf) = cnf else { return Ok(Self::Unknown) };
        let mut methods = cnf.iter();
        Ok(match (methods.next(), methods.next()) {
            (Some(("x5t#S256", Json::String(thumbprint))), None) => {
                let digest = CertificateDigest::from_thumbprint(thumbprint);
                digest.map_or(Self::Unknown, Self::Certificate)
            }
            _ => Self::Unknown,
        })
    }
}

impl fmt::Display for CertificateFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "the client's is the one that the token is bound to",
            Self::Other => "the token is bound to another one than the client's",
            Self::None => "the token is bound to one, and the client has shown none",
        })
    }
}
