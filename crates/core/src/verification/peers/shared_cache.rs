//! Verdicts and leases in the shared store. Decides where something is kept and who may write it,
//! never what it means.

use std::rc::Rc;
use std::time::Duration;

use super::set::{
    BAD, Entry, FOLLOWERS, GOOD, LEASES, LONGEST_RECORD, Lease, Sequence, Set, Stored, insert,
};
use super::store::{PREFIX, QueueId, SharedStore};
use crate::time::UnixMillis;
use crate::verification::key::CacheKey;

/// Tries of a write that others keep overtaking. What is lost by giving up is a call, not a
/// verdict.
const TRIES: usize = 8;

/// The shared cache, as one worker uses it.
pub struct SharedCache {
    store: Rc<dyn SharedStore>,
    sets: u32,
}

/// What the shared cache says about a credential.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A verdict.
    Found(Stored),
    /// Another worker has called, and will tell us.
    Follow {
        /// When to stop waiting for it.
        lapses: UnixMillis,
        /// Revocations known when it began.
        sequence: Sequence,
    },
    /// Nothing, so the call is ours to make.
    Lead,
}

/// Who renews a good verdict.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewal {
    /// We do.
    Lead,
    /// Another worker is at it.
    Busy,
    /// Another worker has done it.
    Renewed(Entry<Vec<u8>>),
}

impl SharedCache {
    /// A cache with places for about `entries` good verdicts.
    #[must_use]
    pub fn new(store: Rc<dyn SharedStore>, entries: usize) -> Self {
        let sets = entries.div_ceil(GOOD).clamp(16, 16_384).next_power_of_two();
        Self { store, sets: u32::try_from(sets).unwrap_or(16) }
    }

    /// What is known of the credential of `lease`. If nothing is, either another worker's call is
    /// followed, or `lease` is put down and the call is ours. `since` is the last revocation that
    /// concerns the credential: calls and good verdicts from before it do not count.
    pub fn lookup_or_lease(&self, lease: Lease, now: UnixMillis, since: Sequence) -> Lookup {
        let (key, us) = (lease.key, lease.leader);
        let slot = self.slot(&key);
        for _ in 0..TRIES {
            let (bytes, version) = self.store.read(&slot);
            let mut set = Set::decode(&bytes.unwrap_or_default());
            if let Some(found) = set.fresh(&key, now, since) {
                return Lookup::Found(found);
            }
            set.leases.retain(|other| {
                other.is_live(now)
                    && (other.key != key || (other.leader != us && other.sequence >= since))
            });
            let has_room = set.leases.len() < LEASES;
            let found = match set.leases.iter_mut().find(|other| other.key == key) {
                Some(other) if other.followers.contains(&us) => {
                    return Lookup::Follow { lapses: other.lapses, sequence: other.sequence };
                }
                Some(other) if other.followers.len() < FOLLOWERS => {
                    other.followers.push(us);
                    Lookup::Follow { lapses: other.lapses, sequence: other.sequence }
                }
                None if has_room => {
                    set.leases.push(lease.clone());
                    Lookup::Lead
                }
                Some(_) | None => return Lookup::Lead,
            };
            if self.store.write(&slot, &set.encode(), version) {
                return found;
            }
        }
        Lookup::Lead
    }

    /// What is known of `key`, without putting down a lease; `None` if nothing is and nobody is at
    /// it. `since`: as above.
    pub fn peek(&self, key: &CacheKey, now: UnixMillis, since: Sequence) -> Option<Lookup> {
        let (bytes, _) = self.store.read(&self.slot(key));
        let set = Set::decode(&bytes.unwrap_or_default());
        let live =
            |lease: &&Lease| lease.key == *key && lease.is_live(now) && lease.sequence >= since;
        set.fresh(key, now, since).map(Lookup::Found).or_else(|| {
            let lease = set.leases.iter().find(live)?;
            Some(Lookup::Follow { lapses: lease.lapses, sequence: lease.sequence })
        })
    }

    /// The good verdict for `key` that ended less than `span` ago, for when the server fails.
    pub fn stale(&self, key: &CacheKey, now: UnixMillis, span: Duration) -> Option<Entry<Vec<u8>>> {
        let (bytes, _) = self.store.read(&self.slot(key));
        let set = Set::decode(&bytes.unwrap_or_default());
        set.good.into_iter().find(|entry| {
            entry.key == *key && entry.has_come(now) && now < entry.fresh_until.after(span)
        })
    }

    /// Whether the good verdict is to be renewed by the caller, who then has put down `lease`;
    /// `ahead` is how long before its end a verdict is renewed.
    pub fn renew(&self, lease: Lease, now: UnixMillis, ahead: Duration) -> Renewal {
        let key = lease.key;
        let slot = self.slot(&key);
        for _ in 0..TRIES {
            let (bytes, version) = self.store.read(&slot);
            let mut set = Set::decode(&bytes.unwrap_or_default());
            let renewed = |entry: &&Entry<Vec<u8>>| {
                entry.key == key && entry.is_fresh(now) && entry.fresh_until > now.after(ahead)
            };
            if let Some(entry) = set.good.iter().find(renewed) {
                return Renewal::Renewed(entry.clone());
            }
            set.leases.retain(|other| other.is_live(now));
            if set.leases.iter().any(|other| other.key == key) {
                return Renewal::Busy;
            }
            if set.leases.len() >= LEASES {
                return Renewal::Lead;
            }
            set.leases.push(lease.clone());
            if self.store.write(&slot, &set.encode(), version) {
                return Renewal::Lead;
            }
        }
        Renewal::Busy
    }

    /// Ends the lease of `leader` on `key` that knew the revocations up to `sequence`, and leaves
    /// `verdict` if there is one. Hands out who waits to be told.
    pub fn settle(
        &self,
        key: &CacheKey,
        leader: QueueId,
        sequence: Sequence,
        verdict: Option<&Stored>,
        now: UnixMillis,
    ) -> Vec<QueueId> {
        let slot = self.slot(key);
        for _ in 0..TRIES {
            let (bytes, version) = self.store.read(&slot);
            let mut set = Set::decode(&bytes.unwrap_or_default());
            let mut changed = verdict.is_some();
            let mut followers = Vec::new();
            set.leases.retain_mut(|lease| {
                // After a revocation the same worker may have called again.
                let is_ours =
                    lease.key == *key && lease.leader == leader && lease.sequence == sequence;
                if is_ours {
                    changed = true;
                    followers.append(&mut lease.followers);
                }
                !is_ours
            });
            match verdict {
                Some(Stored::Good(entry)) if entry.value.len() <= LONGEST_RECORD => {
                    set.bad.retain(|other| other.key != *key);
                    insert(&mut set.good, entry.clone(), GOOD, now);
                }
                Some(Stored::Bad(entry)) => {
                    // A worker goes by an unreadable one all the same, and has to hear of a
                    // revocation.
                    set.good.retain(|other| other.key != *key || !other.is_readable());
                    if entry.is_fresh(now) {
                        insert(&mut set.bad, entry.clone(), BAD, now);
                    }
                }
                Some(Stored::Good(_)) | None => {}
            }
            if !changed || self.store.write(&slot, &set.encode(), version) {
                return followers;
            }
        }
        Vec::new()
    }

    fn slot(&self, key: &CacheKey) -> String {
        // A power of two, so the mask takes every set equally often.
        let number = key.spread() & self.sets.saturating_sub(1);
        format!("{PREFIX}/{}/{number}", self.sets)
    }
}
