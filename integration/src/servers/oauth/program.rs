//! The servers' packages, and what starts a server once they are there.

use std::process::Command;

use anyhow::Result;

use super::kind::Kind;
use super::registry;
use crate::harness::packages;

/// What starts a server; the file with the clients follows as an argument. Installs its packages
/// first, if they are not there.
pub(super) fn command(kind: Kind) -> Result<Command> {
    let source = registry::directory().join(kind.package());
    match kind {
        Kind::OidcProvider => {
            let scripts = ["url-parse.cjs", "server.js"];
            let installed = packages::node(&source, kind.package(), &scripts)?;
            let mut command = Command::new("node");
            let [shim, server] = scripts.map(|script| installed.join(script));
            command.arg("--require").arg(shim).arg(server);
            Ok(command)
        }
        Kind::Django | Kind::Authlib => {
            let mut command = Command::new(packages::python(&source, kind.package())?);
            // Without `-B`, Python writes into the checkout.
            command.arg("-B").arg(source.join("server.py"));
            Ok(command)
        }
        Kind::Glewlwyd => {
            let root = packages::debian(&source, kind.package())?;
            let mut command = Command::new("python3");
            command.arg("-B").arg(source.join("server.py")).arg(root);
            Ok(command)
        }
    }
}
