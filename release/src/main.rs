//! `cargo release`: makes what a release has, below `target/release-files`, and changes nothing
//! anywhere else. Publishing is left to `.github/workflows/release.yml`, which runs this very
//! command first.

mod bill;
mod files;
mod image;
mod module;
mod registry;

use std::path::PathBuf;

use anyhow::{Result, bail};

const USAGE: &str = "cargo release [--try-registry]\n\
    Makes module, image, checksums and bill of materials in target/release-files. `--try-registry` pushes the image to a \
    registry on this machine, pulls it again and compares; that takes Debian's `docker-registry` and `skopeo`.";

fn main() -> Result<()> {
    let mut try_registry = false;
    for word in std::env::args().skip(1) {
        match word.as_str() {
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
    files::write_checksums(&directory, &[&module.name, &bill])?;
    if try_registry {
        registry::push_and_pull(&directory, &image)?;
    }
    for line in files::list(&directory)? {
        println!("{line}");
    }
    println!("image digest {}", image.digest);
    Ok(())
}
