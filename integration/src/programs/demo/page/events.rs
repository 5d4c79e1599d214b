//! What has happened, for every page that looks, from the oldest that is kept.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::harness::server::lock;

/// So many are kept, and the page shows no more. The form sends 16 KiB at most, of which an event
/// repeats each part three times, so all of them together stay below 10 MiB.
pub const KEPT: usize = 200;

/// The last [`KEPT`] events, numbered from 1.
#[derive(Default)]
pub struct Events {
    kept: Mutex<Kept>,
    more: Condvar,
}

#[derive(Default)]
struct Kept {
    last: u64,
    events: VecDeque<(u64, String)>,
}

impl Events {
    /// Adds an event, numbers it as its member `id`, and wakes those who wait.
    pub fn add(&self, mut event: Value) {
        let mut kept = lock(&self.kept);
        kept.last += 1;
        let number = kept.last;
        event["id"] = number.into();
        if kept.events.len() == KEPT {
            kept.events.pop_front();
        }
        kept.events.push_back((number, event.to_string()));
        self.more.notify_all();
    }

    /// Those after the one of this number; waits for one as long as `patience`.
    pub fn after(&self, number: u64, patience: Duration) -> Vec<(u64, String)> {
        let kept = lock(&self.kept);
        let waited = self.more.wait_timeout_while(kept, patience, |kept| kept.last <= number);
        let (kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        kept.events.iter().filter(|(id, _)| *id > number).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_oldest_go() {
        let events = Events::default();
        for _ in 0..=KEPT {
            events.add(json!({}));
        }
        let all = events.after(0, Duration::ZERO);
        assert_eq!(all.len(), KEPT);
        assert_eq!(all.first().map(|(id, _)| *id), Some(2));
        let last = events.after(KEPT as u64, Duration::ZERO);
        assert_eq!(last, [(KEPT as u64 + 1, format!("{{\"id\":{}}}", KEPT + 1))]);
        assert!(events.after(KEPT as u64 + 1, Duration::ZERO).is_empty());
    }
}
