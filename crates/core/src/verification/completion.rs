//! What happens when a verdict comes in, from the server or from another worker, or when none does.

use std::rc::Rc;
use std::time::Duration;

use super::breaker::BreakerChange;
use super::call::CallOutcome;
use super::key::{CacheKey, CredentialDigest};
use super::peers::{self, Entry, Outcome, PeerMessage, QueueId, Stored};
use super::single_flight::{Flight, FlightId};
use super::verdict::{ServerFault, Verdict};
use super::verifier::{Exchange, Reading, Record, Verifier};
use super::{Action, Completion, Role, Subject, Verification};
use crate::log_event::LogEvent;
use crate::log_limiter::failure_kind;
use crate::metrics::{CacheResult, CallResult, Counter};
use crate::principal::Principal;
use crate::revocation::Revoked;
use crate::time::UnixMillis;

/// Ticks without a sign of the leader. One may fall between its answer and its message.
const SILENT_TICKS: u8 = 2;

impl<W> Verification<W> {
    /// A call of our own has ended. `None` if it was given up before: nobody knows how old the answer is, so it is not
    /// believed.
    pub(crate) fn call_ended(
        &mut self,
        call: FlightId,
        outcome: CallOutcome,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        let steady = self.clock.read(now);
        let flight = self.flights.finish(call)?;
        let Flight { key, subject, began, waiters, .. } = flight;
        let reading = subject.exchange.read(outcome, now);
        self.count(Counter::Introspections(CallResult::of(&reading.verdict)));
        self.actions.push(Action::CallTook(steady.since(began)));
        let Subject { digest, verifier, exchange, role, sequence } = subject;
        let (permit, lease) = match role {
            Role::Leader { permit, lease } => (permit, lease),
            // Only leaders call; what a follower is told comes as a message.
            Role::Follower { .. } => return None,
        };
        let change = match reading.verdict {
            Err(fault) if fault.is_the_servers() => verifier.breaker.failed(permit, steady),
            _ => verifier.breaker.succeeded(permit),
        };
        self.report(&verifier, reading.verdict.as_ref().err().copied(), change, now);
        let awaited = Awaited { key, digest, exchange, sequence };
        if let Some(leader) = lease {
            self.publish(&awaited, leader, &reading, now);
        }
        Some(self.settle(&awaited, waiters, reading.verdict.ok(), now, now))
    }

    /// Logs what the operator should know of the end of a call.
    fn report(
        &mut self,
        verifier: &Verifier,
        fault: Option<ServerFault>,
        change: Option<BreakerChange>,
        now: UnixMillis,
    ) {
        if let Some(fault) = fault
            && let Some(suppressed) = self.failures.allow(failure_kind(fault), now)
        {
            let cluster = verifier.cluster().to_owned();
            self.actions.push(Action::Log(LogEvent::ServerFailed { cluster, fault, suppressed }));
        }
        if let Some(change) = change {
            let open = change == BreakerChange::Opened;
            let cluster = verifier.cluster().to_owned();
            self.actions.push(Action::Log(LogEvent::Breaker { cluster, open }));
        }
    }

