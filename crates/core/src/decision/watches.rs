//! Whose responses are of interest, because their requests may have revoked something.

use crate::revocation::Watch;
use crate::verification::single_flight::StreamId;

/// Watched streams. Few at a time, so a list.
pub(super) struct Watches {
    list: Vec<(StreamId, Watch)>,
    /// No more than this many, and half of it for callers without a verified credential.
    most: usize,
}

impl Watches {
    pub(super) fn new(most: usize) -> Self {
        Self { list: Vec::new(), most }
    }

    /// Watches `stream`, and says how many bytes of its request's body that takes. `None`: too many
    /// are watched; what is missed is honoured once its verdict's `ttl` ends.
    pub(super) fn add(&mut self, stream: StreamId, watch: Watch) -> Option<usize> {
        let most = if watch.proven { self.most } else { self.most.div_ceil(2) };
        if self.list.len() >= most {
            return None;
        }
        let body_limit = watch.body_limit();
        self.list.push((stream, watch));
        Some(body_limit)
    }

    /// What to look for in the response to `stream`; asked once.
    pub(super) fn take(&mut self, stream: StreamId) -> Option<Watch> {
        let place = self.list.iter().position(|(watched, _)| *watched == stream)?;
        Some(self.list.swap_remove(place).1)
    }
}
