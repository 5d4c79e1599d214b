//! What fuzzing found and what it began with, again and again: every seed, every finding, and some
//! mutants of each, always the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails by panicking works")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use properties::{ALL, mutants};

/// Of each seed. A fuzzer tries more, `SECURITY.md` says how.
const MUTANTS: usize = 60;

fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn every_property_holds_of_its_seeds_and_of_mutants_of_them() {
    for (name, property) in ALL {
        let seeds = seeds(name);
        assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
        for (place, (path, seed)) in seeds.iter().enumerate() {
            holds(name, path, seed, property);
            let other = &seeds[(place + 1) % seeds.len()].1;
            for mutant in mutants::of(seed, other, MUTANTS) {
                holds(name, path, &mutant, property);
            }
        }
    }
}

fn holds(name: &str, path: &Path, bytes: &[u8], property: properties::Property) {
    let held = std::panic::catch_unwind(|| property(bytes));
    assert!(held.is_ok(), "{name} does not hold of `{}`, from {path:?}", bytes.escape_ascii());
}

#[test]
fn every_property_has_a_fuzz_target_and_every_folder_a_property() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let mut properties: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&root.join("seeds")), properties);
    // Of the module, whose seeds are with the host that drives it.
    properties.insert("callbacks".to_owned());
    assert_eq!(names(&root.join("../fuzz/fuzz_targets")), properties);
}
