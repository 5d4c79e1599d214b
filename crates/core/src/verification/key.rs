//! Names of remembered verdicts. A credential is kept only as a digest, so memory holds none in
//! clear.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use crate::credential::Credential;

/// SHA-256 of a credential, the same under every configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CredentialDigest(pub(crate) [u8; 32]);

impl CredentialDigest {
    /// The digest of `credential`.
    #[must_use]
    pub fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Token { token, .. } => Self::of_token(token.expose()),
            Credential::Client { client_id, client_secret, .. } => {
                // The length keeps `a` + `bc` apart from `ab` + `c`.
                let length = u64::try_from(client_id.expose().len()).unwrap_or(u64::MAX);
                let mut hash = Sha256::new();
                hash.update(b"client\0");
                hash.update(length.to_be_bytes());
                hash.update(client_id.expose());
                hash.update(client_secret.expose());
                Self(hash.finalize().into())
            }
        }
    }

    /// The digest of a token.
    #[must_use]
    pub fn of_token(token: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"token\0");
        hash.update(token);
        Self(hash.finalize().into())
    }

    /// The digest of the same credential before the server of this name, to which it is not what it
    /// is to others; itself where there is only one, which has none.
    #[must_use]
    pub fn at(self, server: Option<&str>) -> Self {
        Self(at(self.0, server))
    }
}

/// What `digest` stands for, at the server of this name.
pub(crate) fn at(digest: [u8; 32], server: Option<&str>) -> [u8; 32] {
    let Some(server) = server else { return digest };
    let mut hash = Sha256::new();
    hash.update(b"server\0");
    hash.update(digest);
    hash.update(server);
    hash.finalize().into()
}

/// SHA-256 over configuration and credential, the server's name included.
///
/// The configuration's digest covers the endpoint and its secrets, so an answer obtained under
/// another configuration has another key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CacheKey([u8; 32]);

impl Hash for CacheKey {
    /// Eight bytes of a SHA-256 are as good as all of them.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

impl CacheKey {
    /// The key of a credential under the configuration with digest `configuration`.
    #[must_use]
    pub fn new(configuration: &[u8; 32], credential: &CredentialDigest) -> Self {
        let mut hash = Sha256::new();
        hash.update(configuration);
        hash.update(credential.0);
        Self(hash.finalize().into())
    }

    /// The key of the verdict for a `target`, where verdicts depend on one; itself for the empty
    /// target.
    #[must_use]
    pub fn for_target(self, target: &str) -> Self {
        if target.is_empty() {
            return self;
        }
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(target);
        Self(hash.finalize().into())
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A number in which all bits are as good as random, other ones than the fingerprint's.
    #[must_use]
    pub fn spread(&self) -> u32 {
        let [.., a, b, c, d] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The first 32 bits, to tell credentials apart in a log without telling what they are.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let [a, b, c, d, ..] = self.0;
        Fingerprint(u32::from_be_bytes([a, b, c, d]))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({}…)", self.fingerprint())
    }
}

impl fmt::Debug for CredentialDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialDigest(..)")
    }
}

/// Eight hexadecimal digits of a [`CacheKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u32);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}
