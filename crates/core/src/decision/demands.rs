//! What a request's path demands of whoever uses it: `guards` and `authorization.require_scope`.
//!
//! Found once, from the head; only who the caller is comes later.

use std::fmt;

use usergrid_auth_config::{Config, GuardedPrincipal, NeededScopes, ScopeEntry};
use usergrid_auth_rules::demand::{Demand, Readings};
use usergrid_auth_rules::path::{RequestPath, Routes};
use usergrid_auth_rules::steps::Steps;

use super::head::Head;
use crate::principal::PrincipalKind;

/// What the path of one request demands.
#[derive(Debug, Default)]
pub(super) struct Demands(Option<Box<Found>>);

#[derive(Debug)]
struct Found {
    guard: GuardFinding,
    scopes: Scopes,
}

/// What the scopes of a request must meet.
#[derive(Debug)]
enum Scopes {
    /// These entries of `authorization.require_scope`; often none.
    Entries(Vec<usize>),
    /// More than can be told: nobody has them.
    TooCostly,
}

/// Who alone may use a path, by `guards`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardFinding {
    /// Everybody, as far as guards go.
    Open,
    /// These kinds of principal only: those that every guard lets through that matches.
    Only(PrincipalKinds),
    /// Nobody: the path is too long, or its rules cost more to match than one request may.
    TooCostly,
}

/// A set of kinds of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalKinds(u8);

impl Demands {
    /// What `path` demands of the request with this head.
    #[inline]
    pub(super) fn of(head: &Head<'_>, path: &RequestPath, config: &Config) -> Self {
        if config.guards.is_empty() && config.require_scope().is_empty() {
            return Self(None);
        }
        Self::by_rules(head, path, config)
    }

    #[inline(never)]
    fn by_rules(head: &Head<'_>, path: &RequestPath, config: &Config) -> Self {
        Self(Some(Box::new(Found::of(
            &Readings::new(head.methods(), path, path.routes() == Routes::Usergrid),
            config,
        ))))
    }

    /// Who alone may use it.
    pub(super) fn guard(&self) -> GuardFinding {
        self.0.as_ref().map_or(GuardFinding::Open, |found| found.guard)
    }

    /// Whether nobody can have the scopes that it demands.
    pub(super) fn scopes_are_too_costly(&self) -> bool {
        matches!(&self.0, Some(found) if matches!(found.scopes, Scopes::TooCostly))
    }

    /// Whether it demands any scope.
    pub(super) fn demands_scopes(&self) -> bool {
        match &self.0 {
            None => false,
            Some(found) => match &found.scopes {
                Scopes::Entries(entries) => !entries.is_empty(),
                Scopes::TooCostly => true,
            },
        }
    }

    /// The demands that `granted` does not meet, each by its place among `entries`.
    pub(super) fn unmet(&self, granted: &[String], entries: &[ScopeEntry]) -> Vec<usize> {
        let missing = |place: &usize| {
            entries.get(*place).is_none_or(|entry| match &entry.scopes {
                NeededScopes::All(all) => !all.iter().all(|scope| granted.contains(scope)),
                NeededScopes::Any(any) => !any.iter().any(|scope| granted.contains(scope)),
            })
        };
        self.places().iter().copied().filter(missing).collect()
    }

    /// From now on it demands no more than these.
    pub(super) fn keep(&mut self, unmet: Vec<usize>) {
        if let Some(found) = &mut self.0 {
            found.scopes = Scopes::Entries(unmet);
        }
    }

    /// The scopes to ask for: all of an entry, or the first of those of which any will do.
    pub(super) fn scopes<'e>(&self, entries: &'e [ScopeEntry]) -> Vec<&'e str> {
        let entries = self.places().iter().filter_map(|place| entries.get(*place));
        let scopes = entries.flat_map(|entry| match &entry.scopes {
            NeededScopes::All(all) => all.as_slice(),
            NeededScopes::Any(any) => any.get(..1).unwrap_or_default(),
        });
        scopes.map(String::as_str).collect()
    }

    /// What it holds in bytes, at most.
    pub(super) fn bytes(&self) -> usize {
        self.places().len().saturating_mul(size_of::<usize>()).saturating_add(size_of::<Found>())
    }

    fn places(&self) -> &[usize] {
        match &self.0 {
            Some(found) => match &found.scopes {
                Scopes::Entries(entries) => entries,
                Scopes::TooCostly => &[],
            },
            None => &[],
        }
    }
}

