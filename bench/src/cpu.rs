//! CPU time of a process and places on processors, as Linux has them.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// Nanoseconds that all threads of a process have been on a processor.
///
/// # Errors
/// If there is no such process, or the system keeps no such account.
pub fn nanoseconds(pid: u32) -> Result<u64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .with_context(|| format!("there is no process {pid}"))?;
    let mut sum = 0;
    for thread in threads {
        // A thread may end while we look.
        let Ok(account) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let on_cpu = account.split_whitespace().next().context("an empty schedstat")?;
        sum += on_cpu.parse::<u64>()?;
    }
    Ok(sum)
}

/// Whether each side has a processor to itself.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    apart: bool,
}

impl Places {
    /// Puts this process, and so its servers and what it starts later, on every processor but the
    /// first, which is left to Envoy. With one processor, or without `taskset`, everything runs
    /// everywhere.
    #[must_use]
    pub fn take() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let apart = count > 1 && pin(std::process::id(), &format!("1-{}", count - 1));
        Self { apart }
    }

    /// Puts an Envoy on the first processor.
    pub fn envoy(self, pid: u32) {
        if self.apart {
            pin(pid, "0");
        }
    }

    /// For the stamp.
    #[must_use]
    pub fn describe(self) -> &'static str {
        if self.apart { "Envoy and load on processors of their own" } else { "not pinned" }
    }
}

fn pin(pid: u32, to: &str) -> bool {
    let mut taskset = Command::new("taskset");
    taskset.args(["--all-tasks", "--cpu-list", "--pid", to, &pid.to_string()]);
    taskset.stdout(Stdio::null()).stderr(Stdio::null());
    taskset.status().is_ok_and(|status| status.success())
}
