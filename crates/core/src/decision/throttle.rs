//! Log lines that a flood of requests would repeat: one a second at most, with a count of the rest.

use std::time::Duration;

use crate::time::Steady;

const QUIET: Duration = Duration::from_secs(1);

/// When something was last told, and how often it was not.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    last: Option<Steady>,
    untold: u64,
}

impl Throttle {
    /// It happened at `now`: if it is time to tell, how often it happened since the last time it was told.
    pub(super) fn tell(&mut self, now: Steady) -> Option<u64> {
        if self.last.is_some_and(|last| now < last.after(QUIET)) {
            self.untold = self.untold.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}
