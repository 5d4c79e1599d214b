//! What has been revoked, for all workers: a fixed table from the hash of a credential or user to
//! its last revocation.
//!
//! It cannot overflow. Two that share a place are revoked together, which costs the other one a
//! verification: with [`PLACES`] places, a revocation concerns any given credential of somebody
//! else's with a probability of one in [`PLACES`]. Nobody is made to forget anything else, however
//! many revocations there are.

use std::rc::Rc;

use sha2::{Digest, Sha256};

use crate::time::UnixMillis;
use crate::verification::key::{self, CredentialDigest};
use crate::verification::peers::{PREFIX, Sequence, SharedStore};

/// Keys of the shared store that hold the table.
const PAGES: u16 = 64;
/// Places in each: 2 KiB, which is what a look costs while revocations come in.
const PLACES_IN_PAGE: u16 = 256;
/// Places altogether.
pub const PLACES: u32 = PAGES as u32 * PLACES_IN_PAGE as u32;

/// Tries of a write that others keep overtaking.
const TRIES: usize = 32;

/// Something that was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// One credential.
    Credential(CredentialDigest),
    /// All credentials of a user, by the digest of one of his names.
    User([u8; 32]),
}

impl Revoked {
    /// Everything of the user with this name, e-mail address or UUID, in any letter case.
    #[must_use]
    pub fn user(name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"user\0");
        hash.update(name.to_ascii_lowercase());
        Self::User(hash.finalize().into())
    }

    /// The same at the server of this name; itself where there is only one, which has none.
    #[must_use]
    pub fn at(self, server: Option<&str>) -> Self {
        match self {
            Self::Credential(digest) => Self::Credential(digest.at(server)),
            Self::User(digest) => Self::User(key::at(digest, server)),
        }
    }

    fn place(&self) -> Place {
        let (Self::User(digest) | Self::Credential(CredentialDigest(digest))) = self;
        let [page, place, ..] = *digest;
        Place { page: u16::from(page) & PAGES.saturating_sub(1), place }
    }
}

/// Where something stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    page: u16,
    place: u8,
}

/// One worker's view of the table.
pub struct RevocationTable {
    store: Rc<dyn SharedStore>,
    generation: Option<u64>,
    last: Sequence,
    /// What this worker could not write down for all counts as everything, here.
    floor: Sequence,
    /// Pages that were looked at under the present generation.
    pages: Vec<Option<Vec<u8>>>,
}

/// What a look at the generation brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Sync {
    /// Nothing has been revoked since the last look.
    Unchanged,
    /// Something may have been.
    Changed,
    /// Shared memory has begun anew: what is remembered may have been revoked without a trace.
    Lost,
}

impl RevocationTable {
    /// A view that has not looked yet.
    #[must_use]
    pub fn new(store: Rc<dyn SharedStore>) -> Self {
        let (last, floor) = Default::default();
        Self { store, generation: None, last, floor, pages: Vec::new() }
    }

    /// The number of the last revocation known.
    #[must_use]
    pub const fn last(&self) -> Sequence {
        self.last
    }

    /// The generation of the last look: what was found not to be revoked under it need not be
    /// looked for again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.unwrap_or_default()
    }

    /// Looks whether anything has been revoked since the last time; reading a number, if nothing
    /// has.
    pub fn refresh(&mut self) -> Sync {
        let generation = self.store.generation();
        if self.generation == Some(generation) {
            return Sync::Unchanged;
        }
        let is_first_look = self.generation.is_none();
        self.generation = Some(generation);
        self.pages.clear();
        self.pages.resize(usize::from(PAGES), None);
        let (bytes, _) = self.store.read(&sequence_key());
        let before = std::mem::replace(&mut self.last, number(&bytes.unwrap_or_default(), 0));
        if self.last < before && !is_first_look { Sync::Lost } else { Sync::Changed }
    }

    /// The number of the last revocation of `what`, or of something in the same place; zero if
    /// there never was one.
    pub fn revoked_at(&mut self, what: &Revoked) -> Sequence {
        let Place { page, place } = what.place();
        let read = || self.store.read(&page_key(page)).0.unwrap_or_default();
        let found = match self.pages.get_mut(usize::from(page)) {
            Some(seen) => number(seen.get_or_insert_with(read), usize::from(place)),
            // Before the first look.
            None => number(&read(), usize::from(place)),
        };
        found.max(self.floor)
    }

    /// The last revocation of a credential, or of its holder under one of these names.
    pub fn last_of(&mut self, digest: &CredentialDigest, users: &[Revoked]) -> Sequence {
        let of_credential = self.revoked_at(&Revoked::Credential(*digest));
        users.iter().map(|user| self.revoked_at(user)).fold(of_credential, Sequence::max)
    }

    /// Adds revocations, then tells all workers. Where nothing can be written, everything counts as
    /// revoked in this one.
    pub fn add(&mut self, revoked: &[Revoked]) {
        for one in revoked {
            let Some(sequence) = self.next_sequence() else {
                self.floor = Sequence(u64::MAX);
                continue;
            };
            if !self.write(one.place(), sequence) {
                self.floor = self.floor.max(sequence);
            }
        }
        self.store.bump_generation();
    }

    /// Notes that all credentials of some user were revoked at `now`, which also means those that
    /// nobody has seen yet.
    pub fn note_user(&self, now: UnixMillis) {
        // Whoever overtakes it so often notes nearly the same time.
        let _ = (0..TRIES).any(|_| {
            let (_, version) = self.store.read(&user_key());
            let later = self.last_user().map_or(now.0, |last| last.0.max(now.0));
            self.store.write(&user_key(), &later.to_le_bytes(), version)
        });
    }

    /// When all credentials of some user, whoever it is, were last revoked; `None`: never.
    #[must_use]
    pub fn last_user(&self) -> Option<UnixMillis> {
        let bytes = self.store.read(&user_key()).0?;
        // What cannot be read is just now.
        Some(UnixMillis(bytes.try_into().map_or(u64::MAX, u64::from_le_bytes)))
    }

    /// Takes the next number. Calls that begin from now on know of it.
    fn next_sequence(&self) -> Option<Sequence> {
        (0..TRIES).find_map(|_| {
            let (bytes, version) = self.store.read(&sequence_key());
            let next = number(&bytes.unwrap_or_default(), 0).0.checked_add(1)?;
            let is_ours = self.store.write(&sequence_key(), &next.to_le_bytes(), version);
            is_ours.then_some(Sequence(next))
        })
    }

    fn write(&self, Place { page, place }: Place, sequence: Sequence) -> bool {
        (0..TRIES).any(|_| {
            let (bytes, version) = self.store.read(&page_key(page));
            let mut bytes = bytes.unwrap_or_default();
            bytes.resize(usize::from(PLACES_IN_PAGE).saturating_mul(8), 0);
            let later = number(&bytes, usize::from(place)).max(sequence);
            if let Some(slot) = bytes.as_chunks_mut::<8>().0.get_mut(usize::from(place)) {
                *slot = later.0.to_le_bytes();
            }
            self.store.write(&page_key(page), &bytes, version)
        })
    }
}

fn sequence_key() -> String {
    format!("{PREFIX}/revocations")
}

fn user_key() -> String {
    format!("{PREFIX}/revocations/user")
}

fn page_key(page: u16) -> String {
    format!("{PREFIX}/revocations/{page}")
}

/// The number at a place; zero where there is none.
fn number(bytes: &[u8], place: usize) -> Sequence {
    let number = bytes.as_chunks::<8>().0.get(place).copied().unwrap_or_default();
    Sequence(u64::from_le_bytes(number))
}
