//! `cargo matrix`: the tests with every Envoy in support, and the table in README.md.

use std::process::ExitCode;

use anyhow::Result;
use integration::programs::matrix::{self, Suite};

const HELP: &str = "\
Runs the tests with the oldest and the newest Envoy and a smoke suite with those between, and writes what passed into
integration/support.json and README.md.

usage: cargo matrix [VERSION]...            all versions, or these
       cargo matrix --check [VERSION]...    the same, and writes nothing
       cargo matrix --smoke [VERSION]...    the smoke suite alone, and writes nothing
";

fn main() -> Result<ExitCode> {
    let (options, versions): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--")
        .partition(|argument| argument.starts_with('-'));
    match options.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => matrix::record(matrix::run(&versions, None)?)?,
        ["--check"] => {
            matrix::run(&versions, None)?;
        }
        ["--smoke"] => {
            matrix::run(&versions, Some(Suite::Smoke))?;
        }
        other => {
            print!("{HELP}");
            let asked = other.iter().all(|option| ["-h", "--help"].contains(option));
            return Ok(if asked { ExitCode::SUCCESS } else { ExitCode::from(2) });
        }
    }
    Ok(ExitCode::SUCCESS)
}
