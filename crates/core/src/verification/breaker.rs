//! When not to call: a server that keeps failing is left alone, and asked now and then about a
//! credential of our own.
//!
//! What clients present opens nothing by itself: their calls that fail raise a suspicion, which a
//! probe confirms. So nobody can keep others out by presenting what the server chokes on, and no
//! client waits for a probe.

use std::cell::Cell;
use std::time::Duration;

use usergrid_auth_config::BreakerSettings;

use crate::time::Steady;

/// The circuit breaker of one server in one worker.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    /// At least this long from one probe to the next.
    pause: Duration,
    state: Cell<State>,
    probe: Cell<Probing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Calls are made.
    Closed { failures: u32 },
    /// Calls are made, and a probe is to say whether the server lives.
    Suspected,
    /// No calls are made; after that time a probe is to say whether the server lives again.
    Open { until: Steady },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probing {
    Never,
    UnderWay,
    Last(Steady),
}

/// The right to call on behalf of a client. Its call ends in [`Breaker::answered`],
/// [`Breaker::failed`], or was not needed.
#[derive(Debug)]
pub struct Permit(());

/// The right to make the one probe. INVARIANT: its end is reported.
#[derive(Debug)]
#[must_use = "a probe that is not reported leaves the breaker as it is for ever"]
pub struct ProbePermit(());

/// A change worth a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerChange {
    /// Calls stop.
    Opened,
    /// Calls go on.
    Closed,
}

impl Breaker {
    /// A closed breaker, with at least `pause` from one probe to the next.
    #[must_use]
    pub const fn new(settings: BreakerSettings, pause: Duration) -> Self {
        let state = Cell::new(State::Closed { failures: 0 });
        Self { settings, pause, state, probe: Cell::new(Probing::Never) }
    }

    /// The right to call on behalf of a client; `None` while the server is left alone.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit> {
        (!self.is_open()).then_some(Permit(()))
    }

    /// The server answered the call of `permit`, whatever it said: it lives. An open breaker waits
    /// for its probe all the same.
    pub fn answered(&self, _: &Permit) {
        if !self.is_open() {
            self.state.set(State::Closed { failures: 0 });
        }
    }

    /// The server failed the call of `permit`.
    pub fn failed(&self, _: &Permit) {
        if let State::Closed { failures } = self.state.get() {
            let failures = failures.saturating_add(1);
            self.state.set(if failures < self.settings.failures {
                State::Closed { failures }
            } else {
                State::Suspected
            });
        }
    }

    /// The right to probe at `now`, if a probe is wanted and none is under way.
    #[must_use]
    pub fn try_probe(&self, now: Steady) -> Option<ProbePermit> {
        let is_wanted = match self.state.get() {
            State::Closed { .. } => false,
            State::Suspected => true,
            State::Open { until } => until <= now,
        };
        let is_free = match self.probe.get() {
            Probing::Never => true,
            Probing::UnderWay => false,
            Probing::Last(last) => last.after(self.pause) <= now,
        };
        if !is_wanted || !is_free {
            return None;
        }
        self.probe.set(Probing::UnderWay);
        Some(ProbePermit(()))
    }

    /// The server gave a verdict about our own credential: it lives.
    pub fn probe_answered(&self, _: ProbePermit, now: Steady) -> Option<BreakerChange> {
        self.probe.set(Probing::Last(now));
        let before = self.state.replace(State::Closed { failures: 0 });
        matches!(before, State::Open { .. }).then_some(BreakerChange::Closed)
    }

    /// The server gave none.
    pub fn probe_failed(&self, _: ProbePermit, now: Steady) -> Option<BreakerChange> {
        self.probe.set(Probing::Last(now));
        let open = State::Open { until: now.after(self.settings.open) };
        match self.state.get() {
            // It has given a client a verdict meanwhile.
            State::Closed { .. } => None,
            State::Suspected => {
                self.state.set(open);
                Some(BreakerChange::Opened)
            }
            State::Open { .. } => {
                self.state.set(open);
                None
            }
        }
    }

    /// Whether calls are being held back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state.get(), State::Open { .. })
    }
}
