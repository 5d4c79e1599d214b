//! `cargo monitoring`: the dashboard and the alerts against a Prometheus that scrapes Envoy.

use std::process::ExitCode;

use integration::programs::monitoring;

const HELP: &str = "\
Runs every query of envoy/monitoring against a Prometheus that scrapes two Envoys with the filter,
breaks one thing after the other, and checks that every alert goes off. Needs Debian or Ubuntu, whose
package `prometheus` it unpacks if it is not installed.

usage: cargo monitoring [--picture]

  --picture   take a minute, and draw the dashboard into docs/monitoring.svg
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let picture = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--picture"] => true,
        ["-h" | "--help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match monitoring::run(picture) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
