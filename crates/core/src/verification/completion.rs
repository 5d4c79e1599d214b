//! What happens when a verdict comes in, from the server or from another worker, or when none does.

use std::rc::Rc;
use std::time::Duration;

use super::call::CallOutcome;
use super::key::CacheKey;
use super::lookup::users;
use super::peers::set::LONGEST_RECORD;
use super::peers::{self, Entry, LONGEST_SENT, Outcome, PeerMessage, QueueId, Sequence, Stored};
use super::single_flight::{About, Flight, FlightId, Waiter};
use super::trace_context::TraceContext;
use super::unanswered::Unserved;
use super::verdict::{Denial, ServerFault, Verdict};
use super::verifier::{Exchange, Hold, Offline, Progress, Reading, Verifier};
use super::verifiers::usergrid::Target;
use super::{Action, Completion, Role, Subject, Verification};
use crate::log_event::LogEvent;
use crate::log_limiter::failure_kind;
use crate::metrics::{CallResult, Counter};
use crate::principal::Principal;
use crate::revocation::Revoked;
use crate::time::UnixMillis;

/// Ticks without a sign of the leader. One may fall between its answer and its message.
const SILENT_TICKS: u8 = 2;

/// What a verdict is about, once its flight is over.
pub(super) struct Awaited {
    pub(super) about: About,
    pub(super) verifier: Rc<Verifier>,
    pub(super) exchange: Box<dyn Exchange>,
    pub(super) trace: TraceContext,
    pub(super) target: Option<Target>,
    pub(super) key_everywhere: CacheKey,
    pub(super) offline: Option<Offline>,
    pub(super) sequence: Sequence,
}

impl Awaited {
    fn new(about: About, subject: Subject) -> (Self, Role) {
        let Subject { verifier, exchange, role, trace, target, key_everywhere, offline, sequence } =
            subject;
        (Self { about, verifier, exchange, trace, target, key_everywhere, offline, sequence }, role)
    }
}

/// Why there is no verdict, as far as it matters for what may serve instead.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    /// The server is down.
    Down,
    /// Anything else, which may be due to what a client presented.
    Other,
}

impl Lack {
    fn of(fault: ServerFault) -> Self {
        if fault.is_down() { Self::Down } else { Self::Other }
    }
}

impl<W> Verification<W> {
    /// A call of our own has ended. `None` if nobody waited, or if it was given up before: nobody
    /// knows how old the answer is, so it is not believed.
    pub(crate) fn call_ended(
        &mut self,
        call: FlightId,
        outcome: CallOutcome,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        if let Some(place) = self.probes.iter().position(|probe| probe.id == call) {
            let probe = self.probes.swap_remove(place);
            self.probe_ended(probe, outcome, now);
            return None;
        }
        let steady = self.clock.read(now);
        let flight = self.flights.get_mut(call)?;
        let (began, lost_at) = (flight.began, flight.lost_at);
        let retry_after = outcome.headers().retry_after;
        let mut progress = flight.subject.exchange.read(outcome, now);
        if lost_at <= steady && matches!(progress, Progress::Ask(_)) {
            // The wall clock was set back, by which there is time left.
            progress = flight.subject.exchange.read(CallOutcome::TimedOut, now);
        }
        let reading = match progress {
            Progress::Done(reading) => reading,
            Progress::Ask(mut request) => {
                // One timeout for the whole conversation.
                request.timeout = request.timeout.min(lost_at.since(steady));
                flight.subject.trace.add_to(&mut request);
                self.actions.push(Action::Call(call, Box::new(request)));
                return None;
            }
        };
        let Flight { about, subject, waiters, .. } = self.flights.finish(call)?;
        let (awaited, role) = Awaited::new(about, subject);
        let verifier = Rc::clone(&awaited.verifier);
        self.count(&verifier, Counter::Introspections(CallResult::of(&reading.verdict)));
        self.actions.push(Action::CallTook(verifier.server.place, steady.since(began)));
        // Only leaders call; what a follower is told comes as a message.
        let Role::Leader { permit, lease } = role else { return None };
        match reading.verdict {
            Err(fault) => {
                if fault.is_the_servers() {
                    verifier.breaker.failed(&permit);
                    verifier.probe_targets.wanted(awaited.target.as_ref());
                }
                self.report(&verifier, fault, now);
                self.note_unanswered(about.key, Lack::of(fault), steady);
                self.probe(&verifier, now);
            }
            Ok(ref verdict) => {
                verifier.breaker.answered(&permit);
                self.report_unusable(&verifier, verdict, now);
            }
        }
        if let Some(leader) = lease {
            self.publish(&awaited, leader, &reading, now);
        }
        let verdict = reading.verdict.map_err(Lack::of);
        let completion = self.settle(awaited, waiters, verdict, reading.hold, now, now)?;
        Some(Completion { retry_after, ..completion })
    }

    /// Logs why there is no verdict.
    pub(super) fn report(&mut self, verifier: &Verifier, fault: ServerFault, now: UnixMillis) {
        let kind = (verifier.server.place, failure_kind(fault));
        if let Some(suppressed) = self.failures.allow(kind, now) {
            let (cluster, server) = (verifier.cluster().to_owned(), verifier.server.name.clone());
            let event = LogEvent::ServerFailed { cluster, server, fault, suppressed };
            self.actions.push(Action::Log(event));
        }
    }

