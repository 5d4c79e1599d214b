//! The bytes of one set of the shared cache: what is known of the credentials whose keys fall into it.
//!
//! A set has a fixed number of places for good answers, for bad ones and for calls under way, so it has a
//! largest size whatever is put into it, and neither kind can push the others out.

use std::time::Duration;

use crate::cache::Key;
use crate::call::Denial;
use crate::time::UnixMillis;

/// The first byte. Bytes of another version are read as an empty set.
const VERSION: u8 = 1;

/// Good answers in a set.
pub const GOOD: usize = 4;
/// Bad answers in a set.
pub const BAD: usize = 4;
/// Calls under way in a set.
pub const CLAIMS: usize = 4;
/// Workers that may wait for one claimed call; further ones make calls of their own.
pub const LISTENERS: usize = 64;
/// The longest answer that is shared, in bytes.
pub const LONGEST_ANSWER: usize = 4096;

/// How far one worker's time may be ahead of another's: between reading the time and reading a set, a thread may lose
/// the processor to one that does both.
pub const SKEW: Duration = Duration::from_secs(1);

/// A worker's queue, by the host's number: the address at which it is told of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

/// The number of the last revocation that was known when something began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sequence(pub u64);

/// One set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// At most [`GOOD`].
    pub good: Vec<Entry>,
    /// At most [`BAD`].
    pub bad: Vec<Entry>,
    /// At most [`CLAIMS`].
    pub claims: Vec<Claim>,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub key: Key,
    /// A good verdict: the server's answer as it came. A bad one: the [`code`] of the denial.
    pub answer: Vec<u8>,
    /// When it came.
    pub received: UnixMillis,
    /// When its `ttl` ends.
    pub fresh_until: UnixMillis,
    /// Revocations known when the call began.
    pub sequence: Sequence,
}

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// For which credential.
    pub key: Key,
    /// When it began.
    pub began: UnixMillis,
    /// When its worker counts as dead.
    pub lapses: UnixMillis,
    /// Revocations known when it began.
    pub sequence: Sequence,
    /// Who makes the call.
    pub owner: QueueId,
    /// Who waits for it.
    pub listeners: Vec<QueueId>,
}

impl Entry {
    /// Why the credential is bad, if this is a bad verdict.
    #[must_use]
    pub fn denial(&self) -> Option<Denial> {
        match self.answer.as_slice() {
            [code] => denial(*code),
            _ => None,
        }
    }

    /// Whether it may be used at `now`. One that lies in the future was written before the clock was set back.
    #[must_use]
    pub fn fresh(&self, now: UnixMillis) -> bool {
        self.received <= now.after(SKEW) && now < self.fresh_until
    }
}

impl Claim {
    /// Whether its worker may still be at it.
    #[must_use]
    pub fn live(&self, now: UnixMillis) -> bool {
        self.began <= now.after(SKEW) && now < self.lapses
    }
}

/// Puts `entry` in the place of the same key's or, if there is no other, of one that is no longer fresh or ends first.
pub fn insert(entries: &mut Vec<Entry>, entry: Entry, places: usize, now: UnixMillis) {
    // One that is past its `ttl` may still serve while the server fails.
    entries.retain(|other| other.key != entry.key);
    let order = |other: &Entry| (other.fresh(now), other.fresh_until);
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
        match reader.set() {
            Some(set) if reader.0.is_empty() => set,
            _ => Self::default(),
        }
    }

    /// The bytes of this set.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for entries in [&self.good, &self.bad] {
            put_count(&mut bytes, entries.len());
            for entry in entries {
                bytes.extend_from_slice(entry.key.as_bytes());
                put_number(&mut bytes, entry.received.0);
                put_number(&mut bytes, entry.fresh_until.0);
                put_number(&mut bytes, entry.sequence.0);
                put_count(&mut bytes, entry.answer.len());
                bytes.extend_from_slice(&entry.answer);
            }
        }
        put_count(&mut bytes, self.claims.len());
        for claim in &self.claims {
            bytes.extend_from_slice(claim.key.as_bytes());
            put_number(&mut bytes, claim.began.0);
            put_number(&mut bytes, claim.lapses.0);
            put_number(&mut bytes, claim.sequence.0);
            put_queue(&mut bytes, claim.owner);
            put_count(&mut bytes, claim.listeners.len());
            for listener in &claim.listeners {
                put_queue(&mut bytes, *listener);
            }
        }
        bytes
    }
}

fn put_number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put_queue(bytes: &mut Vec<u8>, queue: QueueId) {
    bytes.extend_from_slice(&queue.0.to_le_bytes());
}

/// All counts are bounded far below 65,536; one that were not would make the set unreadable, which is safe.
fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
}

/// The byte that stands for a denial.
#[must_use]
pub const fn code(denial: Denial) -> u8 {
    match denial {
        Denial::Inactive => 1,
        Denial::Expired => 2,
        Denial::Scope => 3,
        Denial::BadClient => 4,
    }
}

/// The denial that a byte stands for.
#[must_use]
pub const fn denial(code: u8) -> Option<Denial> {
    match code {
        1 => Some(Denial::Inactive),
        2 => Some(Denial::Expired),
        3 => Some(Denial::Scope),
        4 => Some(Denial::BadClient),
        _ => None,
    }
}

/// Reads what [`Set::encode`] wrote; `None` once anything is amiss.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn set(&mut self) -> Option<Set> {
        if self.byte()? != VERSION {
            return None;
        }
        let good = self.entries(GOOD)?;
        let bad = self.entries(BAD)?;
        let mut claims = Vec::new();
        for _ in 0..self.bounded(CLAIMS)? {
            claims.push(self.claim()?);
        }
        Some(Set { good, bad, claims })
    }

    fn entries(&mut self, places: usize) -> Option<Vec<Entry>> {
        let mut entries = Vec::new();
        for _ in 0..self.bounded(places)? {
            entries.push(Entry {
                key: self.key()?,
                received: UnixMillis(self.number()?),
                fresh_until: UnixMillis(self.number()?),
                sequence: Sequence(self.number()?),
                answer: self.text()?.to_vec(),
            });
        }
        Some(entries)
    }

    fn claim(&mut self) -> Option<Claim> {
        let mut claim = Claim {
            key: self.key()?,
            began: UnixMillis(self.number()?),
            lapses: UnixMillis(self.number()?),
            sequence: Sequence(self.number()?),
            owner: self.queue()?,
            listeners: Vec::new(),
        };
        for _ in 0..self.bounded(LISTENERS)? {
            claim.listeners.push(self.queue()?);
        }
        Some(claim)
    }

    /// A count, if it is no larger than there are places.
    fn bounded(&mut self, places: usize) -> Option<usize> {
        self.count().filter(|count| *count <= places)
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let size = self.count()?;
        let (text, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(text)
    }

    pub(super) fn key(&mut self) -> Option<Key> {
        self.take().map(Key::from_bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn queue(&mut self) -> Option<QueueId> {
        self.take().map(|bytes| QueueId(u32::from_le_bytes(bytes)))
    }

    fn count(&mut self) -> Option<usize> {
        self.take().map(|bytes| usize::from(u16::from_le_bytes(bytes)))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}
