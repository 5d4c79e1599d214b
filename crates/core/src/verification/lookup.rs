//! From a credential to where its verdict comes from: memory, another worker, or a call of our own.

use std::rc::Rc;

use super::breaker::Permit;
use super::peers::{self, Entry, Lease, QueueId, Renewal, Stored};
use super::single_flight::{FlightId, StreamId};
use super::verdict::Verdict;
use super::verifier::Exchange;
use super::{Action, Case, Lookup, Role, Subject, Verification};
use crate::metrics::{CacheResult, Counter};
use crate::principal::Principal;

/// Where a verdict is to come from that this worker does not remember.
enum Source {
    /// It is known elsewhere.
    Known(Verdict),
    /// It is awaited.
    Awaited(FlightId),
    /// It could only come from a call, and none may be made.
    Nowhere,
}

impl<W> Verification<W> {
    /// The verdict that this worker remembers, if it is fresh.
    pub(crate) fn lookup(&mut self, case: &Case<'_>) -> Option<Verdict> {
        self.catch_up();
        let hit = self.cache.get(&case.key, case.steady)?;
        if case.is_to_be_verified_anew(&hit.verdict) {
            return None;
        }
        if matches!(hit.verdict, Verdict::Verified(_)) {
            self.count(Counter::Cache(CacheResult::LocalHit));
            if !case.is_digest_known {
                self.digests.put(case.hash, case.digests());
            }
        } else {
            self.count(Counter::Cache(CacheResult::NegativeHit));
        }
        if hit.renew {
            self.renew(case);
        }
        Some(hit.verdict)
    }

    /// Gets the verdict that this worker does not remember: from other workers, or from the server, for which `waiter`
    /// waits with everybody who has the same credential.
    pub(crate) fn lookup_or_join(
        &mut self,
        case: &Case<'_>,
        stream: StreamId,
        waiter: W,
    ) -> Lookup<W> {
        let can_wait = self.flights.can_wait();
        let source = if let Some(flight) = self.flights.joinable(&case.key) {
            self.count(Counter::Coalesced);
            Source::Awaited(flight)
        } else {
            let can_start = can_wait && self.flights.can_start();
            let permit =
                can_start.then(|| case.verifier.breaker.try_acquire(case.steady)).flatten();
            let is_left_alone = can_start && permit.is_none();
            match self.lookup_shared(case, permit) {
                Source::Nowhere if is_left_alone => {
                    self.count(Counter::Cache(CacheResult::Miss));
                    let stale = case.exchange().and_then(|exchange| {
                        self.serve_stale(&case.key, &case.digest, &*exchange, 1, case.now)
                    });
                    return Lookup::Unavailable(waiter, stale);
                }
                source => source,
            }
        };
        match source {
            Source::Known(verdict) => {
                let found = match verdict {
                    Verdict::Verified(_) => CacheResult::SharedHit,
                    Verdict::Denied(_) => CacheResult::NegativeHit,
                };
                self.count(Counter::Cache(found));
                Lookup::Known(waiter, verdict)
            }
            Source::Awaited(flight) => {
                self.count(Counter::Cache(CacheResult::Miss));
                match self.flights.join(flight, stream, waiter) {
                    Ok(()) => Lookup::Waiting,
                    Err(waiter) => Lookup::Overloaded(waiter),
                }
            }
            Source::Nowhere => {
                self.count(Counter::Cache(CacheResult::Miss));
                Lookup::Overloaded(waiter)
            }
        }
    }

    /// Looks where other workers leave their verdicts; if there is none, follows or makes a call, if `permit` says that one
    /// may be made.
    fn lookup_shared(&mut self, case: &Case<'_>, permit: Option<Permit>) -> Source {
        let queue = permit.as_ref().and_then(|_| self.queue());
        let mut found = self.lookup_or_lease(case, queue, false);
        for _ in 0..2 {
            let Some(peers::Lookup::Found(Stored::Good(entry))) = &found else { break };
            if let Some(principal) = self.adopt(entry, case) {
                release(case, permit);
                return Source::Known(Verdict::Verified(principal));
            }
            // Revoked since it came. Asked for again, so that a call is leased for all workers.
            found = self.lookup_or_lease(case, queue, true);
        }
        match (found, permit) {
            (Some(peers::Lookup::Found(Stored::Bad(entry))), permit) => {
                release(case, permit);
                let verdict = Verdict::Denied(entry.value);
                let left = entry.fresh_until.since(case.now);
                let left = left.min(self.config.cache.negative_ttl);
                self.cache.put(case.key, &verdict, left, case.steady);
                Source::Known(verdict)
            }
            (Some(peers::Lookup::Follow { lapses }), Some(permit)) => {
                case.verifier.breaker.release(permit);
                self.count(Counter::Coalesced);
                let role = Role::Follower { silent_ticks: 0 };
                let lost_at = case.steady.after(lapses.since(case.now));
                match self.subject(case, role) {
                    Some(subject) => {
                        Source::Awaited(self.flights.start(case.key, subject, case.steady, lost_at))
                    }
                    None => Source::Nowhere,
                }
            }
            (_, Some(permit)) => match self.call(case, permit, queue) {
                Some(flight) => Source::Awaited(flight),
                None => Source::Nowhere,
            },
            (_, None) => Source::Nowhere,
        }
    }

