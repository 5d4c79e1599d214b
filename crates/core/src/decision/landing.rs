//! What happens when a verdict comes in, from the server or from another worker, or when none does.

use std::rc::Rc;
use std::time::Duration;

use super::question::{Caller, Subject};
use super::verdict::Pending;
use super::{Effect, Filter, Notice};
use crate::breaker::BreakerChange;
use crate::cache::{Answer, Key};
use crate::call::{AnswerBody, CallOutcome, ServerFault, Verification};
use crate::flight::{Flight, FlightId, StreamId};
use crate::grant::Grant;
use crate::metrics::{CacheResult, CallResult, Counter};
use crate::revocation::Revoked;
use crate::shared::set::code;
use crate::shared::{Entry, Message, News, QueueId, Shared, Verdict};
use crate::time::UnixMillis;

/// Ticks without a sign of the worker that makes a call. One may fall between its answer and its message.
const SILENCE: u8 = 2;

impl Filter {
    /// A call of our own has ended.
    pub(super) fn call_ended(
        &mut self,
        call: FlightId,
        outcome: &CallOutcome,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let steady = self.clock.read(now);
        // An answer that comes after its call was given up finds nobody, and is not believed.
        let Some(mut flight) = self.flights.land(call) else { return };
        let waiters = std::mem::take(&mut flight.waiters);
        let verification = flight.subject.verdict(outcome, &self.config, now);
        effects.push(Effect::Count(Counter::Introspections(CallResult::of(&verification))));
        effects.push(Effect::CallTook(steady.since(flight.began)));
        let endpoint = flight.subject.endpoint();
        let breaker = self.breaker(endpoint);
        let change = match &verification {
            Verification::Failed(fault) if fault.is_the_servers() => breaker.failed(steady),
            _ => breaker.succeeded(),
        };
        let cluster = || endpoint.cluster(&self.config).to_owned();
        if let Verification::Failed(fault) = &verification
            && let Some(untold) = self.failures.tell(steady)
        {
            let notice = Notice::ServerFailed { cluster: cluster(), fault: *fault, untold };
            effects.push(Effect::Log(notice));
        }
        if let Some(change) = change {
            let open = change == BreakerChange::Opened;
            effects.push(Effect::Log(Notice::Breaker { cluster: cluster(), open }));
        }
        if let Caller::Us { claim: Some(owner) } = flight.subject.caller {
            self.publish(&flight, owner, &verification, outcome, now, effects);
        }
        self.settle(&flight, waiters, verification, now, now, effects);
    }

    /// Leaves the verdict to the other workers, and tells those who wait for it.
    fn publish(
        &mut self,
        flight: &Flight<Subject, Pending>,
        owner: QueueId,
        verification: &Verification,
        outcome: &CallOutcome,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(shared) = &self.shared else { return };
        let (key, sequence) = (flight.key, flight.subject.sequence);
        let (left, news) = match (verification, outcome) {
            (
                Verification::Granted(grant),
                CallOutcome::Answered { body: AnswerBody::Complete(body), .. },
            ) => (self.lifetime(grant, now, now), News::Good(body.clone())),
            (Verification::Denied(denial), _) => {
                (self.config.cache.negative_ttl, News::Bad(*denial))
            }
            _ => (Duration::ZERO, News::Failed),
        };
        let (received, fresh_until) = (now, now.after(left));
        let verdict = match &news {
            _ if left.is_zero() => None,
            // It holds the issued token, and the shared memory keeps no credential in clear.
            News::Good(answer) if flight.subject.answer_holds_credential(answer) => None,
            News::Good(answer) => {
                let answer = answer.clone();
                Some(Verdict::Good(Entry { key, answer, received, fresh_until, sequence }))
            }
            News::Bad(denial) => {
                let answer = vec![code(*denial)];
                Some(Verdict::Bad(Entry { key, answer, received, fresh_until, sequence }))
            }
            News::Failed => None,
        };
        let settled = shared.settle(
            &key,
            owner,
            sequence,
            verdict.as_ref(),
            now,
            self.config.cache.stale_if_error,
        );
        if settled.overturned {
            self.revoke(&[Revoked::Credential(flight.subject.credential)]);
        }
        if settled.listeners.is_empty() {
            return;
        }
        let message = Message { key, sequence, received, news }.encode();
        for listener in settled.listeners {
            effects.push(Effect::Tell(listener, message.clone()));
        }
    }

    /// Another worker tells how its call ended.
    pub(super) fn told(&mut self, bytes: &[u8], now: UnixMillis, effects: &mut Vec<Effect>) {
        let Some(message) = Message::decode(bytes) else { return };
        let awaited = self.flights.filter(|flight| {
            flight.key == message.key
                && matches!(flight.subject.caller, Caller::Another { .. })
                && flight.subject.sequence <= message.sequence
        });
        for id in awaited {
            self.heard(id, &message.news, message.received, now, effects);
        }
    }

