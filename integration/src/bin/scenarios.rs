//! Runs the scenarios that need no configuration of their own against an Envoy that is already
//! there.

use std::process::ExitCode;

use anyhow::{Context, Result};
use integration::scenario::{self, target::Remote};

const USAGE: &str = "usage: cargo scenarios http://HOST:PORT

HOST:PORT is where an Envoy with envoy/envoy.yaml listens; beside it run the servers of `--bin stub`.";

fn main() -> Result<ExitCode> {
    // As after `cargo run`, where it is needed.
    let url = std::env::args().skip(1).find(|argument| argument != "--").context(USAGE)?;
    let results = scenario::smoke(&Remote::parse(&url).context(USAGE)?)?;
    let mut code = ExitCode::SUCCESS;
    for (name, result) in results {
        match result {
            Ok(()) => println!("ok      {name}"),
            Err(error) => {
                code = ExitCode::FAILURE;
                println!("FAILED  {name}: {error:#}");
            }
        }
    }
    Ok(code)
}
