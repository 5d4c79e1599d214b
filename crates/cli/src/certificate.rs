//! The client's certificate in an explanation, in place of the one that Envoy would have seen.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use usergrid_auth_core::certificate::Connections;
use usergrid_auth_core::verification::single_flight::StreamId;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The digest of a certificate as Envoy tells it: SHA-256 of its DER, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Of the first certificate in a PEM file (RFC 7468), which is the client's own where others
    /// follow that vouch for it. Whatever else is in the file is not looked at.
    ///
    /// # Errors
    /// There is none. No message repeats any of the file: there may be a key in it.
    pub fn read(pem: &str) -> Result<Self, String> {
        let (_, rest) = pem.split_once(BEGIN).ok_or("it has no certificate in PEM")?;
        let (text, _) = rest.split_once(END).ok_or("its certificate has no end")?;
        let text: String = text.split_ascii_whitespace().collect();
        let der = BASE64_STANDARD.decode(text).ok().filter(|der| !der.is_empty());
        let der = der.ok_or("its certificate is no base64")?;
        let mut digest = String::new();
        for byte in Sha256::digest(der) {
            let _ = write!(digest, "{byte:02x}");
        }
        Ok(Self(digest))
    }
}

/// Connections of clients who have all shown the same, or nothing.
#[derive(Debug)]
pub(crate) struct All(pub Option<Shown>);

impl Connections for All {
    fn client_certificate(&self, _: StreamId) -> Option<Vec<u8>> {
        self.0.as_ref().map(|shown| shown.0.clone().into_bytes())
    }
}
