//! The steps after a verdict: what the verified principal may do with this request.

use usergrid_auth_rules::steps::Steps;

use super::finding::{Finding, Trace, VerdictFinding};
use super::paused_request::PausedRequest;
use crate::authorization::{self, TenancyFinding};
use crate::log_event::Hint;
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::time::UnixMillis;
use crate::verification::verdict::{Denial, Verdict};

/// Why a request may not pass, and what the operator could change about that.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) hint: Option<Hint>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, hint: None }
    }
}

/// Whose request it is, if it may pass. The only way to a forwarded credential is an `Ok` from
/// here. Without a `verdict` the server failed.
pub(super) fn judge<'v>(
    request: &PausedRequest,
    verdict: Option<&'v Verdict>,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<&'v Principal, Refused> {
    let finding = VerdictFinding::of(verdict, now);
    trace.note(|| Finding::Verdict(finding));
    let principal = match (verdict, finding) {
        (Some(Verdict::Verified(principal)), VerdictFinding::Verified(_)) => principal,
        (_, VerdictFinding::Denied(denial)) => {
            let hint = match denial {
                Denial::Claims(limit) => Some(Hint::Limit(limit)),
                _ => None,
            };
            return Err(Refused { refusal: request.kind.denied(denial), hint });
        }
        (_, VerdictFinding::Expired) => return Err(request.kind.denied(Denial::Expired).into()),
        (_, VerdictFinding::NotYetValid) => {
            return Err(request.kind.denied(Denial::Inactive).into());
        }
        (_, VerdictFinding::None | VerdictFinding::Verified(_)) => {
            return Err(Refusal::Unavailable.into());
        }
    };
    let has_scopes = request.context.required.met_by(&principal.scopes);
    trace.note(|| Finding::RouteScope(has_scopes));
    if !has_scopes {
        return Err(Refusal::Scope.into());
    }
    let settings = &request.server.authorization;
    let tenancy = authorization::tenancy(settings, principal, request.path.application());
    trace.note(|| Finding::Tenancy(tenancy));
    if !tenancy.admits() {
        let is_unknown = tenancy == TenancyFinding::Incomparable;
        let hint = is_unknown.then_some(Hint::ApplicationIds);
        return Err(Refused { refusal: Refusal::Forbidden, hint });
    }
    let steps = Steps::of_a_request();
    let permission = authorization::permission(principal, &request.method, &request.path, &steps);
    trace.note(|| Finding::Permission(permission));
    if permission.admits() { Ok(principal) } else { Err(Refusal::Forbidden.into()) }
}
