//! Puts the servers' packages below the target directory: once, and whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::{Kind, cast};
use crate::{lock, workspace};

const NODE: &str = "install Node.js 20 or later with npm";
const PYTHON: &str = "install Python 3.11 or later with pip";
/// The first Node.js that `oidc-provider` is run with.
const OLDEST_NODE: u32 = 20;

/// What starts a server once its packages are there; the file with the clients follows as an argument.
pub(super) fn command(kind: Kind) -> Result<Command> {
    let source = cast::directory().join(kind.package());
    match kind {
        Kind::OidcProvider => {
            node()?;
            let files = ["package.json", "package-lock.json", ".npmrc", "server.js"];
            let modules = install(kind, &source, &files, |into| {
                let mut npm = Command::new("npm");
                npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(into);
                run(npm, "npm", NODE)
            })?;
            let mut command = Command::new("node");
            command.arg(modules.join("server.js"));
            Ok(command)
        }
        Kind::Django => {
            let packages = install(kind, &source, &["requirements.txt"], |into| {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
                pip.args(["--no-deps", "--require-hashes", "--requirement", "requirements.txt"]);
                // Root in a container is right to install here.
                pip.args(["--target", "."]).env("PIP_ROOT_USER_ACTION", "ignore").current_dir(into);
                run(pip, "python3", PYTHON)
            })?;
            let mut command = Command::new("python3");
            // Written into the checkout otherwise.
            command.arg("-B").arg(source.join("server.py")).env("PYTHONPATH", packages);
            Ok(command)
        }
    }
}

/// A directory with the `files` and what `build` has made of them. It is made anew if one of them is another than then.
fn install(
    kind: Kind,
    source: &Path,
    files: &[&str],
    build: impl Fn(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let directory = workspace::target()?.join("oauth-servers");
    let _lock = lock::acquire(&directory, kind.package())?;
    let finished = directory.join(kind.package());
    let same = |file: &&str| {
        fs::read(source.join(file)).ok().is_some_and(|text| {
            fs::read(finished.join(file)).is_ok_and(|installed| installed == text)
        })
    };
    if files.iter().all(same) {
        return Ok(finished);
    }
    let unfinished = directory.join(format!("{}.unfinished", kind.package()));
    for old in [&unfinished, &finished] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    fs::create_dir_all(&unfinished)?;
    for file in files {
        let path = source.join(file);
        fs::copy(&path, unfinished.join(file))
            .with_context(|| format!("cannot copy {}", path.display()))?;
    }
    eprintln!("installing {} and what it needs", kind.package());
    build(&unfinished)?;
    fs::rename(&unfinished, &finished)
        .with_context(|| format!("cannot move it to {}", finished.display()))?;
    Ok(finished)
}

fn node() -> Result<()> {
    let output = Command::new("node").arg("--version").output();
    let output = output.with_context(|| format!("cannot run node; {NODE}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    let major: u32 = major.with_context(|| format!("node has the version `{version}`; {NODE}"))?;
    ensure!(major >= OLDEST_NODE, "node is {version}; {NODE}");
    Ok(())
}

fn run(mut command: Command, name: &str, what_to_do: &str) -> Result<()> {
    // Progress belongs to the terminal, not to the output of the program.
    let status = command.stdin(Stdio::null()).stdout(std::io::stderr()).status();
    let status = status.with_context(|| format!("cannot run {name}; {what_to_do}"))?;
    if !status.success() {
        bail!("{name} could not install the packages (its message is above); {what_to_do}");
    }
    Ok(())
}
