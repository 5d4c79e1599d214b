//! `cargo release`: makes what a release has, below `target/release-files`, and changes nothing
//! anywhere else. Publishing is left to `.github/workflows/release.yml`, which runs this very
//! command first.

mod bill;
mod files;
mod image;
mod module;
mod registry;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

const USAGE: &str = "cargo release [--tag TAG] [--try-registry]\n\
    Makes module, image, checksums and bill of materials in target/release-files. `--tag` fails unless TAG is `v` and \
    the version that is built. `--try-registry` pushes the image to a registry on this machine as a release does, pulls \
    it again and compares; that takes Debian's `docker-registry` and `skopeo`.";

/// The version that is built.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> Result<()> {
    let mut try_registry = false;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--tag" => {
                let tag = words.next().context(USAGE)?;
                ensure!(
                    tag.strip_prefix('v') == Some(VERSION),
                    "the tag is {tag:?}, and version {VERSION} would be built: change Cargo.toml or the tag"
                );
            }
            "--try-registry" => try_registry = true,
            "--help" => {
                println!("{USAGE}");
                return Ok(());
            }
            _ => bail!("`{word}` is not known.\n{USAGE}"),
        }
    }
    let directory = files::empty(&PathBuf::from(files::TOP).join("target/release-files"))?;
    let module = module::build(&directory)?;
    let bill = bill::write(&directory, &module)?;
    let image = image::write(&directory, &module)?;
    let digest = files::write_digest(&directory, &image.digest)?;
    files::write_checksums(&directory, &[&module.name, &bill, digest])?;
    if try_registry {
        registry::push_and_pull(&directory, &image)?;
    }
    for line in files::list(&directory)? {
        println!("{line}");
    }
    println!("image digest {}", image.digest);
    Ok(())
}
