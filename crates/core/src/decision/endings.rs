//! How a request ends: a verdict decides about it, it goes on, or it is refused.

use std::rc::Rc;

use usergrid_auth_config::Server;
use usergrid_auth_rules::path::RequestPath;

use super::filter_state::Known;
use super::finding::Trace;
use super::judgement::{self, Refused};
use super::paused_request::{PausedRequest, RequestContext, Seen};
use super::{Effect, Engine};
use crate::certificate::{CertificateDigest, Connections};
use crate::log_event::LogEvent;
use crate::metrics::{Counter, Outcome};
use crate::refusal::Refusal;
use crate::revocation::Watch;
use crate::time::UnixMillis;
use crate::verification::Completion;
use crate::verification::single_flight::StreamId;
use crate::verification::verdict::Verdict;

impl<T: Trace> Engine<T> {
    pub(super) fn complete(&mut self, completion: Completion<PausedRequest>, now: UnixMillis) {
        self.take_actions();
        for waiter in completion.waiters {
            let mut paused = waiter.request;
            if self.is_observing() {
                // It went on before; nobody is told what becomes of it.
                paused.watch = None;
            }
            paused.context.retry_after = completion.retry_after;
            self.conclude(&mut paused, completion.verdict.as_ref(), now);
        }
    }

    /// Ends a request by `verdict`; without one, the server failed.
    pub(super) fn conclude(
        &mut self,
        paused: &mut PausedRequest,
        verdict: Option<&Verdict>,
        now: UnixMillis,
    ) {
        let certificate = || match paused.certificate {
            Seen::Shown(certificate) => certificate,
            Seen::NotYet => shown(&*self.connections, paused.context.stream),
        };
        match judgement::judge(paused, verdict, certificate, now, &mut self.trace) {
            Ok(principal) => {
                let stream = paused.context.stream;
                let mut make = |edit| self.effects.push(Effect::Edit(stream, edit));
                paused.forwarding.edits(principal, &mut make);
                if !principal.identity.is_empty() {
                    self.effects.push(Effect::Identify(stream, Rc::clone(principal)));
                }
                let (path, credential) = (Some(&paused.path), paused.context.credential);
                let known = Known { path, credential, principal: Some(principal) };
                self.forward(stream, paused.kind.outcome(), paused.watch.take(), known);
            }
            Err(Refused { refusal, hint, unmet }) => {
                paused.context.hint = hint;
                if refusal == Refusal::Scope && !unmet.is_empty() {
                    paused.context.demands.keep(unmet);
                }
                let PausedRequest { context, server, path, .. } = &*paused;
                self.refuse(context, Some(server), refusal, Some(path), now);
            }
        }
    }

    pub(super) fn forward(
        &mut self,
        stream: StreamId,
        outcome: Outcome,
        watch: Option<Watch>,
        known: Known<'_>,
    ) {
        self.write_state(stream, outcome, known);
        self.effects.push(Effect::Count(Counter::Requests(outcome)));
        let watch_body = watch.and_then(|watch| self.watches.add(stream, watch));
        self.effects.push(Effect::Forward { stream, watch_body });
    }

    /// Refuses a request, whose credential is `server`'s, if it is one's: reply, counter and log
    /// line out of one row.
    pub(super) fn refuse(
        &mut self,
        context: &RequestContext,
        server: Option<&Server>,
        refusal: Refusal,
        path: Option<&RequestPath>,
        now: UnixMillis,
    ) {
        let response = context.response(refusal, server, &self.config, now);
        self.effects.push(Effect::Count(Counter::Requests(Outcome::Refused(refusal))));
        if let Some(suppressed) = self.refusals.allow(refusal, now) {
            let application = path.map_or_else(|| "-".to_owned(), RequestPath::application_label);
            let RequestContext { credential, hint, .. } = *context;
            self.effects.push(Effect::Log(LogEvent::Refused {
                refusal,
                application,
                credential,
                server: server.and_then(|server| server.name.clone()),
                hint,
                suppressed,
            }));
        }
        let known = Known { path, credential: context.credential, principal: None };
        self.write_state(context.stream, Outcome::Refused(refusal), known);
        self.effects.push(Effect::Refuse(context.stream, response));
    }
}

/// The certificate that the client of `stream` has shown.
#[cold]
pub(super) fn shown(connections: &dyn Connections, stream: StreamId) -> Option<CertificateDigest> {
    CertificateDigest::from_hex(&connections.client_certificate(stream)?)
}
