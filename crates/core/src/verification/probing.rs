//! Questions of our own to a server, about a credential that nobody has: they open and close its
//! breaker.

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use super::breaker::{BreakerChange, ProbePermit};
use super::call::CallOutcome;
use super::single_flight::FlightId;
use super::verdict::{ServerFault, Verdict};
use super::verifier::{Exchange, Progress, Verifier};
use super::{Action, Verification};
use crate::log_event::LogEvent;
use crate::metrics::{CallResult, Counter};
use crate::time::{Steady, UnixMillis};

/// A probe under way.
pub(super) struct Probe {
    pub(super) id: FlightId,
    verifier: Rc<Verifier>,
    exchange: Box<dyn Exchange>,
    permit: ProbePermit,
    began: Steady,
    lost_at: Steady,
}

impl<W> Verification<W> {
    /// Probes the server of `verifier`, if its breaker wants that now.
    pub(super) fn probe(&mut self, verifier: &Rc<Verifier>, now: UnixMillis) {
        let steady = self.clock.read(now);
        let Some(permit) = verifier.breaker.try_probe(steady) else { return };
        // Each hasher has keys of its own, from the host's random numbers.
        let mut random = || RandomState::new().hash_one(now.0);
        let protocol = verifier.protocol();
        let credential = protocol.random_credential(&mut random, now);
        let next = || verifier.probe_targets.next(verifier.breaker.is_open());
        let target = protocol.probe_target().cloned().or_else(next);
        let Some(exchange) = protocol.exchange(&credential, target.as_ref(), now) else {
            // Nobody has ever said what to ask about, so no call can have failed.
            let change = verifier.breaker.probe_answered(permit, steady);
            return self.report_change(verifier, change);
        };
        let id = self.flights.next_id();
        self.actions.push(Action::Call(id, Box::new(exchange.request())));
        let lost_at = steady.after(verifier.longest_wait());
        let verifier = Rc::clone(verifier);
        self.probes.push(Probe { id, verifier, exchange, permit, began: steady, lost_at });
    }

    pub(super) fn probe_ended(&mut self, mut probe: Probe, outcome: CallOutcome, now: UnixMillis) {
        let steady = self.clock.read(now);
        let (verdict, by_refusal) = match probe.exchange.read(outcome, now) {
            Progress::Done(reading) => (reading.verdict, reading.by_refusal),
            Progress::Ask(request) => {
                self.actions.push(Action::Call(probe.id, Box::new(request)));
                return self.probes.push(probe);
            }
        };
        let verdict = match verdict {
            Ok(Verdict::Verified(_)) => Err(ServerFault::AcceptsAnything),
            other => other,
        };
        // It may be our own client that is refused so, which nobody else can tell. But a server that
        // speaks of bad tokens so lives, and must not be left alone for ever.
        let counted = match by_refusal {
            true => &Err(ServerFault::RejectedUs),
            false => &verdict,
        };
        self.count(&probe.verifier, Counter::Introspections(CallResult::of(counted)));
        let place = probe.verifier.server.place;
        self.actions.push(Action::CallTook(place, steady.since(probe.began)));
        if by_refusal {
            self.report(&Rc::clone(&probe.verifier), ServerFault::RejectedUs, now);
        }
        let Probe { verifier, permit, .. } = probe;
        let change = match verdict {
            Ok(_) => verifier.breaker.probe_answered(permit, steady),
            Err(fault) => {
                self.report(&verifier, fault, now);
                verifier.breaker.probe_failed(permit, steady)
            }
        };
        self.report_change(&verifier, change);
    }

    fn report_change(&mut self, verifier: &Verifier, change: Option<BreakerChange>) {
        if let Some(change) = change {
            let open = change == BreakerChange::Opened;
            let (cluster, server) = (verifier.cluster().to_owned(), verifier.server.name.clone());
            self.actions.push(Action::Log(LogEvent::Breaker { cluster, server, open }));
        }
    }

    /// Gives up probes that are lost, and makes those that are due.
    pub(super) fn tick_probes(&mut self, now: UnixMillis) {
        let steady = self.clock.read(now);
        let is_lost = |probe: &Probe| probe.lost_at <= steady;
        while let Some(place) = self.probes.iter().position(is_lost) {
            let probe = self.probes.swap_remove(place);
            let id = probe.id;
            self.probe_ended(probe, CallOutcome::TimedOut, now);
            // One that would ask on has no time left for it.
            self.probes.retain(|probe| probe.id != id);
        }
        let verifiers: Vec<Rc<Verifier>> = self.verifiers.iter().cloned().collect();
        for verifier in &verifiers {
            self.probe(verifier, now);
        }
    }
}
