//! Every command of `docs/tool.md` is run, and prints what the page shows.
//!
//! `UPDATE_PAGE=1 cargo test -p usergrid-auth --test page` writes what they print into the page.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do ends it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a line of the page prints.
fn printed(line: &str) -> String {
    let command = line.replace("cargo auth", env!("CARGO_BIN_EXE_usergrid-auth"));
    let output = Command::new("sh").args(["-c", &command]).current_dir(root()).output().unwrap();
    assert!(output.stderr.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The time of a refusal is in its body.
fn without_times(text: &str) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("\"timestamp\":") {
        out.push_str(before);
        out.push_str("\"timestamp\":…");
        rest = after
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == '…');
    }
    out + rest
}

#[test]
fn the_page_shows_what_its_commands_print() {
    let path = root().join("docs/tool.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut written = String::new();
    let mut rest = page.as_str();
    let mut count = 0;
    while let Some((before, after)) = rest.split_once("```console\n") {
        let (block, after) = after.split_once("```").unwrap();
        written.push_str(before);
        written.push_str("```console\n");
        for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            written.push_str(&format!("$ {line}\n{}", without_times(&printed(line))));
            count += 1;
        }
        written.push_str("```");
        rest = after;
    }
    written.push_str(rest);
    if std::env::var_os("UPDATE_PAGE").is_some() {
        fs::write(&path, &written).unwrap();
    }
    assert!(count >= 7, "{count} commands");
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
}
