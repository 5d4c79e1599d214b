//! The configurations that `docs/servers.md` shows, so that what runs is what people copy.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::harness::workspace;

const PAGE: &str = "docs/servers.md";

/// The first configuration in the section of this title.
///
/// # Errors
/// If the page has none.
pub fn configuration(title: &str) -> Result<Value> {
    let page = std::fs::read_to_string(workspace::root().join(PAGE))
        .with_context(|| format!("cannot read {PAGE}"))?;
    let section = page.split("\n#").find(|section| {
        let first = section.lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim().eq_ignore_ascii_case(title)
    });
    let section = section.with_context(|| format!("{PAGE} has no section `{title}`"))?;
    let block = section.split_once("```json\n").and_then(|(_, rest)| rest.split_once("```"));
    let (block, _) =
        block.with_context(|| format!("{PAGE} shows no configuration under `{title}`"))?;
    serde_json::from_str(block).with_context(|| format!("{PAGE}, {title}"))
}
