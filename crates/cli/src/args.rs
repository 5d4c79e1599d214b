//! The command line.

use clap::{Parser, Subcommand};

/// What can be known about configurations of usergrid-auth-filter before an Envoy loads them.
#[derive(Debug, Parser)]
#[command(name = "usergrid-auth", version, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints the JSON Schema of a configuration, as docs/config.schema.json has it.
    Schema {
        /// The schema of Istio's and Envoy Gateway's resources instead, as
        /// docs/manifests.schema.json has it.
        #[arg(long)]
        manifests: bool,
    },
}
