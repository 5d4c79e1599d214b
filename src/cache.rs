//! What is remembered of verified and refused credentials: facts, for a bounded time, in bounded numbers.
//!
//! Good and bad answers have budgets of their own, so that a flood of random tokens pushes no good one out.

mod key;

pub use key::{Fingerprint, Key};

use std::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use crate::call::Denial;
use crate::config::CacheSettings;
use crate::grant::Grant;
use crate::time::{Steady, UnixMillis};

/// A remembered answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The credential is good.
    Granted(Rc<Grant>),
    /// The credential is bad.
    Denied(Denial),
}

/// The answers one worker remembers.
#[derive(Debug)]
pub struct Cache {
    settings: CacheSettings,
    good: LruCache<Key, Entry<Rc<Grant>>>,
    bad: LruCache<Key, Entry<Denial>>,
}

#[derive(Debug)]
struct Entry<T> {
    fact: T,
    fresh_until: Steady,
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(settings: &CacheSettings) -> Self {
        let bound = |entries| NonZeroUsize::new(entries).unwrap_or(NonZeroUsize::MIN);
        Self {
            good: LruCache::new(bound(settings.max_entries)),
            bad: LruCache::new(bound(settings.max_negative_entries)),
            settings: settings.clone(),
        }
    }

    /// The answer to `key`, if it is still fresh. Looking never extends its life.
    pub fn get(&mut self, key: &Key, now: Steady) -> Option<Answer> {
        if let Some(entry) = self.good.get(key) {
            if now < entry.fresh_until {
                return Some(Answer::Granted(Rc::clone(&entry.fact)));
            }
            self.good.pop(key);
        }
        if let Some(entry) = self.bad.get(key) {
            if now < entry.fresh_until {
                return Some(Answer::Denied(entry.fact));
            }
            self.bad.pop(key);
        }
        None
    }

    /// Remembers `answer` for its `ttl`, a good one never past its `exp`.
    pub fn put(&mut self, key: Key, answer: &Answer, wall: UnixMillis, now: Steady) {
        match answer {
            Answer::Granted(grant) => {
                self.bad.pop(&key);
                let left = grant.expires.map(|exp| exp.since(wall));
                let ttl = left.map_or(self.settings.ttl, |left| left.min(self.settings.ttl));
                if !ttl.is_zero() {
                    let entry = Entry { fact: Rc::clone(grant), fresh_until: now.after(ttl) };
                    self.good.put(key, entry);
                }
            }
            Answer::Denied(denial) => {
                self.good.pop(&key);
                let ttl = self.settings.negative_ttl;
                if !ttl.is_zero() {
                    self.bad.put(key, Entry { fact: *denial, fresh_until: now.after(ttl) });
                }
            }
        }
    }

    /// Forgets whatever is known of `key`.
    pub fn forget(&mut self, key: &Key) {
        self.good.pop(key);
        self.bad.pop(key);
    }

    /// How many answers are remembered, good and bad.
    #[must_use]
    pub fn len(&self) -> usize {
        self.good.len().saturating_add(self.bad.len())
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
