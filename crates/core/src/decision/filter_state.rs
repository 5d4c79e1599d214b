//! What of a decision is written into Envoy's filter state: as `telemetry.filter_state` lists it.

use std::rc::Rc;

use usergrid_auth_config::StateName;
use usergrid_auth_rules::path::RequestPath;

use super::finding::Trace;
use super::{Effect, Engine};
use crate::identity_headers::GUEST;
use crate::metrics::Outcome;
use crate::principal::Principal;
use crate::verification::key::Fingerprint;
use crate::verification::single_flight::StreamId;

/// What is known of a request when its outcome is.
#[derive(Clone, Copy, Default)]
pub(super) struct Known<'a> {
    pub(super) path: Option<&'a RequestPath>,
    pub(super) credential: Option<Fingerprint>,
    /// Whose it is, if it is admitted with a credential.
    pub(super) principal: Option<&'a Principal>,
}

impl<T: Trace> Engine<T> {
    /// Writes down that the request `stream` ends as `outcome`. Before it goes on or is answered: an
    /// access log line is written when it ends.
    pub(super) fn write_state(&mut self, stream: StreamId, outcome: Outcome, known: Known<'_>) {
        for name in &self.config.telemetry.filter_state {
            if let Some(value) = value(*name, outcome, known) {
                let property = name.property();
                self.effects.push(Effect::WriteState { stream, property, value });
            }
        }
    }

    /// Empties what an earlier pass of the request `stream` has left, which says nothing of this
    /// one: what is known of it is written later.
    #[cold]
    pub(super) fn empty_state(&mut self, stream: StreamId) {
        for name in &self.config.telemetry.filter_state {
            let (property, value) = (name.property(), Rc::from([]));
            self.effects.push(Effect::WriteState { stream, property, value });
        }
    }
}

fn value(name: StateName, outcome: Outcome, known: Known<'_>) -> Option<Rc<[u8]>> {
    let Known { path, credential, principal } = known;
    match name {
        StateName::Outcome => Some(Rc::from(outcome.label().as_bytes())),
        StateName::Principal if outcome == Outcome::Guest => Some(Rc::from(GUEST)),
        StateName::Principal => principal.map(|who| Rc::from(who.kind.word().as_bytes())),
        StateName::Subject | StateName::Username | StateName::ClientId => {
            let (_, value) = principal?.state.iter().find(|(known, _)| *known == name)?;
            Some(Rc::clone(value))
        }
        StateName::Application => Some(Rc::from(path?.application_label().into_bytes())),
        StateName::Fingerprint => Some(Rc::from(credential?.to_string().into_bytes())),
    }
}
