//! `mode` and `telemetry`: whether the filter acts on what it decides, and what it shows of it.

use crate::notes::Reported;
use crate::problem::quoted;
use crate::section::Section;

words! {
    /// `mode`.
    pub enum Mode {
        /// Requests are admitted and refused.
        Enforce = "enforce",
        /// Nobody is refused or held back: what would have become of requests is counted and logged.
        Observe = "observe",
    }
}

words! {
    /// An entry of `telemetry.filter_state`.
    pub enum StateName {
        /// The value of the `outcome` label.
        Outcome = "outcome",
        /// The kind of principal, `guest` included.
        Principal = "principal",
        /// The claim that `claims.sub` names.
        Subject = "subject",
        /// The claim that `claims.username` names.
        Username = "username",
        /// The claim that `claims.client_id` names.
        ClientId = "client_id",
        /// `org/app` of the path, as in log lines.
        Application = "application",
        /// The credential's fingerprint, as in log lines.
        Fingerprint = "fingerprint",
    }
}

impl StateName {
    /// The property to write; Envoy shows it as the filter state `wasm.<property>`.
    #[must_use]
    pub const fn property(self) -> &'static str {
        match self {
            Self::Outcome => "usergrid_auth_outcome",
            Self::Principal => "usergrid_auth_principal",
            Self::Subject => "usergrid_auth_subject",
            Self::Username => "usergrid_auth_username",
            Self::ClientId => "usergrid_auth_client_id",
            Self::Application => "usergrid_auth_application",
            Self::Fingerprint => "usergrid_auth_fingerprint",
        }
    }
}

/// Under this property, a filter that observes writes what it writes under
/// [`StateName::Outcome`] where it enforces.
pub const OBSERVED_OUTCOME: &str = "usergrid_auth_observed_outcome";

/// `telemetry`.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// What is written into Envoy's filter state, each at most once.
    pub filter_state: Vec<StateName>,
    /// Whether calls to verifying servers carry the trace headers of the request that causes them.
    pub trace_context: bool,
}

impl Telemetry {
    /// The properties of the filter state that are written in this `mode`.
    pub fn properties(&self, mode: Mode) -> impl Iterator<Item = &'static str> {
        self.filter_state.iter().filter_map(move |name| match (mode, name) {
            (Mode::Enforce, name) => Some(name.property()),
            (Mode::Observe, StateName::Outcome) => Some(OBSERVED_OUTCOME),
            (Mode::Observe, _) => None,
        })
    }
}

pub(crate) fn telemetry(root: &Section<'_>) -> Result<Telemetry, Reported> {
    let section = root.section("telemetry")?;
    gather!(
        section,
        Telemetry {
            filter_state: filter_state(&section),
            trace_context: section.boolean("trace_context"),
        }
    )
}

/// None may stand there twice.
fn filter_state(section: &Section<'_>) -> Result<Vec<StateName>, Reported> {
    let mut seen: Vec<StateName> = Vec::new();
    section.items("filter_state", |item| {
        let name: StateName = item.word()?;
        if seen.contains(&name) {
            return Err(item.problem(&[&quoted(item.text()?), " is listed twice"]));
        }
        seen.push(name);
        Ok(name)
    })
}
