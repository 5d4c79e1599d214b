//! What `docs/configuration.md` says about a key, so that an editor says the same.

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The meaning of the key at this path, in the words of the page; empty if it has no row, and then
/// a test of the page fails.
pub(super) fn meaning(path: &str) -> String {
    let start = format!("| `{path}` |");
    let row = PAGE.lines().find(|line| line.starts_with(&start)).unwrap_or_default();
    let meaning = row.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
    without_links(meaning.trim())
}

/// Links with their text alone: an editor has no page for them to lead to.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after
            .split_once("](")
            .and_then(|(label, link)| Some((label, link.split_once(')')?.1)))
        {
            Some((label, after)) => {
                plain.push_str(label);
                rest = after;
            }
            None => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain + rest
}
