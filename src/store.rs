//! The host's shared data, queues and metrics as the core's shared store.

use std::cell::Cell;

use usergrid_auth_core::verification::peers::{QueueId, SharedStore};

use crate::{host, stats};

/// The shared store, with the queue at which this root context can be woken.
#[derive(Default)]
pub(crate) struct Store {
    queue: Cell<Option<u32>>,
}

impl SharedStore for Store {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Option<u32>) {
        host::shared(key)
    }

    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> bool {
        host::share(key, bytes, version)
    }

    /// Registered when it is first needed: configurations are also tried on threads that serve no
    /// requests, and the host never frees a queue.
    fn queue(&self) -> Option<QueueId> {
        if self.queue.get().is_none() {
            self.queue.set(host::register_queue());
        }
        self.queue.get().map(QueueId)
    }

    fn generation(&self) -> u64 {
        stats::revocation_generation()
    }

    fn bump_generation(&self) {
        stats::bump_revocation_generation();
    }
}