    fn heard(
        &mut self,
        id: FlightId,
        news: &News,
        received: UnixMillis,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mut flight) = self.flights.land(id) else { return };
        let waiters = std::mem::take(&mut flight.waiters);
        let verification = match news {
            News::Good(answer) => flight.subject.reread(answer, &self.config, received),
            News::Bad(denial) => Verification::Denied(*denial),
            News::Failed => Verification::Failed(ServerFault::Reset),
        };
        self.settle(&flight, waiters, verification, received, now, effects);
    }

    /// Remembers a verdict and decides every request that waited for it.
    fn settle(
        &mut self,
        flight: &Flight<Subject, Pending>,
        waiters: Vec<(StreamId, Pending)>,
        verification: Verification,
        received: UnixMillis,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        self.catch_up();
        let steady = self.clock.read(now);
        let (key, subject) = (flight.key, &flight.subject);
        let answer = match verification {
            Verification::Granted(grant) => {
                // Revoked while the call was under way: good enough for those who came before, for nobody else.
                let overtaken = self
                    .revocations
                    .touches(subject.sequence, |one| one.hits(&subject.credential, &grant));
                let left = self.lifetime(&grant, received, now);
                let answer = Answer::Granted(Rc::new(grant));
                if !overtaken {
                    self.cache.put(key, &answer, left, steady);
                }
                answer
            }
            Verification::Denied(denial) => {
                if self.cache.holds_good(&key, steady) {
                    // Others may hold it as good, too.
                    self.revoke(&[Revoked::Credential(subject.credential)]);
                }
                let left = self.config.cache.negative_ttl.saturating_sub(now.since(received));
                let answer = Answer::Denied(denial);
                self.cache.put(key, &answer, left, steady);
                answer
            }
            Verification::Failed(_) => {
                self.unanswered(&key, subject, waiters, now, effects);
                return;
            }
        };
        for (_, pending) in waiters {
            self.decide(pending, Some(&answer), now, effects);
        }
    }

    /// Decides requests for which no verdict is to be had: by a known-good answer past its `ttl`, if that is allowed.
    pub(super) fn unanswered(
        &mut self,
        key: &Key,
        subject: &Subject,
        waiters: Vec<(StreamId, Pending)>,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let steady = self.clock.read(now);
        let stale = self
            .cache
            .stale(key, steady)
            .or_else(|| self.stale_elsewhere(key, subject, now))
            .filter(|answer| match answer {
                Answer::Granted(grant) => grant.expires.is_none_or(|expires| now < expires),
                Answer::Denied(_) => false,
            });
        for (_, pending) in waiters {
            if stale.is_some() {
                effects.push(Effect::Count(Counter::Cache(CacheResult::Stale)));
                if let Some(untold) = self.stale.tell(steady) {
                    effects.push(Effect::Log(Notice::ServedStale { untold }));
                }
            }
            self.decide(pending, stale.as_ref(), now, effects);
        }
    }

    /// What another worker left that may still serve.
    fn stale_elsewhere(&self, key: &Key, subject: &Subject, now: UnixMillis) -> Option<Answer> {
        let span = self.config.cache.stale_if_error;
        let shared = self.shared.as_ref().filter(|_| !span.is_zero())?;
        let entry = shared.stale(key, now, span)?;
        let read = subject.reread(&entry.answer, &self.config, entry.received);
        let Verification::Granted(grant) = read else { return None };
        let revoked =
            self.revocations.touches(entry.sequence, |one| one.hits(&subject.credential, &grant));
        (!revoked).then(|| Answer::Granted(Rc::new(grant)))
    }

    /// Ends one request, and remembers to look at its response if it may revoke something.
    pub(super) fn decide(
        &mut self,
        pending: Pending,
        answer: Option<&Answer>,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let stream = pending.facts.stream;
        if let Some(watch) = pending.decide(answer, &self.config, now, effects) {
            self.watch(stream, watch, effects);
        }
    }

    /// Gives up what is lost, and looks whether other workers have answered without our hearing of it.
    pub(super) fn tick(&mut self, now: UnixMillis, effects: &mut Vec<Effect>) {
        self.catch_up();
        let steady = self.clock.read(now);
        for id in self.flights.filter(|flight| flight.lost_at <= steady) {
            match self.flights.get_mut(id).map(|flight| &flight.subject.caller) {
                Some(Caller::Us { .. }) => {
                    self.call_ended(id, &CallOutcome::TimedOut, now, effects);
                }
                Some(Caller::Another { .. }) => {
                    self.heard(id, &News::Failed, now, now, effects);
                }
                None => {}
            }
        }
        let elsewhere = |flight: &Flight<Subject, Pending>| {
            matches!(flight.subject.caller, Caller::Another { .. })
        };
        for id in self.flights.filter(elsewhere) {
            let Some(flight) = self.flights.get_mut(id) else { continue };
            let found = self.shared.as_ref().and_then(|shared| shared.look(&flight.key, now));
            let (news, received) = match found {
                Some(Shared::Good(entry)) if entry.sequence >= flight.subject.sequence => {
                    (News::Good(entry.answer), entry.received)
                }
                Some(Shared::Bad(entry)) => match entry.denial() {
                    Some(denial) => (News::Bad(denial), entry.received),
                    None => continue,
                },
                Some(Shared::Elsewhere { .. }) => continue,
                _ if flight.subject.silent_for(SILENCE) => (News::Failed, now),
                _ => continue,
            };
            self.heard(id, &news, received, now, effects);
        }
    }

    /// How long a good answer may still be used: by its `ttl`, and by its `exp`.
    fn lifetime(&self, grant: &Grant, received: UnixMillis, now: UnixMillis) -> Duration {
        let ttl = self.config.cache.ttl.saturating_sub(now.since(received));
        grant.expires.map_or(ttl, |expires| expires.since(now).min(ttl))
    }
}
