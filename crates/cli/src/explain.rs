//! `explain`: what the filter does with one request, by the very core, with a script for a server.
//!
//! The core runs as it does in a worker that has seen nothing yet; its steps say what they found
//! while they decide. Nothing here decides.

mod places;
mod rules;
mod show;
mod store;

pub use rules::{RuleLine, RuleLines};
pub use show::{json, text};

use std::rc::Rc;

use usergrid_auth_config::Config;
use usergrid_auth_core::decision::{Effect, Event, Explainer, Finding, HeaderEdit};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::refusal::Response;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{CallOutcome, CallRequest};
use usergrid_auth_core::verification::single_flight::StreamId;

use crate::certificate::{self, Shown};

/// The most calls that are made for one request. The filter needs two at most; more would be a
/// fault of it.
const MOST_CALLS: usize = 16;

/// A header as it stands in a request.
pub type Header = (String, Vec<u8>);

/// What the filter gets of a request.
#[derive(Clone, Debug)]
pub struct Request {
    /// The head, pseudo-headers first; names in lower case.
    pub headers: Vec<Header>,
    /// Whether a body follows.
    pub has_body: bool,
    /// What the metadata of its route says.
    pub route: RouteSettings,
    /// The certificate that its client has shown to Envoy.
    pub certificate: Option<Shown>,
}

/// A call to a verifying server, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Envoy's name of the cluster.
    pub cluster: String,
    /// The request's `:method`.
    pub method: String,
    /// The request's `:authority`.
    pub authority: String,
    /// The request's `:path`.
    pub path: String,
    /// How it ended.
    pub ended: String,
}

/// How a request ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The backend gets it, with this head.
    Forwarded(Vec<Header>),
    /// The client gets this.
    Refused(Response),
    /// A server would have to say more than the script does.
    Open,
}

/// What the filter does with a request.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What its steps found, in their order.
    pub findings: Vec<Finding>,
    /// What was asked of servers.
    pub calls: Vec<Call>,
    /// As what it counts; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// What the log would say.
    pub logs: Vec<String>,
    /// How it ends.
    pub ending: Ending,
}

/// Answers the calls of the filter; `None` if the script has no answer.
pub type Script<'a> = dyn FnMut(&CallRequest) -> Option<CallOutcome> + 'a;

/// Lets the core decide about `request` at the time `now`.
pub fn explain(
    config: &Rc<Config>,
    request: &Request,
    script: &mut Script<'_>,
    now: UnixMillis,
) -> Explanation {
    const STREAM: StreamId = StreamId(0);
    let connections = Rc::new(certificate::All(request.certificate.clone()));
    let mut core =
        Explainer::new(Rc::clone(config), Rc::new(store::Nothing)).with_connections(connections);
    let headers = HeaderMap::new(request.headers.clone());
    let (end_of_stream, route) = (!request.has_body, request.route.clone());
    let event = Event::Request { stream: STREAM, headers, end_of_stream, route };
    let mut effects = core.handle(event, now);
    let mut head = request.headers.clone();
    let mut explanation = Explanation {
        findings: Vec::new(),
        calls: Vec::new(),
        outcome: None,
        logs: Vec::new(),
        ending: Ending::Open,
    };
    loop {
        let mut ended = None;
        for effect in effects {
            match effect {
                Effect::Edit(_, edit) => apply(&mut head, edit),
                Effect::Identify(_, principal) => {
                    for (name, value) in &principal.identity {
                        apply(&mut head, HeaderEdit::Set(Rc::clone(name), Rc::clone(value)));
                    }
                }
                Effect::Forward { .. } => explanation.ending = Ending::Forwarded(head.clone()),
                Effect::Refuse(_, response) => explanation.ending = Ending::Refused(response),
                Effect::Count(Counter::Requests(outcome)) => explanation.outcome = Some(outcome),
                Effect::Log(event) => explanation.logs.push(event.to_string()),
                Effect::Call(call, request) if explanation.calls.len() < MOST_CALLS => {
                    let outcome = script(&request);
                    explanation.calls.push(call_made(&request, outcome.as_ref()));
                    ended = ended.or(outcome.map(|outcome| Event::CallEnded { call, outcome }));
                }
                _ => {}
            }
        }
        match ended {
            Some(event) => effects = core.handle(event, now),
            None => break,
        }
    }
    explanation.findings = core.findings();
    explanation
}

fn apply(head: &mut Vec<Header>, edit: HeaderEdit) {
    match edit {
        HeaderEdit::Remove(name) => head.retain(|(key, _)| *key != *name),
        HeaderEdit::Add(name, value) => head.push((name.to_string(), value.to_vec())),
        HeaderEdit::Set(name, value) => {
            let at = head.iter().position(|(key, _)| *key == *name).unwrap_or(head.len());
            head.retain(|(key, _)| *key != *name);
            head.insert(at.min(head.len()), (name.to_string(), value.to_vec()));
        }
    }
}

fn call_made(request: &CallRequest, outcome: Option<&CallOutcome>) -> Call {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let ended = match outcome {
        None => "no answer is given for it".to_owned(),
        Some(CallOutcome::Answered { status, .. }) => format!("answered with {status}"),
        Some(CallOutcome::Reset) => "the answer broke off".to_owned(),
        Some(CallOutcome::TimedOut) => "no answer in time".to_owned(),
        Some(CallOutcome::NotSent) => "Envoy could not reach the cluster".to_owned(),
    };
    Call {
        cluster: request.cluster.clone(),
        method: header(":method"),
        authority: header(":authority"),
        path: header(":path"),
        ended,
    }
}
