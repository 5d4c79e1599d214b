//! What a verified principal may do: its tenant must be the path's, and its rules must allow the request.
//!
//! It judges facts that were verified before; it never asks a server and never makes a guest of anybody.

mod tenancy;

use crate::grant::{Grant, PrincipalKind};
use usergrid_auth_config::Authorization;
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::permission::Rule;

/// The principal may not do this: another tenant, or no rule that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden;

/// Checks tenancy, then permissions.
///
/// # Errors
/// [`Forbidden`] if one of them refuses.
pub fn check(
    settings: &Authorization,
    grant: &Grant,
    method: &[u8],
    path: &RequestPath,
) -> Result<(), Forbidden> {
    if tenancy::permits(settings, grant, path.application())
        && permissions_permit(grant, method, path)
    {
        Ok(())
    } else {
        Err(Forbidden)
    }
}

fn permissions_permit(grant: &Grant, method: &[u8], path: &RequestPath) -> bool {
    let rules = match (grant.principal, &grant.rules) {
        (PrincipalKind::ApplicationUser, Some(rules)) => rules,
        // Usergrid gives the other kinds the whole of their applications; without rules the backend decides.
        _ => return true,
    };
    let any = |test: &dyn Fn(&Rule) -> bool| rules.iter().any(|group| group.iter().any(test));
    if !path.is_clear() && !any(&|rule| rule.allows_everything(method)) {
        // A backend may read another path than we do; only a rule that allows all of them is sure to allow it.
        return false;
    }
    path.checked()
        .iter()
        .all(|reading| any(&|rule| rule.allows(method, reading, &grant.user_names)))
}
