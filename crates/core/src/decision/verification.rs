//! From a credential to where its verdict comes from: memory, another worker, or a call of our own.

use std::rc::Rc;
use std::time::Duration;

use super::question::{Caller, Endpoint, Question};
use super::verdict::Pending;
use super::{Effect, Filter};
use crate::cache::{Answer, CredentialDigest, Key, Lookup};
use crate::call::Verification;
use crate::flight::FlightId;
use crate::metrics::{CacheResult, Counter};
use crate::refusal::Refusal;
use crate::shared::{Claim, Entry, QueueId, Renewal, Shared};
use crate::time::{Steady, UnixMillis};

/// How long after its timeout a call counts as lost. The host reports a timeout by itself, so this is
/// reached only when its report, a wake-up or the worker that made the call got lost.
const GRACE: Duration = Duration::from_secs(1);

/// One credential at one moment.
pub(super) struct Case<'a> {
    pub(super) key: Key,
    pub(super) credential: CredentialDigest,
    pub(super) question: Question<'a>,
    pub(super) now: UnixMillis,
    pub(super) steady: Steady,
}

/// Where a verdict is to come from.
enum Source {
    /// It is known.
    Known(Answer),
    /// It is awaited.
    Awaited(FlightId),
    /// It could only come from a call, and none may be made.
    Nowhere,
}

impl Filter {
    /// Decides at once if the answer is known, else lets the request wait for it. Whether this worker remembered it
    /// as good.
    pub(super) fn verify(
        &mut self,
        case: &Case<'_>,
        pending: Pending,
        effects: &mut Vec<Effect>,
    ) -> bool {
        self.catch_up();
        if let Lookup::Fresh { answer, renew } = self.cache.get(&case.key, case.steady)
            && !case.lapsed(&answer)
        {
            count_hit(&answer, CacheResult::LocalHit, effects);
            self.decide(pending, Some(&answer), case.now, effects);
            if renew {
                self.renew(case, effects);
            }
            return matches!(answer, Answer::Granted(_));
        }
        self.seek_verdict(case, pending, effects);
        false
    }

    /// Where this worker remembers nothing.
    fn seek_verdict(&mut self, case: &Case<'_>, pending: Pending, effects: &mut Vec<Effect>) {
        let seat = self.flights.seats_left();
        let source = if let Some(flight) = self.flights.joinable(&case.key) {
            effects.push(Effect::Count(Counter::Coalesced));
            Source::Awaited(flight)
        } else {
            let room = seat && self.flights.room_left();
            let permitted = self.breaker(case.question.endpoint()).would_permit(case.steady);
            match self.seek(case, room && permitted, effects) {
                // There would have been room, but the server is being left alone.
                Source::Nowhere if room => {
                    effects.push(Effect::Count(Counter::Cache(CacheResult::Miss)));
                    let caller = Caller::Us { claim: None };
                    let subject =
                        case.question.subject(case.credential, caller, self.revocations.last());
                    let waiter = (pending.facts.stream, pending);
                    self.unanswered(&case.key, &subject, vec![waiter], case.now, effects);
                    return;
                }
                source => source,
            }
        };
        if let Source::Known(answer) = source {
            count_hit(&answer, CacheResult::SharedHit, effects);
            self.decide(pending, Some(&answer), case.now, effects);
            return;
        }
        effects.push(Effect::Count(Counter::Cache(CacheResult::Miss)));
        let stream = pending.facts.stream;
        let boarded = match source {
            Source::Awaited(flight) if seat => self.flights.board(flight, stream, pending),
            _ => Err(pending),
        };
        match boarded {
            Ok(()) => effects.push(Effect::Wait(stream)),
            Err(pending) => {
                let path = Some(&pending.path);
                pending.facts.refuse(Refusal::Overloaded, path, &self.config, case.now, effects);
            }
        }
    }

    /// Looks where other workers leave their answers; if there is none, joins or makes a call, if one may be made.
    fn seek(&mut self, case: &Case<'_>, may_call: bool, effects: &mut Vec<Effect>) -> Source {
        let owner = if may_call { self.queue() } else { None };
        let mut found = self.ask(case, owner, false);
        for _ in 0..2 {
            let Some(Shared::Good(entry)) = &found else { break };
            if let Some(answer) = self.adopt(entry, case) {
                return Source::Known(answer);
            }
            // Revoked since it came. Asked for again, so that a call is claimed for all workers.
            found = self.ask(case, owner, true);
        }
        match found {
            Some(Shared::Bad(entry)) => {
                if let Some(denial) = entry.denial() {
                    let answer = Answer::Denied(denial);
                    let left = entry.fresh_until.since(case.now);
                    let left = left.min(self.config.cache.negative_ttl);
                    self.cache.put(case.key, &answer, left, case.steady);
                    return Source::Known(answer);
                }
            }
            Some(Shared::Elsewhere { lapses }) if may_call => {
                effects.push(Effect::Count(Counter::Coalesced));
                let caller = Caller::Another { silence: 0 };
                let subject =
                    case.question.subject(case.credential, caller, self.revocations.last());
                let lost_at = case.steady.after(lapses.since(case.now));
                return Source::Awaited(self.flights.begin(
                    case.key,
                    subject,
                    case.steady,
                    lost_at,
                ));
            }
            Some(Shared::Good(_) | Shared::Elsewhere { .. } | Shared::Ours) | None => {}
        }
        if may_call { Source::Awaited(self.call(case, owner, effects)) } else { Source::Nowhere }
    }

