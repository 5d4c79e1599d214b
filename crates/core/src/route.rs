//! Per-route settings: the namespace `usergrid.auth` in a route's or virtual host's
//! `filter_metadata`.
//!
//! Envoy has no per-route configuration for wasm filters; it shows metadata to them in its own
//! pairs format.

use usergrid_auth_config::is_scope_token;

use crate::pairs::{self, Pairs};

/// What the operator set for the route of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteSettings {
    /// The filter touches nothing but the identity headers.
    pub bypass: bool,
    /// Scopes a credential needs besides `introspection.scope`.
    pub require_scope: RequiredScope,
}

/// `require_scope` of a route and its virtual host together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequiredScope {
    /// All of these; often none.
    All(Vec<String>),
    /// Something that is no scope was written there. Nobody has it.
    Unusable,
}

impl Default for RequiredScope {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl RequiredScope {
    /// Whether no scope is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(scopes) if scopes.is_empty())
    }

    /// Whether `granted` holds every scope asked for.
    #[must_use]
    pub fn met_by(&self, granted: &[String]) -> bool {
        match self {
            Self::All(scopes) => scopes.iter().all(|scope| granted.contains(scope)),
            Self::Unusable => false,
        }
    }

    /// The scopes by name.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::All(scopes) => scopes,
            Self::Unusable => &[],
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All(mut mine), Self::All(theirs)) => {
                mine.extend(theirs);
                Self::All(mine)
            }
            _ => Self::Unusable,
        }
    }
}

impl RouteSettings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        !self.bypass && self.require_scope.is_empty()
    }

    /// Reads the namespace as the host serialises it, of the route and of its virtual host.
    ///
    /// The route's `bypass` goes before the virtual host's; their scopes add up. A `bypass` that is
    /// not the boolean `true` bypasses nothing. What is no settings, no bytes among it, bypasses
    /// nothing and asks for a scope that nobody has; only `None` is "nothing set".
    #[must_use]
    pub fn from_metadata(route: Option<&[u8]>, virtual_host: Option<&[u8]>) -> Self {
        if route.is_none() && virtual_host.is_none() {
            return Self::default();
        }
        let (route_bypass, route_scope) = level(route);
        let (host_bypass, host_scope) = level(virtual_host);
        Self {
            bypass: route_bypass.or(host_bypass).unwrap_or(false),
            require_scope: route_scope.and(host_scope),
        }
    }
}

fn level(metadata: Option<&[u8]>) -> (Option<bool>, RequiredScope) {
    let Some(bytes) = metadata else { return (None, RequiredScope::default()) };
    let Some(members) = pairs(bytes) else { return (Some(false), RequiredScope::Unusable) };
    let member = |wanted: &[u8]| members.iter().find(|(name, _)| *name == wanted).map(|(_, v)| *v);
    let bypass = member(b"bypass").map(|value| value == [1]);
    (bypass, member(b"require_scope").map_or_else(RequiredScope::default, scopes))
}

/// A string of scopes, or a list of them; the host serialises a list as pairs without values.
fn scopes(value: &[u8]) -> RequiredScope {
    let texts: Vec<&[u8]> = if value.contains(&0) {
        match pairs(value) {
            Some(items) => items.into_iter().map(|(item, _)| item).collect(),
            None => return RequiredScope::Unusable,
        }
    } else {
        value.split(|byte| *byte == b' ').filter(|part| !part.is_empty()).collect()
    };
    if texts.is_empty() && !value.contains(&0) {
        return RequiredScope::Unusable;
    }
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        match std::str::from_utf8(text) {
            Ok(scope) if is_scope_token(scope) => all.push(scope.to_owned()),
            _ => return RequiredScope::Unusable,
        }
    }
    RequiredScope::All(all)
}

/// The pairs of `bytes`, if they are some and nothing else: a number is eight bytes, of which the
/// first four are often zero, and no empty list.
fn pairs(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    pairs::are_whole(bytes).then(|| Pairs::new(bytes).into_iter().flatten().collect())
}
