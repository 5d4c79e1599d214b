//! When the host is asked for the settings of a route that does not count
//! (`routes.metadata: false`): now and then, so that settings that somebody has put there all the
//! same do not stay unnoticed.

use std::time::Duration;

use crate::time::UnixMillis;

/// As long as a worker does not look.
const PERIOD: Duration = Duration::from_secs(10);

/// When a worker last looked.
#[derive(Debug, Default)]
pub(super) struct RouteLooks(Option<UnixMillis>);

impl RouteLooks {
    /// Whether it is time to look, at the first request and then once in a period. Who is told so
    /// looks.
    pub(super) fn is_due(&mut self, now: UnixMillis) -> bool {
        // A clock that is set back begins anew.
        let is_due = self.0.is_none_or(|last| now < last || now.since(last) >= PERIOD);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}
