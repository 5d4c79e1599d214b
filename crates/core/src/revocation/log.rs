//! The log of revocations: the last few, in the shared store, each with a number.
//!
//! A worker that has fallen behind the whole log knows that it does, and forgets everything.

use sha2::{Digest, Sha256};

use crate::principal::Principal;
use crate::verification::key::CredentialDigest;
use crate::verification::peers::{PREFIX, Sequence, SharedStore};

/// Revocations that are kept: as many as all workers together may see between two requests of one of them.
const KEPT: usize = 64;
const VERSION: u8 = 1;
const RECORD: usize = 33;
const TRIES: usize = 32;

/// Something that was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// One credential.
    Credential(CredentialDigest),
    /// All credentials of a user, by the digest of a name.
    User([u8; 32]),
}

impl Revoked {
    /// Everything of the user with this name, in any letter case.
    #[must_use]
    pub fn user(name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"user\0");
        hash.update(name.to_ascii_lowercase());
        Self::User(hash.finalize().into())
    }
}

impl Revoked {
    /// Whether this revokes `credential`, whose holder is `principal`.
    #[must_use]
    pub fn hits(&self, credential: &CredentialDigest, principal: &Principal) -> bool {
        match self {
            Self::Credential(revoked) => revoked == credential,
            Self::User(_) => principal.user_names.iter().any(|name| Self::user(name) == *self),
        }
    }
}

/// One worker's view of the log.
#[derive(Debug, Default)]
pub struct Log {
    generation: Option<u64>,
    last: Sequence,
    records: Vec<(Sequence, Revoked)>,
}

/// What a look at the log brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Sync {
    /// Nothing new.
    Unchanged,
    /// These, in order.
    New(Vec<Revoked>),
    /// More than the log keeps.
    Lagged,
}

impl Log {
    /// The number of the last revocation known.
    #[must_use]
    pub const fn last(&self) -> Sequence {
        self.last
    }

    /// Whether anything after `since` may have revoked what `matches`.
    #[must_use]
    pub fn touches(&self, since: Sequence, matches: impl Fn(&Revoked) -> bool) -> bool {
        if since >= self.last {
            return false;
        }
        let next = Sequence(since.0.saturating_add(1));
        let reaches_back = self.records.first().is_some_and(|(first, _)| *first <= next);
        !reaches_back
            || self.records.iter().any(|(number, revoked)| *number > since && matches(revoked))
    }

    /// Whether the log holds `revoked` with a number after `since`.
    #[must_use]
    pub fn holds(&self, since: Sequence, revoked: &Revoked) -> bool {
        self.records.iter().any(|(number, other)| *number > since && other == revoked)
    }

    /// Reads what has come since the last time. Costs one cheap look at a number if nothing has.
    pub fn catch_up(&mut self, store: &dyn SharedStore) -> Sync {
        let generation = store.generation();
        if self.generation == Some(generation) {
            return Sync::Unchanged;
        }
        let first_look = self.generation.is_none();
        self.generation = Some(generation);
        let (bytes, _) = store.read(&key());
        let (last, records) = decode(&bytes.unwrap_or_default());
        let before = std::mem::replace(&mut self.last, last);
        self.records = records;
        if first_look {
            // Nothing is remembered yet that could have been revoked.
            return Sync::Unchanged;
        }
        if last < before {
            return Sync::Lagged;
        }
        let next = Sequence(before.0.saturating_add(1));
        if last > before && self.records.first().is_none_or(|(first, _)| *first > next) {
            return Sync::Lagged;
        }
        let news = self.records.iter().filter(|(number, _)| *number > before);
        Sync::New(news.map(|(_, revoked)| *revoked).collect())
    }

    /// Adds to the log, then tells all workers. False: nothing could be written.
    pub fn add(store: &dyn SharedStore, revoked: &[Revoked]) -> bool {
        for _ in 0..TRIES {
            let (bytes, version) = store.read(&key());
            let (mut last, mut records) = decode(&bytes.unwrap_or_default());
            for one in revoked {
                last = Sequence(last.0.saturating_add(1));
                records.push((last, *one));
            }
            let surplus = records.len().saturating_sub(KEPT);
            records.drain(..surplus.min(records.len()));
            if store.write(&key(), &encode(last, &records), version) {
                store.bump_generation();
                return true;
            }
        }
        false
    }
}

fn key() -> String {
    format!("{PREFIX}/revocations")
}

fn encode(last: Sequence, records: &[(Sequence, Revoked)]) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&last.0.to_le_bytes());
    for (_, revoked) in records {
        let (kind, digest) = match revoked {
            Revoked::Credential(digest) => (1, digest.as_bytes()),
            Revoked::User(digest) => (2, digest),
        };
        bytes.push(kind);
        bytes.extend_from_slice(digest);
    }
    bytes
}

/// The records carry no numbers of their own: they are the last ones, without a gap.
fn decode(bytes: &[u8]) -> (Sequence, Vec<(Sequence, Revoked)>) {
    let Some((&[VERSION, ref last @ ..], rest)) = bytes.split_first_chunk::<9>() else {
        return (Sequence::default(), Vec::new());
    };
    let last = u64::from_le_bytes(*last);
    let (chunks, _) = rest.as_chunks::<RECORD>();
    let count = u64::try_from(chunks.len()).unwrap_or(u64::MAX);
    let first = last.saturating_sub(count).saturating_add(1);
    let records = chunks
        .iter()
        .zip(first..)
        .map(|([kind, digest @ ..], number)| {
            let revoked = match kind {
                1 => Revoked::Credential(CredentialDigest::from_bytes(*digest)),
                _ => Revoked::User(*digest),
            };
            (Sequence(number), revoked)
        })
        .collect();
    (Sequence(last), records)
}