    fn ask(&self, case: &Case<'_>, owner: Option<QueueId>, revoked: bool) -> Option<Shared> {
        let shared = self.shared.as_ref()?;
        match owner {
            Some(owner) => Some(shared.ask(&case.key, case.now, self.claim(case, owner), revoked)),
            None => shared.look(&case.key, case.now),
        }
    }

    /// Renews a good answer in the background, if nobody is at it.
    fn renew(&mut self, case: &Case<'_>, effects: &mut Vec<Effect>) {
        let free = self.flights.joinable(&case.key).is_none()
            && self.flights.room_left()
            && self.breaker(case.question.endpoint()).would_permit(case.steady);
        if !free {
            return;
        }
        let owner = self.queue();
        if let (Some(shared), Some(owner)) = (&self.shared, owner) {
            let ahead = self.config.cache.refresh_ahead;
            match shared.renew(&case.key, case.now, self.claim(case, owner), ahead) {
                Renewal::Ours => {}
                Renewal::Busy => return,
                Renewal::Done(entry) => {
                    self.adopt(&entry, case);
                    return;
                }
            }
        }
        self.call(case, owner, effects);
    }

    /// Begins a flight with a call of our own.
    fn call(
        &mut self,
        case: &Case<'_>,
        claim: Option<QueueId>,
        effects: &mut Vec<Effect>,
    ) -> FlightId {
        self.breaker(case.question.endpoint()).begin_call(case.steady);
        let subject =
            case.question.subject(case.credential, Caller::Us { claim }, self.revocations.last());
        let lost_at = case.steady.after(case.span(&self.config));
        let flight = self.flights.begin(case.key, subject, case.steady, lost_at);
        effects.push(Effect::Call(flight, case.question.call(&self.config)));
        flight
    }

    /// Makes another worker's good answer our own, for what is left of its life.
    fn adopt(&mut self, entry: &Entry, case: &Case<'_>) -> Option<Answer> {
        let subject =
            case.question.subject(case.credential, Caller::Another { silence: 0 }, entry.sequence);
        let Verification::Granted(grant) =
            subject.reread(&entry.answer, &self.config, entry.received)
        else {
            return None;
        };
        if self.revocations.touches(entry.sequence, |one| one.hits(&case.credential, &grant)) {
            return None;
        }
        let answer = Answer::Granted(Rc::new(grant));
        let left = entry.fresh_until.since(case.now).min(self.config.cache.ttl);
        self.cache.put(case.key, &answer, left, case.steady);
        Some(answer)
    }

    fn claim(&self, case: &Case<'_>, owner: QueueId) -> Claim {
        Claim {
            key: case.key,
            began: case.now,
            lapses: case.now.after(case.span(&self.config)),
            sequence: self.revocations.last(),
            owner,
            listeners: Vec::new(),
        }
    }

    /// Where other workers can tell us something, if they share anything at all.
    fn queue(&self) -> Option<QueueId> {
        self.shared.as_ref().and_then(|_| self.store.queue())
    }
}

impl Case<'_> {
    /// The longest that the verdict may be awaited.
    fn span(&self, config: &usergrid_auth_config::Config) -> Duration {
        self.question.timeout(config).saturating_add(GRACE)
    }

    /// Whether the token issued for a client pair has lapsed: the pair may be as good as ever, so it is
    /// verified anew. A token that has lapsed is simply expired.
    fn lapsed(&self, answer: &Answer) -> bool {
        match (answer, self.question.endpoint()) {
            (Answer::Granted(grant), Endpoint::Token) => {
                grant.expires.is_some_and(|expires| self.now >= expires)
            }
            _ => false,
        }
    }
}

fn count_hit(answer: &Answer, good: CacheResult, effects: &mut Vec<Effect>) {
    effects.push(Effect::Count(Counter::Cache(match answer {
        Answer::Granted(_) => good,
        Answer::Denied(_) => CacheResult::NegativeHit,
    })));
}
