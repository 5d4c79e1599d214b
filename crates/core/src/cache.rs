//! What one worker remembers of verified and refused credentials: facts, for a bounded time, in bounded numbers.
//!
//! Good and bad answers have budgets of their own, so that a flood of random tokens pushes no good one out.

mod key;

pub use key::{CredentialDigest, Fingerprint, Key};

use std::hash::RandomState;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;

use lru::LruCache;

use crate::call::Denial;
use crate::grant::Grant;
use crate::revocation::Revoked;
use crate::time::Steady;
use usergrid_auth_config::CacheSettings;

/// A remembered answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The credential is good.
    Granted(Rc<Grant>),
    /// The credential is bad.
    Denied(Denial),
}

/// What a look-up finds.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// An answer within its `ttl`.
    Fresh {
        /// The answer.
        answer: Answer,
        /// Whether it is time to renew it in the background.
        renew: bool,
    },
    /// Nothing that may be used while the server can be asked.
    Nothing,
}

/// The answers one worker remembers.
#[derive(Debug)]
pub struct Cache {
    settings: CacheSettings,
    /// INVARIANT: holds good answers only, and `bad` bad ones only.
    good: LruCache<Key, Entry, RandomState>,
    bad: LruCache<Key, Entry, RandomState>,
}

#[derive(Debug)]
struct Entry {
    answer: Answer,
    fresh_until: Steady,
    /// When the next renewal in the background may begin.
    renew_at: Steady,
    /// By which names of the holder it can be revoked, made now rather than for all entries at every revocation.
    users: Vec<Revoked>,
}

/// Between two tries to renew one answer in the background.
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(settings: &CacheSettings) -> Self {
        let bounded = |entries| {
            let bound = NonZeroUsize::new(entries).unwrap_or(NonZeroUsize::MIN);
            LruCache::with_hasher(bound, RandomState::new())
        };
        Self {
            good: bounded(settings.max_entries),
            bad: bounded(settings.max_negative_entries),
            settings: settings.clone(),
        }
    }

    /// The answer to `key`, if it is still fresh. Looking never extends its life.
    pub fn get(&mut self, key: &Key, now: Steady) -> Lookup {
        for answers in [&mut self.good, &mut self.bad] {
            let Some(entry) = answers.get_mut(key) else { continue };
            if now < entry.fresh_until {
                let renew = entry.renew_at <= now;
                if renew {
                    entry.renew_at = now.after(RENEWAL_PAUSE);
                }
                return Lookup::Fresh { answer: entry.answer.clone(), renew };
            }
        }
        Lookup::Nothing
    }

    /// The good answer to `key` that may be served while the server fails: past its `ttl` by `cache.stale_if_error` at most.
    pub fn stale(&mut self, key: &Key, now: Steady) -> Option<Answer> {
        let good = self.good.get_mut(key)?;
        let until = good.fresh_until.after(self.settings.stale_if_error);
        (now < until).then(|| good.answer.clone())
    }

    /// Remembers `answer` for `left`, which is never more than its `ttl`; a good one never past its `exp`.
    pub fn put(&mut self, key: Key, answer: &Answer, left: Duration, now: Steady) {
        self.forget(&key);
        if left.is_zero() {
            return;
        }
        let fresh_until = now.after(left);
        let (answers, renew_at, names) = match answer {
            Answer::Granted(grant) => {
                // Without `refresh_ahead`, the time to renew is the end, at which the entry is no longer fresh.
                let ahead = left.saturating_sub(self.settings.refresh_ahead);
                (&mut self.good, now.after(ahead), grant.user_names.as_slice())
            }
            Answer::Denied(_) => (&mut self.bad, fresh_until, &[][..]),
        };
        let users = names.iter().map(|name| Revoked::user(name)).collect();
        answers.put(key, Entry { answer: answer.clone(), fresh_until, renew_at, users });
    }

    /// Forgets whatever is known of `key`.
    pub fn forget(&mut self, key: &Key) {
        self.good.pop(key);
        self.bad.pop(key);
    }

    /// Whether a good answer to `key` is held that may still serve.
    pub fn holds_good(&mut self, key: &Key, now: Steady) -> bool {
        self.stale(key, now).is_some()
    }

    /// Forgets the good answers about a `revoked` user.
    pub fn forget_user(&mut self, revoked: &Revoked) {
        let theirs = self.good.iter().filter(|(_, good)| good.users.contains(revoked));
        let keys: Vec<Key> = theirs.map(|(key, _)| *key).collect();
        for key in keys {
            self.good.pop(&key);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.good.clear();
        self.bad.clear();
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
