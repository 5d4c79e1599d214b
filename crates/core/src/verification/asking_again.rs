//! Verdicts that do not serve everybody who waits: asked for once more, for the others.

use std::rc::Rc;

use super::completion::Awaited;
use super::peers::{self, Lease, QueueId, Sequence, Stored};
use super::single_flight::{About, FlightId, Waiter};
use super::unanswered::Unserved;
use super::verdict::Verdict;
use super::verifier::Hold;
use super::{Action, Completion, Role, Subject, Verification};
use crate::principal::Principal;
use crate::time::{Steady, UnixMillis};

impl<W> Verification<W> {
    /// Hands a verdict that was revoked meanwhile to those who came before that, and asks again for
    /// the others.
    pub(super) fn settle_overtaken(
        &mut self,
        awaited: Awaited,
        waiters: Vec<Waiter<W>>,
        principal: Rc<Principal>,
        revoked: Sequence,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        // Only the last revocation is known, so whoever came after any other one may have come
        // after an earlier one of this holder.
        let (before, after): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|waiter| waiter.joined <= awaited.sequence);
        let verdict = Some(Verdict::Verified(principal));
        if after.is_empty() {
            return Some(Completion { waiters: before, verdict, retry_after: None });
        }
        let again = self.ask_for_the_later(awaited, after, revoked, now);
        match again {
            // No call may be made: whoever still waits gets what that means.
            Some(unserved) if unserved.verdict.is_none() && before.is_empty() => Some(unserved),
            Some(unserved) => {
                self.unserved.push(unserved);
                Some(Completion { waiters: before, verdict, retry_after: None })
            }
            None => Some(Completion { waiters: before, verdict, retry_after: None }),
        }
    }

    /// Asks again for those who came after a revocation: by a call from after it that is under way,
    /// ours or another worker's, or by a verdict from after it, else by a call of our own, which is
    /// leased for all workers. Hands them out if they are served, or if nothing may be asked.
    fn ask_for_the_later(
        &mut self,
        awaited: Awaited,
        waiters: Vec<Waiter<W>>,
        revoked: Sequence,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        let joinable = self.flights.joinable(&awaited.about.key);
        if let Some(id) = joinable
            && self.flights.get(id).is_some_and(|flight| flight.subject.sequence >= revoked)
        {
            return self.join_all(id, waiters);
        }
        let lease = Lease {
            key: awaited.about.key,
            began: now,
            lapses: now.after(awaited.verifier.longest_wait()),
            sequence: self.revocations.last(),
            leader: QueueId(0),
            followers: Vec::new(),
        };
        let found = match (&self.shared, self.queue()) {
            (Some(shared), Some(leader)) => {
                let lease = Lease { leader, ..lease };
                Some((shared.lookup_or_lease(lease, now, revoked), leader))
            }
            _ => None,
        };
        match found {
            Some((peers::Lookup::Follow { lapses, sequence }, _)) => {
                let steady = self.clock.read(now);
                let lost_at = steady.after(lapses.since(now).min(awaited.verifier.longest_wait()));
                let role = Role::Follower { silent_ticks: 0 };
                self.wait_again(Awaited { sequence, ..awaited }, role, waiters, lost_at, steady)
            }
            Some((peers::Lookup::Found(Stored::Good(entry)), _)) => {
                match awaited.exchange.reread(&entry.value, entry.received) {
                    Some(principal) => {
                        let awaited = Awaited { sequence: entry.sequence, ..awaited };
                        let verdict = Ok(Verdict::Verified(principal));
                        self.settle(awaited, waiters, verdict, Hold::USUAL, entry.received, now)
                    }
                    None => self.ask_again(awaited, waiters, None, now),
                }
            }
            Some((peers::Lookup::Found(Stored::Bad(entry)), _)) => {
                let verdict = Some(Verdict::Denied(entry.value));
                Some(Completion { waiters, verdict, retry_after: None })
            }
            Some((peers::Lookup::Lead, leader)) => {
                self.ask_again(awaited, waiters, Some(leader), now)
            }
            None => self.ask_again(awaited, waiters, None, now),
        }
    }

    /// Makes a call of our own for those who still wait; hands them out if none may be made.
    pub(super) fn ask_again(
        &mut self,
        mut awaited: Awaited,
        waiters: Vec<Waiter<W>>,
        lease: Option<QueueId>,
        now: UnixMillis,
    ) -> Option<Completion<W>> {
        self.refresh();
        let steady = self.clock.read(now);
        let permit = awaited.verifier.breaker.try_acquire();
        let (Some(permit), true) = (permit, self.flights.can_start(&awaited.about)) else {
            let Awaited { about, verifier, exchange, offline, .. } = awaited;
            let offline = offline.filter(|_| verifier.breaker.is_open());
            let About { key, digest, .. } = about;
            let (verifier, exchange, requests) = (&*verifier, &*exchange, waiters.len());
            let unserved = Unserved { verifier, key, digest, exchange, requests };
            let served = self.serve_anyway(&unserved, offline, now);
            return Some(Completion {
                waiters,
                verdict: served.map(Verdict::Verified),
                retry_after: None,
            });
        };
        awaited.exchange.restart(now);
        awaited.sequence = self.revocations.last();
        let mut request = awaited.exchange.request();
        awaited.trace.add_to(&mut request);
        let lost_at = steady.after(awaited.verifier.longest_wait());
        let role = Role::Leader { permit, lease };
        let id = self.flights.peek_next_id();
        self.actions.push(Action::Call(id, Box::new(request)));
        self.wait_again(awaited, role, waiters, lost_at, steady)
    }

    /// Starts a flight for those who still wait; hands out those for whom there is no room.
    fn wait_again(
        &mut self,
        awaited: Awaited,
        role: Role,
        waiters: Vec<Waiter<W>>,
        lost_at: Steady,
        now: Steady,
    ) -> Option<Completion<W>> {
        let Awaited { about, verifier, exchange, trace, target, key_everywhere, offline, sequence } =
            awaited;
        let subject =
            Subject { verifier, exchange, role, trace, target, key_everywhere, offline, sequence };
        let flight = self.flights.start(about, subject, now, lost_at);
        self.join_all(flight, waiters)
    }

    /// Lets them wait for `flight`; hands out those for whom there is no room.
    fn join_all(&mut self, flight: FlightId, waiters: Vec<Waiter<W>>) -> Option<Completion<W>> {
        let mut rest = Vec::new();
        for waiter in waiters {
            let Waiter { stream, joined, is_known, bytes, request } = waiter;
            let waiter = Waiter { stream, joined, is_known, bytes, request };
            if let Err(request) = self.flights.join(flight, waiter) {
                rest.push(Waiter { stream, joined, is_known, bytes, request });
            }
        }
        (!rest.is_empty()).then_some(Completion { waiters: rest, verdict: None, retry_after: None })
    }
}
