//! The decision about one request, step by step, by the very steps that decide.

use usergrid_auth_config::{Config, Mode};
use usergrid_auth_rules::path::SparePath;

use super::finding::Finding;
use super::forwarding::Forwarding;
use super::head::{self, Examined, Head, Step};
use super::judgement;
use super::paused_request::{self, CredentialKind, PausedRequest, RequestContext, Seen};
use crate::header_map::HeaderMap;
use crate::route::RouteSettings;
use crate::time::UnixMillis;
use crate::verification::single_flight::StreamId;
use crate::verification::verdict::Verdict;

/// What every step finds about a request at the time `now`, in their order, up to the one that
/// decides. `verdict` is what a server says of its credential, if one is asked; `None` stands for a
/// server that fails. The request is taken to have no body, unless its headers say so.
#[must_use]
pub fn explain(
    config: &Config,
    headers: &HeaderMap,
    route: &RouteSettings,
    verdict: Option<&Verdict>,
    now: UnixMillis,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.mode == Mode::Observe {
        findings.push(Finding::Observing);
    }
    let head = Head::new(headers, true);
    let Examined { step, .. } =
        head::examine(&head, route, config, now, &mut SparePath::default(), &mut findings);
    if let Step::Verify { server, credential, places, path, demands, .. } = step {
        let request = PausedRequest {
            context: RequestContext {
                stream: StreamId(0),
                arrived: now,
                grpc: head.is_grpc(),
                allowed_origin: None,
                required: route.require_scope.clone(),
                demands,
                credential: None,
                hint: None,
                retry_after: None,
            },
            server,
            method: paused_request::kept(head.method),
            path,
            kind: CredentialKind::of(&credential),
            forwarding: Forwarding::plan(config, &credential, &places, headers),
            watch: None,
            certificate: Seen::NotYet,
        };
        // What it leads to is the last finding.
        let _ = judgement::judge(&request, verdict, || None, now, &mut findings);
    }
    findings
}