    /// Leaves the verdict to the other workers, and tells those who wait for it.
    fn publish(&mut self, awaited: &Awaited, leader: QueueId, reading: &Reading, now: UnixMillis) {
        let Some(shared) = &self.shared else { return };
        let (key, sequence) = (awaited.key, awaited.sequence);
        let entry_until = |left| (now, now.after(left));
        let (outcome, stored) = match (&reading.verdict, &reading.record) {
            (Ok(Verdict::Verified(principal)), Some(Record { bytes, holds_credential })) => {
                let left = self.lifetime(principal, now, now);
                let (received, fresh_until) = entry_until(left);
                let value = bytes.clone();
                // The shared memory keeps no credential in clear.
                let stored = (!left.is_zero() && !holds_credential)
                    .then_some(Stored::Good(Entry { key, value, received, fresh_until, sequence }));
                (Outcome::Verified(bytes.clone()), stored)
            }
            (Ok(Verdict::Denied(denial)), _) => {
                let left = self.config.cache.negative_ttl;
                let (received, fresh_until) = entry_until(left);
                let value = *denial;
                let stored = (!left.is_zero()).then_some(Stored::Bad(Entry {
                    key,
                    value,
                    received,
                    fresh_until,
                    sequence,
                }));
                (Outcome::Denied(*denial), stored)
            }
            _ => (Outcome::Failed, None),
        };
        let span = self.config.cache.stale_if_error;
        let settled = shared.settle(&key, leader, sequence, stored.as_ref(), now, span);
        if settled.overturned {
            self.revoke(&[Revoked::Credential(awaited.digest)]);
        }
        if settled.followers.is_empty() {
            return;
        }
        let message = PeerMessage { key, sequence, received: now, outcome }.encode();
        for follower in settled.followers {
            self.actions.push(Action::NotifyPeer(follower, message.clone()));
        }
    }

    /// Another worker tells how its call ended.
    pub(crate) fn peer_message(&mut self, bytes: &[u8], now: UnixMillis) -> Vec<Completion<W>> {
        let Some(message) = PeerMessage::decode(bytes) else { return Vec::new() };
        let awaited = self.flights.filter(|flight| {
            flight.key == message.key
                && matches!(flight.subject.role, Role::Follower { .. })
                && flight.subject.sequence <= message.sequence
        });
        let told = |id| self.leader_ended(id, &message.outcome, message.received, now);
        awaited.into_iter().filter_map(told).collect()
    }

    /// The call that a flight of ours follows has ended.
    fn leader_ended(
        &mut self,
        id: FlightId,
        outcome: &Outcome,
        received: UnixMillis,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        let Flight { key, subject, waiters, .. } = self.flights.finish(id)?;
        let Subject { digest, exchange, sequence, .. } = subject;
        let verdict = match outcome {
            Outcome::Verified(record) => exchange.reread(record, received).map(Verdict::Verified),
            Outcome::Denied(denial) => Some(Verdict::Denied(*denial)),
            Outcome::Failed => None,
        };
        let awaited = Awaited { key, digest, exchange, sequence };
        Some(self.settle(&awaited, waiters, verdict, received, now))
    }

    /// Remembers a verdict, and hands it to every request that waited for it.
    fn settle(
        &mut self,
        awaited: &Awaited,
        waiters: Vec<(super::StreamId, W)>,
        verdict: Option<Verdict>,
        received: UnixMillis,
        now: UnixMillis,
    ) -> Completion<W> {
        self.catch_up();
        let steady = self.clock.read(now);
        let Awaited { key, digest, exchange, sequence } = awaited;
        let verdict = match verdict {
            Some(Verdict::Verified(principal)) => {
                // Revoked while the call was under way: good enough for those who came before, for nobody else.
                let overtaken =
                    self.revocations.touches(*sequence, |one| one.hits(digest, &principal));
                let left = self.lifetime(&principal, received, now);
                let verdict = Verdict::Verified(principal);
                if !overtaken {
                    self.cache.put(*key, &verdict, left, steady);
                }
                Some(verdict)
            }
            Some(Verdict::Denied(denial)) => {
                if self.cache.holds_good(key, steady) {
                    // Others may hold it as good, too.
                    self.revoke(&[Revoked::Credential(*digest)]);
                }
                let left = self.config.cache.negative_ttl.saturating_sub(now.since(received));
                let verdict = Verdict::Denied(denial);
                self.cache.put(*key, &verdict, left, steady);
                Some(verdict)
            }
            None => self
                .serve_stale(key, digest, &**exchange, waiters.len(), now)
                .map(Verdict::Verified),
        };
        Completion { waiters, verdict }
    }

