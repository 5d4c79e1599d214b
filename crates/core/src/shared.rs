//! What the workers of one process share: verdicts, claims of calls under way, and revocations.
//!
//! Decides where something is kept and who may write it, never what it means. The host's shared data frees no key, so
//! all keys come from a fixed set; it has no lock over several steps, so every write is a compare-and-swap.

#[cfg(feature = "test-support")]
pub mod memory;
mod message;
pub mod set;

use std::rc::Rc;
use std::time::Duration;

pub use message::{Message, News};
use set::{BAD, CLAIMS, GOOD, LISTENERS, LONGEST_ANSWER, Set};
pub use set::{Claim, Entry, QueueId, Sequence};

use crate::cache::Key;
use crate::time::UnixMillis;

/// Prefix of every key, with the version of the format: all modules in one Envoy may share one name space.
pub const PREFIX: &str = "usergrid-auth-filter/1";

/// Tries of a write that others keep overtaking. What is lost by giving up is a call, not an answer.
const TRIES: usize = 8;

/// The process-wide memory of the host.
pub trait SharedStore {
    /// The bytes at `key` and their version; `(None, None)` if there never were any.
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Option<u32>);

    /// Writes if the version is still `version`, or there still is nothing if that is `None`. False: overtaken.
    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> bool;

    /// The queue at which this worker can be told something; `None` if it has none.
    fn queue(&self) -> Option<QueueId>;

    /// A number that changes, for all workers at once, whenever [`SharedStore::signal`] is called; cheap to read.
    fn signalled(&self) -> u64;

    /// See [`SharedStore::signalled`].
    fn signal(&self);
}

/// Verdicts and claims in the shared store.
pub struct SharedCache {
    store: Rc<dyn SharedStore>,
    sets: u32,
}

/// What the shared cache says about a credential.
#[derive(Debug, PartialEq, Eq)]
pub enum Shared {
    /// A good verdict.
    Good(Entry),
    /// A bad one.
    Bad(Entry),
    /// Another worker has called, and will tell us.
    Elsewhere {
        /// When to stop waiting for it.
        lapses: UnixMillis,
    },
    /// Nothing, so the call is ours to make.
    Ours,
}

/// Who renews a good answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewal {
    /// We do.
    Ours,
    /// Another worker is at it.
    Busy,
    /// Another worker has done it.
    Done(Entry),
}

/// A verdict to be shared.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The answer as it came.
    Good(Entry),
    /// Why not.
    Bad(Entry),
}

/// What the end of a call meets in the shared cache.
#[derive(Debug, Default)]
pub struct Settled {
    /// Who waits to be told.
    pub listeners: Vec<QueueId>,
    /// A bad verdict took the place of a good one that may still serve, in other workers too.
    pub overturned: bool,
}

impl SharedCache {
    /// A cache with places for about `entries` good answers.
    #[must_use]
    pub fn new(store: Rc<dyn SharedStore>, entries: usize) -> Self {
        let sets = entries.div_ceil(GOOD).clamp(16, 16_384).next_power_of_two();
        Self { store, sets: u32::try_from(sets).unwrap_or(16) }
    }

    /// What is known of `key`. If nothing is, either another worker's call is joined, or `claim` is put down and the
    /// call is ours. A call that began before the last revocation which `claim` knows is not joined; a good verdict from
    /// before it is left out if it was found to be `revoked`.
    pub fn ask(&self, key: &Key, now: UnixMillis, claim: Claim, revoked: bool) -> Shared {
        let slot = self.slot(key);
        for _ in 0..TRIES {
            let (bytes, version) = self.store.read(&slot);
            let mut set = Set::decode(&bytes.unwrap_or_default());
            let usable = |entry: &&Entry| {
                entry.key == *key
                    && entry.fresh(now)
                    && (!revoked || entry.sequence >= claim.sequence)
            };
            if let Some(entry) = set.good.iter().find(usable) {
                return Shared::Good(entry.clone());
            }
            if let Some(entry) = set.bad.iter().find(|entry| entry.key == *key && entry.fresh(now))
            {
                return Shared::Bad(entry.clone());
            }
            set.claims.retain(|other| {
                other.live(now)
                    && (other.key != *key
                        || (other.owner != claim.owner && other.sequence >= claim.sequence))
            });
            let room = set.claims.len() < CLAIMS;
            let answer = match set.claims.iter_mut().find(|other| other.key == *key) {
                Some(other) if other.listeners.contains(&claim.owner) => {
                    return Shared::Elsewhere { lapses: other.lapses };
                }
                Some(other) if other.listeners.len() < LISTENERS => {
                    other.listeners.push(claim.owner);
                    Shared::Elsewhere { lapses: other.lapses }
                }
                Some(_) => return Shared::Ours,
                None if room => {
                    set.claims.push(claim.clone());
                    Shared::Ours
                }
                None => return Shared::Ours,
            };
            if self.store.write(&slot, &set.encode(), version) {
                return answer;
            }
        }
        Shared::Ours
    }

