//! `cargo soak`: the long run, with an account at the end.

use std::process::ExitCode;
use std::time::Duration;

use integration::programs::soak;

const HELP: &str = "\
Runs the filter in a real Envoy under mixed traffic, while the verifying server fails in every way and the configuration
changes, and compares what clients got with what the filter counted, and what Envoy holds at the end with what it held
after the first round. Fails if anything does not agree.

usage: cargo soak --minutes N
       cargo soak --seconds N

The first round is not part of that time, and two more are run in any case, half a minute each.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| text != "--").collect();
    let length = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--minutes", number] => number.parse().ok().and_then(|number: u64| number.checked_mul(60)),
        ["--seconds", number] => number.parse().ok(),
        ["-h" | "--help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => None,
    };
    let Some(seconds) = length else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    match soak::run(Duration::from_secs(seconds)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}
