//! The decision: events in, effects out. Everything the filter does to a request is decided here.
//!
//! The order is fixed: path, bypass, preflight, public endpoints, credential, then either
//! verification and what the verified principal may do, or guest rules. Each step answers with a
//! value ([`Finding`]), and one place turns what the steps lead to into effects. Facts about
//! credentials are remembered ([`crate::verification`]), decisions never: every request walks all
//! steps.

mod demands;
mod effects;
mod endings;
mod explain;
mod filter;
mod filter_state;
mod finding;
mod forwarding;
mod head;
mod judgement;
mod observing;
mod paused_request;
mod route_looks;
mod selection;
mod watches;

pub use crate::header_map::HeaderEdit;
pub use demands::{GuardFinding, PrincipalKinds};
pub use effects::Effect;
pub use explain::explain;
pub use filter::{Explainer, Filter};
pub use finding::{
    CredentialFinding, Finding, GuestFinding, NoServer, PreflightFinding, VerdictFinding,
};

use std::rc::Rc;

use usergrid_auth_config::{Config, Mode};
use usergrid_auth_rules::path::{RequestPath, SparePath};

use crate::certificate::{Connections, NoConnections};
use crate::credential;
use crate::header_map::HeaderMap;
use crate::log_event::LogEvent;
use crate::log_limiter::LogLimiter;
use crate::metrics::Outcome;
use crate::refusal::Refusal;
use crate::revocation::{Watch, watch};
use crate::route::RouteSettings;
use crate::time::UnixMillis;
use crate::verification::call::CallOutcome;
use crate::verification::peers::SharedStore;
use crate::verification::single_flight::{FlightId, StreamId};
use crate::verification::verdict::Verdict;
use crate::verification::{Case, Lookup, Verification};
use crate::watched_names::{Sighted, WatchedNames};

use demands::Demands;
use endings::shown;
use filter_state::Known;
use finding::Trace;
use forwarding::Forwarding;
use head::{Examined, Head, Step, Taken};
use paused_request::{CredentialKind, PausedRequest, RequestContext, Seen};
use route_looks::RouteLooks;
use watches::Watches;

/// What happens to the filter.
pub enum Event {
    /// The head of a request arrived.
    Request {
        /// Its stream.
        stream: StreamId,
        /// Its headers.
        headers: HeaderMap,
        /// Whether nothing follows: neither body nor trailers.
        end_of_stream: bool,
        /// What the operator set for its route.
        route: RouteSettings,
    },
    /// The trailers of a request arrived.
    Trailers {
        /// Its stream.
        stream: StreamId,
        /// The trailers.
        trailers: HeaderMap,
    },
    /// A call asked for by [`Effect::Call`] has ended.
    CallEnded {
        /// Which one.
        call: FlightId,
        /// How.
        outcome: CallOutcome,
    },
    /// Another worker's message has arrived at our queue.
    PeerMessage(Vec<u8>),
    /// The backend answers a request whose [`Effect::Forward`] asked for that.
    Response {
        /// Its stream.
        stream: StreamId,
        /// The HTTP status.
        status: u16,
        /// The body of the request, as far as it was asked for.
        request_body: Vec<u8>,
    },
    /// A stream is gone, whatever became of it.
    StreamGone(StreamId),
    /// Some time has passed; expected about once a second.
    Tick,
}

/// As many as a hit with all default identity headers has.
const USUAL_EFFECTS: usize = 12;

/// Refusals for one reason that are logged in a second; the next line says how many were not.
const LOGGED_REFUSALS: u32 = 10;

/// The decision core of one worker under one configuration; `trace` is told what its steps find.
struct Engine<T> {
    trace: T,
    config: Rc<Config>,
    verification: Verification<PausedRequest>,
    connections: Rc<dyn Connections>,
    watches: Watches,
    /// Headers that are not left as a client sent them.
    watched: WatchedNames,
    refusals: LogLimiter<Refusal>,
    route_looks: RouteLooks,
    /// When the log last said that nothing is enforced.
    reminded: Option<UnixMillis>,
    effects: Vec<Effect>,
    /// The memory of the last path that is done with.
    spare_path: SparePath,
}

impl<T: Trace> Engine<T> {
    fn new(config: Rc<Config>, store: Rc<dyn SharedStore>, trace: T) -> Self {
        Self {
            trace,
            verification: Verification::new(Rc::clone(&config), store),
            connections: Rc::new(NoConnections),
            watches: Watches::new(config.max_waiting),
            watched: WatchedNames::new(&config),
            refusals: LogLimiter::new(LOGGED_REFUSALS),
            route_looks: RouteLooks::default(),
            reminded: None,
            effects: Vec::new(),
            spare_path: SparePath::default(),
            config,
        }
    }

    fn wants_route(&mut self, now: UnixMillis) -> bool {
        self.config.route_metadata || self.route_looks.is_due(now)
    }

