//! `usergrid-auth`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::Error;
use usergrid_auth::args::Arguments;
use usergrid_auth::run::{self, Done};

fn main() -> ExitCode {
    let done = match Arguments::try_parse() {
        Ok(arguments) => run::run(&arguments),
        Err(error) => not_understood(&error),
    };
    // Nobody is there to be told that nobody listens.
    let _ = std::io::stderr().write_all(done.complaint.as_bytes());
    match std::io::stdout().write_all(done.text.as_bytes()) {
        Ok(()) => ExitCode::from(done.code),
        Err(_) => ExitCode::from(2),
    }
}

/// Help, a version, or a complaint. What was written wrongly is repeated for commands that take no
/// credentials alone: without quotation marks, `-H authorization: Bearer TOKEN` is four arguments.
fn not_understood(error: &Error) -> Done {
    let takes_credentials = std::env::args().any(|word| word == "explain" || word == "token");
    let text = error.render().to_string();
    if !error.use_stderr() {
        return Done { text, complaint: String::new(), code: 0 };
    }
    let complaint = if takes_credentials {
        let kind = error.kind();
        format!(
            "usergrid-auth: the arguments are not understood ({kind}); they are not repeated here, \
             since there may be credentials among them. See `usergrid-auth help`\n"
        )
    } else {
        text
    };
    Done { text: String::new(), complaint, code: 2 }
}
