//! Waiting for a condition, with a deadline for the case that it never comes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Long enough for a busy machine; nobody waits for it while things work.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Asks `probe` until it answers `Some`.
///
/// # Errors
/// The error of `probe`, or that `what` did not happen within [`DEADLINE`].
pub fn until<T>(what: &str, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        if started.elapsed() > DEADLINE {
            bail!("{what}: not within {} s", DEADLINE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
