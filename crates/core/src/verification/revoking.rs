//! Revocations seen passing by are told to all workers.

use super::key::CacheKey;
use super::peers;
use super::{Action, Verification};
use crate::metrics::Counter;
use crate::revocation::{Revocation, Revoked, Watch};
use crate::time::UnixMillis;

impl<W> Verification<W> {
    /// The backend has answered `status` to a request that may have revoked something.
    pub(crate) fn revocation_answered(
        &mut self,
        watch: Watch,
        status: u16,
        request_body: &[u8],
        now: UnixMillis,
    ) {
        if !(200..300).contains(&status) {
            return;
        }
        let proven = watch.proven;
        let mut revoked = watch.revoked(request_body, &self.config.servers, now);
        self.refresh();
        // Else anybody could make all workers look at the table all the time.
        revoked.retain(|one| proven || self.knows(one, now));
        if !revoked.is_empty() {
            self.actions.push(Action::Count(Counter::Revocations));
            let revoked: Vec<Revoked> = revoked.into_iter().map(|one| one.what).collect();
            if revoked.iter().any(|one| matches!(one, Revoked::User(_))) {
                self.revocations.note_user(now);
            }
            self.revoke(&revoked);
        }
    }

    /// Whether some worker remembers the credential as good, or is asking the server in this place
    /// about it, and that has not been revoked already: each record then costs whoever makes it a
    /// verdict of the server.
    fn knows(&mut self, revocation: &Revocation, now: UnixMillis) -> bool {
        let Revoked::Credential(digest) = &revocation.what else { return false };
        let since = self.revocations.revoked_at(&revocation.what);
        let key = CacheKey::new(&self.config.digest, digest);
        let steady = self.clock.read(now);
        let is_held = self.cache.stale(&key, steady).is_some_and(|good| good.sequence >= since);
        let joinable = self.flights.joinable(&key).and_then(|id| self.flights.get(id));
        let is_asked = joinable.is_some_and(|flight| flight.subject.sequence >= since);
        match &self.shared {
            _ if is_held || is_asked => true,
            // Verdicts are kept for targets, and nobody knows for which. So what another worker
            // remembers counts only if whoever names it must have got it from Usergrid.
            _ if self.is_usergrid(revocation.place) => revocation.is_signed,
            Some(shared) => {
                let span = self.config.cache.stale_if_error;
                let stale = shared.stale(&key, now, span);
                stale.is_some_and(|entry| entry.sequence >= since)
                    || matches!(shared.peek(&key, now, since), Some(peers::Lookup::Follow { .. }))
            }
            // What other workers know, nobody knows.
            None => true,
        }
    }

    fn is_usergrid(&self, place: usize) -> bool {
        self.config.servers.get(place).is_some_and(|server| server.verifier.usergrid().is_some())
    }

    /// Tells all workers, ourselves included.
    pub(super) fn revoke(&mut self, revoked: &[Revoked]) {
        self.revocations.add(revoked);
        self.refresh();
    }
}
