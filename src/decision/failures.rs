//! Failures of the verifying server in the log: one line a second at most, with a count of the rest.

use std::time::Duration;

use super::Notice;
use crate::call::ServerFault;
use crate::time::Steady;

const QUIET: Duration = Duration::from_secs(1);

/// When failures were last reported, and how many were not.
#[derive(Debug, Default)]
pub(super) struct FailureLog {
    last: Option<Steady>,
    unreported: u64,
}

impl FailureLog {
    /// The line to log about a failure at `now`, if it is time for one.
    pub(super) fn notice(
        &mut self,
        cluster: &str,
        fault: ServerFault,
        now: Steady,
    ) -> Option<Notice> {
        if self.last.is_some_and(|last| now < last.after(QUIET)) {
            self.unreported = self.unreported.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        let unreported = std::mem::take(&mut self.unreported);
        Some(Notice::ServerFailed { cluster: cluster.to_owned(), fault, unreported })
    }
}