    fn handle(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        self.effects.reserve(USUAL_EFFECTS);
        let mut arrived = None;
        match event {
            Event::Request { stream, headers, end_of_stream, route } => {
                arrived = Some(stream);
                self.request(stream, &Head::new(&headers, end_of_stream), route, now);
            }
            other => self.later(other, now),
        }
        self.take_actions();
        if self.verification.has_unserved() {
            self.complete_unserved(now);
        }
        let effects = std::mem::take(&mut self.effects);
        match self.config.mode {
            Mode::Enforce => effects,
            Mode::Observe => self.observed(effects, arrived),
        }
    }

    fn recycle(&mut self, mut effects: Vec<Effect>) {
        if self.effects.capacity() == 0 && effects.capacity() <= USUAL_EFFECTS.saturating_mul(2) {
            effects.clear();
            self.effects = effects;
        }
    }

    /// What happens when the head of a request is past.
    #[inline(never)]
    fn later(&mut self, event: Event, now: UnixMillis) {
        match event {
            // Not here, and were it, its stream would stay held.
            Event::Request { .. } => {}
            Event::Trailers { stream, trailers } => self.trailers(stream, &trailers),
            Event::CallEnded { call, outcome } => {
                if let Some(completion) = self.verification.call_ended(call, outcome, now) {
                    self.complete(completion, now);
                }
            }
            Event::PeerMessage(message) => {
                for completion in self.verification.peer_message(&message, now) {
                    self.complete(completion, now);
                }
            }
            Event::Response { stream, status, request_body } => {
                if let Some(watch) = self.watches.take(stream) {
                    self.verification.revocation_answered(watch, status, &request_body, now);
                }
            }
            Event::StreamGone(stream) => {
                self.verification.leave(stream);
                self.watches.take(stream);
            }
            Event::Tick => {
                if self.is_observing() {
                    self.remind(now);
                }
                for completion in self.verification.tick(now) {
                    self.complete(completion, now);
                }
            }
        }
    }

    #[cold]
    fn complete_unserved(&mut self, now: UnixMillis) {
        for completion in self.verification.take_unserved() {
            self.complete(completion, now);
        }
    }

