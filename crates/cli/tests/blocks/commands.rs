//! Commands that a page shows: those of the tool are run, those of others must exist, options and
//! all.

use std::process::Command;

use crate::{read, root};

/// Where each command is run by a test, and where its options are explained.
const RUN: [(&str, &str, &str); 12] = [
    ("demo", ".ci/run", "integration/src/bin/demo.rs"),
    ("test", ".ci/run", ""),
    ("bars", "integration/tests/envoy/bars.rs", "integration/src/bin/bars.rs"),
    ("bench", ".ci/run", "bench/src/options.rs"),
    ("compose-test", ".ci/run", ""),
    ("count", ".ci/run", "counting-host/src/main.rs"),
    ("icount", ".ci/run", "icount/src/main.rs"),
    ("matrix", ".ci/run", "integration/src/bin/matrix.rs"),
    ("monitoring", ".ci/run", "integration/src/bin/monitoring.rs"),
    ("release", ".ci/run", "release/src/main.rs"),
    ("scenarios", "integration/tests/envoy/scenarios.rs", ""),
    ("soak", ".ci/run", "integration/src/bin/soak.rs"),
];
/// Cargo's own, which need no test of ours.
const CARGO: [&str; 6] = ["build", "clippy", "deny", "fmt", "install", "fuzz"];

/// Runs or looks up each line of a block.
pub fn run(block: &str) -> Result<(), String> {
    for line in block.lines() {
        let command = line.split(" #").next().unwrap_or_default().trim();
        match command.strip_prefix("cargo ") {
            _ if command.is_empty() || command.starts_with('#') => (),
            Some(tool) if tool.starts_with("auth ") => tool_runs(command)?,
            Some(other) => exists(other)?,
            None => return Err(format!("nothing runs `{command}`")),
        }
    }
    Ok(())
}

fn tool_runs(command: &str) -> Result<(), String> {
    let command = command.replace("cargo auth", env!("CARGO_BIN_EXE_usergrid-auth"));
    let output = Command::new("sh").args(["-c", &command]).current_dir(root()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("`{command}` fails: {said}"))
}

/// Whether cargo knows the command, something runs it, and its source knows the options.
pub fn exists(command: &str) -> Result<(), String> {
    let mut words = command.split_whitespace();
    let name = words.next().ok_or("no command")?;
    if CARGO.contains(&name) {
        return Ok(());
    }
    if name == "auth" {
        let help = read("crates/cli/src/args.rs") + "help completions man";
        let known = words.next().is_none_or(|word| help.to_lowercase().contains(word));
        return known.then_some(()).ok_or_else(|| "the tool has no such command".to_owned());
    }
    let row = RUN.iter().find(|(known, ..)| *known == name);
    let (_, run_by, source) = row.ok_or("nothing runs it")?;
    if name != "test" && name != "bench" {
        let alias = format!("\n{name} = \"run ");
        if !read(".cargo/config.toml").contains(&alias) {
            return Err("no such alias".into());
        }
    }
    if *run_by == ".ci/run" && !read(run_by).contains(&format!("cargo {name}")) {
        return Err("CI does not run it".into());
    }
    if source.is_empty() {
        return Ok(());
    }
    read(run_by);
    let source = read(source);
    for option in words.filter_map(|word| word.strip_prefix("--")).filter(|word| !word.is_empty()) {
        let option = option.split(['=', ',']).next().unwrap_or_default();
        if !source.contains(option) {
            return Err(format!("it has no --{option}"));
        }
    }
    Ok(())
}
