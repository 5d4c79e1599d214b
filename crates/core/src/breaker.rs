//! When not to call: a server that keeps failing is left alone, but for one probe at a time.

use usergrid_auth_config::BreakerSettings;

use crate::time::Steady;

/// The breaker of one endpoint in one worker.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Steady },
    Probing,
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
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// Whether a call may be made at `now`.
    #[must_use]
    pub fn would_permit(&self, now: Steady) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } => until <= now,
            State::Probing => false,
        }
    }

    /// A call is made at `now`; if the breaker was open, it is the probe. INVARIANT: the end of every call is reported.
    pub fn begin_call(&mut self, now: Steady) {
        if let State::Open { until } = self.state
            && until <= now
        {
            self.state = State::Probing;
        }
    }

    /// The server answered, whatever it said.
    pub fn succeeded(&mut self) -> Option<BreakerChange> {
        let before = std::mem::replace(&mut self.state, State::Closed { failures: 0 });
        match before {
            State::Closed { .. } => None,
            State::Open { .. } | State::Probing => Some(BreakerChange::Closed),
        }
    }

    /// The server failed.
    pub fn failed(&mut self, now: Steady) -> Option<BreakerChange> {
        let until = now.after(self.settings.open);
        match &mut self.state {
            State::Closed { failures } => {
                *failures = failures.saturating_add(1);
                if *failures < self.settings.failures {
                    return None;
                }
                self.state = State::Open { until };
                Some(BreakerChange::Opened)
            }
            State::Probing => {
                self.state = State::Open { until };
                None
            }
            // Calls that were under way when it opened say nothing new.
            State::Open { .. } => None,
        }
    }

    /// Whether calls are being held back.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }
}