    fn lookup_or_lease(
        &self,
        case: &Case<'_>,
        queue: Option<QueueId>,
        revoked: bool,
    ) -> Option<peers::Lookup> {
        let shared = self.shared.as_ref()?;
        match queue {
            Some(queue) => Some(shared.lookup_or_lease(self.lease(case, queue), case.now, revoked)),
            None => shared.peek(&case.key, case.now),
        }
    }

    /// Renews a good verdict in the background, if nobody is at it.
    fn renew(&mut self, case: &Case<'_>) {
        if self.flights.joinable(&case.key).is_some() || !self.flights.can_start() {
            return;
        }
        let Some(permit) = case.verifier.breaker.try_acquire(case.steady) else { return };
        let queue = self.queue();
        if let (Some(shared), Some(queue)) = (&self.shared, queue) {
            let ahead = self.config.cache.refresh_ahead;
            match shared.renew(self.lease(case, queue), case.now, ahead) {
                Renewal::Lead => {}
                Renewal::Busy => {
                    case.verifier.breaker.release(permit);
                    return;
                }
                Renewal::Renewed(entry) => {
                    case.verifier.breaker.release(permit);
                    self.adopt(&entry, case);
                    return;
                }
            }
        }
        self.call(case, permit, queue);
    }

    /// Starts a flight with a call of our own.
    fn call(
        &mut self,
        case: &Case<'_>,
        permit: Permit,
        lease: Option<QueueId>,
    ) -> Option<FlightId> {
        let subject = self.subject(case, Role::Leader { permit, lease })?;
        let request = subject.exchange.request();
        let lost_at = case.steady.after(case.span());
        let flight = self.flights.start(case.key, subject, case.steady, lost_at);
        self.actions.push(Action::Call(flight, Box::new(request)));
        Some(flight)
    }

    fn subject(&self, case: &Case<'_>, role: Role) -> Option<Subject> {
        Some(Subject {
            digest: case.digest,
            verifier: Rc::clone(&case.verifier),
            exchange: case.exchange()?,
            role,
            sequence: self.revocations.last(),
        })
    }

    /// Makes another worker's good verdict our own, for what is left of its life.
    fn adopt(&mut self, entry: &Entry<Vec<u8>>, case: &Case<'_>) -> Option<Rc<Principal>> {
        let principal = case.exchange()?.reread(&entry.value, entry.received)?;
        if self.revocations.touches(entry.sequence, |one| one.hits(&case.digest, &principal)) {
            return None;
        }
        let left = entry.fresh_until.since(case.now).min(self.config.cache.ttl);
        self.cache.put(case.key, &Verdict::Verified(Rc::clone(&principal)), left, case.steady);
        Some(principal)
    }

    fn lease(&self, case: &Case<'_>, leader: QueueId) -> Lease {
        Lease {
            key: case.key,
            began: case.now,
            lapses: case.now.after(case.span()),
            sequence: self.revocations.last(),
            leader,
            followers: Vec::new(),
        }
    }

    /// Where other workers can tell us something, if they share anything at all.
    fn queue(&self) -> Option<QueueId> {
        self.shared.as_ref().and_then(|_| self.store.queue())
    }
}

fn release(case: &Case<'_>, permit: Option<Permit>) {
    if let Some(permit) = permit {
        case.verifier.breaker.release(permit);
    }
}

impl Case<'_> {
    fn exchange(&self) -> Option<Box<dyn Exchange>> {
        self.verifier.protocol().exchange(self.credential)
    }

    fn digests(&self) -> super::Digests {
        super::Digests { credential: self.digest, key: self.key }
    }

    /// Whether the verdict speaks of a token that was issued for the credential and has lapsed.
    fn is_to_be_verified_anew(&self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Verified(principal) => {
                principal.expires.is_some_and(|expires| self.now >= expires)
                    && self.verifier.protocol().verifies_anew_after_exp()
            }
            Verdict::Denied(_) => false,
        }
    }
}
