//! Who may be served while no verdict is to be had.

use std::rc::Rc;
use std::time::Duration;

use super::key::{CacheKey, CredentialDigest};
use super::lookup::users;
use super::verifier::Exchange;
use super::{Action, Verification};
use crate::log_event::LogEvent;
use crate::metrics::{CacheResult, Counter};
use crate::principal::Principal;
use crate::time::UnixMillis;

impl<W> Verification<W> {
    /// Who may be served while no verdict is to be had, if anybody: a known-good principal past its
    /// `ttl`, or one of whom nothing is known, where the credential admits by itself while the
    /// server is down.
    pub(super) fn serve_anyway(
        &mut self,
        key: &CacheKey,
        digest: &CredentialDigest,
        exchange: &dyn Exchange,
        offline: Option<Principal>,
        requests: usize,
        now: UnixMillis,
    ) -> Option<Rc<Principal>> {
        if let Some(stale) = self.serve_stale(key, digest, exchange, requests, now) {
            return Some(stale);
        }
        let offline = offline?;
        if self.is_last_known_bad(key, digest, exchange, now) {
            return None;
        }
        for _ in 0..requests {
            self.count(Counter::Cache(CacheResult::Offline));
            if let Some(suppressed) = self.offline.allow((), now) {
                self.actions.push(Action::Log(LogEvent::AdmittedOffline { suppressed }));
            }
        }
        Some(Rc::new(offline))
    }

    /// Whether the credential has been denied or revoked, or its holder revoked, since it was last
    /// found good.
    fn is_last_known_bad(
        &mut self,
        key: &CacheKey,
        digest: &CredentialDigest,
        exchange: &dyn Exchange,
        now: UnixMillis,
    ) -> bool {
        let shared = || self.shared.as_ref()?.stale(key, now, Duration::MAX);
        let (users, sequence) = match self.cache.last(key) {
            Some(good) => (good.users.clone(), good.sequence),
            None => shared()
                .and_then(|entry| {
                    let principal = exchange.reread(&entry.value, entry.received)?;
                    Some((users(&principal), entry.sequence))
                })
                .unwrap_or_default(),
        };
        self.revocations.last_of(digest, &users) > sequence
    }

    /// The known-good principal past its `ttl` that may serve `requests` while no verdict is to be
    /// had, if that is allowed.
    fn serve_stale(
        &mut self,
        key: &CacheKey,
        digest: &CredentialDigest,
        exchange: &dyn Exchange,
        requests: usize,
        now: UnixMillis,
    ) -> Option<Rc<Principal>> {
        // A denial, from whichever worker, has taken the mark away.
        if !self.marks.as_ref()?.stands(key, now) {
            return None;
        }
        let steady = self.clock.read(now);
        let own = self.cache.stale(key, steady);
        let (principal, sequence) = match own {
            Some(good) => (Rc::clone(&good.principal), good.sequence),
            None => {
                let entry =
                    self.shared.as_ref()?.stale(key, now, self.config.cache.stale_if_error)?;
                (exchange.reread(&entry.value, entry.received)?, entry.sequence)
            }
        };
        let is_over = principal.expires.is_some_and(|expires| now >= expires);
        if is_over || self.revocations.last_of(digest, &users(&principal)) > sequence {
            return None;
        }
        for _ in 0..requests {
            self.count(Counter::Cache(CacheResult::Stale));
            if let Some(suppressed) = self.stale.allow((), now) {
                self.actions.push(Action::Log(LogEvent::ServedStale { suppressed }));
            }
        }
        Some(principal)
    }
}
