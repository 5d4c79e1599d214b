//! What the root context and the streams of one worker share under one configuration.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use usergrid_auth_config::{Config, Server};
use usergrid_auth_core::decision::{Effect, Event, Filter};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerHeaders, CallOutcome, CallRequest};
use usergrid_auth_core::verification::peers::SharedStore;
use usergrid_auth_core::verification::single_flight::{FlightId, StreamId};

use crate::connections::HostConnections;
use crate::phase::{OwnPhase, Phase};
use crate::stats::Gauges;
use crate::store::Store;
use crate::{host, stats};

/// The core and what carries its effects out.
///
/// INVARIANT: no `RefCell` is borrowed while the host is called, so a host that calls back at once
/// finds none borrowed.
pub(crate) struct Worker {
    root: u32,
    filter: RefCell<Filter>,
    /// Its servers.
    servers: Vec<Rc<Server>>,
    store: Rc<Store>,
    connections: Rc<HostConnections>,
    outbox: RefCell<VecDeque<(FlightId, Box<CallRequest>)>>,
    calls: RefCell<Vec<Sent>>,
    /// In the order they came.
    waiting: RefCell<VecDeque<(StreamId, Rc<Cell<Phase>>)>>,
    gauges: RefCell<Gauges>,
}

/// What a stream puts into the queue to wake its worker's root context.
const RING: &[u8] = b".";

/// The stream in whose callback the host is, if it is in one.
pub(crate) type Current<'a> = Option<(StreamId, &'a OwnPhase)>;

/// A call that Envoy has started.
struct Sent {
    token: u32,
    call: FlightId,
    max_response_bytes: usize,
}

impl Worker {
    pub(crate) fn new(root: u32, config: Config) -> Self {
        let store = Rc::new(Store::default());
        let connections = Rc::new(HostConnections::new(root));
        let servers = config.servers.clone();
        let filter = Filter::new(Rc::new(config), Rc::clone(&store) as _);
        Self {
            root,
            servers,
            filter: RefCell::new(filter.with_connections(Rc::clone(&connections) as _)),
            store,
            connections,
            outbox: RefCell::default(),
            calls: RefCell::default(),
            waiting: RefCell::default(),
            gauges: RefCell::default(),
        }
    }

    /// Tells the core that the head of the request on `stream` has arrived.
    pub(crate) fn request_arrived(
        &self,
        stream: StreamId,
        headers: HeaderMap,
        end_of_stream: bool,
        current: Current<'_>,
    ) {
        let now = host::now();
        // A statement of its own, so that the borrow ends before the host is called.
        let wants_route = self.filter.borrow_mut().wants_route(now);
        let route = if wants_route {
            RouteSettings::from_metadata(
                host::route_metadata().as_deref(),
                host::virtual_host_metadata().as_deref(),
            )
        } else {
            RouteSettings::default()
        };
        self.dispatch_at(Event::Request { stream, headers, end_of_stream, route }, current, now);
    }

    /// Tells the core what has happened, and carries out what it says. `current` is the stream in
    /// whose callback that is, if it is in one; without, it is in one of the root context.
    pub(crate) fn dispatch(&self, event: Event, current: Current<'_>) {
        self.dispatch_at(event, current, host::now());
    }

    fn dispatch_at(&self, event: Event, current: Current<'_>, now: UnixMillis) {
        let own = current.map(|(stream, _)| stream);
        self.connections.are_asked_in(own);
        let mut effects = self.filter.borrow_mut().handle(event, now);
        let mut host = EffectiveContext { stream: own };
        for effect in effects.drain(..) {
            match effect {
                Effect::Edit(stream, edit) => {
                    if host.enter(stream) {
                        host::edit_headers(&edit);
                    }
                }
                Effect::Identify(stream, principal) => {
                    if host.enter(stream) {
                        for (name, value) in &principal.identity {
                            host::set_header(name, value);
                        }
                    }
                }
                Effect::EditTrailers(stream, edit) => {
                    if host.enter(stream) {
                        host::edit_trailers(&edit);
                    }
                }
                Effect::Forward { stream, watch_body } => {
                    let phase = match watch_body {
                        None => Phase::Admitted,
                        Some(body) => Phase::Watched { body },
                    };
                    match current {
                        // Its own callback lets it go on.
                        Some((own, held)) if own == stream => held.set(phase),
                        _ => {
                            if let Some(held) = self.stop_waiting(stream)
                                && host.enter(stream)
                            {
                                held.set(phase);
                                host::resume();
                            }
                        }
                    }
                }
                Effect::Refuse(stream, response) => {
                    if own != Some(stream) {
                        self.stop_waiting(stream);
                    }
                    if host.enter(stream) {
                        host::reply(&response);
                    }
                }
                Effect::Wait(stream) => {
                    if let Some((_, phase)) = current {
                        self.waiting.borrow_mut().push_back((stream, phase.share()));
                    }
                }
                Effect::Call(call, request) => self.post(call, request, current.is_some()),
                Effect::NotifyPeer(queue, message) => host::enqueue(queue.0, &message),
                Effect::Count(counter) => stats::count(counter),
                Effect::CountOf(place, counter) => stats::count_of(self.server(place), counter),
                Effect::CallTook(place, span) => stats::call_took(self.server(place), span),
                Effect::WriteState { stream, property, value } => {
                    if host.enter(stream) {
                        host::write_state(property, &value);
                    }
                }
                Effect::Log(event) => log::log!(event.level(), "{event}"),
            }
        }
        if host.stream != own {
            host::enter(own.map_or(self.root, |stream| stream.0));
        }
        self.filter.borrow_mut().recycle(effects);
    }

