//! What one worker remembers of verified and refused credentials: facts, for a bounded time, in
//! bounded numbers and bytes.
//!
//! Good and bad verdicts have budgets of their own, so that a flood of random tokens pushes no good
//! one out.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;

use lru::LruCache;
use usergrid_auth_config::CacheSettings;
use usergrid_auth_rules::permission::{self, Rule};

use super::key::{CacheKey, CredentialDigest};
use super::peers::Sequence;
use super::verdict::Denial;
use crate::principal::{ClaimDigest, Principal};
use crate::revocation::{RevocationTable, Revoked};
use crate::time::Steady;

/// The verdicts that one worker remembers.
#[derive(Debug)]
pub struct VerdictCache {
    settings: CacheSettings,
    good: LruCache<CacheKey, Good, KeyedMix>,
    bad: LruCache<CacheKey, Bad, KeyedMix>,
    rules: SharedRules,
    /// What the good verdicts hold, their rules aside.
    bytes: usize,
}

/// A good verdict.
#[derive(Debug)]
pub struct Good {
    /// Whose.
    pub principal: Rc<Principal>,
    /// The credential.
    pub digest: CredentialDigest,
    /// The last revocation known when the server was asked.
    pub sequence: Sequence,
    /// By which names of the holder it can be revoked, made now rather than at every revocation.
    pub users: Vec<Revoked>,
    /// Up to which generation of revocations it is known not to be revoked.
    pub checked: u64,
    fresh_until: Steady,
    /// When the next renewal in the background may begin.
    renew_at: Steady,
    bytes: usize,
}

#[derive(Debug)]
struct Bad {
    denial: Denial,
    fresh_until: Steady,
}

/// What a look-up finds.
pub enum Found<'a> {
    /// A good verdict within its `ttl`.
    Good(&'a mut Good),
    /// A bad one within `negative_ttl`.
    Bad(Denial),
}

/// Compiled rules, one copy of each claim's.
#[derive(Debug, Default)]
struct SharedRules {
    by_claim: HashMap<ClaimDigest, Shared>,
    bytes: usize,
}

#[derive(Debug)]
struct Shared {
    rules: Rc<[Rule]>,
    holders: usize,
    bytes: usize,
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
            rules: SharedRules::default(),
            bytes: 0,
            settings: settings.clone(),
        }
    }

    /// The verdict for `key`, if it is still fresh. Looking never extends its life.
    pub fn get(&mut self, key: &CacheKey, now: Steady) -> Option<Found<'_>> {
        if let Some(good) = self.good.get_mut(key)
            && now < good.fresh_until
        {
            return Some(Found::Good(good));
        }
        let bad = self.bad.get(key).filter(|bad| now < bad.fresh_until)?;
        Some(Found::Bad(bad.denial))
    }

    /// The good verdict for `key` that may serve while the server fails: past its `ttl` by
    /// `cache.stale_if_error` at most.
    pub fn stale(&mut self, key: &CacheKey, now: Steady) -> Option<&Good> {
        let span = self.settings.stale_if_error;
        self.good.get(key).filter(|good| now < good.fresh_until.after(span))
    }

    /// The last good verdict for `key` that is remembered, however old.
    pub fn last(&self, key: &CacheKey) -> Option<&Good> {
        self.good.peek(key)
    }

    /// Whether there is, or was lately, a good verdict for `key`.
    #[must_use]
    pub fn knows(&self, key: &CacheKey) -> bool {
        self.good.contains(key)
    }

    /// Remembers a good verdict that was asked for when `sequence` was the last revocation, for
    /// `left`: never more than its `ttl`, and never past its `exp`. `users` are the names by which
    /// its holder can be revoked.
    #[allow(clippy::too_many_arguments, reason = "one fact each, of one entry")]
    pub fn put_good(
        &mut self,
        key: CacheKey,
        digest: CredentialDigest,
        principal: &mut Rc<Principal>,
        users: Vec<Revoked>,
        sequence: Sequence,
        left: Duration,
        now: Steady,
    ) {
        self.forget(&key);
        if left.is_zero() {
            return;
        }
        if let Some(principal) = Rc::get_mut(principal) {
            self.rules.unify(principal);
        }
        let bytes = size_of::<(CacheKey, Good, Principal)>()
            .saturating_mul(2)
            .saturating_add(principal.heap_bytes())
            .saturating_add(size_of_val(users.as_slice()));
        // Without `refresh_ahead`, the time to renew is the end, at which the entry is no longer
        // fresh.
        let renew_at = now.after(left.saturating_sub(self.settings.refresh_ahead));
        let good = Good {
            principal: Rc::clone(principal),
            digest,
            sequence,
            users,
            checked: 0,
            fresh_until: now.after(left),
            renew_at,
            bytes,
        };
        self.bytes = self.bytes.saturating_add(bytes);
        self.rules.hold(principal);
        if let Some((_, evicted)) = self.good.push(key, good) {
            self.dropped(&evicted);
        }
        while self.bytes() > self.settings.max_bytes
            && let Some((_, evicted)) = self.good.pop_lru()
        {
            self.dropped(&evicted);
        }
    }

    /// Remembers a bad verdict for `left`.
    pub fn put_bad(&mut self, key: CacheKey, denial: Denial, left: Duration, now: Steady) {
        self.forget(&key);
        if !left.is_zero() {
            self.bad.put(key, Bad { denial, fresh_until: now.after(left) });
        }
    }

    /// The same, without forgetting a good verdict, which goes before it while it is fresh.
    pub fn put_bad_beside(&mut self, key: CacheKey, denial: Denial, left: Duration, now: Steady) {
        if !left.is_zero() {
            self.bad.put(key, Bad { denial, fresh_until: now.after(left) });
        }
    }

    /// Forgets whatever is known of `key`.
    pub fn forget(&mut self, key: &CacheKey) {
        if let Some(good) = self.good.pop(key) {
            self.dropped(&good);
        }
        self.bad.pop(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.good.clear();
        self.bad.clear();
        self.rules = SharedRules::default();
        self.bytes = 0;
    }

    /// How many verdicts are remembered, good and bad.
    #[must_use]
    pub fn len(&self) -> usize {
        self.good.len().saturating_add(self.bad.len())
    }

    /// What the good verdicts hold, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.saturating_add(self.rules.bytes)
    }

    fn dropped(&mut self, good: &Good) {
        self.bytes = self.bytes.saturating_sub(good.bytes);
        self.rules.release(&good.principal);
    }
}

