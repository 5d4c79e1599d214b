//! The digests of credentials that were looked up before, so that a hit costs no SHA-256.
//!
//! It remembers nothing about a credential but what its digests are, and no credential: they are
//! found by a keyed hash.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use siphasher::sip128::{Hasher128, SipHasher24};

use super::key::{CacheKey, CredentialDigest};
use crate::credential::Credential;

/// Digests by the keyed hash of their credential.
///
/// SipHash-2-4 with 128 bits under a key that never leaves this worker: without it, nobody can find
/// two credentials with one hash, and chance finds them once in 2^128 pairs.
#[derive(Debug)]
pub(super) struct DigestCache {
    keyed: SipHasher24,
    known: HashMap<KeyedHash, Digests, BuildHasherDefault<IdentityHasher>>,
    most: usize,
}

/// The keyed hash of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyedHash(u64, u64);

/// What a credential is known by, everywhere but here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digests {
    pub(super) credential: CredentialDigest,
    pub(super) key: CacheKey,
    pub(super) key_everywhere: CacheKey,
}

impl Hash for KeyedHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// The hash of what is one already.
#[derive(Debug, Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl DigestCache {
    /// Remembers `most` credentials.
    pub(super) fn new(most: usize) -> Self {
        let secret = RandomState::new();
        let keyed = SipHasher24::new_with_keys(secret.hash_one(0), secret.hash_one(1));
        Self { keyed, known: HashMap::default(), most }
    }

    /// The keyed hash of `credential` before the server in this `place`, for a `target`, which is
    /// empty where verdicts depend on none.
    pub(super) fn hash(&self, place: usize, credential: &Credential, target: &[u8]) -> KeyedHash {
        let mut hash = self.keyed;
        if place != 0 {
            // First, where no client can write. Of one server, all have a target or none has.
            hash.write_u8(4);
            hash.write_usize(place);
        }
        match credential {
            Credential::Token { token, .. } => {
                hash.write_u8(1);
                hash.write(token.expose());
            }
            Credential::Client { client_id, client_secret, .. } => {
                hash.write_u8(2);
                // The length keeps `a` + `bc` apart from `ab` + `c`.
                hash.write_usize(client_id.expose().len());
                hash.write(client_id.expose());
                hash.write(client_secret.expose());
            }
        }
        if !target.is_empty() {
            // Its length last, so that no credential ends like another with a target.
            hash.write(target);
            hash.write_usize(target.len());
            hash.write_u8(3);
        }
        let hash = hash.finish128();
        KeyedHash(hash.h1, hash.h2)
    }

    /// The digests of the credential with this hash.
    pub(super) fn get(&self, hash: KeyedHash) -> Option<Digests> {
        self.known.get(&hash).copied()
    }

    /// Remembers digests. Meant for credentials whose good answer was found in memory, so that bad
    /// ones take no place here, however many come.
    pub(super) fn put(&mut self, hash: KeyedHash, digests: Digests) {
        if self.known.len() >= self.most {
            // Each of those still in use costs one more computation.
            self.known.clear();
        }
        self.known.insert(hash, digests);
    }
}
