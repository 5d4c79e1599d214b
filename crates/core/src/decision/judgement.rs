//! The steps after a verdict: what the verified principal may do with this request.

use usergrid_auth_config::Config;
use usergrid_auth_rules::steps::Steps;

use super::finding::{Finding, Trace, VerdictFinding};
use super::paused_request::PausedRequest;
use crate::authorization;
use crate::principal::{ClaimLimit, Principal};
use crate::refusal::Refusal;
use crate::time::UnixMillis;
use crate::verification::verdict::{Denial, Verdict};

/// Which limit a claim is beyond, if `verdict` says that one is.
pub(super) fn exceeded(verdict: Option<&Verdict>) -> Option<ClaimLimit> {
    match verdict {
        Some(Verdict::Denied(Denial::Claims(limit))) => Some(*limit),
        _ => None,
    }
}

/// Whose request it is, if it may pass. The only way to a forwarded credential is an `Ok` from here. Without a `verdict`
/// the server failed.
pub(super) fn judge<'v>(
    request: &PausedRequest,
    verdict: Option<&'v Verdict>,
    config: &Config,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<&'v Principal, Refusal> {
    let finding = VerdictFinding::of(verdict, now);
    trace.note(|| Finding::Verdict(finding));
    let principal = match (verdict, finding) {
        (Some(Verdict::Verified(principal)), VerdictFinding::Verified(_)) => principal,
        (_, VerdictFinding::Denied(denial)) => return Err(request.kind.denied(denial)),
        (_, VerdictFinding::Expired) => return Err(request.kind.denied(Denial::Expired)),
        (_, VerdictFinding::NotYetValid) => return Err(request.kind.denied(Denial::Inactive)),
        (_, VerdictFinding::None | VerdictFinding::Verified(_)) => {
            return Err(Refusal::Unavailable);
        }
    };
    let has_scopes = request.context.required.met_by(&principal.scopes);
    trace.note(|| Finding::RouteScope(has_scopes));
    if !has_scopes {
        return Err(Refusal::Scope);
    }
    let tenancy =
        authorization::tenancy(&config.authorization, principal, request.path.application());
    trace.note(|| Finding::Tenancy(tenancy));
    if !tenancy.admits() {
        return Err(Refusal::Forbidden);
    }
    let steps = Steps::of_a_request();
    let permission = authorization::permission(principal, &request.method, &request.path, &steps);
    trace.note(|| Finding::Permission(permission));
    if permission.admits() { Ok(principal) } else { Err(Refusal::Forbidden) }
}
