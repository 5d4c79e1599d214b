//! Claims of which nothing can be made: they grant nothing, and the operator is told their names.

use super::members::Entries;

/// A claim that decides what a principal may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the claim of the same name")]
pub enum ClaimKind {
    Principal,
    Scope,
    Organization,
    Application,
    Roles,
    Permissions,
}

/// Those of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnusableClaims(u8);

impl ClaimKind {
    const ALL: [Self; 6] = [
        Self::Principal,
        Self::Scope,
        Self::Organization,
        Self::Application,
        Self::Roles,
        Self::Permissions,
    ];

    /// The key of the configuration that names the claim.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Principal => "claims.principal",
            Self::Scope => "claims.scope",
            Self::Organization => "claims.organization",
            Self::Application => "claims.application",
            Self::Roles => "claims.roles",
            Self::Permissions => "claims.permissions",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Principal => 1,
            Self::Scope => 2,
            Self::Organization => 4,
            Self::Application => 8,
            Self::Roles => 16,
            Self::Permissions => 32,
        }
    }
}

impl UnusableClaims {
    pub(super) fn note(&mut self, claim: ClaimKind) {
        self.0 |= claim.bit();
    }

    /// The entries of a claim; none, and that noted, where nothing can be made of it.
    pub(crate) fn usable(&mut self, claim: ClaimKind, entries: Entries) -> Option<Vec<String>> {
        match entries {
            Entries::Absent => None,
            Entries::Are(entries) => Some(entries),
            Entries::Unusable => {
                self.note(claim);
                Some(Vec::new())
            }
        }
    }

    /// Each of them once.
    pub fn iter(self) -> impl Iterator<Item = ClaimKind> {
        ClaimKind::ALL.into_iter().filter(move |claim| self.0 & claim.bit() != 0)
    }
}
