//! Requests by kind, so that a test can say "one U, no K".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a request is to a verifier. A client's own request of the same form counts as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `GET /{org}/{app}/users/me`: whose token it is.
    U,
    /// `HEAD /{org}/{app}/credentials`: whether its owner administers the application.
    K,
    /// A token endpoint, `/management/token` or `/{org}/{app}/token`.
    Token,
    /// All else below `/management`.
    Management,
    /// Everything else.
    Other,
}

impl Kind {
    /// By method and path, the query left aside.
    #[must_use]
    pub fn of(method: &str, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (method, segments.as_slice()) {
            ("GET" | "POST", ["management", "token"] | [_, _, "token"]) => Self::Token,
            (_, ["management", ..]) => Self::Management,
            ("GET", [_, _, "users", "me"]) => Self::U,
            ("HEAD", [_, _, "credentials"]) => Self::K,
            _ => Self::Other,
        }
    }
}

/// How many requests of each kind there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls(BTreeMap<Kind, usize>);

impl Calls {
    /// So many of this kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> usize {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Probes: how many U, and how many K.
    #[must_use]
    pub fn probes(&self) -> (usize, usize) {
        (self.of(Kind::U), self.of(Kind::K))
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> usize {
        self.0.values().sum()
    }

    pub(super) fn count(&mut self, kind: Kind) {
        *self.0.entry(kind).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_told_from_all_else() {
        for (method, path, kind) in [
            ("GET", "/acme/shop/users/me", Kind::U),
            ("GET", "/acme/shop/users/me?limit=1", Kind::U),
            ("HEAD", "/acme/shop/credentials", Kind::K),
            ("GET", "/acme/shop/credentials", Kind::Other),
            ("POST", "/management/token", Kind::Token),
            ("POST", "/acme/shop/token", Kind::Token),
            ("GET", "/management/me?ttl=1000", Kind::Management),
            ("PUT", "/acme/shop/users/me", Kind::Other),
        ] {
            assert_eq!(Kind::of(method, path), kind, "{method} {path}");
        }
    }
}
