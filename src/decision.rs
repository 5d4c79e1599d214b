//! The decision: events in, effects out. Everything the filter does to a request is decided here.
//!
//! The order is fixed: path, bypass, preflight, public endpoints, credential, guest. Facts about credentials are
//! remembered, decisions never: every request walks all steps.

mod admission;
mod failures;
mod forwarding;
mod notice;
mod question;
mod verdict;

pub use notice::Notice;

use std::rc::Rc;
use std::time::Duration;

use crate::cache::{Answer, Cache};
use crate::call::{CallOutcome, CallRequest, Verification};
use crate::config::Config;
use crate::flight::{Flights, StreamId};
use crate::identity;
use crate::metrics::{CallResult, Counter};
use crate::refusal::Response;
use crate::request::RequestHeaders;
use crate::route::RouteSettings;
use crate::time::{SteadyClock, UnixMillis};
use failures::FailureLog;
use question::Subject;
use verdict::Pending;

pub use crate::flight::CallId;

/// What happens to the filter.
pub enum Event {
    /// The head of a request arrived.
    Request {
        /// Its stream.
        stream: StreamId,
        /// Its headers.
        headers: RequestHeaders,
        /// What the operator set for its route.
        route: RouteSettings,
    },
    /// A call asked for by [`Effect::Call`] has ended.
    CallEnded {
        /// Which one.
        call: CallId,
        /// How.
        outcome: CallOutcome,
    },
    /// A stream is gone, whatever became of it.
    StreamGone(StreamId),
    /// Some time has passed; expected about once a second.
    Tick,
}

/// What is to be done, in this order.
pub enum Effect {
    /// Change the request's head.
    Edit(StreamId, HeaderEdit),
    /// Let the request go on. Nothing follows for this stream.
    Forward(StreamId),
    /// Answer the request. Nothing follows for this stream.
    Refuse(StreamId, Response),
    /// Hold the request, body and trailers included, until a later effect forwards or refuses it.
    Wait(StreamId),
    /// Make a call that outlives the request which asked for it.
    Call(CallId, CallRequest),
    /// Count.
    Count(Counter),
    /// A call took this long, start to end.
    CallTook(Duration),
    /// Tell the operator.
    Log(Notice),
}

/// A change of a request header.
#[derive(Clone, PartialEq, Eq)]
pub enum HeaderEdit {
    /// One header of this name and value, in place of all there were.
    Set(Rc<str>, Vec<u8>),
    /// No header of this name.
    Remove(Rc<str>),
}

/// The decision core of one worker under one configuration.
#[derive(Debug)]
pub struct Filter {
    config: Rc<Config>,
    clock: SteadyClock,
    cache: Cache,
    flights: Flights<Subject, Pending>,
    failures: FailureLog,
}

impl Filter {
    /// A filter that knows nothing yet.
    #[must_use]
    pub fn new(config: Rc<Config>) -> Self {
        Self {
            clock: SteadyClock::default(),
            cache: Cache::new(&config.cache),
            flights: Flights::new(config.max_waiting),
            failures: FailureLog::default(),
            config,
        }
    }

    /// Takes one event at the wall time `now` and says what is to be done.
    pub fn handle(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Request { stream, headers, route } => {
                self.request(stream, &headers, route, now, &mut effects);
            }
            Event::CallEnded { call, outcome } => {
                self.call_ended(call, &outcome, now, &mut effects);
            }
            Event::StreamGone(stream) => self.flights.leave(stream),
            Event::Tick => {
                let steady = self.clock.read(now);
                for call in self.flights.lost(steady) {
                    self.call_ended(call, &CallOutcome::TimedOut, now, &mut effects);
                }
            }
        }
        effects
    }

    /// The names among the `trailers` of a request that must not reach the backend as the client sent them.
    #[must_use]
    pub fn spoofed_trailers(&self, trailers: &RequestHeaders) -> Vec<String> {
        identity::spoofed(&self.config.identity, trailers)
    }

    /// How many requests are paused.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.flights.waiting()
    }

    /// How many answers are remembered.
    #[must_use]
    pub fn cache_entries(&self) -> usize {
        self.cache.len()
    }

    fn call_ended(
        &mut self,
        call: CallId,
        outcome: &CallOutcome,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let steady = self.clock.read(now);
        // An answer that comes after its call was given up finds nobody, and is not believed.
        let Some((flight, waiters)) = self.flights.land(call) else { return };
        let verification = flight.subject.verdict(outcome, &self.config, now);
        effects.push(Effect::Count(Counter::Introspections(CallResult::of(&verification))));
        effects.push(Effect::CallTook(steady.since(flight.began)));
        let answer = match verification {
            Verification::Granted(grant) => Some(Answer::Granted(Rc::new(grant))),
            Verification::Denied(denial) => Some(Answer::Denied(denial)),
            Verification::Failed(fault) => {
                let cluster = flight.subject.cluster(&self.config);
                effects.extend(self.failures.notice(cluster, fault, steady).map(Effect::Log));
                None
            }
        };
        if let Some(answer) = &answer {
            self.cache.put(flight.key, answer, now, steady);
        }
        for pending in waiters {
            pending.decide(answer.as_ref(), &self.config, now, effects);
        }
    }
}
