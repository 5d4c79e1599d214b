//! Revocations: those seen passing by are told to all workers, those others have seen are followed.

use super::{Effect, Filter};
use crate::cache::Key;
use crate::flight::StreamId;
use crate::metrics::Counter;
use crate::revocation::{Caught, Log, Revoked, Watch};
use crate::shared::{Sequence, Shared};
use crate::time::UnixMillis;

impl Filter {
    /// Remembers to look at the response to a request that was forwarded.
    pub(super) fn watch(&mut self, stream: StreamId, watch: Watch, effects: &mut Vec<Effect>) {
        // What is missed is honoured once its answer's `ttl` ends.
        if !watch.proven && self.watched.len() >= self.config.max_waiting {
            return;
        }
        effects.push(Effect::WatchResponse(stream, watch.body_limit()));
        self.watched.push((stream, watch));
    }

    /// Whether and what to look for in the response to `stream`; asked once.
    pub(super) fn unwatch(&mut self, stream: StreamId) -> Option<Watch> {
        let place = self.watched.iter().position(|(watched, _)| *watched == stream)?;
        Some(self.watched.swap_remove(place).1)
    }

    /// The backend has answered a request that may have revoked something.
    pub(super) fn revoked(
        &mut self,
        watch: Watch,
        status: u16,
        request_body: &[u8],
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        if !(200..300).contains(&status) {
            return;
        }
        let proven = watch.proven;
        let mut revoked = watch.revoked(request_body);
        // Else anybody could fill the log with tokens that nobody has ever used, until no worker can follow it.
        revoked.retain(|one| proven || self.knows(one, now));
        if !revoked.is_empty() {
            effects.push(Effect::Count(Counter::Revocations));
            self.revoke(&revoked);
        }
    }

    /// Whether some worker remembers the credential as good, or is asking about it, and that has not been revoked already:
    /// each record then costs whoever makes it a verdict of the server.
    fn knows(&mut self, revoked: &Revoked, now: UnixMillis) -> bool {
        let Revoked::Credential(credential) = revoked else { return false };
        let key = Key::new(&self.config.digest, credential);
        let steady = self.clock.read(now);
        match &self.shared {
            _ if self.cache.holds_good(&key, steady) || self.flights.joinable(&key).is_some() => {
                true
            }
            Some(shared) => {
                let span = self.config.cache.stale_if_error;
                let since = match (shared.stale(&key, now, span), shared.look(&key, now)) {
                    (Some(entry), _) => entry.sequence,
                    (None, Some(Shared::Elsewhere { .. })) => Sequence::default(),
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
            self.flights.close_doors();
        }
    }

    /// Forgets what has been revoked since the last look.
    pub(super) fn catch_up(&mut self) {
        match self.revocations.catch_up(&*self.store) {
            Caught::Up => return,
            Caught::Behind => self.cache.clear(),
            Caught::With(revoked) => {
                for one in revoked {
                    match one {
                        Revoked::Credential(credential) => {
                            self.cache.forget(&Key::new(&self.config.digest, &credential));
                        }
                        Revoked::User(_) => self.cache.forget_user(&one),
                    }
                }
            }
        }
        // Whoever comes from now on must not join a call that was made before.
        self.flights.close_doors();
    }
}
