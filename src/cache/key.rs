//! Names of remembered answers. A credential is kept only as a digest, so memory holds none in clear.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::credential::Credential;

/// SHA-256 over configuration and credential.
///
/// The configuration's digest covers the endpoint and its secrets, so an answer obtained under another
/// configuration has another key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of `credential` under the configuration with digest `configuration`.
    #[must_use]
    pub fn new(configuration: &[u8; 32], credential: &Credential) -> Self {
        let mut hash = Sha256::new();
        hash.update(configuration);
        match credential {
            Credential::Token { token, .. } => {
                hash.update(b"token\0");
                hash.update(token.expose());
            }
            Credential::Client { client_id, client_secret, .. } => {
                // The length keeps `a` + `bc` apart from `ab` + `c`.
                let length = u64::try_from(client_id.expose().len()).unwrap_or(u64::MAX);
                hash.update(b"client\0");
                hash.update(length.to_be_bytes());
                hash.update(client_id.expose());
                hash.update(client_secret.expose());
            }
        }
        Self(hash.finalize().into())
    }

    /// The first 32 bits, to tell credentials apart in a log without telling what they are.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let [a, b, c, d, ..] = self.0;
        Fingerprint(u32::from_be_bytes([a, b, c, d]))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}…)", self.fingerprint())
    }
}

/// Eight hexadecimal digits of a [`Key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u32);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}
