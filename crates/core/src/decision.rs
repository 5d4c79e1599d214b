//! The decision: events in, effects out. Everything the filter does to a request is decided here.
//!
//! The order is fixed: path, bypass, preflight, public endpoints, credential, guest. Facts about credentials are
//! remembered, decisions never: every request walks all steps.

mod admission;
mod forwarding;
mod landing;
mod memo;
mod notice;
mod question;
mod revoking;
mod throttle;
mod verdict;
mod verification;

pub use notice::Notice;

use std::rc::Rc;
use std::time::Duration;

use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::call::{CallOutcome, CallRequest};
use crate::flight::{FlightId, Flights, StreamId};
use crate::identity;
use crate::metrics::Counter;
use crate::refusal::Response;
use crate::request::RequestHeaders;
use crate::revocation::{Log, Watch};
use crate::route::RouteSettings;
use crate::shared::{QueueId, SharedCache, SharedStore};
use crate::time::{SteadyClock, UnixMillis};
use memo::Memo;
use question::{Endpoint, Subject};
use throttle::Throttle;
use usergrid_auth_config::Config;
use verdict::Pending;

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
        call: FlightId,
        /// How.
        outcome: CallOutcome,
    },
    /// Another worker's message has arrived at our queue.
    Told(Vec<u8>),
    /// The backend answers a request that [`Effect::WatchResponse`] was about.
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

/// What is to be done, in this order.
pub enum Effect {
    /// Change the request's head.
    Edit(StreamId, HeaderEdit),
    /// Let the request go on. Nothing follows for this stream but [`Effect::WatchResponse`].
    Forward(StreamId),
    /// Answer the request. Nothing follows for this stream.
    Refuse(StreamId, Response),
    /// Hold the request, body and trailers included, until a later effect forwards or refuses it.
    Wait(StreamId),
    /// Say what the backend answers to the request, and hand over up to so many bytes of the request's body then.
    WatchResponse(StreamId, usize),
    /// Make a call that outlives the request which asked for it.
    Call(FlightId, CallRequest),
    /// Send a message to another worker.
    Tell(QueueId, Vec<u8>),
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
    Set(Rc<str>, Rc<[u8]>),
    /// No header of this name.
    Remove(Rc<str>),
}

/// The decision core of one worker under one configuration.
pub struct Filter {
    config: Rc<Config>,
    store: Rc<dyn SharedStore>,
    clock: SteadyClock,
    cache: Cache,
    memo: Memo,
    /// `None` with `cache.shared: false`.
    shared: Option<SharedCache>,
    flights: Flights<Subject, Pending>,
    introspection: Breaker,
    token_endpoint: Breaker,
    revocations: Log,
    /// Few at a time, so a list.
    watched: Vec<(StreamId, Watch)>,
    failures: Throttle,
    stale: Throttle,
}

impl Filter {
    /// A filter that knows nothing yet but what other workers left in `store`.
    #[must_use]
    pub fn new(config: Rc<Config>, store: Rc<dyn SharedStore>) -> Self {
        let shared = config
            .cache
            .shared
            .then(|| SharedCache::new(Rc::clone(&store), config.cache.max_entries));
        Self {
            clock: SteadyClock::default(),
            cache: Cache::new(&config.cache),
            memo: Memo::new(config.cache.max_entries),
            shared,
            flights: Flights::new(config.max_waiting),
            introspection: Breaker::new(config.breaker),
            token_endpoint: Breaker::new(config.breaker),
            revocations: Log::default(),
            watched: Vec::new(),
            failures: Throttle::default(),
            stale: Throttle::default(),
            store,
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
            Event::Told(message) => self.told(&message, now, &mut effects),
            Event::Response { stream, status, request_body } => {
                if let Some(watch) = self.unwatch(stream) {
                    self.revoked(watch, status, &request_body, now, &mut effects);
                }
            }
            Event::StreamGone(stream) => {
                self.flights.leave(stream);
                self.unwatch(stream);
            }
            Event::Tick => self.tick(now, &mut effects),
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

    /// How many breakers hold calls back.
    #[must_use]
    pub fn breakers_open(&self) -> usize {
        [&self.introspection, &self.token_endpoint]
            .iter()
            .filter(|breaker| breaker.is_open())
            .count()
    }

    fn breaker(&mut self, endpoint: Endpoint) -> &mut Breaker {
        match endpoint {
            Endpoint::Introspection => &mut self.introspection,
            Endpoint::Token => &mut self.token_endpoint,
        }
    }
}
