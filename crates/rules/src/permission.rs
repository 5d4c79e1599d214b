//! Usergrid's permission rules, `<operations>:<path patterns>`: may this method be used on this
//! path?
//!
//! A rule is compiled once, where it is read; it allows or stays silent, it never denies.

mod checked_path;
mod glob;
mod item;
mod parse;
mod pattern;
mod rule_set;

pub use checked_path::CheckedPath;
pub use parse::RuleError;
pub(crate) use rule_set::FEW;
pub use rule_set::RuleSet;

use item::Item;

/// A permission rule: methods, and the paths on which it allows them. `docs/usergrid.md`, section
/// "Permission rules", says how Usergrid reads and matches one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    operations: Operations,
    /// Any of them may match. Never empty.
    items: Vec<Item>,
}

/// The methods that a rule allows; `any` is all of them, those without a name here included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Operations {
    any: bool,
    get: bool,
    put: bool,
    post: bool,
    delete: bool,
}

/// TEMPORARY
#[must_use]
pub fn heap_bytes(rules: &[Rule]) -> usize {
    size_of_val(rules)
}

impl Rule {
    /// Compiles the text of a rule, such as `get,post:/books/*`.
    ///
    /// # Errors
    /// Where Usergrid would silently disable or widen the rule: an operation other than get, put,
    /// post, delete and `*`; a blank beside a comma or colon or at an end; a part of nothing but
    /// commas, or nothing between two commas; an empty rule; a regular expression in braces.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        parse::rule(text)
    }

    /// Whether the rule allows `method` on `path` to a user of these names; letter case does not
    /// count in ASCII.
    ///
    /// `user_names` are what `${user}` and `/me/` stand for; empty for callers that are no users.
    #[must_use]
    pub fn allows(&self, method: &[u8], path: &CheckedPath<'_>, user_names: &[String]) -> bool {
        self.operations.contain(method)
            && self.items.iter().any(|item| item.matches(path, user_names))
    }

    /// The rule as one rule for each of its paths, which together allow the same.
    fn one_for_each_path(self) -> impl Iterator<Item = Self> {
        let operations = self.operations;
        self.items.into_iter().map(move |item| Self { operations, items: vec![item] })
    }

    /// Whether the rule allows `method` on every path there is below an application.
    #[must_use]
    pub fn allows_everything(&self, method: &[u8]) -> bool {
        self.operations.contain(method) && self.items.iter().any(Item::matches_everything)
    }

    /// Whether the rule allows `method` on `path` letter by letter, by a pattern that writes out at
    /// least its first `written_out` segments.
    #[must_use]
    pub(crate) fn allows_exactly(
        &self,
        method: &[u8],
        path: &CheckedPath<'_>,
        written_out: usize,
    ) -> bool {
        self.operations.contain(method)
            && self
                .items
                .iter()
                .any(|item| item.written_out() >= written_out && item.matches_exactly(path))
    }
}

impl Operations {
    fn contain(self, method: &[u8]) -> bool {
        self.any
            || match method {
                // Jersey turns HEAD into GET before Usergrid checks it.
                b"GET" | b"HEAD" => self.get,
                b"PUT" => self.put,
                b"POST" => self.post,
                b"DELETE" => self.delete,
                _ => false,
            }
    }
}
