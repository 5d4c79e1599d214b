//! A [`SharedStore`] for tests: the shared data and the queues of one process, without a host.
//!
//! It keeps to what Envoy does where the core can tell: a version is of the process, not of the
//! key; a message to a queue that nobody has is lost. The feature `test-support` brings it, and no
//! module that is shipped has that.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{QueueId, SharedStore};

/// The memory that all workers of one process share; each has a [`View`] of it.
#[derive(Debug, Default)]
pub struct Process {
    /// Bytes by key, each with the version that wrote them.
    data: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// Messages that nobody has taken yet, oldest first.
    queues: RefCell<BTreeMap<QueueId, Vec<Vec<u8>>>>,
    version: Cell<u32>,
    generations: Cell<u64>,
}

/// One worker's view of a [`Process`], with a queue of its own.
#[derive(Debug)]
pub struct View {
    process: Rc<Process>,
    queue: QueueId,
}

impl Process {
    /// Every value that is kept, one after the other: for tests of what must not be in there.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.data.borrow().values().flat_map(|(bytes, _)| bytes.clone()).collect()
    }

    /// Cuts every value in half, so that none can be read.
    pub fn damage(&self) {
        for (bytes, _) in self.data.borrow_mut().values_mut() {
            bytes.truncate(bytes.len().div_euclid(2));
        }
    }

    /// How many keys have a value.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.data.borrow().len()
    }

    /// All messages that nobody has taken yet, by queue.
    #[must_use]
    pub fn messages(&self) -> Vec<Vec<u8>> {
        self.queues.borrow().values().flatten().cloned().collect()
    }

    /// How often a worker has called [`SharedStore::bump_generation`].
    #[must_use]
    pub fn generations(&self) -> u64 {
        self.generations.get()
    }

    /// Puts `message` at the end of `queue`, or loses it if no worker has that queue.
    pub fn send(&self, queue: QueueId, message: Vec<u8>) {
        if let Some(messages) = self.queues.borrow_mut().get_mut(&queue) {
            messages.push(message);
        }
    }
}

impl View {
    /// The view of a further worker, with a new queue. The queue of a view that is dropped stays,
    /// as it does in Envoy when a VM dies.
    #[must_use]
    pub fn new(process: &Rc<Process>) -> Self {
        let mut queues = process.queues.borrow_mut();
        let last = queues.last_key_value().map_or(0, |(queue, _)| queue.0);
        let queue = QueueId(last.saturating_add(1));
        queues.insert(queue, Vec::new());
        Self { process: Rc::clone(process), queue }
    }

    /// The process that this is a view of.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Empties the worker's queue, oldest message first.
    #[must_use = "the messages are no longer in the queue"]
    pub fn take_messages(&self) -> Vec<Vec<u8>> {
        self.process
            .queues
            .borrow_mut()
            .get_mut(&self.queue)
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

/// The only worker of a process.
impl Default for View {
    fn default() -> Self {
        Self::new(&Rc::default())
    }
}

impl SharedStore for View {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Option<u32>) {
        self.process.data.borrow().get(key).cloned().unzip()
    }

    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> bool {
        let mut data = self.process.data.borrow_mut();
        if data.get(key).map(|(_, version)| *version) != version {
            return false;
        }
        let next = self.process.version.get().wrapping_add(1);
        self.process.version.set(next);
        data.insert(key.to_owned(), (bytes.to_vec(), next));
        true
    }

    fn queue(&self) -> Option<QueueId> {
        Some(self.queue)
    }

    fn generation(&self) -> u64 {
        self.process.generations.get()
    }

    fn bump_generation(&self) {
        self.process.generations.set(self.process.generations.get().wrapping_add(1));
    }
}
