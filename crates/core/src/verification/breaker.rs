//! When not to call: a server that keeps failing is left alone, but for one probe at a time.

use std::cell::Cell;

use usergrid_auth_config::BreakerSettings;

use crate::time::Steady;

/// The circuit breaker of one server in one worker.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: Cell<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        failures: u32,
    },
    /// Until then no call is made, and after it a single one.
    Open {
        until: Steady,
    },
    /// That single call is under way.
    HalfOpen,
}

/// The right to make one call, which ends in [`Breaker::succeeded`], [`Breaker::failed`] or [`Breaker::release`].
#[derive(Debug)]
#[must_use = "a probe that is not reported keeps the breaker open"]
pub struct Permit {
    /// When the breaker had been open until, if this is its probe.
    probe_of: Option<Steady>,
}

/// A change worth a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerChange {
    /// Calls stop.
    Opened,
    /// Calls go on.
    Closed,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub const fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: Cell::new(State::Closed { failures: 0 }) }
    }

    /// The right to make a call at `now`; `None` while the server is left alone.
    pub fn try_acquire(&self, now: Steady) -> Option<Permit> {
        match self.state.get() {
            State::Closed { .. } => Some(Permit { probe_of: None }),
            State::Open { until } if until <= now => {
                self.state.set(State::HalfOpen);
                Some(Permit { probe_of: Some(until) })
            }
            State::Open { .. } | State::HalfOpen => None,
        }
    }

    /// No call was needed after all.
    pub fn release(&self, permit: Permit) {
        if let (Some(until), State::HalfOpen) = (permit.probe_of, self.state.get()) {
            self.state.set(State::Open { until });
        }
    }

    /// The server answered the call of `permit`, whatever it said.
    pub fn succeeded(&self, _: Permit) -> Option<BreakerChange> {
        match self.state.replace(State::Closed { failures: 0 }) {
            State::Closed { .. } => None,
            State::Open { .. } | State::HalfOpen => Some(BreakerChange::Closed),
        }
    }

    /// The server failed the call of `permit`.
    pub fn failed(&self, permit: Permit, now: Steady) -> Option<BreakerChange> {
        let open = State::Open { until: now.after(self.settings.open) };
        match self.state.get() {
            State::Closed { failures } => {
                let failures = failures.saturating_add(1);
                if failures < self.settings.failures {
                    self.state.set(State::Closed { failures });
                    return None;
                }
                self.state.set(open);
                Some(BreakerChange::Opened)
            }
            State::HalfOpen if permit.probe_of.is_some() => {
                self.state.set(open);
                None
            }
            // A call from before it opened says nothing new.
            State::HalfOpen | State::Open { .. } => None,
        }
    }

    /// Whether calls are being held back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state.get(), State::Closed { .. })
    }
}
