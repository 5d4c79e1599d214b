//! `cargo bars`: the bars at full size, with their figures.

use std::process::ExitCode;

use integration::programs::bars::{ALL, Scale};

const HELP: &str = "\
Runs the filter in a real Envoy against these bars and prints the figures. Takes some minutes.

usage: cargo bars [NAME]...

";

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.iter().any(|name| !ALL.iter().any(|bar| bar.name == name)) {
        print!("{HELP}");
        for bar in &ALL {
            println!("  {:8} {}", bar.name, bar.about);
        }
        return if names.iter().any(|name| name == "-h" || name == "--help") {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    }
    let mut missed = false;
    for bar in
        ALL.iter().filter(|bar| names.is_empty() || names.iter().any(|name| name == bar.name))
    {
        println!("{}: {}", bar.name, bar.about);
        match (bar.run)(Scale::Full) {
            Ok(()) => println!("  cleared"),
            Err(error) => {
                missed = true;
                println!("  MISSED: {error:#}");
            }
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
