//! The memory of a process whose workers share nothing.

use usergrid_auth_core::verification::peers::{QueueId, SharedStore};

/// Remembers nothing, and has nobody to tell.
#[derive(Debug)]
pub(super) struct Nothing;

impl SharedStore for Nothing {
    fn read(&self, _: &str) -> (Option<Vec<u8>>, Option<u32>) {
        (None, None)
    }

    fn write(&self, _: &str, _: &[u8], _: Option<u32>) -> bool {
        false
    }

    fn queue(&self) -> Option<QueueId> {
        None
    }

    fn generation(&self) -> u64 {
        0
    }

    fn bump_generation(&self) {}
}
