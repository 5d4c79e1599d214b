//! What the root context and the streams of one worker share under one configuration.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::stats::Gauges;
use super::store::Store;
use super::{host, stats};
use usergrid_auth_config::Config;
use usergrid_auth_core::call::{CallOutcome, CallRequest};
use usergrid_auth_core::decision::{Effect, Event, Filter, Notice};
use usergrid_auth_core::flight::{FlightId, StreamId};
use usergrid_auth_core::shared::SharedStore;

/// Where a request stands, as far as its body, its trailers and its response are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Undecided or refused: nothing of it goes on.
    Held,
    /// It may go on.
    Admitted,
    /// It may go on, its response is of interest, and so is this much of its body.
    Watched {
        /// In bytes.
        body: usize,
    },
}

/// The core and what carries its effects out.
///
/// INVARIANT: no `RefCell` is borrowed while the host is called, so a host that calls back at once finds none borrowed.
pub(super) struct Worker {
    root: u32,
    filter: RefCell<Filter>,
    store: Rc<Store>,
    outbox: RefCell<VecDeque<(FlightId, CallRequest)>>,
    calls: RefCell<Vec<Sent>>,
    /// In the order they came.
    waiting: RefCell<VecDeque<(StreamId, Rc<Cell<Phase>>)>>,
    gauges: Cell<Gauges>,
}

/// What a stream puts into the queue to wake its worker's root context.
const RING: &[u8] = b".";

/// A call that Envoy has started.
struct Sent {
    token: u32,
    call: FlightId,
    max_response_bytes: usize,
}

impl Worker {
    pub(super) fn new(root: u32, config: Config) -> Self {
        let store = Rc::new(Store::default());
        Self {
            root,
            filter: RefCell::new(Filter::new(Rc::new(config), Rc::clone(&store) as _)),
            store,
            outbox: RefCell::default(),
            calls: RefCell::default(),
            waiting: RefCell::default(),
            gauges: Cell::default(),
        }
    }

    fn handle(&self, event: Event) -> Vec<Effect> {
        let now = host::now();
        self.filter.borrow_mut().handle(event, now)
    }

    /// An event in the headers callback of `stream`: effects concern this stream alone.
    pub(super) fn arrive(&self, stream: StreamId, phase: &Rc<Cell<Phase>>, event: Event) {
        for effect in self.handle(event) {
            match effect {
                Effect::Edit(_, edit) => host::edit(&edit),
                Effect::Forward(_) => phase.set(Phase::Admitted),
                Effect::Refuse(_, response) => host::reply(&response),
                Effect::Wait(_) => {
                    self.waiting.borrow_mut().push_back((stream, Rc::clone(phase)));
                }
                Effect::WatchResponse(_, body) => phase.set(Phase::Watched { body }),
                Effect::Call(call, request) => self.post(call, request),
                Effect::Tell(queue, message) => host::tell(queue.0, &message),
                Effect::Count(counter) => stats::count(counter),
                Effect::CallTook(span) => stats::call_took(span),
                Effect::Log(notice) => log(&notice),
            }
        }
    }

    /// An event in a callback of the root context: effects may concern any waiting stream.
    pub(super) fn happen(&self, event: Event) {
        let mut inside = None;
        let mut admitted: Option<Rc<Cell<Phase>>> = None;
        for effect in self.handle(event) {
            match effect {
                Effect::Edit(stream, edit) => {
                    if enter(&mut inside, stream) {
                        host::edit(&edit);
                    }
                }
                Effect::Forward(stream) => {
                    let phase = self.stop_waiting(stream);
                    if enter(&mut inside, stream)
                        && let Some(phase) = phase
                    {
                        phase.set(Phase::Admitted);
                        host::resume();
                        admitted = Some(phase);
                    }
                }
                Effect::Refuse(stream, response) => {
                    self.stop_waiting(stream);
                    if enter(&mut inside, stream) {
                        host::reply(&response);
                    }
                }
                // Follows right upon its request's `Forward`, and needs no host.
                Effect::WatchResponse(_, body) => {
                    if let Some(phase) = &admitted {
                        phase.set(Phase::Watched { body });
                    }
                }
                Effect::Wait(_) => {}
                Effect::Tell(queue, message) => host::tell(queue.0, &message),
                Effect::Call(call, request) => self.outbox.borrow_mut().push_back((call, request)),
                Effect::Count(counter) => stats::count(counter),
                Effect::CallTook(span) => stats::call_took(span),
                Effect::Log(notice) => log(&notice),
            }
        }
        if inside.is_some() {
            host::enter(self.root);
        }
    }

