//! Cases of which the request that a client sends is not the one that the filter gets.

/// What Envoy does before its filters run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It answers by itself, so there is nothing to explain.
    Answers,
    /// It hands this path on (`normalize_path` and `merge_slashes` of `envoy.yaml`).
    Rewrites(&'static str),
}

use Before::{Answers, Rewrites};

const CASES: &[(&str, &str, Before)] = &[
    // `headers_with_underscores_action: REJECT_REQUEST`.
    ("identity", "Envoy itself refuses the spelling with underscores", Answers),
    (
        "paths-shipped",
        "a dot segment is resolved before the decision",
        Rewrites("/acme/shop/books"),
    ),
    ("paths-shipped", "and may lead into the sandbox", Rewrites("/acme/sandbox/books")),
    ("paths-shipped", "slashes are merged", Rewrites("/acme/sandbox/books")),
    (
        "paths-shipped",
        "a dot segment with parameters is resolved as well",
        Rewrites("/acme/shop/x"),
    ),
];

/// What Envoy does before the filter in a case, if anything.
pub fn before(file: &str, case: &str) -> Option<Before> {
    let found = CASES.iter().find(|(name, known, _)| *name == file && *known == case);
    found.map(|(_, _, before)| *before)
}

/// All of them, by file and name.
pub fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    CASES.iter().map(|(file, case, _)| (*file, *case))
}
