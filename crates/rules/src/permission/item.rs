//! One of a rule's comma-separated paths: literal or an Ant pattern, with `${user}` and `/me/` in
//! it.
//!
//! A user's name is put into the compiled pattern as text, so that no name can act as a pattern.

use super::checked_path::CheckedPath;
use super::glob::{Bindings, Case, Syntax};
use super::pattern::Pattern;

/// What one of a rule's paths matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `*` alone, or no path at all: every path, the empty one included.
    Anything,
    /// Every path that the text matches, as written or with a user's name put in.
    Path(PathItem),
}

/// The compiled forms of a path, any of which may match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathItem {
    /// As written; in a pattern the braces of `${user}` are then a template, as in Spring.
    written: Pattern,
    /// With places for the user's name, if it has any.
    personal: Option<Pattern>,
    names_user: bool,
    names_me: bool,
}

impl Item {
    /// What a rule without any path matches.
    pub(super) fn anything() -> Self {
        Self::Anything
    }

    /// Compiles a path that is not empty.
    pub(super) fn compile(text: &str) -> Self {
        if text == "*" {
            return Self::Anything;
        }
        let text = if text.starts_with('/') { text.to_owned() } else { format!("/{text}") };
        let lower = text.to_ascii_lowercase();
        let names_user = holds(&lower, b"${user}");
        let names_me = holds(&lower, b"/me/");
        Self::Path(PathItem {
            written: Pattern::compile(&text, Syntax::Plain),
            personal: (names_user || names_me).then(|| Pattern::compile(&text, Syntax::Personal)),
            names_user,
            names_me,
        })
    }

    /// Whether it matches for a user of these names, letter case aside.
    pub(super) fn matches(&self, path: &CheckedPath<'_>, user_names: &[String]) -> bool {
        match self {
            Self::Anything => true,
            Self::Path(item) => item.matches(path, user_names),
        }
    }

    /// Whether it matches letter by letter, for nobody in particular.
    pub(super) fn matches_exactly(&self, path: &CheckedPath<'_>) -> bool {
        match self {
            Self::Anything => true,
            Self::Path(item) => item.written.matches(path, Case::Exact, Bindings::default()),
        }
    }

    /// Whether no path below an application escapes it.
    pub(super) fn matches_everything(&self) -> bool {
        match self {
            Self::Anything => true,
            Self::Path(item) => item.written.matches_everything(),
        }
    }

    /// The segments from the start that are written out: every path that it matches for nobody in
    /// particular begins with them, ASCII letter case aside.
    pub(super) fn start(&self) -> Vec<&str> {
        match self {
            Self::Anything => Vec::new(),
            Self::Path(item) => item.written.start(),
        }
    }

    /// How many segments from the start are written out, without any wildcard.
    pub(super) fn written_out(&self) -> usize {
        match self {
            Self::Anything => 0,
            Self::Path(item) => item.written.written_out(),
        }
    }
}

impl PathItem {
    fn matches(&self, path: &CheckedPath<'_>, user_names: &[String]) -> bool {
        self.written.matches(path, Case::Folded, Bindings::default())
            || self
                .personal
                .as_ref()
                .is_some_and(|pattern| self.matches_personally(pattern, path, user_names))
    }

    /// Tries each name for `${user}` and, as Usergrid does after that, each name for `/me/`.
    fn matches_personally(
        &self,
        pattern: &Pattern,
        path: &CheckedPath<'_>,
        user_names: &[String],
    ) -> bool {
        // An empty name would leave an empty segment, which Ant patterns pass over: `/users/**` for
        // everybody. A name with a slash would reach into another user's `/users/tom/likes`.
        let is_segment = |name: &&str| !name.is_empty() && !name.contains('/');
        let names = || user_names.iter().map(String::as_str).filter(is_segment);
        let matches = |user, me| pattern.matches(path, Case::Folded, Bindings { user, me });
        if self.names_user {
            names().any(|user| {
                matches(Some(user), None)
                    || (self.names_me && names().any(|me| matches(Some(user), Some(me))))
            })
        } else {
            names().any(|me| matches(None, Some(me)))
        }
    }
}

/// Whether `part` stands in `text`. The standard library's searcher would be a hundredth of the
/// module, for a few rules.
fn holds(text: &str, part: &[u8]) -> bool {
    text.as_bytes().windows(part.len()).any(|window| window == part)
}
