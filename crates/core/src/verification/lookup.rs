//! From a credential to where its verdict comes from: memory, another worker, or a call of our own.

use std::rc::Rc;

use usergrid_auth_config::Server;

use super::breaker::Permit;
use super::cache::Found;
use super::completion::Lack;
use super::peers::{self, Entry, Lease, Outcome, PeerMessage, QueueId, Renewal, Sequence, Stored};
use super::single_flight::{About, FlightId, StreamId, Waiter};
use super::trace_context::TraceContext;
use super::unanswered::Unserved;
use super::verdict::{Denial, Verdict};
use super::verifier::{Exchange, Offline};
use super::{Action, Case, Lookup, Restraint, Role, Subject, Verification};
use crate::metrics::{CacheResult, Counter};
use crate::principal::Principal;
use crate::revocation::Revoked;
use crate::time::Steady;

/// Where a verdict is to come from that this worker does not remember.
enum Source {
    /// It is known elsewhere.
    Known(Verdict),
    /// It is awaited.
    Awaited(FlightId),
    /// It could only come from a call, and the server is left alone, or failed on this credential a
    /// moment ago.
    LeftAlone,
    /// It could only come from a call, and as many are under way as may be.
    Full,
}

impl<W> Verification<W> {
    /// The verdict that this worker remembers, if it is fresh, and what has to be counted of that.
    pub(crate) fn lookup(&mut self, case: &Case<'_>) -> Option<(Verdict, Counter)> {
        self.refresh();
        let now = case.steady;
        let denied = |denial| (Verdict::Denied(denial), Counter::Cache(CacheResult::NegativeHit));
        if case.target.is_some()
            && let Some(Found::Bad(denial)) = self.cache.get(&case.key_everywhere, now)
        {
            // Bad for every target.
            return Some(denied(denial));
        }
        let good = match self.cache.get(&case.key, now)? {
            Found::Bad(denial) => return Some(denied(denial)),
            Found::Good(good) => good,
        };
        let generation = self.revocations.generation();
        if good.checked != generation {
            if good.is_revoked_by(&mut self.revocations) {
                // Kept, so that it is known to have been revoked should the server be down.
                return None;
            }
            good.checked = generation;
        }
        let renew = good.is_to_be_renewed(now);
        let verdict = Verdict::Verified(Rc::clone(&good.principal));
        if !case.is_digest_known {
            self.remember_digests(case);
        }
        if renew {
            self.renew(case);
        }
        Some((verdict, Counter::Cache(CacheResult::LocalHit)))
    }

    /// Gets the verdict that this worker does not remember: from other workers, or from the server,
    /// for which `request` waits with everybody who has the same credential. `bytes` is what it
    /// holds.
    pub(crate) fn lookup_or_join(
        &mut self,
        case: &Case<'_>,
        stream: StreamId,
        request: W,
        bytes: usize,
    ) -> Lookup<W> {
        let is_known = case.is_digest_known || self.cache.knows(&case.key);
        let can_wait = self.flights.can_wait(is_known, bytes);
        let source = match self.joinable(case) {
            Some(flight) => {
                self.count(&case.verifier, Counter::Coalesced);
                Source::Awaited(flight)
            }
            None => self.lookup_shared(case, is_known, can_wait),
        };
        match source {
            Source::Known(verdict) => {
                let found = match verdict {
                    Verdict::Verified(_) => CacheResult::SharedHit,
                    Verdict::Denied(_) => CacheResult::NegativeHit,
                };
                self.count(&case.verifier, Counter::Cache(found));
                Lookup::Known(request, verdict)
            }
            Source::Awaited(flight) => {
                self.count(&case.verifier, Counter::Cache(CacheResult::Miss));
                let joined = self.revocations.last();
                let waiter = Waiter { stream, joined, is_known, bytes, request };
                match self.flights.join(flight, waiter) {
                    Ok(()) => Lookup::Waiting,
                    Err(request) => Lookup::Overloaded(request),
                }
            }
            Source::LeftAlone => {
                self.count(&case.verifier, Counter::Cache(CacheResult::Miss));
                let served = case.exchange().and_then(|exchange| {
                    let is_down = case.verifier.breaker.is_open() || self.was_down(case);
                    let offline = case.offline().filter(|_| is_down);
                    let unserved = Unserved {
                        verifier: &case.verifier,
                        key: case.key,
                        digest: case.digest,
                        exchange: &*exchange,
                        requests: 1,
                    };
                    self.serve_anyway(&unserved, offline, case.now)
                });
                Lookup::Unavailable(request, served)
            }
            Source::Full => {
                self.count(&case.verifier, Counter::Cache(CacheResult::Miss));
                Lookup::Overloaded(request)
            }
        }
    }

