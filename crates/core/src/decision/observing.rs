//! `mode: "observe"`: what is done of what was decided.
//!
//! A sieve behind the whole decision, so that no step has to know of it and none can forget it:
//! whatever an event leads to, no request is refused, held back or edited, but for identity headers.

use std::time::Duration;

use usergrid_auth_config::{OBSERVED_OUTCOME, StateName};

use super::finding::Trace;
use super::{Effect, Engine, HeaderEdit};
use crate::log_event::LogEvent;
use crate::metrics::Counter;
use crate::time::UnixMillis;
use crate::verification::single_flight::StreamId;

/// How often the log says that nothing is enforced.
const REMINDER: Duration = Duration::from_secs(60);

impl<T: Trace> Engine<T> {
    /// What remains of `effects`. `arrived` is the request whose head has led to them, if one has:
    /// it goes on at once. One that went on before is never touched again.
    #[cold]
    pub(super) fn observed(&self, effects: Vec<Effect>, arrived: Option<StreamId>) -> Vec<Effect> {
        let mut body_to_watch = None;
        let is_identity = |edit: &HeaderEdit| match edit {
            HeaderEdit::Remove(name) => self.watched.holds_identity(&**name),
            HeaderEdit::Set(..) | HeaderEdit::Add(..) => false,
        };
        let sieve = |effect| match effect {
            Effect::Edit(_, ref edit) | Effect::EditTrailers(_, ref edit) => {
                is_identity(edit).then_some(effect)
            }
            Effect::Forward { stream, watch_body } => {
                if arrived == Some(stream) {
                    body_to_watch = watch_body;
                }
                None
            }
            Effect::Identify(..) | Effect::Refuse(..) | Effect::Wait(_) => None,
            Effect::Count(Counter::Requests(outcome)) => {
                Some(Effect::Count(Counter::Observed(outcome)))
            }
            Effect::Log(event @ LogEvent::Refused { .. }) => {
                Some(Effect::Log(LogEvent::Observed(Box::new(event))))
            }
            // Nobody may rely on an identity that is not enforced. Another filter may stand beside
            // this one, and enforce: what it writes stays.
            Effect::WriteState { stream, property, value } => {
                let property =
                    (property == StateName::Outcome.property()).then_some(OBSERVED_OUTCOME)?;
                Some(Effect::WriteState { stream, property, value })
            }
            Effect::Call(..)
            | Effect::NotifyPeer(..)
            | Effect::Count(_)
            | Effect::CountOf(..)
            | Effect::CallTook(..)
            | Effect::Log(_) => Some(effect),
        };
        let mut kept: Vec<Effect> = effects.into_iter().filter_map(sieve).collect();
        kept.extend(arrived.map(|stream| Effect::Forward { stream, watch_body: body_to_watch }));
        kept
    }

    /// Says that nothing is enforced, at most once a minute.
    pub(super) fn remind(&mut self, now: UnixMillis) {
        if self.reminded.is_none_or(|last| now.since(last) >= REMINDER || now < last) {
            self.reminded = Some(now);
            self.effects.push(Effect::Log(LogEvent::Observing));
        }
    }
}
