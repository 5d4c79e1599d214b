//! `usergrid-auth`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use usergrid_auth::args::{Arguments, Command};
use usergrid_auth::schema;

/// It could not do what was asked.
const CANNOT: u8 = 2;

fn main() -> ExitCode {
    let text = match Arguments::parse().command {
        Command::Schema { manifests: false } => schema::configuration(),
        Command::Schema { manifests: true } => schema::manifests(),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(CANNOT),
    }
}