    /// How many requests are paused.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.verification.waiting()
    }

    /// Whether it enforces nothing.
    #[must_use]
    pub fn is_observing(&self) -> bool {
        self.config.mode == Mode::Observe
    }

    /// How many verdicts are remembered.
    #[must_use]
    pub fn cache_entries(&self) -> usize {
        self.verification.cache_entries()
    }

    /// How many breakers of each server hold calls back, in the order of the configuration.
    #[must_use]
    pub fn breakers_open(&self) -> Vec<usize> {
        self.verification.breakers_open()
    }

    /// Some backends merge trailers into the headers.
    #[cold]
    fn trailers(&mut self, stream: StreamId, trailers: &HeaderMap) {
        let reserved = self.watched.among_trailers(trailers).into_iter();
        let reserved = reserved.map(|name| HeaderEdit::Remove(Rc::from(name)));
        let places = credential::taken_from_trailers(trailers, &self.config.credentials);
        // Logs show trailers, too.
        let urls = self.watched.among(trailers).urls;
        let urls = credential::clean_urls(&urls, trailers, &self.config.credentials);
        let edits = reserved.chain(places).chain(urls);
        self.effects.extend(edits.map(|edit| Effect::EditTrailers(stream, edit)));
    }

    fn request(
        &mut self,
        stream: StreamId,
        head: &Head<'_>,
        mut route: RouteSettings,
        now: UnixMillis,
    ) {
        let config = Rc::clone(&self.config);
        if !config.route_metadata && !route.is_default() {
            self.effects.push(Effect::Log(LogEvent::RouteSettingsIgnored));
            route = RouteSettings::default();
        }
        let headers = head.headers;
        // Before anything else, so that no way through leaves a client's own copy in place.
        let sighted = self.watched.among(headers);
        if sighted.has_any() {
            self.edit_sighted(stream, &sighted, headers);
        }
        if self.is_observing() {
            self.trace.note(|| Finding::Observing);
        }
        if !config.telemetry.filter_state.is_empty() && head.is_second_pass() {
            self.empty_state(stream);
        }
        let spare = &mut self.spare_path;
        let Examined { step, taken } =
            head::examine(head, &route, &config, now, spare, &mut self.trace);
        // At this moment, so that no later step, and no client that gives up waiting, leaves them
        // in the access log.
        if let Some(taken) = taken
            && (taken.has_any() || !sighted.urls.is_empty())
        {
            self.take_out(stream, taken, &sighted, headers);
        }
        let context = |credential, demands| RequestContext {
            stream,
            arrived: now,
            grpc: head.is_grpc(),
            allowed_origin: head.allowed_origin(&config),
            required: route.require_scope,
            demands,
            credential,
            hint: None,
            retry_after: None,
        };
        let revoking = || watch::endpoint(head.method, head.target, &config, now);
        match step {
            Step::Forward(outcome) => {
                self.forward(stream, outcome, revoking(), Known::default());
            }
            Step::AdmitGuest(path) => {
                self.effects.extend(forwarding::of_guest(headers, &config, stream));
                let known = Known { path: Some(&path), ..Known::default() };
                self.forward(stream, Outcome::Guest, revoking(), known);
                self.spare_path = path.into_spare();
            }
            Step::Refuse(refusal, path, server) => {
                let context = context(None, Demands::default());
                self.refuse(&context, server.as_deref(), refusal, path.as_ref(), now);
                self.spare_path = path.map(RequestPath::into_spare).unwrap_or_default();
            }
            Step::Verify { server, credential, places, path, target, demands } => {
                let kind = CredentialKind::of(&credential);
                let Some(case) = self.verification.case(&server, &credential, target, now) else {
                    let refusal = kind.unjudged();
                    let context = context(None, demands);
                    return self.refuse(&context, Some(&server), refusal, Some(&path), now);
                };
                let case = case.traced(config.telemetry.trace_context.then_some(headers));
                let context = context(Some(case.fingerprint()), demands);
                let watch = revoking().map(Watch::of_verified_caller).or_else(|| {
                    let (method, target, servers) = (head.method, head.target, &config.servers);
                    watch::usergrid(method, target, &path, &credential, &server, servers, now)
                });
                let forwarding = Forwarding::plan(&config, &credential, &places, headers);
                let method = paused_request::kept(head.method);
                let certificate = Seen::NotYet;
                let mut paused = PausedRequest {
                    context,
                    server,
                    method,
                    path,
                    kind,
                    forwarding,
                    watch,
                    certificate,
                };
                match self.verification.lookup(&case) {
                    Some((verdict, counter)) => {
                        self.effects.push(Effect::CountOf(paused.server.place, counter));
                        self.take_actions();
                        self.conclude(&mut paused, Some(&verdict), now);
                        self.spare_path = paused.path.into_spare();
                    }
                    None => self.verify(&case, paused, head.target.len(), now),
                }
            }
        }
    }

    /// What every way through does about headers that it has sighted.
    #[cold]
    fn edit_sighted(&mut self, stream: StreamId, sighted: &Sighted, headers: &HeaderMap) {
        for name in &sighted.reserved {
            self.effects.push(Effect::remove(stream, name));
        }
        if !sighted.connection.is_empty() {
            let edits = self.watched.keep_what_is_relied_on(&sighted.connection, headers);
            self.effects.extend(edits.into_iter().map(|edit| Effect::Edit(stream, edit)));
        }
    }

    /// Takes credentials out of the request, and out of the headers that repeat its URL.
    #[cold]
    fn take_out(&mut self, stream: StreamId, taken: Taken, sighted: &Sighted, headers: &HeaderMap) {
        let path = taken.path.map(|path| HeaderEdit::set(forwarding::PATH, path));
        let urls = credential::clean_urls(&sighted.urls, headers, &self.config.credentials);
        let edits = path.into_iter().chain(taken.edits).chain(urls);
        self.effects.extend(edits.map(|edit| Effect::Edit(stream, edit)));
    }

    /// Gets the verdict that this worker does not remember, for a request with a `:path` of so many
    /// bytes.
    #[cold]
    fn verify(
        &mut self,
        case: &Case<'_>,
        mut paused: PausedRequest,
        target: usize,
        now: UnixMillis,
    ) {
        let stream = paused.context.stream;
        paused.path.shrink();
        if self.is_observing() {
            // It does not wait for the verdict.
            paused.certificate = Seen::Shown(shown(&*self.connections, stream));
        }
        let bytes = paused.bytes(target);
        let lookup = self.verification.lookup_or_join(case, stream, paused, bytes);
        self.take_actions();
        match lookup {
            Lookup::Waiting => self.effects.push(Effect::Wait(stream)),
            Lookup::Known(mut paused, verdict) => {
                self.conclude(&mut paused, Some(&verdict), now);
            }
            Lookup::Unavailable(mut paused, stale) => {
                self.conclude(&mut paused, stale.map(Verdict::Verified).as_ref(), now);
            }
            Lookup::Overloaded(paused) => {
                let PausedRequest { context, server, path, .. } = &paused;
                self.refuse(context, Some(server), Refusal::Overloaded, Some(path), now);
            }
        }
    }

    /// Puts what verification wants done into its place among the effects.
    #[inline]
    fn take_actions(&mut self) {
        if self.verification.has_actions() {
            self.effects.extend(self.verification.take_actions().map(Effect::from));
        }
    }
}
