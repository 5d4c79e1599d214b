//! What one worker remembers of verified and refused credentials: facts, for a bounded time, in bounded numbers.
//!
//! Good and bad verdicts have budgets of their own, so that a flood of random tokens pushes no good one out.

use std::hash::RandomState;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;

use lru::LruCache;
use usergrid_auth_config::CacheSettings;

use super::key::CacheKey;
use super::verdict::{Denial, Verdict};
use crate::principal::Principal;
use crate::revocation::Revoked;
use crate::time::Steady;

/// A verdict within its `ttl`.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether it is time to renew it in the background.
    pub renew: bool,
}

/// The verdicts that one worker remembers.
#[derive(Debug)]
pub struct VerdictCache {
    settings: CacheSettings,
    good: LruCache<CacheKey, Good, RandomState>,
    bad: LruCache<CacheKey, Bad, RandomState>,
}

#[derive(Debug)]
struct Good {
    principal: Rc<Principal>,
    fresh_until: Steady,
    /// When the next renewal in the background may begin.
    renew_at: Steady,
    /// By which names of the holder it can be revoked, made now rather than for all entries at every revocation.
    users: Vec<Revoked>,
}

#[derive(Debug)]
struct Bad {
    denial: Denial,
    fresh_until: Steady,
}

/// Between two tries to renew one verdict in the background.
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);

impl VerdictCache {
    /// An empty cache.
    #[must_use]
    pub fn new(settings: &CacheSettings) -> Self {
        Self {
            good: bounded(settings.max_entries),
            bad: bounded(settings.max_negative_entries),
            settings: settings.clone(),
        }
    }

    /// The verdict for `key`, if it is still fresh. Looking never extends its life.
    pub fn get(&mut self, key: &CacheKey, now: Steady) -> Option<Hit> {
        if let Some(good) = self.good.get_mut(key)
            && now < good.fresh_until
        {
            let renew = good.renew_at <= now;
            if renew {
                good.renew_at = now.after(RENEWAL_PAUSE);
            }
            return Some(Hit { verdict: Verdict::Verified(Rc::clone(&good.principal)), renew });
        }
        let bad = self.bad.get(key).filter(|bad| now < bad.fresh_until)?;
        Some(Hit { verdict: Verdict::Denied(bad.denial), renew: false })
    }

    /// The principal of a good verdict that may serve while the server fails: past its `ttl` by
    /// `cache.stale_if_error` at most.
    pub fn stale(&mut self, key: &CacheKey, now: Steady) -> Option<Rc<Principal>> {
        let good = self.good.get(key)?;
        let until = good.fresh_until.after(self.settings.stale_if_error);
        (now < until).then(|| Rc::clone(&good.principal))
    }

    /// Remembers `verdict` for `left`, which is never more than its `ttl`; a good one never past its `exp`.
    pub fn put(&mut self, key: CacheKey, verdict: &Verdict, left: Duration, now: Steady) {
        self.forget(&key);
        if left.is_zero() {
            return;
        }
        let fresh_until = now.after(left);
        match verdict {
            Verdict::Verified(principal) => {
                // Without `refresh_ahead`, the time to renew is the end, at which the entry is no longer fresh.
                let ahead = left.saturating_sub(self.settings.refresh_ahead);
                let users = principal.user_names.iter().map(|name| Revoked::user(name)).collect();
                let principal = Rc::clone(principal);
                let renew_at = now.after(ahead);
                self.good.put(key, Good { principal, fresh_until, renew_at, users });
            }
            Verdict::Denied(denial) => {
                self.bad.put(key, Bad { denial: *denial, fresh_until });
            }
        }
    }

    /// Forgets whatever is known of `key`.
    pub fn forget(&mut self, key: &CacheKey) {
        self.good.pop(key);
        self.bad.pop(key);
    }

    /// Whether a good verdict for `key` is held that may still serve.
    pub fn holds_good(&mut self, key: &CacheKey, now: Steady) -> bool {
        self.stale(key, now).is_some()
    }

    /// Forgets the good verdicts about a `revoked` user.
    pub fn forget_user(&mut self, revoked: &Revoked) {
        let theirs = self.good.iter().filter(|(_, good)| good.users.contains(revoked));
        let keys: Vec<CacheKey> = theirs.map(|(key, _)| *key).collect();
        for key in keys {
            self.good.pop(&key);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.good.clear();
        self.bad.clear();
    }

    /// How many verdicts are remembered, good and bad.
    #[must_use]
    pub fn len(&self) -> usize {
        self.good.len().saturating_add(self.bad.len())
    }
}

fn bounded<V>(entries: usize) -> LruCache<CacheKey, V, RandomState> {
    let bound = NonZeroUsize::new(entries).unwrap_or(NonZeroUsize::MIN);
    LruCache::with_hasher(bound, RandomState::new())
}