    /// The call under way that the request can share: not one from before a revocation of its
    /// credential.
    fn joinable(&mut self, case: &Case<'_>) -> Option<FlightId> {
        let id = self.flights.joinable(&case.key)?;
        let began = self.flights.get(id)?.subject.sequence;
        if self.revocations.last_of(&case.digest, &[]) > began {
            self.flights.seal(&case.key);
            return None;
        }
        Some(id)
    }

    /// Looks where other workers leave their verdicts; if there is none, follows or makes a call,
    /// if one may be made.
    fn lookup_shared(&mut self, case: &Case<'_>, is_known: bool, can_wait: bool) -> Source {
        let Some(exchange) = case.exchange() else { return Source::Full };
        let about = case.about(is_known, &*exchange);
        let can_start = can_wait && self.flights.can_start(&about);
        let permit = match self.may_ask(case) {
            true if can_start => case.verifier.breaker.try_acquire(),
            _ => None,
        };
        if can_start && permit.is_none() {
            if case.verifier.breaker.is_open() {
                case.verifier.probe_targets.wanted(case.target.as_ref());
            }
            self.probe(&Rc::clone(&case.verifier), case.now);
        }
        if let Some(denial) = self.denied_everywhere(case) {
            return Source::Known(Verdict::Denied(denial));
        }
        let queue = permit.as_ref().and_then(|_| self.queue());
        let mut since = self.revocations.last_of(&case.digest, &[]);
        let mut found = self.lookup_or_lease(case, queue, since);
        for _ in 0..2 {
            let Some(peers::Lookup::Found(Stored::Good(entry))) = &found else { break };
            match self.adopt(entry, case, &*exchange) {
                Ok(principal) => return Source::Known(Verdict::Verified(principal)),
                // Its holder was revoked since. Asked for again, so that a call is leased for all
                // workers.
                Err(revoked) => since = revoked,
            }
            found = self.lookup_or_lease(case, queue, since);
        }
        match (found, permit) {
            (Some(peers::Lookup::Found(Stored::Bad(entry))), _) => {
                let left = entry.fresh_until.since(case.now);
                let left = left.min(self.config.cache.negative_ttl);
                self.cache.put_bad(case.key, entry.value, left, case.steady);
                Source::Known(Verdict::Denied(entry.value))
            }
            (Some(peers::Lookup::Follow { lapses, sequence }), Some(_)) => {
                self.count(&case.verifier, Counter::Coalesced);
                let role = Role::Follower { silent_ticks: 0 };
                let subject = case.subject(exchange, role, sequence);
                let left = lapses.since(case.now).min(case.verifier.longest_wait());
                let lost_at = case.steady.after(left);
                Source::Awaited(self.flights.start(about, subject, case.steady, lost_at))
            }
            (_, Some(_)) if !self.may_ask_for_target(case) => {
                self.give_lease_back(case, queue);
                Source::Full
            }
            (_, Some(permit)) => Source::Awaited(self.call(case, about, exchange, permit, queue)),
            (_, None) if can_start => Source::LeftAlone,
            (_, None) => Source::Full,
        }
    }

    /// What another worker was told of the credential that holds for every target.
    fn denied_everywhere(&mut self, case: &Case<'_>) -> Option<Denial> {
        case.target.as_ref()?;
        let since = self.revocations.last_of(&case.digest, &[]);
        let found = self.shared.as_ref()?.peek(&case.key_everywhere, case.now, since);
        let Some(peers::Lookup::Found(Stored::Bad(entry))) = found else { return None };
        let left = entry.fresh_until.since(case.now).min(self.config.cache.negative_ttl);
        self.cache.put_bad(case.key_everywhere, entry.value, left, case.steady);
        Some(entry.value)
    }