    /// Logs which claims of an answer grant nothing because nothing can be made of them.
    fn report_unusable(&mut self, verifier: &Verifier, verdict: &Verdict, now: UnixMillis) {
        let Verdict::Verified(principal) = verdict else { return };
        for claim in principal.unusable.iter() {
            let kind = (verifier.server.place, claim);
            if let Some(suppressed) = self.unusable.allow(kind, now) {
                let (cluster, server) =
                    (verifier.cluster().to_owned(), verifier.server.name.clone());
                let event = LogEvent::UnusableClaim { cluster, server, claim, suppressed };
                self.actions.push(Action::Log(event));
            }
        }
    }

    /// Leaves the verdict to the other workers, and tells those who wait for it.
    fn publish(&mut self, awaited: &Awaited, leader: QueueId, reading: &Reading, now: UnixMillis) {
        let Some(shared) = &self.shared else { return };
        let (key, sequence) = (awaited.about.key, awaited.sequence);
        let received = now;
        let hold = reading.hold;
        let (outcome, stored) = match (&reading.verdict, &reading.record) {
            (Ok(Verdict::Verified(principal)), Some(record)) => {
                let left = self.lifetime(principal, now, now);
                let bytes = &record.bytes;
                // Neither shared memory nor a message holds a credential in clear.
                let is_sent = !record.holds_credential && bytes.len() <= LONGEST_SENT;
                let is_kept = is_sent && bytes.len() <= LONGEST_RECORD;
                // Others must know that it is remembered here, should anybody who knows the token
                // revoke it there.
                let is_revoked_anywhere =
                    record.is_revoked_anywhere && !self.config.revocation_paths.is_empty();
                let has_place = is_kept || is_revoked_anywhere;
                let outcome = match is_sent {
                    true => Outcome::Verified(bytes.clone()),
                    false => Outcome::Unshared,
                };
                let stored = (has_place && !left.is_zero()).then(|| {
                    let value = if is_kept { bytes.clone() } else { Entry::UNREADABLE };
                    let fresh_until = now.after(left);
                    Stored::Good(Entry { key, value, received, fresh_until, sequence })
                });
                (outcome, stored)
            }
            (Ok(Verdict::Verified(_)), None) => (Outcome::Unshared, None),
            (Ok(Verdict::Denied(denial)), _) if hold.ends_older => {
                let left = self.negative_life(hold);
                let (value, fresh_until) = (*denial, now.after(left));
                let entry = Entry { key, value, received, fresh_until, sequence };
                if hold.everywhere && awaited.key_everywhere != key {
                    let key = awaited.key_everywhere;
                    let stored = Stored::Bad(Entry { key, ..entry.clone() });
                    shared.settle(&key, leader, sequence, Some(&stored), now);
                }
                let outcome = match hold.briefly {
                    true => Outcome::DeniedBriefly(*denial),
                    false => Outcome::Denied(*denial),
                };
                // Also one that is over at once: it takes the place of a good one.
                (outcome, Some(Stored::Bad(entry)))
            }
            (Ok(Verdict::Denied(denial)), _) => (Outcome::Unsure(*denial), None),
            (Err(fault), _) if fault.is_down() => (Outcome::Down, None),
            (Err(_), _) => (Outcome::Failed, None),
        };
        let followers = shared.settle(&key, leader, sequence, stored.as_ref(), now);
        if followers.is_empty() {
            return;
        }
        let message = PeerMessage { key, sequence, received: now, outcome }.encode();
        for follower in followers {
            self.actions.push(Action::NotifyPeer(follower, message.clone()));
        }
    }

