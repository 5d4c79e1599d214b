//! What a verified principal may do: its tenant must be the path's, and its rules must allow the
//! request.
//!
//! It judges facts that were verified before; it never asks a server and never makes a guest of
//! anybody.

mod tenancy;

pub use tenancy::{TenancyFinding, tenancy};

use std::fmt;

use usergrid_auth_config::Authorization;
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::steps::Steps;

use crate::principal::{Principal, PrincipalKind};

/// The principal may not do this: another tenant, or no rule that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden;

/// Whether the principal's rules allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionFinding {
    /// The whole application is the principal's, as Usergrid has it.
    WholeApplication,
    /// The answer has no rules and none apply to it, so the backend decides.
    NotEnforced,
    /// Every reading of the path is allowed by a rule.
    Allowed,
    /// The path can be read in several ways, and no rule allows everything.
    Unclear,
    /// A reading of the path is allowed by no rule.
    NotAllowed,
    /// The budget of steps was used up before a rule was found that allows it.
    TooCostly,
}

/// Checks tenancy, then permissions, by a budget of steps for one request.
///
/// # Errors
/// [`Forbidden`] if one of them refuses.
pub fn check(
    settings: &Authorization,
    principal: &Principal,
    method: &[u8],
    path: &RequestPath,
) -> Result<(), Forbidden> {
    if tenancy(settings, principal, path.application()).admits()
        && permission(principal, method, path, &Steps::of_a_request()).admits()
    {
        Ok(())
    } else {
        Err(Forbidden)
    }
}

/// Whether the principal's rules allow `method` on `path`, all readings of it together paid out of
/// `steps`.
#[must_use]
pub fn permission(
    principal: &Principal,
    method: &[u8],
    path: &RequestPath,
    steps: &Steps,
) -> PermissionFinding {
    let rules = match (principal.kind, &principal.rules) {
        (PrincipalKind::ApplicationUser, Some(rules)) => rules,
        (PrincipalKind::ApplicationUser, None) => return PermissionFinding::NotEnforced,
        _ => return PermissionFinding::WholeApplication,
    };
    let any = |test: &dyn Fn(&Rule) -> bool| rules.iter().any(|group| group.iter().any(test));
    let is_allowed =
        |reading| any(&|rule: &Rule| rule.allows(method, &reading, &principal.user_names, steps));
    let finding = if !path.is_clear() && !any(&|rule| rule.allows_everything(method, steps)) {
        // A backend may read another path than we do; only a rule that allows all of them is sure
        // to allow it.
        PermissionFinding::Unclear
    } else if path.every_checked(is_allowed) {
        PermissionFinding::Allowed
    } else {
        PermissionFinding::NotAllowed
    };
    if steps.are_used_up() { PermissionFinding::TooCostly } else { finding }
}

impl PermissionFinding {
    /// Whether the request may pass as far as permissions go.
    #[must_use]
    pub const fn admits(self) -> bool {
        match self {
            Self::WholeApplication | Self::NotEnforced | Self::Allowed => true,
            Self::Unclear | Self::NotAllowed | Self::TooCostly => false,
        }
    }
}

impl fmt::Display for PermissionFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WholeApplication => "this kind of principal has the whole application",
            Self::NotEnforced => "no rules apply, the backend decides",
            Self::Allowed => "a rule of the principal's allows it",
            Self::Unclear => {
                "the path is unclear, and no rule of the principal's allows everything"
            }
            Self::NotAllowed => "no rule of the principal's allows it",
            Self::TooCostly => "the principal's rules cost more to match than one request may",
        })
    }
}
