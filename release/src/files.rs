//! Where the files of a release go, and their checksums.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The top of the checkout.
pub const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Makes `directory` anew.
pub fn empty(directory: &Path) -> Result<PathBuf> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    Ok(directory.canonicalize()?)
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// `SHA256SUMS` of the files with these names, as `sha256sum --check` reads it.
pub fn write_checksums(directory: &Path, names: &[&str]) -> Result<()> {
    let mut lines = String::new();
    for name in names {
        let bytes = fs::read(directory.join(name)).with_context(|| (*name).to_owned())?;
        writeln!(lines, "{}  {name}", sha256(&bytes))?;
    }
    fs::write(directory.join("SHA256SUMS"), lines)?;
    Ok(())
}

/// The image's digest by itself, for whoever pushes or verifies it; the file's name.
pub fn write_digest(directory: &Path, digest: &str) -> Result<&'static str> {
    let name = "image-digest";
    fs::write(directory.join(name), format!("{digest}\n"))?;
    Ok(name)
}

/// What is there, with sizes in bytes.
pub fn list(directory: &Path) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = if entry.file_type()?.is_dir() {
            "directory".to_owned()
        } else {
            format!("{} bytes", entry.metadata()?.len())
        };
        lines.push(format!("{}: {kind}", entry.path().display()));
    }
    lines.sort();
    Ok(lines)
}