    /// Another worker tells how its call ended.
    pub(crate) fn peer_message(&mut self, bytes: &[u8], now: UnixMillis) -> Vec<Completion<W>> {
        let Some(message) = PeerMessage::decode(bytes) else { return Vec::new() };
        let awaited = self.flights.filter(|flight| {
            flight.about.key == message.key
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
        let Flight { about, subject, waiters, .. } = self.flights.finish(id)?;
        let (awaited, _) = Awaited::new(about, subject);
        let mut hold = Hold::USUAL;
        let verdict = match outcome {
            Outcome::Verified(record) => {
                awaited.exchange.reread(record, received).map(Verdict::Verified).ok_or(Lack::Other)
            }
            Outcome::Denied(denial) => Ok(Verdict::Denied(*denial)),
            Outcome::DeniedBriefly(denial) => {
                hold = Hold { briefly: true, ..hold };
                Ok(Verdict::Denied(*denial))
            }
            Outcome::Unsure(denial) => {
                hold = Hold { briefly: true, ends_older: false, ..hold };
                Ok(Verdict::Denied(*denial))
            }
            Outcome::Failed | Outcome::Down => {
                let lack = if *outcome == Outcome::Down { Lack::Down } else { Lack::Other };
                let steady = self.clock.read(now);
                self.note_unanswered(about.key, lack, steady);
                Err(lack)
            }
            Outcome::Unshared => {
                // Others are told the same, and call for themselves.
                return self.ask_again(awaited, waiters, None, now);
            }
        };
        self.settle(awaited, waiters, verdict, hold, received, now)
    }

    /// Remembers a verdict, and hands it to every request that waited for it.
    pub(super) fn settle(
        &mut self,
        awaited: Awaited,
        waiters: Vec<Waiter<W>>,
        verdict: Result<Verdict, Lack>,
        hold: Hold,
        received: UnixMillis,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        self.refresh();
        let steady = self.clock.read(now);
        let About { key, digest, .. } = awaited.about;
        match verdict {
            Ok(Verdict::Verified(mut principal)) => {
                awaited.verifier.probe_targets.verified(awaited.target.as_ref());
                let users = users(&principal, &awaited.verifier.server);
                let revoked = self.revocations.last_of(&digest, &users);
                if revoked > awaited.sequence {
                    // Revoked while the call was under way: good enough for those who came before,
                    // for nobody else.
                    return self.settle_overtaken(awaited, waiters, principal, revoked, now);
                }
                let left = self.lifetime(&principal, received, now);
                let span = self.config.cache.stale_if_error;
                if !left.is_zero()
                    && !span.is_zero()
                    && let Some(marks) = &self.marks
                {
                    marks.set(&key, now.after(left).after(span), now);
                }
                let sequence = awaited.sequence;
                self.cache.put_good(key, digest, &mut principal, users, sequence, left, steady);
                Some(Completion {
                    waiters,
                    verdict: Some(Verdict::Verified(principal)),
                    retry_after: None,
                })
            }
            Ok(Verdict::Denied(denial)) => {
                self.deny(&awaited, denial, hold, received, now);
                Some(Completion {
                    waiters,
                    verdict: Some(Verdict::Denied(denial)),
                    retry_after: None,
                })
            }
            Err(lack) => {
                let requests = waiters.len();
                let Awaited { verifier, exchange, offline, .. } = awaited;
                let offline = offline.filter(|_| lack == Lack::Down);
                let (verifier, exchange) = (&*verifier, &*exchange);
                let unserved = Unserved { verifier, key, digest, exchange, requests };
                let served = self.serve_anyway(&unserved, offline, now);
                Some(Completion {
                    waiters,
                    verdict: served.map(Verdict::Verified),
                    retry_after: None,
                })
            }
        }
    }

    /// Remembers a denial, and ends what any worker could serve of the credential.
    fn deny(
        &mut self,
        awaited: &Awaited,
        denial: Denial,
        hold: Hold,
        received: UnixMillis,
        now: UnixMillis,
    ) {
        let steady = self.clock.read(now);
        let About { key, digest, .. } = awaited.about;
        let left = self.negative_life(hold).saturating_sub(now.since(received));
        if !hold.ends_older {
            self.cache.put_bad_beside(key, denial, left, steady);
            return;
        }
        let was_marked = self.marks.as_ref().is_some_and(|marks| marks.take_away(&key));
        // Others may hold it as good, too; what is bad everywhere may be held as good for other
        // targets; and any bad credential may be admitted unasked while the server is down.
        let may_serve = was_marked
            || self.cache.stale(&key, steady).is_some()
            || (hold.everywhere && awaited.target.is_some())
            || (awaited.offline.is_some() && denial != Denial::AnotherTenant);
        if may_serve {
            self.revoke(&[Revoked::Credential(digest)]);
        }
        self.cache.put_bad(key, denial, left, steady);
        if hold.everywhere {
            self.cache.put_bad(awaited.key_everywhere, denial, left, steady);
        }
    }

    /// How long a denial is remembered.
    fn negative_life(&self, hold: Hold) -> Duration {
        let life = self.config.cache.negative_ttl;
        if hold.briefly { life.min(super::BRIEFLY) } else { life }
    }

    /// Gives up what is lost, and looks whether other workers have answered without our hearing of
    /// it.
    pub(crate) fn tick(&mut self, now: UnixMillis) -> Vec<Completion<W>> {
        self.refresh();
        let steady = self.clock.read(now);
        self.tick_probes(now);
        let mut completions = Vec::new();
        for id in self.flights.filter(|flight| flight.lost_at <= steady) {
            let is_ours = self
                .flights
                .get(id)
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
        let (key, since) = (flight.about.key, flight.subject.sequence);
        let found = self.shared.as_ref().and_then(|shared| shared.peek(&key, now, since));
        match found {
            Some(peers::Lookup::Found(Stored::Good(entry))) => Some(match entry.is_readable() {
                true => (Outcome::Verified(entry.value), entry.received),
                false => (Outcome::Unshared, entry.received),
            }),
            Some(peers::Lookup::Found(Stored::Bad(entry))) => {
                let is_brief = entry.fresh_until <= entry.received.after(super::BRIEFLY);
                let outcome = if is_brief { Outcome::DeniedBriefly } else { Outcome::Denied };
                Some((outcome(entry.value), entry.received))
            }
            Some(peers::Lookup::Follow { .. }) => None,
            Some(peers::Lookup::Lead) | None => {
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
