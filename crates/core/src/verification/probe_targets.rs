//! What a probe asks about, where verdicts depend on a target and the configuration names none.
//!
//! A name that a caller picked may be one that the server fails on, or a proxy before it. So what
//! somebody was verified for goes first: no caller can verify anybody for a name of that kind. And
//! while the breaker is open, no target is asked about twice in a row if callers want another.

use std::cell::RefCell;

use super::verifiers::usergrid::Target;

/// The targets that the probes of one server choose from.
#[derive(Debug, Default)]
pub(crate) struct ProbeTargets(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    /// That of the last good verdict.
    verified: Option<Target>,
    /// Somebody's whose call failed or was not made, since the last probe.
    wanted: Option<Target>,
    /// That of the last probe.
    probed: Option<Target>,
}

impl ProbeTargets {
    /// The server has verified somebody for `target`.
    pub(crate) fn verified(&self, target: Option<&Target>) {
        let mut known = self.0.borrow_mut();
        if target.is_some() && known.verified.as_ref() != target {
            known.verified = target.cloned();
        }
    }

    /// There is no verdict for `target`: the call failed, or none was made.
    pub(crate) fn wanted(&self, target: Option<&Target>) {
        let mut known = self.0.borrow_mut();
        let is_better = known.probed.as_ref() != target || known.wanted.is_none();
        if target.is_some() && is_better && known.wanted.as_ref() != target {
            known.wanted = target.cloned();
        }
    }

    /// What the next probe asks about; `is_open`: whether the last one has failed, and calls are
    /// held back.
    pub(crate) fn next(&self, is_open: bool) -> Option<Target> {
        let mut known = self.0.borrow_mut();
        let has_had_its_turn = is_open && known.probed == known.verified;
        let next = match known.verified.clone() {
            Some(verified) if !has_had_its_turn => Some(verified),
            verified => known.wanted.take().or(verified).or_else(|| known.probed.clone()),
        };
        known.probed.clone_from(&next);
        next
    }
}