    /// Whether the server may be asked about the credential: not where it has failed to judge it a
    /// moment ago, nor for more targets in a second than anybody needs.
    fn may_ask(&mut self, case: &Case<'_>) -> bool {
        let restraint = self.restraints.peek(&case.key);
        !matches!(restraint, Some(Restraint::Unanswered(until, _)) if case.steady < *until)
    }

    /// Whether the server was down when it was asked about the credential a moment ago.
    fn was_down(&mut self, case: &Case<'_>) -> bool {
        let restraint = self.restraints.peek(&case.key);
        matches!(restraint, Some(Restraint::Unanswered(until, Lack::Down)) if case.steady < *until)
    }

    /// Counts the targets that a credential is asked about in a second. False: it has had enough of
    /// them.
    fn may_ask_for_target(&mut self, case: &Case<'_>) -> bool {
        if case.target.is_none() {
            return true;
        }
        let (until, mut asked) = match self.restraints.pop(&case.key_everywhere) {
            Some(Restraint::Targets(until, asked)) if case.steady < until => (until, asked),
            _ => (case.steady.after(super::TARGETS_PERIOD), Vec::new()),
        };
        let target = case.key.spread();
        let mut may_ask = asked.contains(&target);
        if !may_ask && asked.len() < super::TARGETS_IN_PERIOD {
            asked.push(target);
            may_ask = true;
        }
        self.restraints.put(case.key_everywhere, Restraint::Targets(until, asked));
        may_ask
    }

    fn lookup_or_lease(
        &self,
        case: &Case<'_>,
        queue: Option<QueueId>,
        since: Sequence,
    ) -> Option<peers::Lookup> {
        let shared = self.shared.as_ref()?;
        match queue {
            Some(queue) => Some(shared.lookup_or_lease(self.lease(case, queue), case.now, since)),
            None => shared.peek(&case.key, case.now, since),
        }
    }

    #[cold]
    fn remember_digests(&mut self, case: &Case<'_>) {
        self.digests.put(case.hash, case.digests());
    }

    /// Renews a good verdict in the background, if nobody is at it.
    #[cold]
    fn renew(&mut self, case: &Case<'_>) {
        let Some(exchange) = case.exchange() else { return };
        let about = case.about(true, &*exchange);
        let is_free =
            self.joinable(case).is_none() && self.may_ask(case) && self.flights.can_start(&about);
        if !is_free {
            return;
        }
        let Some(permit) = case.verifier.breaker.try_acquire() else { return };
        let queue = self.queue();
        if let (Some(shared), Some(queue)) = (&self.shared, queue) {
            let ahead = self.config.cache.refresh_ahead;
            match shared.renew(self.lease(case, queue), case.now, ahead) {
                Renewal::Lead => {}
                Renewal::Busy => return,
                Renewal::Renewed(entry) => {
                    if self.adopt(&entry, case, &*exchange).is_ok() {
                        return;
                    }
                }
            }
        }
        self.call(case, about, exchange, permit, queue);
    }

    /// Starts a flight with a call of our own.
    fn call(
        &mut self,
        case: &Case<'_>,
        about: About,
        exchange: Box<dyn Exchange>,
        permit: Permit,
        lease: Option<QueueId>,
    ) -> FlightId {
        let mut request = exchange.request();
        let role = Role::Leader { permit, lease };
        let subject = case.subject(exchange, role, self.revocations.last());
        let lost_at = case.steady.after(case.verifier.longest_wait());
        subject.trace.add_to(&mut request);
        let flight = self.flights.start(about, subject, case.steady, lost_at);
        self.actions.push(Action::Call(flight, Box::new(request)));
        flight
    }