impl Found {
    fn of(request: &Readings, config: &Config) -> Self {
        // One budget for all; used up, everything later is too costly as well.
        let steps = Steps::of_a_request();
        let mut guard = GuardFinding::Open;
        for entry in &config.guards {
            guard = match (guard, entry.rules.demand(request, &steps)) {
                (GuardFinding::TooCostly, _) | (_, Demand::TooCostly) => GuardFinding::TooCostly,
                (before, Demand::None) => before,
                (before, Demand::Matched | Demand::Unclear) => {
                    before.and(PrincipalKinds::of(&entry.principals))
                }
            };
        }
        let mut entries = Vec::new();
        for (place, entry) in config.require_scope().iter().enumerate() {
            match entry.rules.demand(request, &steps) {
                Demand::None => {}
                Demand::Matched | Demand::Unclear => entries.push(place),
                Demand::TooCostly => return Self { guard, scopes: Scopes::TooCostly },
            }
        }
        Self { guard, scopes: Scopes::Entries(entries) }
    }
}

impl GuardFinding {
    /// Whether everybody may pass as far as guards go.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }

    /// Whether somebody may pass whose kind is not known yet.
    #[must_use]
    pub const fn may_admit(self) -> bool {
        match self {
            Self::Open => true,
            Self::Only(PrincipalKinds(kinds)) => kinds != 0,
            Self::TooCostly => false,
        }
    }

    /// Whether a principal of this kind may pass.
    #[must_use]
    pub const fn admits(self, kind: PrincipalKind) -> bool {
        match self {
            Self::Open => true,
            Self::Only(PrincipalKinds(kinds)) => kinds & bit(kind) != 0,
            Self::TooCostly => false,
        }
    }

    const fn and(self, kinds: PrincipalKinds) -> Self {
        match self {
            Self::Open => Self::Only(kinds),
            Self::Only(before) => Self::Only(PrincipalKinds(before.0 & kinds.0)),
            Self::TooCostly => Self::TooCostly,
        }
    }
}

impl PrincipalKinds {
    fn of(principals: &[GuardedPrincipal]) -> Self {
        let kinds = principals.iter().map(|principal| match principal {
            GuardedPrincipal::AdminUser => PrincipalKind::AdminUser,
            GuardedPrincipal::Organization => PrincipalKind::Organization,
            GuardedPrincipal::Application => PrincipalKind::Application,
            GuardedPrincipal::ApplicationUser => PrincipalKind::ApplicationUser,
        });
        Self(kinds.fold(0, |kinds, kind| kinds | bit(kind)))
    }
}

const fn bit(kind: PrincipalKind) -> u8 {
    match kind {
        PrincipalKind::ApplicationUser => 1,
        PrincipalKind::AdminUser => 2,
        PrincipalKind::Application => 4,
        PrincipalKind::Organization => 8,
    }
}

impl fmt::Display for GuardFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("no rule of `guards` matches"),
            Self::Only(PrincipalKinds(0)) => f.write_str("`guards` lets nobody through"),
            Self::Only(PrincipalKinds(kinds)) => {
                f.write_str("`guards` lets through only")?;
                let all = [
                    PrincipalKind::AdminUser,
                    PrincipalKind::Organization,
                    PrincipalKind::Application,
                    PrincipalKind::ApplicationUser,
                ];
                let mut before = " ";
                for kind in all.into_iter().filter(|kind| kinds & bit(*kind) != 0) {
                    write!(f, "{before}{}", kind.word())?;
                    before = ", ";
                }
                Ok(())
            }
            Self::TooCostly => f.write_str(
                "the path is too long, or the rules of `guards` cost more to match than one request may",
            ),
        }
    }
}
