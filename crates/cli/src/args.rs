//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// What can be known about configurations of usergrid-auth-filter before an Envoy loads them.
#[derive(Debug, Parser)]
#[command(name = "usergrid-auth", version, propagate_version = true)]
pub struct Arguments {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tells everything that is wrong with configurations, with file, line and key.
    ///
    /// Finds them in bare JSON, in Envoy's YAML or JSON (a bootstrap, a listener, an extension
    /// configuration), and in WasmPlugin, TrafficExtension, EnvoyFilter and EnvoyExtensionPolicy.
    ///
    /// Exit code 0: nothing is wrong; 1: something is; 2: it could not look.
    Check(Check),
    /// Tells step by step what the filter does with a request, and why.
    ///
    /// Runs the filter's own core, as in an Envoy that has just started. No server is asked: what
    /// it would say comes from `--answer`. Credentials are not printed.
    ///
    /// Exit code 0: it is told; 1: the configuration is refused; 2: it could not look.
    Explain(Explain),
    /// Tells what a Usergrid token says by itself, without printing it.
    ///
    /// Exit code 0: the filter's own check takes it; 1: it does not; 2: it could not look.
    Token(Token),
    /// Prints the JSON Schema of a configuration, as docs/config.schema.json has it.
    Schema {
        /// The schema of Istio's and Envoy Gateway's resources instead, as
        /// docs/manifests.schema.json has it.
        #[arg(long)]
        manifests: bool,
    },
    /// Prints a completion script.
    Completions {
        /// For this shell.
        shell: Shell,
    },
    /// Prints the manual page, in roff.
    Man,
}

/// What to check, and by which environment.
#[derive(Debug, Args)]
pub struct Check {
    /// Files; `-` is the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What stands for the environment of Envoy.
    #[command(flatten)]
    pub environment: Environment,
}

/// What stands for the environment of Envoy.
#[derive(Debug, Args)]
pub struct Environment {
    /// Take this variable from the environment of this command, as Envoy takes it from its own;
    /// otherwise something stands in for it. May be repeated.
    #[arg(long = "env", value_name = "NAME")]
    pub names: Vec<String>,
    /// Take all variables from the environment of this command; it is a problem if one is not set.
    #[arg(long)]
    pub strict_env: bool,
}

/// A request, and what servers say about its credential.
#[derive(Debug, Args)]
pub struct Explain {
    /// A file with a configuration, as for `check`.
    pub file: PathBuf,
    /// The request's method.
    pub method: String,
    /// Its path with its query, as the filter sees it; or a whole URL.
    pub url: String,
    /// A header, `name: value`. May be repeated.
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// A body follows, which the filter never reads.
    #[arg(long)]
    pub body: bool,
    /// What the verifying server answers: a body alone, which comes with 200, or a whole answer as
    /// `curl -i` prints it. May be repeated, for one call after the other.
    #[arg(long, value_name = "FILE")]
    pub answer: Vec<PathBuf>,
    /// The same for calls about one application, which go to a path below it. May be repeated.
    #[arg(long, value_name = "ORG/APP=FILE")]
    pub answer_of: Vec<String>,
    /// The verifying server fails.
    #[arg(long, value_name = "HOW", conflicts_with_all = ["answer", "answer_of"])]
    pub fault: Option<Fault>,
    /// The certificate that the client has shown to Envoy, in PEM, for tokens that are bound to one.
    /// Without it, it has shown none.
    #[arg(long, value_name = "FILE")]
    pub client_certificate: Option<PathBuf>,
    /// The metadata of the route says `bypass: true`.
    #[arg(long)]
    pub bypass: bool,
    /// The metadata of the route requires this scope. May be repeated.
    #[arg(long, value_name = "SCOPE")]
    pub require_scope: Vec<String>,
    /// The time, in seconds since 1970; without it, now.
    #[arg(long, value_name = "SECONDS")]
    pub at: Option<u64>,
    /// The line of the configuration, where the file holds several.
    #[arg(long, value_name = "LINE")]
    pub line: Option<usize>,
    /// What stands for the environment of Envoy.
    #[command(flatten)]
    pub environment: Environment,
}

/// How a verifying server fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// It does not answer in time.
    Timeout,
    /// Its answer breaks off.
    Reset,
    /// Envoy cannot reach it.
    Unreachable,
}

/// A token, and the salt of its signature.
#[derive(Debug, Args)]
pub struct Token {
    /// The token. Better: give it on the standard input, where no list of processes shows it.
    pub token: Option<String>,
    /// The environment variable that holds Usergrid's `usergrid.auth.token_secret_salt`.
    #[arg(long, value_name = "NAME")]
    pub salt_env: Option<String>,
    /// The time, in seconds since 1970; without it, now.
    #[arg(long, value_name = "SECONDS")]
    pub at: Option<u64>,
}
