//! The image, as an OCI layout: one gzip layer with `plugin.wasm` alone, which is what Istio and
//! Envoy Gateway take (`docs/mesh.md`). Made without a Docker engine and without times, so that one
//! module has one digest.

use std::fs;
use std::path::Path;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

use crate::files::sha256;
use crate::module::Module;

/// The name of the layout's folder.
pub const LAYOUT: &str = "image";

/// An image that was made.
pub struct Image {
    /// Of its manifest.
    pub digest: String,
    /// What it holds.
    pub module: Vec<u8>,
}

/// Writes it below `directory`.
pub fn write(directory: &Path, module: &Module) -> Result<Image> {
    let layout = directory.join(LAYOUT);
    fs::create_dir_all(layout.join("blobs/sha256"))?;
    let archive = archive(&module.bytes)?;
    let diff_id = format!("sha256:{}", sha256(&archive));
    let layer = blob(&layout, "application/vnd.oci.image.layer.v1.tar+gzip", &compress(&archive)?)?;
    let config = json!({
        "architecture": "wasm",
        "os": "wasip1",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
    });
    let config = blob(&layout, "application/vnd.oci.image.config.v1+json", &bytes(&config)?)?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": [layer],
        "annotations": {
            "org.opencontainers.image.title": "usergrid-auth-filter",
            "org.opencontainers.image.version": module.version,
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    });
    let mut manifest =
        blob(&layout, "application/vnd.oci.image.manifest.v1+json", &bytes(&manifest)?)?;
    let digest = manifest["digest"].as_str().unwrap_or_default().to_owned();
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": module.version });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    fs::write(layout.join("index.json"), bytes(&index)?)?;
    fs::write(layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    Ok(Image { digest, module: module.bytes.clone() })
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(value)?)
}

/// One file, that of nobody at no time.
fn archive(module: &[u8]) -> Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(u64::try_from(module.len())?);
    header.set_mode(0o644);
    header.set_mtime(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "plugin.wasm", module)?;
    Ok(archive.into_inner()?)
}

fn compress(archive: &[u8]) -> Result<Vec<u8>> {
    use std::io::Write as _;
    let mut layer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    layer.write_all(archive)?;
    Ok(layer.finish()?)
}

/// Stores a blob by its digest; its descriptor.
fn blob(layout: &Path, media_type: &str, bytes: &[u8]) -> Result<Value> {
    let hex = sha256(bytes);
    fs::write(layout.join("blobs/sha256").join(&hex), bytes)?;
    let digest = format!("sha256:{hex}");
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
}