    /// The backend answers a watched request.
    pub(super) fn responded(&self, stream: StreamId, status: u16, request_body: Vec<u8>) {
        self.happen(Event::Response { stream, status, request_body });
    }

    /// Clears the trailers of a request, in its trailers callback.
    pub(super) fn clear_trailers(&self) {
        let trailers = host::request_trailers();
        let spoofed = self.filter.borrow().spoofed_trailers(&trailers);
        for name in &spoofed {
            host::remove_trailer(name);
        }
    }

    /// A stream's object is about to go.
    pub(super) fn gone(&self, stream: StreamId, phase: Phase) {
        let was_waiting = self.stop_waiting(stream).is_some();
        if was_waiting || matches!(phase, Phase::Watched { .. }) {
            self.handle(Event::StreamGone(stream));
        }
    }

    /// Leaves a call to the root context: one that a stream starts is forgotten with the stream.
    fn post(&self, call: FlightId, request: CallRequest) {
        let first = self.outbox.borrow().is_empty();
        self.outbox.borrow_mut().push_back((call, request));
        // One ring wakes the root for all that is posted by then. Should it get lost, the next tick finds the rest.
        if first && let Some(queue) = self.store.queue() {
            host::tell(queue.0, RING);
        }
    }

    /// Starts the calls that were posted; only in a callback of the root context.
    pub(super) fn send_posted(&self) {
        loop {
            // A statement of its own, so that the borrow ends before the host is called.
            let posted = self.outbox.borrow_mut().pop_front();
            let Some((call, request)) = posted else { return };
            match host::call(&request) {
                Some(token) => {
                    let max_response_bytes = request.max_response_bytes;
                    self.calls.borrow_mut().push(Sent { token, call, max_response_bytes });
                }
                None => self.happen(Event::CallEnded { call, outcome: CallOutcome::NotSent }),
            }
        }
    }

    /// The host reports the end of the call with `token`.
    pub(super) fn answered(&self, token: u32, headers: usize, body_size: usize) {
        let Some(Sent { call, max_response_bytes, .. }) = self.take_sent(token) else { return };
        let outcome = if headers == 0 {
            // There is no header map to ask: it broke off.
            CallOutcome::Reset
        } else {
            let status = host::answer_header(":status")
                .and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
            let made_by_envoy = host::answer_header("x-envoy-upstream-service-time").is_none();
            let body = host::answer_body(body_size, max_response_bytes);
            CallOutcome::reported(status, made_by_envoy, body)
        };
        self.happen(Event::CallEnded { call, outcome });
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
    pub(super) fn empty(&self, queue: u32) {
        while let Some(message) = host::take(queue) {
            if message != RING {
                self.happen(Event::Told(message));
            }
        }
    }

    /// Writes the statistics.
    pub(super) fn write_stats(&self, closing: bool) {
        let after = if closing {
            Gauges::default()
        } else {
            let filter = self.filter.borrow();
            Gauges {
                waiting: filter.waiting(),
                cache_entries: filter.cache_entries(),
                breakers_open: filter.breakers_open(),
            }
        };
        stats::write(self.gauges.replace(after), after);
    }
}

/// Makes `stream` the one that host calls are about. False: it is gone.
fn enter(inside: &mut Option<StreamId>, stream: StreamId) -> bool {
    if *inside == Some(stream) {
        return true;
    }
    let alive = host::enter(stream.0);
    *inside = alive.then_some(stream).or(*inside);
    alive
}

fn log(notice: &Notice) {
    log::log!(notice.level(), "{notice}");
}
