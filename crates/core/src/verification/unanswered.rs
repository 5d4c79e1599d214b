//! Who may be served while no verdict is to be had.

use std::rc::Rc;
use std::time::Duration;

use super::key::{CacheKey, CredentialDigest};
use super::lookup::users;
use super::peers::Sequence;
use super::verifier::{Exchange, Offline, Verifier};
use super::{Action, Verification};
use crate::log_event::LogEvent;
use crate::metrics::{CacheResult, Counter};
use crate::principal::Principal;
use crate::time::UnixMillis;

/// How far apart the clocks of whoever issues tokens and of this host may be.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// A credential without a verdict, and how many requests wait for one.
pub(super) struct Unserved<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) key: CacheKey,
    pub(super) digest: CredentialDigest,
    pub(super) exchange: &'a dyn Exchange,
    pub(super) requests: usize,
}

impl<W> Verification<W> {
    /// Who may be served while no verdict is to be had, if anybody: a known-good principal past its
    /// `ttl`, or one of whom nothing is known, where the credential admits by itself while the
    /// server is down.
    pub(super) fn serve_anyway(
        &mut self,
        unserved: &Unserved<'_>,
        offline: Option<Offline>,
        now: UnixMillis,
    ) -> Option<Rc<Principal>> {
        if let Some(stale) = self.serve_stale(unserved, now) {
            return Some(stale);
        }
        let offline = offline?;
        if self.is_last_known_bad(unserved, offline.issued, now) {
            return None;
        }
        let server = &unserved.verifier.server;
        for _ in 0..unserved.requests {
            self.count(unserved.verifier, Counter::Cache(CacheResult::Offline));
            if let Some(suppressed) = self.offline.allow(server.place, now) {
                let server = server.name.clone();
                self.actions.push(Action::Log(LogEvent::AdmittedOffline { server, suppressed }));
            }
        }
        Some(Rc::new(offline.principal))
    }

    /// Whether the credential has been denied or revoked, or its holder revoked, since it was last
    /// found good. Where nobody knows its holder, he may be any user who was revoked after it was
    /// `issued`.
    fn is_last_known_bad(
        &mut self,
        unserved: &Unserved<'_>,
        issued: UnixMillis,
        now: UnixMillis,
    ) -> bool {
        let Unserved { verifier, key, digest, exchange, .. } = unserved;
        let shared = || self.shared.as_ref()?.stale(key, now, Duration::MAX);
        let known = match self.cache.last(key) {
            Some(good) => Some((good.users.clone(), good.sequence)),
            None => shared().and_then(|entry| {
                let principal = exchange.reread(&entry.value, entry.received)?;
                Some((users(&principal, &verifier.server), entry.sequence))
            }),
        };
        let Some((users, sequence)) = known else {
            let last = self.revocations.last_user();
            return last.is_some_and(|last| issued <= last.after(CLOCKS_APART))
                || self.revocations.last_of(digest, &[]) > Sequence::default();
        };
        self.revocations.last_of(digest, &users) > sequence
    }

    /// The known-good principal past its `ttl` that may serve `requests` while no verdict is to be
    /// had, if that is allowed.
    fn serve_stale(&mut self, unserved: &Unserved<'_>, now: UnixMillis) -> Option<Rc<Principal>> {
        let Unserved { verifier, key, digest, exchange, requests } = unserved;
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
        if is_over
            || self.revocations.last_of(digest, &users(&principal, &verifier.server)) > sequence
        {
            return None;
        }
        for _ in 0..*requests {
            self.count(verifier, Counter::Cache(CacheResult::Stale));
            if let Some(suppressed) = self.stale.allow(verifier.server.place, now) {
                let server = verifier.server.name.clone();
                self.actions.push(Action::Log(LogEvent::ServedStale { server, suppressed }));
            }
        }
        Some(principal)
    }
}
