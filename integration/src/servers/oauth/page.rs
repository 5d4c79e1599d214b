//! The configurations that `docs/servers.md` shows, so that what runs is what people copy.

use anyhow::{Context, Result};
use serde_json::Value;

use super::kind::Kind;
use crate::harness::workspace;

const PAGE: &str = "docs/servers.md";

/// The configuration in the section about this server.
///
/// # Errors
/// If the page has none.
pub(super) fn configuration(kind: Kind) -> Result<Value> {
    let page = std::fs::read_to_string(workspace::root().join(PAGE))
        .with_context(|| format!("cannot read {PAGE}"))?;
    let name = kind.package();
    let section = page.split("\n### ").find(|section| {
        section.lines().next().is_some_and(|title| title.eq_ignore_ascii_case(name))
    });
    let section = section.with_context(|| format!("{PAGE} has no section `{name}`"))?;
    let block = section.split_once("```json\n").and_then(|(_, rest)| rest.split_once("```"));
    let (block, _) = block.with_context(|| format!("{PAGE} shows no configuration of {name}"))?;
    serde_json::from_str(block).with_context(|| format!("{PAGE}, {name}"))
}
