//! Which verdicts may be served past their `ttl` while the server fails: those whose mark stands
//! here.
//!
//! A good verdict sets its mark, a bad one, at whichever worker, takes it away. The table is
//! bounded and shared by all workers, also where they share no verdicts: what it has no room for
//! costs a stale answer, never a denial.

use std::rc::Rc;

use super::codec::{Reader, Writer};
use super::store::{PREFIX, SharedStore};
use crate::time::UnixMillis;
use crate::verification::key::CacheKey;

/// The first byte of a set. Bytes of another version are read as an empty set.
const VERSION: u8 = 1;
/// Marks in a set.
const MARKS: usize = 64;
/// Tries of a write that others keep overtaking.
const TRIES: usize = 32;

/// The marks, as one worker uses them.
pub struct StaleMarks {
    store: Rc<dyn SharedStore>,
    sets: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    key: CacheKey,
    /// When the verdict may serve no longer at all.
    until: UnixMillis,
}

impl StaleMarks {
    /// Room for about `entries` marks.
    #[must_use]
    pub fn new(store: Rc<dyn SharedStore>, entries: usize) -> Self {
        let sets = entries.div_ceil(MARKS).saturating_mul(2).clamp(16, 8_192).next_power_of_two();
        Self { store, sets: u32::try_from(sets).unwrap_or(16) }
    }

    /// Sets the mark of a good verdict, which may serve until `until`.
    pub fn set(&self, key: &CacheKey, until: UnixMillis, now: UnixMillis) {
        self.change(key, |marks| {
            marks.retain(|mark| mark.key != *key && now < mark.until);
            if marks.len() >= MARKS
                && let Some(first) =
                    (0..marks.len()).min_by_key(|place| marks.get(*place).map(|mark| mark.until))
            {
                marks.swap_remove(first);
            }
            marks.push(Mark { key: *key, until });
            true
        });
    }

    /// Takes the mark away. True if it was there, so that somebody may still serve the verdict; and
    /// if nobody can tell.
    pub fn take_away(&self, key: &CacheKey) -> bool {
        let mut was_there = false;
        let done = self.change(key, |marks| {
            let before = marks.len();
            marks.retain(|mark| mark.key != *key);
            was_there = marks.len() < before;
            was_there
        });
        was_there || !done
    }

    /// Whether the mark stands at `now`.
    #[must_use]
    pub fn stands(&self, key: &CacheKey, now: UnixMillis) -> bool {
        let (bytes, _) = self.store.read(&self.slot(key));
        let marks = decode(&bytes.unwrap_or_default());
        marks.iter().any(|mark| mark.key == *key && now < mark.until)
    }

    /// False: others kept overtaking, and nothing has changed.
    fn change(&self, key: &CacheKey, mut edit: impl FnMut(&mut Vec<Mark>) -> bool) -> bool {
        let slot = self.slot(key);
        (0..TRIES).any(|_| {
            let (bytes, version) = self.store.read(&slot);
            let mut marks = decode(&bytes.unwrap_or_default());
            !edit(&mut marks) || self.store.write(&slot, &encode(&marks), version)
        })
    }

    fn slot(&self, key: &CacheKey) -> String {
        // A power of two, so the mask takes every set equally often.
        let number = key.spread() & self.sets.saturating_sub(1);
        format!("{PREFIX}/stale/{}/{number}", self.sets)
    }
}

fn encode(marks: &[Mark]) -> Vec<u8> {
    let mut writer = Writer(vec![VERSION]);
    for mark in marks {
        writer.key(&mark.key);
        writer.time(mark.until);
    }
    writer.0
}

/// Bytes that are no set are an empty one: what is lost is a stale answer.
fn decode(bytes: &[u8]) -> Vec<Mark> {
    let mut reader = Reader(bytes);
    if reader.byte() != Some(VERSION) {
        return Vec::new();
    }
    let mark = || Some(Mark { key: reader.key()?, until: reader.time()? });
    std::iter::from_fn(mark).take(MARKS).collect()
}
