//! What matching one request may cost at most, counted in steps.

use std::cell::Cell;

/// A budget of steps, for all rules that are tried on one request. A step is a byte of a rule or of
/// a path that is looked at, or a rule that is tried.
///
/// Once it is used up it stays so, and nothing is allowed any more. Whoever asks rules that *demand*
/// something has to look at [`Self::are_used_up`]: there, silence would admit.
#[derive(Debug)]
pub struct Steps {
    left: Cell<usize>,
}

impl Steps {
    /// The budget of one request, in steps: 2^20.
    ///
    /// Used up, it has cost half a millisecond to three natively, whatever the rules and the path
    /// are. 10,000 ordinary rules that all have to be tried take less than half of it, 256 rules of
    /// a principal a fortieth. `docs/limits.md` has the figures.
    pub const OF_A_REQUEST: usize = 1 << 20;

    /// A budget of `steps`, of which the last one is not to be had: who takes it has used up all.
    #[must_use]
    pub const fn new(steps: usize) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// The budget of one request.
    #[must_use]
    pub const fn of_a_request() -> Self {
        Self::new(Self::OF_A_REQUEST)
    }

    /// Takes so many steps; whether they were there. If not, the budget is used up.
    #[inline]
    pub(crate) fn take(&self, steps: usize) -> bool {
        let left = self.left.get().saturating_sub(steps);
        self.left.set(left);
        left > 0
    }

    /// How many steps are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.get()
    }

    /// Whether an answer of "not allowed" may mean no more than that nobody looked to the end.
    #[must_use]
    pub fn are_used_up(&self) -> bool {
        self.left.get() == 0
    }
}
