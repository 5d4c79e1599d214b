//! Log lines that a flood of requests would repeat: one a second at most, with a count of the rest.

use std::time::Duration;

use crate::time::Steady;

const QUIET: Duration = Duration::from_secs(1);

/// When a line was last written, and how many were not since.
#[derive(Debug, Default)]
pub(crate) struct LogLimiter {
    last: Option<Steady>,
    suppressed: u64,
}

impl LogLimiter {
    /// It happened at `now`: if a line may be written, how many have been suppressed since the last one.
    pub(crate) fn allow(&mut self, now: Steady) -> Option<u64> {
        if self.last.is_some_and(|last| now < last.after(QUIET)) {
            self.suppressed = self.suppressed.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }
}
