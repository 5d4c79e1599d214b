//! Log lines that a flood of requests would repeat: a few a second of each kind, with a count of
//! the rest.

use std::time::Duration;

use crate::time::UnixMillis;
use crate::verification::verdict::ServerFault;

const SECOND: Duration = Duration::from_secs(1);

/// Counts lines by their kind `K`, of which there must be a small fixed number: none is ever
/// forgotten.
#[derive(Debug)]
pub(crate) struct LogLimiter<K> {
    /// Lines of one kind in a second.
    most: u32,
    seconds: Vec<(K, Second)>,
}

/// The second that began with a line, and what came of those after it.
#[derive(Debug)]
struct Second {
    began: UnixMillis,
    lines: u32,
    suppressed: u64,
}

impl<K: Copy + PartialEq> LogLimiter<K> {
    /// Lets through at most `most` lines of a kind in a second.
    pub(crate) const fn new(most: u32) -> Self {
        Self { most, seconds: Vec::new() }
    }

    /// Something of `kind` happened at `now`: if a line may be written, how many of this kind were
    /// not since the last one.
    pub(crate) fn allow(&mut self, kind: K, now: UnixMillis) -> Option<u64> {
        let Some((_, second)) = self.seconds.iter_mut().find(|(known, _)| *known == kind) else {
            self.seconds.push((kind, Second { began: now, lines: 1, suppressed: 0 }));
            return Some(0);
        };
        // A clock that is set back begins another second.
        if now < second.began || now.since(second.began) >= SECOND {
            second.began = now;
            second.lines = 0;
        }
        if second.lines >= self.most {
            second.suppressed = second.suppressed.saturating_add(1);
            return None;
        }
        second.lines = second.lines.saturating_add(1);
        Some(std::mem::take(&mut second.suppressed))
    }
}

/// What stands for all failures of a kind: the fault, of a status only its hundred. So a flood of
/// one kind never hides another, our own client's refusal above all.
pub(crate) fn failure_kind(fault: ServerFault) -> ServerFault {
    match fault {
        // HTTP has no status beyond 599, but a server may send three digits of any kind.
        ServerFault::Status(status) => ServerFault::Status((status / 100).min(9)),
        ServerFault::RejectedUs
        | ServerFault::AcceptsAnything
        | ServerFault::BadAnswer
        | ServerFault::TooLarge
        | ServerFault::NoAnswer(_) => fault,
        ServerFault::Usergrid(failure) => ServerFault::Usergrid(failure.kind()),
    }
}