    /// Makes another worker's good verdict our own, for what is left of its life.
    ///
    /// # Errors
    /// The last revocation known, if the credential or its holder was revoked since, or if it is no
    /// good verdict.
    fn adopt(
        &mut self,
        entry: &Entry<Vec<u8>>,
        case: &Case<'_>,
        exchange: &dyn Exchange,
    ) -> Result<Rc<Principal>, Sequence> {
        let unusable = Sequence(entry.sequence.0.saturating_add(1));
        if !entry.is_readable() {
            return Err(unusable);
        }
        let mut principal = exchange.reread(&entry.value, entry.received).ok_or(unusable)?;
        case.verifier.probe_targets.verified(case.target.as_ref());
        let users = users(&principal, &case.verifier.server);
        let revoked = self.revocations.last_of(&case.digest, &users);
        if revoked > entry.sequence {
            return Err(revoked);
        }
        let left = entry.fresh_until.since(case.now).min(self.config.cache.ttl);
        let (key, digest, now) = (case.key, case.digest, case.steady);
        self.cache.put_good(key, digest, &mut principal, users, entry.sequence, left, now);
        Ok(principal)
    }

    /// The lease that was put down for a call which is not made after all.
    fn give_lease_back(&mut self, case: &Case<'_>, queue: Option<QueueId>) {
        let (Some(shared), Some(leader)) = (&self.shared, queue) else { return };
        let (key, sequence) = (case.key, self.revocations.last());
        // Whoever has followed it meanwhile calls for himself.
        let (received, outcome) = (case.now, Outcome::Unshared);
        let message = PeerMessage { key, sequence, received, outcome };
        for follower in shared.settle(&key, leader, sequence, None, case.now) {
            self.actions.push(Action::NotifyPeer(follower, message.encode()));
        }
    }

    fn lease(&self, case: &Case<'_>, leader: QueueId) -> Lease {
        Lease {
            key: case.key,
            began: case.now,
            lapses: case.now.after(case.verifier.longest_wait()),
            sequence: self.revocations.last(),
            leader,
            followers: Vec::new(),
        }
    }

    /// Where other workers can tell us something, if they share anything at all.
    pub(super) fn queue(&self) -> Option<QueueId> {
        self.shared.as_ref().and_then(|_| self.store.queue())
    }

    /// Looks whether anything has been revoked.
    pub(super) fn refresh(&mut self) {
        if self.revocations.refresh() == crate::revocation::Sync::Lost {
            self.cache.clear();
            self.flights.seal_all();
        }
    }

    /// Notes that the server has not judged the credential: it is left alone with it for a moment.
    pub(super) fn note_unanswered(&mut self, key: super::CacheKey, lack: Lack, now: Steady) {
        let until = now.after(super::UNANSWERED_PAUSE);
        self.restraints.put(key, Restraint::Unanswered(until, lack));
    }
}

/// Every name by which a revocation may mean the holder, whom `server` knows by it.
pub(super) fn users(principal: &Principal, server: &Server) -> Vec<Revoked> {
    let at_server = |name| Revoked::user(name).at(server.name.as_deref());
    principal.revocation_names().map(at_server).collect()
}

impl Case<'_> {
    pub(super) fn exchange(&self) -> Option<Box<dyn Exchange>> {
        self.verifier.protocol().exchange(self.credential, self.target.as_ref(), self.now)
    }

    fn subject(&self, exchange: Box<dyn Exchange>, role: Role, sequence: Sequence) -> Subject {
        Subject {
            verifier: Rc::clone(&self.verifier),
            exchange,
            role,
            trace: self.trace(),
            target: self.target.clone(),
            key_everywhere: self.key_everywhere,
            offline: self.offline(),
            sequence,
        }
    }

    fn offline(&self) -> Option<Offline> {
        self.verifier.protocol().offline(self.credential)
    }

    fn about(&self, is_known: bool, exchange: &dyn Exchange) -> About {
        // What is kept, and what is sent.
        let trace = self.trace().bytes().saturating_mul(2);
        let bytes = exchange.bytes().saturating_add(trace);
        About { key: self.key, digest: self.digest, is_known, bytes }
    }

    fn trace(&self) -> TraceContext {
        self.traced.map(TraceContext::of).unwrap_or_default()
    }

    fn digests(&self) -> super::Digests {
        super::Digests {
            credential: self.digest,
            key: self.key,
            key_everywhere: self.key_everywhere,
        }
    }
}
