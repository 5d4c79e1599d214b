//! No page shows what nothing checks: every block of code in README and docs, and every command in
//! the text, is checked here, or by the test that `elsewhere.rs` names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do ends it")]

mod commands;
mod elsewhere;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use usergrid_auth_config::Config;

/// What is between two fences, without the indentation of the first.
struct Block {
    page: String,
    language: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// README, and all that is in `docs`: a new page is found, too.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            pages.push(format!("docs/{name}"));
        }
    }
    pages.sort();
    pages
}

fn blocks(page: &str) -> Vec<Block> {
    let text = read(page);
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let mut text = String::new();
        for line in lines.by_ref().take_while(|line| line.trim() != "```") {
            text.push_str(line.get(indent..).unwrap_or_default());
            text.push('\n');
        }
        blocks.push(Block { page: page.to_owned(), language: language.to_owned(), text });
    }
    blocks
}

#[test]
fn every_block_is_checked() {
    let mut unchecked = Vec::new();
    let mut used = BTreeSet::new();
    for block in pages().iter().flat_map(|page| blocks(page)) {
        let known = elsewhere::find(&block);
        used.extend(known);
        let outcome = match block.language.as_str() {
            _ if known.is_some() => Ok(()),
            "json" => accepted(&block.text),
            "yaml" if block.text.contains("google.protobuf.StringValue") => inside(&block.text),
            "yaml" if block.text.starts_with("# yaml-language-server") => first_line(&block.text),
            "sh" => commands::run(&block.text),
            // Pictures, and what programs say.
            "text" => Ok(()),
            other => Err(format!("nothing checks a block of `{other}`")),
        };
        if let Err(why) = outcome {
            unchecked.push(format!("{}: {why}\n{}", block.page, block.text));
        }
    }
    assert!(unchecked.is_empty(), "{}", unchecked.join("\n"));
    elsewhere::hold(&used);
}

/// A configuration, or a part of one that goes with the four lines of the README.
fn accepted(text: &str) -> Result<(), String> {
    let mut config: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let members = config.as_object_mut().ok_or("no object")?;
    let server = json!({ "cluster": "introspection", "path": "/oauth2/introspect" });
    members.entry("introspection").or_insert(server);
    // Every variable that it names is set.
    let env = |name: &str| text.contains(name).then(|| b"value".to_vec());
    Config::parse(config.to_string().as_bytes(), &env)
        .map(drop)
        .map_err(|problems| problems.to_string())
}

/// The configuration in Envoy's message.
fn inside(text: &str) -> Result<(), String> {
    let (_, value) = text.split_once("value: |\n").ok_or("no value")?;
    accepted(value)
}

/// The line that the shipped manifests have.
fn first_line(text: &str) -> Result<(), String> {
    let manifest = read("envoy/istio/usergrid/plugin.yaml");
    manifest.starts_with(text).then_some(()).ok_or_else(|| "no manifest begins so".to_owned())
}

#[test]
fn every_command_in_the_text_exists() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = read(&page);
        // Every other piece is between backticks; a fence is three, so it changes nothing.
        for code in text.split('`').skip(1).step_by(2) {
            if let Some(command) = code.strip_prefix("cargo ")
                && let Err(why) = commands::exists(command)
            {
                wrong.push(format!("{page}: {why}: `cargo {command}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
