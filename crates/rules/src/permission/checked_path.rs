//! The path that a permission is checked against, made once per request.
//!
//! Empty, `/` and a trailing slash are three different things to a rule.

use std::borrow::Cow;

/// Decoded segments, each after a `/`; empty for the bare `/{org}/{app}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPath<'a>(Cow<'a, str>);

impl<'a> CheckedPath<'a> {
    /// A path as text; a missing first `/` is supplied, as Usergrid does.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        if text.is_empty() || text.starts_with('/') {
            Self::from_text(text)
        } else {
            Self(Cow::Owned(format!("/{text}")))
        }
    }

    /// A path as text, empty or with a `/` in front.
    #[must_use]
    pub(crate) const fn from_text(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// A path of these segments; a last one that is empty is a trailing slash.
    #[must_use]
    pub(crate) fn from_segments<'s>(segments: impl Iterator<Item = &'s str>) -> Self {
        let mut text = String::new();
        for segment in segments {
            text.push('/');
            text.push_str(segment);
        }
        Self(Cow::Owned(text))
    }

    /// The text, empty or with a `/` in front.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What stands between slashes, empty segments left out.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.split('/').filter(|token| !token.is_empty())
    }
}
