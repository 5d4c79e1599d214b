//! The image that `Dockerfile` makes, by the rules of those who load it: Istio and Envoy Gateway
//! take the last layer, which must be a compressed archive of a known media type with a file called
//! `plugin.wasm`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::registry::Registry;
use super::stack::{Overlay, Stack};
use crate::harness::container::docker;
use crate::harness::workspace;

/// What a loader accepts as a layer of Docker's manifest, version 2, and of an OCI manifest.
const LAYERS: [&str; 2] = [
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.oci.image.layer.v1.tar+gzip",
];
const MANIFESTS: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
];

/// Builds it, then looks at what `docker save` writes and at what `docker push` sends.
///
/// # Errors
/// If a loader would refuse it, or the module is not the one that Envoy runs.
pub fn run(stack: &Stack, overlay: &Overlay) -> Result<()> {
    stack.up(1, 1)?;
    let envoys = stack.containers("envoy")?;
    let running = overlay.path().join("running.wasm");
    let envoy = envoys.first().context("no Envoy runs")?;
    envoy.copy("/etc/envoy/usergrid_auth_filter.wasm", &running)?;
    let module = fs::read(running)?;
    ensure!(module.starts_with(b"\0asm"), "the module in Envoy's container is none");
    ensure!(module == built_here()?, "the module that is built without Docker has other bytes");
    println!("  the same bytes with and without Docker");

    let registry = Registry::start(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let tag = format!("{}/usergrid-auth-filter:0.1.0", registry.address());
    build(&tag)?;
    let result = saved(&tag, overlay.path(), &module)
        .context("docker save")
        .and_then(|()| pushed(&tag, &registry, overlay.path(), &module).context("docker push"));
    docker(&["rmi", &tag])?;
    result
}

/// The module as `.cargo/build-module` makes it on this machine.
fn built_here() -> Result<Vec<u8>> {
    let output = Command::new(workspace::root().join(".cargo/build-module"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run .cargo/build-module")?;
    ensure!(output.status.success(), "the module does not build: see the messages above");
    let path = String::from_utf8(output.stdout)?;
    let path = workspace::root().join(path.trim());
    fs::read(&path).with_context(|| path.display().to_string())
}

fn build(tag: &str) -> Result<()> {
    let top = workspace::root().to_str().context("the checkout's path is not UTF-8")?;
    let mut arguments = vec!["build".to_owned(), "--quiet".into(), "--tag".into(), tag.into()];
    for name in ["RUST_IMAGE", "BASE_IMAGE", "ENVOY_IMAGE"] {
        if let Ok(image) = std::env::var(name) {
            arguments.extend(["--build-arg".into(), format!("{name}={image}")]);
        }
    }
    arguments.push(top.into());
    docker(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).map(drop)
}

/// The archive of `docker save`: layers without compression, and a list of them.
fn saved(tag: &str, scratch: &Path, module: &[u8]) -> Result<()> {
    let archive = scratch.join("image.tar");
    docker(&["save", "--output", archive.to_str().context("the path is not UTF-8")?, tag])?;
    let unpacked = scratch.join("saved");
    unpack(&archive, &unpacked)?;
    let manifest: Value = serde_json::from_slice(&fs::read(unpacked.join("manifest.json"))?)?;
    let layers = manifest.pointer("/0/Layers").and_then(Value::as_array).context("no layers")?;
    let last = layers.last().and_then(Value::as_str).context("no layer")?;
    holds(&unpacked.join(last), &scratch.join("saved-layer"), module)?;
    println!("  docker save: {} layer, the last holds plugin.wasm alone", layers.len());
    Ok(())
}

/// What a registry gets, and gives to whoever loads the module.
fn pushed(tag: &str, registry: &Registry, scratch: &Path, module: &[u8]) -> Result<()> {
    docker(&["push", "--quiet", tag])?;
    let (media_type, manifest) = registry.manifest().context("no manifest has come")?;
    ensure!(MANIFESTS.contains(&media_type.as_str()), "a manifest of type {media_type}");
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let layers = manifest.get("layers").and_then(Value::as_array).context("no layers")?;
    let last = layers.last().context("no layer")?;
    let member = |name: &str| last.get(name).and_then(Value::as_str).context("a strange layer");
    let layer = member("mediaType")?;
    ensure!(LAYERS.contains(&layer), "the last layer is of type {layer}");
    let blob = registry.blob(member("digest")?).context("the last layer has not come")?;
    ensure!(blob.starts_with(&[0x1f, 0x8b]), "the last layer is not compressed");
    let file = scratch.join("layer.tar.gz");
    fs::write(&file, blob)?;
    holds(&file, &scratch.join("pushed-layer"), module)?;
    println!(
        "  docker push: {media_type}, last layer {layer}, plugin.wasm of {} bytes",
        module.len()
    );
    Ok(())
}

/// The layer has one file, and that is the module.
fn holds(layer: &Path, into: &Path, module: &[u8]) -> Result<()> {
    unpack(layer, into)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(into)? {
        names.push(entry?.file_name());
    }
    ensure!(names == ["plugin.wasm"], "the layer holds {names:?}");
    ensure!(fs::read(into.join("plugin.wasm"))? == module, "it is not the module that Envoy runs");
    Ok(())
}

fn unpack(archive: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    let status = Command::new("tar")
        .arg("--extract")
        .arg("--file")
        .arg(archive)
        .arg("--directory")
        .arg(into)
        .stdin(Stdio::null())
        .status()
        .context("cannot run tar")?;
    ensure!(status.success(), "tar cannot unpack {}", archive.display());
    Ok(())
}