    /// A stream's object is about to go.
    pub(crate) fn stream_gone(&self, stream: StreamId, phase: Phase) {
        let was_waiting = self.stop_waiting(stream).is_some();
        if was_waiting || matches!(phase, Phase::Watched { .. }) {
            self.dispatch(Event::StreamGone(stream), None);
        }
    }

    /// Leaves a call to the root context: one that a stream starts is forgotten with the stream.
    /// `in_stream` says that the root has to be woken for it.
    fn post(&self, call: FlightId, request: Box<CallRequest>, in_stream: bool) {
        let first = self.outbox.borrow().is_empty();
        self.outbox.borrow_mut().push_back((call, request));
        // One ring wakes the root for all that is posted by then. Should it get lost, the next tick
        // finds the rest.
        if in_stream
            && first
            && let Some(queue) = self.store.queue()
        {
            host::enqueue(queue.0, RING);
        }
    }

    /// Starts the calls that were posted; the last thing of every callback of the root context that
    /// tells the core of an event. What stays behind waits for the next tick, and since only the
    /// first call in the outbox rings, so does every later one.
    pub(crate) fn send_posted(&self) {
        loop {
            // A statement of its own, so that the borrow ends before the host is called.
            let posted = self.outbox.borrow_mut().pop_front();
            let Some((call, request)) = posted else { return };
            match host::call(&request) {
                Some(token) => {
                    let max_response_bytes = request.max_response_bytes;
                    self.calls.borrow_mut().push(Sent { token, call, max_response_bytes });
                }
                None => {
                    let outcome = CallOutcome::NotSent;
                    self.dispatch(Event::CallEnded { call, outcome }, None);
                }
            }
        }
    }

    /// The host reports the end of the call with `token`.
    pub(crate) fn answered(&self, token: u32, headers: usize, body_size: usize) {
        let Some(Sent { call, max_response_bytes, .. }) = self.take_sent(token) else { return };
        let outcome = if headers == 0 {
            // There is no header map to ask: it broke off.
            CallOutcome::Reset
        } else {
            let status = host::answer_header(":status")
                .and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
            let made_by_envoy = host::answer_header("x-envoy-upstream-service-time").is_none();
            let body = host::answer_body(body_size, max_response_bytes);
            // What they say matters only where there is no verdict in the body of a 200.
            let headers = match status {
                Some(200) | None => AnswerHeaders::default(),
                // The host's getter knows the first line of a name only.
                Some(400 | 401 | 403) => {
                    let all = host::answer_headers();
                    AnswerHeaders::new(all.first("retry-after"), all.values("www-authenticate"))
                }
                Some(_) => AnswerHeaders::new(host::answer_header("retry-after").as_deref(), None),
            };
            CallOutcome::reported(status, made_by_envoy, body, headers)
        };
        self.dispatch(Event::CallEnded { call, outcome }, None);
    }

    fn take_sent(&self, token: u32) -> Option<Sent> {
        let mut calls = self.calls.borrow_mut();
        let place = calls.iter().position(|sent| sent.token == token)?;
        Some(calls.swap_remove(place))
    }

    fn stop_waiting(&self, stream: StreamId) -> Option<Rc<Cell<Phase>>> {
        let mut waiting = self.waiting.borrow_mut();
        // Verdicts end those who came first, so it is usually at the front.
        let place = waiting.iter().position(|(waiting, _)| *waiting == stream)?;
        waiting.remove(place).map(|(_, phase)| phase)
    }

    /// Takes what has been put into the queue: rings of our own streams, messages of other workers.
    pub(crate) fn drain_queue(&self, queue: u32) {
        while let Some(message) = host::dequeue(queue) {
            if message != RING {
                self.dispatch(Event::PeerMessage(message), None);
            }
        }
    }

    /// The name of the server in this place, if it has one.
    fn server(&self, place: usize) -> Option<&str> {
        self.servers.get(place)?.name.as_deref()
    }

    /// Writes the statistics.
    pub(crate) fn write_stats(&self, closing: bool) {
        let after = if closing {
            Gauges::default()
        } else {
            let filter = self.filter.borrow();
            Gauges {
                waiting: filter.waiting(),
                cache_entries: filter.cache_entries(),
                breakers_open: filter.breakers_open(),
                observing: filter.is_observing(),
            }
        };
        let before = self.gauges.replace(after.clone());
        stats::write(&before, &after, self.servers.iter().map(|server| &server.name));
    }
}

/// The stream that host calls are about; none: the root context.
struct EffectiveContext {
    stream: Option<StreamId>,
}

impl EffectiveContext {
    /// Makes `stream` the one that host calls are about. False: it is gone.
    fn enter(&mut self, stream: StreamId) -> bool {
        if self.stream == Some(stream) {
            return true;
        }
        let is_alive = host::enter(stream.0);
        if is_alive {
            self.stream = Some(stream);
        }
        is_alive
    }
}
