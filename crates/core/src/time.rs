//! Points in time as the host reports them; the core never reads a clock.

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z, the resolution Usergrid's tokens use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// This time and `span` later; stays at the end of time instead of wrapping.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// The time since `earlier`, zero if that lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Whole milliseconds of `span`, at most `u64::MAX`.
#[must_use]
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A point on a clock that never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Steady(u64);

impl Steady {
    /// This point and `span` later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// The time since `earlier`, zero if that lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Makes a clock that never goes back out of one that may be set back.
///
/// Life times are measured on it: were they compared with the wall clock, setting that back by an
/// hour would let every remembered answer live an hour longer. A second clock of the host would
/// cost a host call per request.
#[derive(Debug, Default)]
pub struct SteadyClock {
    last: u64,
    shift: u64,
}

impl SteadyClock {
    /// The steady time at the wall time `now`.
    pub fn read(&mut self, now: UnixMillis) -> Steady {
        let back = self.last.saturating_sub(now.0);
        self.shift = self.shift.saturating_add(back);
        self.last = now.0;
        Steady(now.0.saturating_add(self.shift))
    }
}
