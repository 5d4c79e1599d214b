//! What the root context and the streams of one worker share under one configuration.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::stats::Gauges;
use super::{host, stats};
use crate::call::{CallOutcome, CallRequest};
use crate::config::Config;
use crate::decision::{CallId, Effect, Event, Filter, Notice};
use crate::flight::StreamId;

/// Where a request stands, as far as its body and trailers are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Undecided or refused: nothing of it goes on.
    Held,
    /// It may go on.
    Admitted,
}

/// The core and what carries its effects out.
///
/// INVARIANT: no `RefCell` is borrowed while the host is called, so a host that calls back at once finds none borrowed.
pub(super) struct Worker {
    root: u32,
    filter: RefCell<Filter>,
    outbox: RefCell<VecDeque<(CallId, CallRequest)>>,
    calls: RefCell<HashMap<u32, Sent>>,
    waiting: RefCell<HashMap<StreamId, Rc<Cell<Phase>>>>,
    doorbell: Cell<Option<u32>>,
    gauges: Cell<Gauges>,
}

/// A call that Envoy has started.
struct Sent {
    call: CallId,
    max_response_bytes: usize,
}

impl Worker {
    pub(super) fn new(root: u32, config: Config) -> Self {
        Self {
            root,
            filter: RefCell::new(Filter::new(Rc::new(config))),
            outbox: RefCell::default(),
            calls: RefCell::default(),
            waiting: RefCell::default(),
            doorbell: Cell::new(None),
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
                    self.waiting.borrow_mut().insert(stream, Rc::clone(phase));
                }
                Effect::Call(call, request) => self.post(call, request),
                Effect::Count(counter) => stats::count(counter),
                Effect::CallTook(span) => stats::call_took(span),
                Effect::Log(notice) => log(&notice),
            }
        }
    }

    /// An event in a callback of the root context: effects may concern any waiting stream.
    pub(super) fn happen(&self, event: Event) {
        let mut inside = None;
        for effect in self.handle(event) {
            match effect {
                Effect::Edit(stream, edit) => {
                    if enter(&mut inside, stream) {
                        host::edit(&edit);
                    }
                }
                Effect::Forward(stream) => {
                    let phase = self.waiting.borrow_mut().remove(&stream);
                    if enter(&mut inside, stream)
                        && let Some(phase) = phase
                    {
                        phase.set(Phase::Admitted);
                        host::resume();
                    }
                }
                Effect::Refuse(stream, response) => {
                    self.waiting.borrow_mut().remove(&stream);
                    if enter(&mut inside, stream) {
                        host::reply(&response);
                    }
                }
                Effect::Wait(_) => {}
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

    /// Clears the trailers of a request, in its trailers callback.
    pub(super) fn clear_trailers(&self) {
        let trailers = host::request_trailers();
        let spoofed = self.filter.borrow().spoofed_trailers(&trailers);
        for name in &spoofed {
            host::remove_trailer(name);
        }
    }

    /// A stream's object is about to go.
    pub(super) fn gone(&self, stream: StreamId) {
        if self.waiting.borrow_mut().remove(&stream).is_some() {
            self.handle(Event::StreamGone(stream));
        }
    }

    /// Leaves a call to the root context: one that a stream starts is forgotten with the stream.
    fn post(&self, call: CallId, request: CallRequest) {
        let first = self.outbox.borrow().is_empty();
        self.outbox.borrow_mut().push_back((call, request));
        if self.doorbell.get().is_none() {
            self.doorbell.set(host::register_queue());
        }
        // One ring wakes the root for all that is posted by then. Should it get lost, the next tick finds the rest.
        if first && let Some(queue) = self.doorbell.get() {
            host::ring(queue);
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
                    let sent = Sent { call, max_response_bytes: request.max_response_bytes };
                    self.calls.borrow_mut().insert(token, sent);
                }
                None => self.happen(Event::CallEnded { call, outcome: CallOutcome::NotSent }),
            }
        }
    }

    /// The host reports the end of the call with `token`.
    pub(super) fn answered(&self, token: u32, headers: usize, body_size: usize) {
        let sent = self.calls.borrow_mut().remove(&token);
        let Some(Sent { call, max_response_bytes }) = sent else { return };
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

    /// Takes the rings off the doorbell.
    pub(super) fn answer_the_door(&self, queue: u32) {
        while host::take_ring(queue) {}
    }

    /// Writes the statistics.
    pub(super) fn write_stats(&self, closing: bool) {
        let after = if closing {
            Gauges::default()
        } else {
            let filter = self.filter.borrow();
            Gauges { waiting: filter.waiting(), cache_entries: filter.cache_entries() }
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
