//! A lock between processes, so that tests that run at the same time build and install once.

use std::fs::{File, create_dir_all};
use std::path::Path;

use anyhow::{Context, Result};

/// Held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Waits until no other process holds the lock `name` in `directory`.
///
/// # Errors
/// If the file system refuses.
pub fn acquire(directory: &Path, name: &str) -> Result<Lock> {
    create_dir_all(directory)
        .with_context(|| format!("cannot create the directory {}", directory.display()))?;
    let path = directory.join(format!(".{name}.lock"));
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(Lock { _file: file })
}
