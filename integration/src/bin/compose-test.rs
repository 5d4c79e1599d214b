//! `cargo compose-test`: `docker-compose.yml`, with every scenario and with containers that fail.

use std::process::ExitCode;

use integration::programs::compose::{self, PARTS};

const HELP: &str = "\
Brings docker-compose.yml up under a name of its own, tries it, and takes it down. Needs Docker and Compose.

usage: cargo compose-test [NAME]...

";

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.iter().any(|name| !PARTS.iter().any(|part| part.name == name)) {
        print!("{HELP}");
        for part in &PARTS {
            let only = if part.by_default { "" } else { " (only if named)" };
            println!("  {:10} {}{only}", part.name, part.about);
        }
        return if names.iter().any(|name| name == "-h" || name == "--help") {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    }
    match compose::run(&names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("FAILED: {error:#}");
            ExitCode::FAILURE
        }
    }
}
