//! Revocations: those seen passing by are told to all workers, those others have seen are followed.

use super::key::CacheKey;
use super::peers::{self, Sequence};
use super::{Action, Verification};
use crate::metrics::Counter;
use crate::revocation::{Log, Revoked, Sync, Watch};
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
        let mut revoked = watch.revoked(request_body);
        // Else anybody could fill the log with tokens that nobody has ever used, until no worker can follow it.
        revoked.retain(|one| proven || self.knows(one, now));
        if !revoked.is_empty() {
            self.actions.push(Action::Count(Counter::Revocations));
            self.revoke(&revoked);
        }
    }

    /// Whether some worker remembers the credential as good, or is asking about it, and that has not been revoked already:
    /// each record then costs whoever makes it a verdict of the server.
    fn knows(&mut self, revoked: &Revoked, now: UnixMillis) -> bool {
        let Revoked::Credential(credential) = revoked else { return false };
        let key = CacheKey::new(&self.config.digest, credential);
        let steady = self.clock.read(now);
        match &self.shared {
            _ if self.cache.holds_good(&key, steady) || self.flights.joinable(&key).is_some() => {
                true
            }
            Some(shared) => {
                let span = self.config.cache.stale_if_error;
                let since = match (shared.stale(&key, now, span), shared.peek(&key, now)) {
                    (Some(entry), _) => entry.sequence,
                    (None, Some(peers::Lookup::Follow { .. })) => Sequence::default(),
                    _ => return false,
                };
                !self.revocations.holds(since, revoked)
            }
            // What other workers know, nobody knows.
            None => true,
        }
    }

    /// Tells all workers, ourselves included.
    pub(super) fn revoke(&mut self, revoked: &[Revoked]) {
        if Log::add(&*self.store, revoked) {
            self.catch_up();
        } else {
            // Nobody else will hear of it, but this worker at least knows nothing any more that could be revoked.
            self.cache.clear();
            self.flights.seal();
        }
    }

    /// Forgets what has been revoked since the last look.
    pub(super) fn catch_up(&mut self) {
        match self.revocations.catch_up(&*self.store) {
            Sync::Unchanged => return,
            Sync::Lagged => self.cache.clear(),
            Sync::New(revoked) => {
                for one in revoked {
                    match one {
                        Revoked::Credential(credential) => {
                            self.cache.forget(&CacheKey::new(&self.config.digest, &credential));
                        }
                        Revoked::User(_) => self.cache.forget_user(&one),
                    }
                }
            }
        }
        // Whoever comes from now on must not join a call that was made before.
        self.flights.seal();
    }
}
