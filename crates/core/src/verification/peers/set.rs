//! The bytes of one set of the shared cache: what is known of the credentials whose keys fall into
//! it.
//!
//! A set has a fixed number of places for good verdicts, for bad ones and for leases, so it has a
//! largest size whatever is put into it, and neither kind can push the others out.

use std::time::Duration;

use super::codec::{Reader, Writer};
use super::store::QueueId;
use crate::time::UnixMillis;
use crate::verification::key::CacheKey;
use crate::verification::verdict::Denial;

/// The first byte. Bytes of another version are read as an empty set.
const VERSION: u8 = 1;

/// Good verdicts in a set.
pub const GOOD: usize = 4;
/// Bad verdicts in a set.
pub const BAD: usize = 4;
/// Leases in a set.
pub const LEASES: usize = 4;
/// Workers that may follow one call; further ones make calls of their own.
pub const FOLLOWERS: usize = 64;
/// The longest record that is shared, in bytes.
pub const LONGEST_RECORD: usize = 4096;

/// How far one worker's time may be ahead of another's: between reading the time and reading a set,
/// a thread may lose the processor to one that does both.
pub const SKEW: Duration = Duration::from_secs(1);

/// The number of the last revocation that was known when something began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sequence(pub u64);

/// One set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// At most [`GOOD`]; each with the record that its verifier reads again.
    pub good: Vec<Entry<Vec<u8>>>,
    /// At most [`BAD`].
    pub bad: Vec<Entry<Denial>>,
    /// At most [`LEASES`].
    pub leases: Vec<Lease>,
}

/// A verdict in shared memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// Whose.
    pub key: CacheKey,
    /// What it says.
    pub value: T,
    /// When it came.
    pub received: UnixMillis,
    /// When its `ttl` ends.
    pub fresh_until: UnixMillis,
    /// Revocations known when the call began.
    pub sequence: Sequence,
}

/// A verdict of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A good one.
    Good(Entry<Vec<u8>>),
    /// A bad one.
    Bad(Entry<Denial>),
}

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// For which credential.
    pub key: CacheKey,
    /// When it began.
    pub began: UnixMillis,
    /// When its leader counts as dead.
    pub lapses: UnixMillis,
    /// Revocations known when it began.
    pub sequence: Sequence,
    /// Who makes the call.
    pub leader: QueueId,
    /// Who is to be told of its outcome.
    pub followers: Vec<QueueId>,
}

impl<T> Entry<T> {
    /// Whether it may be used at `now`.
    #[must_use]
    pub fn is_fresh(&self, now: UnixMillis) -> bool {
        self.has_come(now) && now < self.fresh_until
    }

    /// Whether it does not lie in the future, where only one lies that was written before the clock
    /// was set back.
    #[must_use]
    pub fn has_come(&self, now: UnixMillis) -> bool {
        self.received <= now.after(SKEW)
    }

    fn write(&self, writer: &mut Writer) {
        writer.key(&self.key);
        writer.time(self.received);
        writer.time(self.fresh_until);
        writer.sequence(self.sequence);
    }

    fn read(reader: &mut Reader<'_>, value: fn(&mut Reader<'_>) -> Option<T>) -> Option<Self> {
        Some(Self {
            key: reader.key()?,
            received: reader.time()?,
            fresh_until: reader.time()?,
            sequence: reader.sequence()?,
            value: value(reader)?,
        })
    }
}

impl Entry<Vec<u8>> {
    /// The record of a verdict that a worker remembers and must not, or cannot, hand on.
    pub const UNREADABLE: Vec<u8> = Vec::new();

    /// Whether others can make the verdict their own.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        !self.value.is_empty()
    }
}

impl Lease {
    /// Whether its leader may still be at it.
    #[must_use]
    pub fn is_live(&self, now: UnixMillis) -> bool {
        self.began <= now.after(SKEW) && now < self.lapses
    }
}

/// Puts `entry` in the place of the same key's or, if there is no other, of one that is no longer
/// fresh or ends first.
pub fn insert<T>(entries: &mut Vec<Entry<T>>, entry: Entry<T>, places: usize, now: UnixMillis) {
    // One that is past its `ttl` may still serve while the server fails.
    entries.retain(|other| other.key != entry.key);
    let order = |other: &Entry<T>| (other.is_fresh(now), other.fresh_until);
    if entries.len() >= places
        && let Some(least) = entries.iter().map(order).min()
        && let Some(first) = entries.iter().position(|other| order(other) == least)
    {
        entries.swap_remove(first);
    }
    entries.push(entry);
}

impl Set {
    /// Reads a set. Bytes that are not one are an empty set: what is lost is a call.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        let mut reader = Reader(bytes);
        match read(&mut reader) {
            Some(set) if reader.0.is_empty() => set,
            _ => Self::default(),
        }
    }

    /// The bytes of this set.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer(vec![VERSION]);
        writer.count(self.good.len());
        for entry in &self.good {
            entry.write(&mut writer);
            writer.text(&entry.value);
        }
        writer.count(self.bad.len());
        for entry in &self.bad {
            entry.write(&mut writer);
            writer.denial(entry.value);
        }
        writer.count(self.leases.len());
        for lease in &self.leases {
            writer.key(&lease.key);
            writer.time(lease.began);
            writer.time(lease.lapses);
            writer.sequence(lease.sequence);
            writer.queue(lease.leader);
            writer.count(lease.followers.len());
            for follower in &lease.followers {
                writer.queue(*follower);
            }
        }
        writer.0
    }

    /// The fresh verdict for `key`: a good one that knows the revocations up to `since`, else a bad
    /// one, else a good one that only says that it is there.
    #[must_use]
    pub fn fresh(&self, key: &CacheKey, now: UnixMillis, since: Sequence) -> Option<Stored> {
        let is_usable = |entry: &&Entry<Vec<u8>>| {
            entry.key == *key && entry.is_fresh(now) && entry.sequence >= since
        };
        let good = self.good.iter().find(is_usable);
        let bad = || self.bad.iter().find(|entry| entry.key == *key && entry.is_fresh(now));
        match good {
            Some(good) if good.is_readable() => Some(Stored::Good(good.clone())),
            good => match bad() {
                Some(bad) => Some(Stored::Bad(bad.clone())),
                None => good.cloned().map(Stored::Good),
            },
        }
    }
}

fn read(reader: &mut Reader<'_>) -> Option<Set> {
    let mut set = Set::default();
    if reader.byte()? != VERSION {
        return None;
    }
    for _ in 0..reader.bounded(GOOD)? {
        set.good.push(Entry::read(reader, |reader| Some(reader.text()?.to_vec()))?);
    }
    for _ in 0..reader.bounded(BAD)? {
        set.bad.push(Entry::read(reader, |reader| reader.denial())?);
    }
    for _ in 0..reader.bounded(LEASES)? {
        let mut lease = Lease {
            key: reader.key()?,
            began: reader.time()?,
            lapses: reader.time()?,
            sequence: reader.sequence()?,
            leader: reader.queue()?,
            followers: Vec::new(),
        };
        for _ in 0..reader.bounded(FOLLOWERS)? {
            lease.followers.push(reader.queue()?);
        }
        set.leases.push(lease);
    }
    Some(set)
}