    /// The known-good principal past its `ttl` that may serve `requests` while no verdict is to be had, if that is
    /// allowed.
    pub(super) fn serve_stale(
        &mut self,
        key: &CacheKey,
        digest: &CredentialDigest,
        exchange: &dyn Exchange,
        requests: usize,
        now: UnixMillis,
    ) -> Option<Rc<Principal>> {
        let steady = self.clock.read(now);
        let stale = self
            .cache
            .stale(key, steady)
            .or_else(|| self.stale_elsewhere(key, digest, exchange, now))
            .filter(|principal| principal.expires.is_none_or(|expires| now < expires))?;
        for _ in 0..requests {
            self.count(Counter::Cache(CacheResult::Stale));
            if let Some(suppressed) = self.stale.allow((), now) {
                self.actions.push(Action::Log(LogEvent::ServedStale { suppressed }));
            }
        }
        Some(stale)
    }

    /// What another worker left that may still serve.
    fn stale_elsewhere(
        &self,
        key: &CacheKey,
        digest: &CredentialDigest,
        exchange: &dyn Exchange,
        now: UnixMillis,
    ) -> Option<Rc<Principal>> {
        let span = self.config.cache.stale_if_error;
        let shared = self.shared.as_ref().filter(|_| !span.is_zero())?;
        let entry = shared.stale(key, now, span)?;
        let principal = exchange.reread(&entry.value, entry.received)?;
        let revoked = self.revocations.touches(entry.sequence, |one| one.hits(digest, &principal));
        (!revoked).then_some(principal)
    }

    /// Gives up what is lost, and looks whether other workers have answered without our hearing of it.
    pub(crate) fn tick(&mut self, now: UnixMillis) -> Vec<Completion<W>> {
        self.catch_up();
        let steady = self.clock.read(now);
        let mut completions = Vec::new();
        for id in self.flights.filter(|flight| flight.lost_at <= steady) {
            let is_ours = self
                .flights
                .get_mut(id)
                .is_some_and(|flight| matches!(flight.subject.role, Role::Leader { .. }));
            completions.extend(if is_ours {
                self.call_ended(id, CallOutcome::TimedOut, now)
            } else {
                self.leader_ended(id, &Outcome::Failed, now, now)
            });
        }
        let follows =
            |flight: &Flight<Subject, W>| matches!(flight.subject.role, Role::Follower { .. });
        for id in self.flights.filter(follows) {
            if let Some((outcome, received)) = self.look_after(id, now) {
                completions.extend(self.leader_ended(id, &outcome, received, now));
            }
        }
        completions
    }

    /// How the call that flight `id` follows must have ended, if its message got lost.
    fn look_after(&mut self, id: FlightId, now: UnixMillis) -> Option<(Outcome, UnixMillis)> {
        let flight = self.flights.get_mut(id)?;
        let found = self.shared.as_ref().and_then(|shared| shared.peek(&flight.key, now));
        match found {
            Some(peers::Lookup::Found(Stored::Good(entry)))
                if entry.sequence >= flight.subject.sequence =>
            {
                Some((Outcome::Verified(entry.value), entry.received))
            }
            Some(peers::Lookup::Found(Stored::Bad(entry))) => {
                Some((Outcome::Denied(entry.value), entry.received))
            }
            Some(peers::Lookup::Follow { .. }) => None,
            Some(peers::Lookup::Found(Stored::Good(_)) | peers::Lookup::Lead) | None => {
                let Role::Follower { silent_ticks } = &mut flight.subject.role else { return None };
                *silent_ticks = silent_ticks.saturating_add(1);
                (*silent_ticks >= SILENT_TICKS).then_some((Outcome::Failed, now))
            }
        }
    }

    /// How long a good verdict may still be used: by its `ttl`, and by its `exp`.
    fn lifetime(&self, principal: &Principal, received: UnixMillis, now: UnixMillis) -> Duration {
        let ttl = self.config.cache.ttl.saturating_sub(now.since(received));
        principal.expires.map_or(ttl, |expires| expires.since(now).min(ttl))
    }
}

/// What a verdict is about, once its flight is over.
struct Awaited {
    key: CacheKey,
    digest: CredentialDigest,
    exchange: Box<dyn Exchange>,
    sequence: super::Sequence,
}