impl Good {
    /// Whether the credential or its holder has been revoked since the server was asked.
    #[cold]
    pub fn is_revoked_by(&self, revocations: &mut RevocationTable) -> bool {
        revocations.last_of(&self.digest, &self.users) > self.sequence
    }

    /// Whether it is time to renew it in the background. Says so once in a while only.
    pub fn is_to_be_renewed(&mut self, now: Steady) -> bool {
        let is_time = self.renew_at <= now;
        if is_time {
            self.renew_at = now.after(RENEWAL_PAUSE);
        }
        is_time
    }
}

impl SharedRules {
    /// Puts the copy that is there already in the place of the principal's own.
    fn unify(&self, principal: &mut Principal) {
        if let Some((claim, own)) = principal.own_rules_mut()
            && let Some(shared) = self.by_claim.get(&claim)
        {
            *own = Rc::clone(&shared.rules);
        }
    }

    fn hold(&mut self, principal: &Principal) {
        let Some((claim, own)) = principal.own_rules() else { return };
        let shared = self.by_claim.entry(claim).or_insert_with(|| {
            let bytes = size_of::<(ClaimDigest, Shared)>()
                .saturating_mul(2)
                .saturating_add(permission::heap_bytes(own));
            self.bytes = self.bytes.saturating_add(bytes);
            Shared { rules: Rc::clone(own), holders: 0, bytes }
        });
        shared.holders = shared.holders.saturating_add(1);
    }

    fn release(&mut self, principal: &Principal) {
        let Some((claim, _)) = principal.own_rules() else { return };
        let Some(shared) = self.by_claim.get_mut(&claim) else { return };
        shared.holders = shared.holders.saturating_sub(1);
        if shared.holders == 0 {
            self.bytes = self.bytes.saturating_sub(shared.bytes);
            self.by_claim.remove(&claim);
        }
    }
}

fn bounded<V>(entries: usize) -> LruCache<CacheKey, V, KeyedMix> {
    let bound = NonZeroUsize::new(entries).unwrap_or(NonZeroUsize::MIN);
    LruCache::with_hasher(bound, KeyedMix::new())
}

/// Puts keys, which are SHA-256 and hand over eight bytes of it, into places that nobody outside
/// can foretell: one multiplication by a number that never leaves this worker is enough for what is
/// random itself.
#[derive(Clone, Debug)]
struct KeyedMix {
    start: u64,
    factor: u64,
}

struct Mixing {
    state: u64,
    factor: u64,
}

impl KeyedMix {
    fn new() -> Self {
        let secret = RandomState::new();
        Self { start: secret.hash_one(0), factor: secret.hash_one(1) | 1 }
    }
}

impl BuildHasher for KeyedMix {
    type Hasher = Mixing;

    #[inline]
    fn build_hasher(&self) -> Mixing {
        Mixing { state: self.start, factor: self.factor }
    }
}

impl Hasher for Mixing {
    #[inline]
    fn write_u64(&mut self, part: u64) {
        let product = (self.state ^ part).wrapping_mul(self.factor);
        // The upper half depends on every bit, the lower on those below only.
        self.state = product ^ (product >> 32);
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}
