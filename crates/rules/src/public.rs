//! `public`: endpoints that need no credential, by rules over the whole path after the base path.
//!
//! Stricter than permissions, because nothing looks at the request afterwards: letter case counts,
//! and a wildcard never stands for a segment that may mean something else than an organisation or
//! application.

use crate::path::{RequestPath, Routes, is_application_word, is_reserved};
use crate::permission::{CheckedPath, Rule, RuleSet};
use crate::steps::Steps;
use crate::syntax::is_uuid;

/// The setting `public`: requests that pass untouched, credentials and all.
#[derive(Clone, Debug, Default)]
pub struct PublicRules(RuleSet);

impl PublicRules {
    /// Indexes `rules`, any of which may admit a request.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(RuleSet::new(rules))
    }

    /// Whether a request passes untouched. An unclear path never does, nor one outside the base
    /// path, nor any once `steps` are used up.
    #[must_use]
    pub fn admits(&self, method: &[u8], path: &RequestPath, steps: &Steps) -> bool {
        if self.0.is_empty() || !path.is_clear() {
            return false;
        }
        path.every_whole(|reading| {
            let written_out = || match path.routes() {
                Routes::Usergrid => segments_to_write_out(&reading),
                Routes::Plain => 0,
            };
            self.0.any(&reading, steps, |rule| {
                rule.allows_exactly(method, &reading, written_out, steps)
            })
        })
    }
}

/// How many segments a rule must write out to speak about this path.
///
/// `/orgs/acme/token`, `/{app uuid}/users/token` and `/acme/apps/token` look like `/*/*/token`, but
/// are an application named `token` or an entity of that name.
fn segments_to_write_out(path: &CheckedPath<'_>) -> usize {
    let mut segments = path.tokens();
    let first = segments.next().unwrap_or_default();
    let second = segments.next().unwrap_or_default();
    if is_application_word(second) {
        2
    } else if is_reserved(first) || is_uuid(first) {
        1
    } else {
        0
    }
}
