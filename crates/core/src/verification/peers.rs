//! What the workers of one process share: verdicts, leases on calls, and messages about how calls
//! ended.
//!
//! One call serves all workers. The protocol, seen by a worker that needs a verdict for a key:
//!
//! ```text
//!                        the key's set in shared memory says
//!             ┌──────────────┬──────────────────┬────────────────────────┐
//!         a verdict       a lease           nothing                no room, or overtaken
//!             │              │                  │                        │
//!           use it       FOLLOWER            LEADER                  LEADER without a lease
//!                     adds its queue      writes a lease             (a call of its own,
//!                     to the lease,       by compare-and-swap,        nobody is told)
//!                     waits               makes the call
//!                        │                      │ the call ends
//!                        │                      │ takes the lease back, leaves the verdict
//!                        │    PeerMessage       │ in its place, sends the outcome to every
//!                        ◀──────────────────────┘ queue that the lease names
//!                     reads the outcome as if it had called itself
//! ```
//!
//! What can get lost, and who notices:
//!
//! | lost | noticed by | and then |
//! | --- | --- | --- |
//! | the leader's message | the follower's tick: the lease is gone, a verdict may be there | it takes the verdict, or after two ticks gives up |
//! | the leader | everybody: a lease says when it lapses, its call's timeout and a second | the next one leads |
//! | the lease, pushed out of its set or overwritten | the follower's tick, as above | |
//! | the verdict in shared memory | the next who looks | a call |
//!
//! Every lease and verdict knows the [`Sequence`] of the last revocation before its call began.
//! Nobody follows a call, nor takes a verdict, that began before the last revocation of its own
//! credential; what a verdict's holder is called is known when it is there, and revocations of that
//! user are looked for then. Revocations of others change nothing.

mod codec;
#[cfg(feature = "test-support")]
pub mod memory;
mod message;
pub mod set;
mod shared_cache;
mod stale_marks;
mod store;

pub use message::{LONGEST_SENT, Outcome, PeerMessage};
pub use set::{Entry, Lease, Sequence, Stored};
pub use shared_cache::{Lookup, Renewal, SharedCache};
pub use stale_marks::StaleMarks;
pub use store::{PREFIX, QueueId, SharedStore};
