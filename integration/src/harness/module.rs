//! The filter's module: built from this checkout, with the target that it needs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::harness::{lock, workspace};

const TARGET: &str = "wasm32-wasip1";
const PACKAGE: &str = "usergrid-auth-filter";
/// The feature that lets a request trap the module.
const TRAP: &str = "test-trap";

/// Builds the release module once in this process and says where it is.
///
/// # Errors
/// If the compiler's target cannot be had or the module does not build.
pub fn build() -> Result<PathBuf> {
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    once(&BUILT, &["--package", PACKAGE])
}

/// Builds another package of this workspace for Envoy, with the profile and target of the module.
///
/// # Errors
/// See [`build`].
pub fn build_package(name: &str) -> Result<PathBuf> {
    once(&Mutex::new(None), &["--package", name])
}

/// As [`build`], but the module traps on requests with the header `x-test-trap`. It is built into a
/// directory of its own, so that nobody takes it for the one to ship.
///
/// # Errors
/// See [`build`].
pub fn build_trapping() -> Result<PathBuf> {
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let directory = workspace::target()?.join("integration-trap");
    let directory = directory.to_str().context("the target directory's name is not UTF-8")?;
    once(&BUILT, &["--package", PACKAGE, "--features", TRAP, "--target-dir", directory])
}

/// A package of this workspace for Envoy, built to tell the counting host of each allocation. Its
/// directory is one of its own, since no Envoy would load it.
///
/// # Errors
/// See [`build`].
pub fn build_counting_allocations(name: &str) -> Result<PathBuf> {
    let directory = workspace::target()?.join("count-allocations");
    let directory = directory.to_str().context("the target directory's name is not UTF-8")?;
    let features = ["--features", "count-allocations", "--target-dir", directory];
    once(&Mutex::new(None), &[&["--package", name], features.as_slice()].concat())
}

/// The module before binaryen, with the names of its functions: for those who look at what runs in
/// it, not for Envoy.
///
/// # Errors
/// See [`build`].
pub fn build_with_names() -> Result<PathBuf> {
    // As a release, but not stripped; `.cargo/wasm-link` shrinks releases only.
    once(&Mutex::new(None), &["--package", PACKAGE, "--profile", "icount"])
}

fn once(built: &Mutex<Option<PathBuf>>, arguments: &[&str]) -> Result<PathBuf> {
    let mut built = built.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(path) = built.as_ref() {
        return Ok(path.clone());
    }
    let _lock = lock::acquire(&workspace::target()?, "integration-module")?;
    ensure_target()?;
    let path = compile(arguments)?;
    *built = Some(path.clone());
    Ok(path)
}

/// Asks the compiler first: a compiler that did not come from rustup may bring the target along.
fn ensure_target() -> Result<()> {
    if has_target()? {
        return Ok(());
    }
    eprintln!("adding the compiler's target {TARGET}");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(workspace::root())
        .stdout(Stdio::null())
        .status();
    match added {
        Ok(status) if status.success() && has_target()? => Ok(()),
        Ok(_) => bail!("`rustup target add {TARGET}` failed; run it by hand to see why"),
        Err(error) => bail!(
            "the compiler has no target {TARGET} and rustup cannot be run ({error}); \
             install Rust from https://rustup.rs, or this target's standard library"
        ),
    }
}

fn has_target() -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace::root())
        .output()
        .context("cannot run rustc")?;
    let directory = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(directory.trim()).is_dir())
}

fn compile(arguments: &[&str]) -> Result<PathBuf> {
    let output = workspace::cargo()
        .args(["build", "--target", TARGET])
        .args((!arguments.contains(&"--profile")).then_some("--release"))
        .args(["--message-format", "json-render-diagnostics"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the module does not build: see the compiler's messages above");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message.get("filenames")?.as_array().cloned())
        .flatten()
        .filter_map(|name| name.as_str().map(PathBuf::from))
        .find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .context("cargo built no .wasm file")
}
