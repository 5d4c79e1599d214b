//! The module, built by the script that leaves no path of this machine in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::files::TOP;

/// The module of this release.
pub struct Module {
    /// Its file's name.
    pub name: String,
    /// What Envoy loads.
    pub bytes: Vec<u8>,
    /// The package's version.
    pub version: String,
}

/// Builds it, and copies it to `directory`.
pub fn build(directory: &Path) -> Result<Module> {
    let output = Command::new(Path::new(TOP).join(".cargo/build-module"))
        .current_dir(TOP)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run .cargo/build-module")?;
    ensure!(output.status.success(), "the module does not build: see the messages above");
    let path = PathBuf::from(TOP).join(String::from_utf8(output.stdout)?.trim());
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    ensure!(bytes.starts_with(b"\0asm"), "{} is no module", path.display());
    check_paths(&bytes)?;
    let name = "usergrid_auth_filter.wasm".to_owned();
    fs::write(directory.join(&name), &bytes)?;
    Ok(Module { name, bytes, version: crate::VERSION.into() })
}

/// A path of this machine in it would make it another one elsewhere.
fn check_paths(module: &[u8]) -> Result<()> {
    let top = Path::new(TOP).canonicalize()?;
    let homes = [std::env::var("HOME").ok(), std::env::var("CARGO_HOME").ok()];
    let paths = homes.into_iter().flatten().chain([top.display().to_string()]);
    for path in paths.filter(|path| path.len() > 1) {
        let text = format!("{path}/");
        let found = module.windows(text.len()).any(|window| window == text.as_bytes());
        ensure!(!found, "the module holds a path of this machine, {text}");
    }
    Ok(())
}
