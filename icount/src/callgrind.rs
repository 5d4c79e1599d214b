//! Counting: this very program again, under callgrind.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The argument that makes the program run a scenario instead of counting.
pub const RUN: &str = "--run";
/// What is counted, as callgrind names it: `*` stands for the path of the crate.
pub const COUNTED: &str = "*counted_step*";
/// Requests that are counted: few tables are so full that one of them does not tell for all.
pub const REPEATS: u64 = 16;

/// Instructions for one request of a scenario.
///
/// # Errors
/// If there is no valgrind, or the scenario does not end as it should.
pub fn count(scenario: &str) -> Result<u64> {
    let program = std::env::current_exe()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(program)
        .args([RUN, scenario])
        .output()
        .context("cannot run valgrind; install it (Debian: package `valgrind`)")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{scenario}` failed under valgrind:\n{text}");
    let all = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, number)| number.trim().parse::<u64>().ok())
        .with_context(|| format!("callgrind tells no count:\n{text}"))?;
    ensure!(all > 0, "callgrind has not seen `{COUNTED}`: was the program built without symbols?");
    Ok(all / REPEATS)
}
