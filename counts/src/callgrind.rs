//! Counting: this very program again, under callgrind.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The argument that makes the program take a way instead of counting.
pub const WALK: &str = "--walk";
/// What is counted, as callgrind names it: `*` stands for the path of the crate.
pub const COUNTED: &str = "*counted_step*";
/// Requests that are counted: few tables are so full that one of them does not tell for all.
pub const WALKS: u64 = 16;

/// Instructions for one request on its way.
///
/// # Errors
/// If there is no valgrind, or the way does not end as it should.
pub fn count(way: &str) -> Result<u64> {
    let program = std::env::current_exe()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(program)
        .args([WALK, way])
        .output()
        .context("cannot run valgrind; install it (Debian: package `valgrind`)")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{way}` failed under valgrind:\n{text}");
    let all = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, number)| number.trim().parse::<u64>().ok())
        .with_context(|| format!("callgrind tells no count:\n{text}"))?;
    ensure!(all > 0, "callgrind has not seen `{COUNTED}`: was the program built without symbols?");
    Ok(all / WALKS)
}
