//! Many rules as one question: only those are tried that begin like the path.
//!
//! What is found by its beginning still has to match as a whole, so the index can make a rule set
//! slower, never laxer.

use std::collections::HashMap;

use super::{CheckedPath, Rule};
use crate::steps::Steps;

/// So many rules are tried one after the other: that is cheaper than looking them up.
pub(crate) const FEW: usize = 8;

/// Longer beginnings are cut to so many segments: rules that differ only later are tried one after
/// the other.
const DEEPEST: usize = 16;

/// Rules of which any may allow a request, indexed by the beginnings of their paths.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// Of one path each, so that none is tried twice for one request: a rule that lists several
    /// stands here several times.
    rules: Vec<Rule>,
    /// Rules by the segments that they begin with and write out, in lower case, each with a `/`
    /// before it; and an empty list for whatever another entry begins with. Empty for few rules.
    by_start: HashMap<String, Vec<usize>>,
    /// The length of the longest entry: no more of a path is looked at, however long a client makes
    /// it.
    longest: usize,
}

impl RuleSet {
    /// Indexes `rules`, any of which may allow.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self::indexed(rules, DEEPEST)
    }

    /// Indexes `rules` by their first `depth` segments.
    #[must_use]
    pub(crate) fn indexed(rules: Vec<Rule>, depth: usize) -> Self {
        let rules: Vec<Rule> = rules.iter().flat_map(Rule::one_for_each_path).collect();
        let mut by_start: HashMap<String, Vec<usize>> = HashMap::new();
        if rules.len() > FEW {
            for (place, rule) in rules.iter().enumerate() {
                for path in rule.compiled_paths() {
                    let mut start = String::new();
                    by_start.entry(start.clone()).or_default();
                    for segment in path.start().take(depth) {
                        add(&mut start, &segment);
                        by_start.entry(start.clone()).or_default();
                    }
                    by_start.entry(start).or_default().push(place);
                }
            }
        }
        let longest = by_start.keys().map(String::len).max().unwrap_or_default();
        Self { rules, by_start, longest }
    }

    /// All of them, of one path each.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule that could match `path` passes `test`, which must fail for those that do not
    /// match. A rule of several paths is tested as that many rules of one path, each once at most;
    /// none is once `steps` are used up.
    #[must_use]
    pub fn any(&self, path: &CheckedPath<'_>, steps: &Steps, test: impl Fn(&Rule) -> bool) -> bool {
        let passes = |rule: &Rule| steps.take(1) && test(rule);
        if self.by_start.is_empty() {
            return self.rules.iter().any(passes);
        }
        let mut start = String::with_capacity(self.longest);
        let mut segments = path.tokens();
        while steps.take(start.len().saturating_add(1))
            && let Some(places) = self.by_start.get(&start)
        {
            if places.iter().filter_map(|place| self.rules.get(*place)).any(passes) {
                return true;
            }
            let Some(segment) = segments.next() else { break };
            if segment.len() >= self.longest.saturating_sub(start.len()) {
                break;
            }
            add(&mut start, segment);
        }
        false
    }
}

fn add(start: &mut String, segment: &str) {
    start.push('/');
    start.extend(segment.chars().map(|character| character.to_ascii_lowercase()));
}