    /// What is known of `key`, without claiming anything; `None` if nothing is and nobody is at it.
    pub fn look(&self, key: &Key, now: UnixMillis) -> Option<Shared> {
        let (bytes, _) = self.store.read(&self.slot(key));
        let set = Set::decode(&bytes.unwrap_or_default());
        let good = set.good.into_iter().find(|entry| entry.key == *key && entry.fresh(now));
        let bad = set.bad.into_iter().find(|entry| entry.key == *key && entry.fresh(now));
        let claim = set.claims.into_iter().find(|claim| claim.key == *key && claim.live(now));
        good.map(Shared::Good)
            .or(bad.map(Shared::Bad))
            .or(claim.map(|claim| Shared::Elsewhere { lapses: claim.lapses }))
    }

    /// The good answer to `key` that ended less than `span` ago, for when the server fails.
    pub fn stale(&self, key: &Key, now: UnixMillis, span: Duration) -> Option<Entry> {
        let (bytes, _) = self.store.read(&self.slot(key));
        let set = Set::decode(&bytes.unwrap_or_default());
        set.good.into_iter().find(|entry| {
            entry.key == *key
                && entry.received <= now.after(set::SKEW)
                && now < entry.fresh_until.after(span)
        })
    }

    /// Whether the good answer to `key` is to be renewed by the caller, who then has put down `claim`; `ahead` is how long
    /// before its end an answer is renewed.
    pub fn renew(&self, key: &Key, now: UnixMillis, claim: Claim, ahead: Duration) -> Renewal {
        let slot = self.slot(key);
        for _ in 0..TRIES {
            let (bytes, version) = self.store.read(&slot);
            let mut set = Set::decode(&bytes.unwrap_or_default());
            let renewed = |entry: &&Entry| {
                entry.key == *key && entry.fresh(now) && entry.fresh_until > now.after(ahead)
            };
            if let Some(entry) = set.good.iter().find(renewed) {
                return Renewal::Done(entry.clone());
            }
            set.claims.retain(|other| other.live(now));
            if set.claims.iter().any(|other| other.key == *key) {
                return Renewal::Busy;
            }
            if set.claims.len() >= CLAIMS {
                return Renewal::Ours;
            }
            set.claims.push(claim.clone());
            if self.store.write(&slot, &set.encode(), version) {
                return Renewal::Ours;
            }
        }
        Renewal::Busy
    }

    /// Ends the claim of `owner` on `key` that knew the revocations up to `sequence`, and leaves `verdict` if there is one.
    /// `span` is how long past its `ttl` a good verdict may serve.
    pub fn settle(
        &self,
        key: &Key,
        owner: QueueId,
        sequence: Sequence,
        verdict: Option<&Verdict>,
        now: UnixMillis,
        span: Duration,
    ) -> Settled {
        let slot = self.slot(key);
        for _ in 0..TRIES {
            let (bytes, version) = self.store.read(&slot);
            let mut set = Set::decode(&bytes.unwrap_or_default());
            let mut changed = verdict.is_some();
            let mut settled = Settled::default();
            set.claims.retain_mut(|claim| {
                // After a revocation the same worker may have called again.
                let ours = claim.key == *key && claim.owner == owner && claim.sequence == sequence;
                if ours {
                    changed = true;
                    settled.listeners.append(&mut claim.listeners);
                }
                !ours
            });
            match verdict {
                Some(Verdict::Good(entry)) if entry.answer.len() <= LONGEST_ANSWER => {
                    set.bad.retain(|other| other.key != *key);
                    set::insert(&mut set.good, entry.clone(), GOOD, now);
                }
                Some(Verdict::Bad(entry)) => {
                    set.good.retain(|other| {
                        let same = other.key == *key;
                        settled.overturned |= same && now < other.fresh_until.after(span);
                        !same
                    });
                    set::insert(&mut set.bad, entry.clone(), BAD, now);
                }
                Some(Verdict::Good(_)) | None => {}
            }
            if !changed || self.store.write(&slot, &set.encode(), version) {
                return settled;
            }
        }
        Settled::default()
    }

    fn slot(&self, key: &Key) -> String {
        // A power of two, so the mask takes every set equally often.
        let number = key.spread() & self.sets.saturating_sub(1);
        format!("{PREFIX}/{}/{number}", self.sets)
    }
}
