//! The image as a registry has it: pushed by the script that publishes it and pulled by `skopeo`, to
//! and from Debian's `docker-registry` on loopback.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::files::{self, TOP, sha256};
use crate::image::{self, Image};
use crate::module::Module;

const PATIENCE: Duration = Duration::from_secs(20);

/// Pushes the image of `directory`, pulls it again, and compares.
pub fn push_and_pull(directory: &Path, image: &Image) -> Result<()> {
    let registry = Registry::start(&directory.join("registry"))?;
    let name = format!("127.0.0.1:{}/usergrid-auth-filter:try", registry.port);
    let there = format!("docker://{name}");
    // As a workflow does that is run again after it has failed half way.
    for _ in 0..2 {
        ensure!(push(directory, &name)?, "the image cannot be pushed: see the messages above");
    }
    let other = directory.join("other");
    let module = Module { name: String::new(), bytes: b"\0asm".into(), version: "0".into() };
    files::write_digest(&other, &image::write(&other, &module)?.digest)?;
    ensure!(!push(&other, &name)?, "a tag was moved to another image");
    fs::remove_dir_all(other)?;
    let manifest = skopeo(&["inspect", "--tls-verify=false", "--raw", &there])?;
    let digest = format!("sha256:{}", sha256(&manifest));
    ensure!(digest == image.digest, "the registry has {digest}, and {} was made", image.digest);

    let pulled = directory.join("pulled");
    let back = format!("oci:{}", pulled.display());
    skopeo(&["copy", "--src-tls-verify=false", "--preserve-digests", &there, &back])?;
    let manifest: Value = serde_json::from_slice(&manifest)?;
    let media_type = manifest["mediaType"].as_str().unwrap_or_default();
    ensure!(
        media_type == "application/vnd.oci.image.manifest.v1+json",
        "the tag names a {media_type}; Istio takes a manifest"
    );
    let layers = manifest["layers"].as_array().context("a manifest without layers")?;
    let last = layers.last().context("no layer")?;
    let media_type = last["mediaType"].as_str().unwrap_or_default();
    ensure!(
        media_type == "application/vnd.oci.image.layer.v1.tar+gzip",
        "the last layer is of type {media_type}, which Istio does not take"
    );
    let hex = last["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    let layer = fs::read(pulled.join("blobs/sha256").join(hex.context("a strange digest")?))?;
    ensure!(plugin(&layer)? == image.module, "the layer holds another module");
    fs::remove_dir_all(pulled)?;
    drop(registry);
    fs::remove_dir_all(directory.join("registry"))?;
    println!("pushed and pulled: {} layer of {media_type}, {digest}", layers.len());
    Ok(())
}

/// The only file of the layer, which must be `plugin.wasm`.
fn plugin(layer: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(layer));
    let mut found = None;
    for entry in archive.entries()? {
        let mut entry = entry?;
        ensure!(found.is_none(), "the layer holds more than one file");
        ensure!(*entry.path()? == *Path::new("plugin.wasm"), "the layer holds another file");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        found = Some(bytes);
    }
    found.context("the layer is empty")
}

/// Whether the script pushed it, or found it there.
fn push(directory: &Path, name: &str) -> Result<bool> {
    let script = Path::new(TOP).join("release/push");
    let mut bash = Command::new("bash");
    bash.arg(script).arg(directory).args([name, "--tls-verify=false"]);
    let status = bash.stdin(Stdio::null()).stdout(Stdio::null()).status();
    Ok(status.context("cannot run bash")?.success())
}

fn skopeo(arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new("skopeo")
        // No policy for signatures is needed to talk to oneself.
        .arg("--insecure-policy")
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run skopeo (Debian: package `skopeo`)")?;
    ensure!(output.status.success(), "skopeo {} failed", arguments.join(" "));
    Ok(output.stdout)
}

/// A registry on loopback; ends when dropped.
struct Registry {
    process: Child,
    port: u16,
}

impl Registry {
    fn start(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let settings = directory.join("settings.yml");
        fs::write(
            &settings,
            format!(
                "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
                 http: {{ addr: 127.0.0.1:{port} }}\n",
                directory.display()
            ),
        )?;
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run docker-registry (Debian: package `docker-registry`)")?;
        let mut registry = Self { process, port };
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Some(status) = registry.process.try_wait()? {
                bail!("docker-registry ended: {status}");
            }
            ensure!(began.elapsed() < PATIENCE, "docker-registry does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(registry)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
