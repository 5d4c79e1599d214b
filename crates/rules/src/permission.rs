//! Usergrid's permission rules, `<operations>:<path patterns>`: may this method be used on this
//! path?
//!
//! A rule is compiled once, where it is read; it allows or stays silent, it never denies.

pub(crate) mod ant;
mod checked_path;
mod compiled;
pub(crate) mod matching;
mod parse;
mod rule_set;

pub use checked_path::CheckedPath;
pub use parse::RuleError;
pub(crate) use rule_set::FEW;
pub use rule_set::RuleSet;

use crate::demand::Methods;
use crate::steps::Steps;
use ant::Parameters;
use compiled::CompiledPath;

/// A permission rule: methods, and the paths on which it allows them. `docs/usergrid.md`, section
/// "Permission rules", says how Usergrid reads and matches one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    operations: Operations,
    /// Its compiled paths, of which any may match. Never empty.
    paths: Box<[u8]>,
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

/// What an allocator may add to a block of memory: its own header, and rounding up.
const ALLOCATION: usize = 16;

/// The most bytes of heap that a shared list of rules holds, in an `Rc<[Rule]>` or a `Vec<Rule>`
/// without room to spare. Of memory that is asked for, it is an upper bound; an allocator's own
/// share is in it, too.
#[must_use]
pub fn heap_bytes(rules: &[Rule]) -> usize {
    let counts = size_of::<usize>().saturating_mul(2);
    rules
        .iter()
        .map(Rule::heap_bytes)
        .fold(size_of_val(rules), usize::saturating_add)
        .saturating_add(counts)
        .saturating_add(ALLOCATION)
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
    /// count in ASCII. It does not once `steps` are used up.
    ///
    /// `user_names` are what `${user}` and `/me/` stand for; empty for callers that are no users.
    #[must_use]
    pub fn allows(
        &self,
        method: &[u8],
        path: &CheckedPath<'_>,
        user_names: &[String],
        steps: &Steps,
    ) -> bool {
        self.allows_by(method, steps, |compiled| compiled.matches(path, user_names, steps))
    }

    /// Whether the rule allows `method` on every path there is below an application. It does not
    /// once `steps` are used up.
    #[must_use]
    pub fn allows_everything(&self, method: &[u8], steps: &Steps) -> bool {
        self.allows_by(method, steps, |compiled| {
            steps.take(compiled.program.len()) && compiled.matches_everything()
        })
    }

    /// Whether the rule allows `method` on `path` letter by letter, by a pattern that writes out at
    /// least its first `written_out` segments; asked for only if it matches.
    #[must_use]
    pub(crate) fn allows_exactly(
        &self,
        method: &[u8],
        path: &CheckedPath<'_>,
        written_out: impl Fn() -> usize,
        steps: &Steps,
    ) -> bool {
        self.allows_by(method, steps, |compiled| {
            compiled.matches_exactly(path, steps) && compiled.writes_out(written_out())
        })
    }

    /// Compiles the text of a rule that demands something: as a pattern, and under every spelling
    /// that `spell` makes of each of its paths.
    pub(crate) fn parse_demand(
        text: &str,
        spell: fn(&str) -> Result<Vec<String>, RuleError>,
    ) -> Result<Self, RuleError> {
        parse::demand(text, spell)
    }

    /// Whether there is a path in it.
    pub(crate) fn has_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Whether a path that demands it is matched; `path` is a reading of it.
    pub(crate) fn matches_reading(
        &self,
        path: &str,
        parameters: Parameters,
        steps: &Steps,
    ) -> bool {
        self.compiled_paths().any(|compiled| compiled.demands(path, parameters, steps))
    }

    /// The methods that the rule is about.
    pub(crate) fn methods(&self) -> Methods {
        let Operations { any, get, put, post, delete } = self.operations;
        Methods::named(any, [get, put, post, delete])
    }

    /// The most bytes of heap that the rule holds, its own place in a list aside: about as many as
    /// its text has, and for the shortest paths, `a,a,a`, four times as many.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.paths.len().saturating_add(ALLOCATION)
    }

    fn allows_by(
        &self,
        method: &[u8],
        steps: &Steps,
        matches: impl Fn(CompiledPath<'_>) -> bool,
    ) -> bool {
        steps.take(1)
            && self.operations.contain(method)
            && self.compiled_paths().any(matches)
            && !steps.are_used_up()
    }

    fn compiled_paths(&self) -> impl Iterator<Item = CompiledPath<'_>> {
        let mut rest = &*self.paths;
        std::iter::from_fn(move || {
            let (first, others) = CompiledPath::first(rest)?;
            rest = others;
            Some(first)
        })
    }

    /// The rule as one rule for each of its paths, which together allow the same.
    fn one_for_each_path(&self) -> impl Iterator<Item = Self> {
        self.compiled_paths().map(|path| {
            let mut paths = Vec::new();
            path.append_to(&mut paths);
            Self { operations: self.operations, paths: paths.into() }
        })
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
