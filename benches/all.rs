//! `cargo bench`: runs the package `bench`, which starts one Envoy and measures the filter beside
//! its alternatives.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "--quiet", "--profile", "native", "--package", "bench", "--"])
        // Cargo adds this one for every harness.
        .args(std::env::args_os().skip(1).filter(|argument| argument != "--bench"))
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
