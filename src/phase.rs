//! Where a request stands, as its stream and its worker know it.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

/// Where a request stands, as far as its body, its trailers and its response are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Undecided or refused: nothing of it goes on.
    #[default]
    Held,
    /// It may go on.
    Admitted,
    /// It may go on, its response is of interest, and so is this much of its body.
    Watched {
        /// In bytes.
        body: usize,
    },
}

/// The phase of one request, in its stream. Only once somebody else has to change it, because the
/// request waits, does it cost memory of its own.
#[derive(Debug, Default)]
pub(crate) struct OwnPhase {
    alone: Cell<Phase>,
    shared: OnceCell<Rc<Cell<Phase>>>,
}

impl OwnPhase {
    pub(crate) fn get(&self) -> Phase {
        self.cell().get()
    }

    pub(crate) fn set(&self, phase: Phase) {
        self.cell().set(phase);
    }

    /// For who will change it when this stream is not at hand.
    pub(crate) fn share(&self) -> Rc<Cell<Phase>> {
        Rc::clone(self.shared.get_or_init(|| Rc::new(Cell::new(self.alone.get()))))
    }

    fn cell(&self) -> &Cell<Phase> {
        self.shared.get().map_or(&self.alone, |shared| shared)
    }
}
