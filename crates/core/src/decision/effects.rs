//! What is to be done, as values.

use std::rc::Rc;
use std::time::Duration;

use crate::header_map::HeaderEdit;
use crate::log_event::LogEvent;
use crate::metrics::Counter;
use crate::principal::Principal;
use crate::refusal::Response;
use crate::verification::Action;
use crate::verification::call::CallRequest;
use crate::verification::peers::QueueId;
use crate::verification::single_flight::{FlightId, StreamId};

/// What is to be done, in this order.
pub enum Effect {
    /// Change the request's head.
    Edit(StreamId, HeaderEdit),
    /// Tell the backend whose request it is: each of `Principal::identity`, in place of all headers
    /// of its name that there were.
    Identify(StreamId, Rc<Principal>),
    /// Change the request's trailers, which are at hand.
    EditTrailers(StreamId, HeaderEdit),
    /// Let the request go on. Nothing follows for this stream.
    Forward {
        /// Which.
        stream: StreamId,
        /// Whether to say what the backend answers, and how many bytes of the request's body to
        /// hand over then.
        watch_body: Option<usize>,
    },
    /// Answer the request. Nothing follows for this stream.
    Refuse(StreamId, Response),
    /// Hold the request, body and trailers included, until a later effect forwards or refuses it.
    Wait(StreamId),
    /// Make a call that outlives the request which asked for it.
    Call(FlightId, Box<CallRequest>),
    /// Send a message to another worker.
    NotifyPeer(QueueId, Vec<u8>),
    /// Count.
    Count(Counter),
    /// Count what concerns the server in this place of the configuration.
    CountOf(usize, Counter),
    /// A call to the server in this place took so long, start to end.
    CallTook(usize, Duration),
    /// Write something into Envoy's filter state of the request, for as long as the request lives.
    WriteState {
        /// Which.
        stream: StreamId,
        /// Under which name, of those of `Telemetry::properties`.
        property: &'static str,
        /// Visible ASCII and blanks; empty where only an earlier pass has known it.
        value: Rc<[u8]>,
    },
    /// Tell the operator.
    Log(LogEvent),
}

impl Effect {
    pub(super) fn remove(stream: StreamId, name: &str) -> Self {
        Self::Edit(stream, HeaderEdit::remove(name))
    }
}

impl From<Action> for Effect {
    fn from(action: Action) -> Self {
        match action {
            Action::Call(flight, request) => Self::Call(flight, request),
            Action::NotifyPeer(queue, message) => Self::NotifyPeer(queue, message),
            Action::Count(counter) => Self::Count(counter),
            Action::CountOf(place, counter) => Self::CountOf(place, counter),
            Action::CallTook(place, span) => Self::CallTook(place, span),
            Action::Log(event) => Self::Log(event),
        }
    }
}
