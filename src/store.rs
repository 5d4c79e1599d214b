//! The host's shared data, queues and metrics as the core's shared store.

use std::cell::Cell;

use super::{host, stats};
use usergrid_auth_core::shared::{QueueId, SharedStore};

/// The shared store, with the queue at which this root context can be woken.
#[derive(Default)]
pub(super) struct Store {
    queue: Cell<Option<u32>>,
}

impl SharedStore for Store {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Option<u32>) {
        host::shared(key)
    }

    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> bool {
        host::share(key, bytes, version)
    }

    /// Registered when it is first needed: configurations are also tried on threads that serve no requests, and the
    /// host never frees a queue.
    fn queue(&self) -> Option<QueueId> {
        if self.queue.get().is_none() {
            self.queue.set(host::register_queue());
        }
        self.queue.get().map(QueueId)
    }

    fn signalled(&self) -> u64 {
        stats::revocation_signal()
    }

    fn signal(&self) {
        stats::signal_revocation();
    }
}
