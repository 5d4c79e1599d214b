//! The path that a permission is checked against, made once per request.
//!
//! Empty, `/` and a trailing slash are three different things to a rule.

/// Decoded segments, each after a `/`; empty for the bare `/{org}/{app}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPath(String);

impl CheckedPath {
    /// A path as text; a missing first `/` is supplied, as Usergrid does.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.is_empty() || text.starts_with('/') {
            Self(text.to_owned())
        } else {
            Self(format!("/{text}"))
        }
    }

    /// A path of these segments; a last one that is empty is a trailing slash.
    #[must_use]
    pub(crate) fn from_segments<'a>(segments: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for segment in segments {
            text.push('/');
            text.push_str(segment);
        }
        Self(text)
    }

    /// The text, empty or with a `/` in front.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// What stands between slashes, empty segments left out.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.split('/').filter(|token| !token.is_empty())
    }
}
