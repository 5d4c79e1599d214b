//! The memory that all workers of a process share, as the host has it.

/// A worker's queue, by the host's number: the address at which it is told of verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

/// Prefix of every key, with the version of the format: all modules in one Envoy may share one name
/// space.
pub const PREFIX: &str = "usergrid-auth-filter/2";

/// The process-wide memory of the host. It frees no key, so all keys come from a fixed set; it has
/// no lock over several steps, so every write is a compare-and-swap.
pub trait SharedStore {
    /// The bytes at `key` and their version; `(None, None)` if there never were any.
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Option<u32>);

    /// Writes if the version is still `version`, or there still is nothing if that is `None`.
    /// False: overtaken.
    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> bool;

    /// The queue at which this worker can be told something; `None` if it has none.
    fn queue(&self) -> Option<QueueId>;

    /// A number that changes, for all workers at once, whenever [`SharedStore::bump_generation`] is
    /// called; cheap to read.
    fn generation(&self) -> u64;

    /// See [`SharedStore::generation`].
    fn bump_generation(&self);
}
