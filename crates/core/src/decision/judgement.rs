//! The steps after a verdict: what the verified principal may do with this request.

use std::rc::Rc;

use usergrid_auth_rules::steps::Steps;

use super::finding::{Finding, Trace, VerdictFinding};
use super::paused_request::PausedRequest;
use crate::authorization::{self, TenancyFinding};
use crate::certificate::{CertificateDigest, CertificateFinding};
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
    /// The demands for scopes that it did not meet.
    pub(super) unmet: Vec<usize>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, hint: None, unmet: Vec::new() }
    }
}

/// Whose request it is, if it may pass. The only way to a forwarded credential is an `Ok` from
/// here. Without a `verdict` the server failed. `certificate` is asked for where the credential is
/// bound to one.
pub(super) fn judge<'v>(
    request: &PausedRequest,
    verdict: Option<&'v Verdict>,
    certificate: impl FnOnce() -> Option<CertificateDigest>,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<&'v Rc<Principal>, Refused> {
    let finding = VerdictFinding::of(verdict, now);
    trace.note(|| Finding::Verdict(finding));
    let principal = match (verdict, finding) {
        (Some(Verdict::Verified(principal)), VerdictFinding::Verified(_)) => principal,
        (_, VerdictFinding::Denied(denial)) => {
            let hint = match denial {
                Denial::Claims(limit) => Some(Hint::Limit(limit)),
                _ => None,
            };
            return Err(Refused { hint, ..request.kind.denied(denial).into() });
        }
        (_, VerdictFinding::Expired) => return Err(request.kind.denied(Denial::Expired).into()),
        (_, VerdictFinding::NotYetValid) => {
            return Err(request.kind.denied(Denial::Inactive).into());
        }
        (_, VerdictFinding::None | VerdictFinding::Verified(_)) => {
            return Err(Refusal::Unavailable.into());
        }
    };
    // INVARIANT: decided for each request anew, and remembered nowhere: the next one may come from
    // the owner.
    if let Some(bound) = principal.certificate {
        let finding = bound.compared(certificate());
        trace.note(|| Finding::Certificate(finding));
        if finding != CertificateFinding::Same {
            let hint = Some(Hint::Certificate(finding));
            return Err(Refused { hint, ..request.kind.denied(Denial::Inactive).into() });
        }
    }
    let demands = &request.context.demands;
    let settings = &request.server.authorization;
    if !demands.guard().is_open() {
        let admits = demands.guard().admits(principal.kind);
        trace.note(|| Finding::Guarded(admits));
        if !admits {
            return Err(Refusal::Guarded.into());
        }
    }
    let has_scopes = request.context.required.met_by(&principal.scopes);
    trace.note(|| Finding::RouteScope(has_scopes));
    let mut unmet = Vec::new();
    if demands.demands_scopes() {
        unmet = demands.unmet(&principal.scopes, &settings.require_scope);
        trace.note(|| Finding::DemandedScope(unmet.is_empty()));
    }
    if !has_scopes || !unmet.is_empty() {
        return Err(Refused { unmet, ..Refusal::Scope.into() });
    }
    let tenancy = authorization::tenancy(settings, principal, request.path.application());
    trace.note(|| Finding::Tenancy(tenancy));
    if !tenancy.admits() {
        let is_unknown = tenancy == TenancyFinding::Incomparable;
        let hint = is_unknown.then_some(Hint::ApplicationIds);
        return Err(Refused { hint, ..Refusal::Forbidden.into() });
    }
    let steps = Steps::of_a_request();
    let permission = authorization::permission(principal, &request.method, &request.path, &steps);
    trace.note(|| Finding::Permission(permission));
    if permission.admits() { Ok(principal) } else { Err(Refusal::Forbidden.into()) }
}
