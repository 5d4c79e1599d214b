//! Packages of other languages and of Debian, installed below the target directory: once, and whole
//! or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::harness::{lock, workspace};

const NODE: &str = "install Node.js 20 or later with npm";
/// The first Node.js that the packages are run with.
const OLDEST_NODE: u32 = 20;
const PYTHON: &str = "install Python 3.11 or later with pip and venv";
const DEBIAN: &str = "this needs Debian or Ubuntu, and `apt-get update` before";

/// What `npm ci` makes of the lock file in `source`: the directory with `node_modules` and, beside
/// it, where a module looks for them, the `scripts` of `source`.
///
/// # Errors
/// If there is no npm or no Node.js that is new enough, or npm fails.
pub fn node(source: &Path, name: &str, scripts: &[&str]) -> Result<PathBuf> {
    let output = Command::new("node").arg("--version").output();
    let output = output.with_context(|| format!("cannot run node; {NODE}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    let major: u32 = major.with_context(|| format!("node has the version `{version}`; {NODE}"))?;
    ensure!(major >= OLDEST_NODE, "node is {version}; {NODE}");
    let files = [&["package.json", "package-lock.json", ".npmrc"], scripts].concat();
    install(source, name, &files, |into| {
        let mut npm = Command::new("npm");
        run(npm.args(["ci", "--ignore-scripts"]).current_dir(into), "npm", NODE)
    })
}

/// A virtual environment with what `requirements.txt` in `source` names: its Python.
///
/// # Errors
/// If there is no Python 3 with venv, or pip fails.
pub fn python(source: &Path, name: &str) -> Result<PathBuf> {
    let installed = install(source, name, &["requirements.txt"], |into| {
        let mut venv = Command::new("python3");
        run(venv.args(["-m", "venv", "venv"]).current_dir(into), "python3", PYTHON)?;
        let mut pip = Command::new("venv/bin/python");
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]);
        pip.args(["--no-deps", "--require-hashes", "--requirement", "requirements.txt"]);
        run(pip.current_dir(into), "pip", PYTHON)
    })?;
    Ok(installed.join("venv").join("bin").join("python"))
}

/// What Debian's packages in `packages.txt` of `source` bring, unpacked and not installed, with all
/// that they need and this machine lacks: the directory that stands for `/`. It is `/` itself where
/// the command `name` is installed.
///
/// # Errors
/// If apt does not know the packages or cannot fetch them.
pub fn debian(source: &Path, name: &str) -> Result<PathBuf> {
    if Path::new("/usr/bin").join(name).exists() {
        return Ok("/".into());
    }
    let installed = install(source, name, &["packages.txt"], |into| {
        let wanted = fs::read_to_string(into.join("packages.txt"))?;
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--print-uris", "-qq", "--yes", "--no-install-recommends"]);
        let output = apt.args(wanted.lines()).stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot run apt-get; {DEBIAN}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "apt-get knows no way to {name}; {DEBIAN}:\n{said}");
        // `'URL' NAME_VERSION_ARCHITECTURE.deb SIZE DIGEST`, one a line.
        let listed = String::from_utf8_lossy(&output.stdout);
        let files = listed.lines().filter_map(|line| line.split_whitespace().nth(1));
        let missing = files.filter_map(|file| Some(file.split_once('_')?.0));
        let mut apt = Command::new("apt-get");
        apt.args(["download", "-qq", "-o", "APT::Sandbox::User=root"]).args(missing);
        run(apt.current_dir(into), "apt-get", DEBIAN)?;
        for entry in fs::read_dir(into)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                let mut dpkg = Command::new("dpkg-deb");
                run(dpkg.arg("--extract").arg(&path).arg(into.join("root")), "dpkg-deb", DEBIAN)?;
            }
        }
        Ok(())
    })?;
    Ok(installed.join("root"))
}

/// A directory with `files` and what `build` makes of them; anew if one of them has changed since.
/// It is built in place, since a virtual environment cannot be moved; a file that holds what was
/// asked for says at the end that it is whole.
fn install(
    source: &Path,
    name: &str,
    files: &[&str],
    build: impl Fn(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let directory = workspace::target()?.join("packages");
    let _lock = lock::acquire(&directory, name)?;
    let installed = directory.join(name);
    let finished = installed.join("finished");
    let mut wanted = Vec::new();
    for file in files {
        let path = source.join(file);
        wanted.extend(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    if fs::read(&finished).is_ok_and(|found| found == wanted) {
        return Ok(installed);
    }
    if installed.exists() {
        fs::remove_dir_all(&installed)
            .with_context(|| format!("cannot remove {}", installed.display()))?;
    }
    fs::create_dir_all(&installed)?;
    for file in files {
        fs::copy(source.join(file), installed.join(file))?;
    }
    eprintln!("installing the packages of {name}");
    build(&installed)?;
    fs::write(&finished, wanted)?;
    Ok(installed)
}

fn run(command: &mut Command, name: &str, what_to_do: &str) -> Result<()> {
    // Progress belongs to the terminal, not to the output of the program.
    let status = command.stdin(Stdio::null()).stdout(std::io::stderr()).status();
    let status = status.with_context(|| format!("cannot run {name}; {what_to_do}"))?;
    if !status.success() {
        bail!("{name} could not install the packages (its message is above); {what_to_do}");
    }
    Ok(())
}
