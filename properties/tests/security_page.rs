//! `SECURITY.md` promises nothing without a command, and each command is there and is run by CI.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Promise and command of each row.
fn promises(page: &str) -> Vec<(&str, &str)> {
    let (_, table) = page.split_once("| promise | command |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [promise, command] = cells[..] else { panic!("not two cells: {row}") };
        let command = command.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        (promise, command.unwrap_or_else(|| panic!("no command: {row}")))
    })
    .collect()
}

#[test]
fn every_command_is_there_and_is_run_by_ci() {
    let page = read("SECURITY.md");
    let promises = promises(&page);
    assert!(promises.len() >= 15, "{} promises", promises.len());
    let ci = read(".ci/run");
    for (promise, command) in promises {
        let words: Vec<&str> = command.split(' ').collect();
        match words[..] {
            ["cargo", "test", "-p", package, "--test", test, ref filter @ ..] => {
                let folder = folder(package);
                assert!(ci.contains("\n    cargo test\n"), "CI runs no `cargo test`");
                let sources = sources(&root().join(folder).join("tests"), test);
                for filter in filter {
                    let is_there = sources.iter().any(|(path, text)| {
                        text.contains(&format!("fn {filter}"))
                            || path.iter().any(|part| part.to_string_lossy().starts_with(filter))
                    });
                    assert!(is_there, "`{command}` runs nothing: {promise}");
                }
            }
            _ => assert!(ci.contains(command), "CI does not run `{command}`: {promise}"),
        }
    }
}

/// Of a package that `cargo test` at the top runs.
fn folder(package: &str) -> &'static str {
    let folder = match package {
        "properties" => "properties",
        "integration" => "integration",
        "usergrid-auth-core" => "crates/core",
        _ => panic!("where is {package}?"),
    };
    let manifest = read("Cargo.toml");
    let (_, members) = manifest.split_once("default-members = [").unwrap();
    let (members, _) = members.split_once(']').unwrap();
    assert!(members.contains(&format!("\"{folder}\"")), "`cargo test` leaves out {folder}");
    folder
}

/// The files of one test binary.
fn sources(tests: &Path, test: &str) -> Vec<(PathBuf, String)> {
    let single = tests.join(format!("{test}.rs"));
    let mut waiting = vec![if single.exists() { single } else { tests.join(test) }];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(tests).unwrap().to_owned(), text));
        }
    }
    assert!(!found.is_empty(), "no test {test}");
    found
}
