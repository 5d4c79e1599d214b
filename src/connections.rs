//! What Envoy knows of the connections of this worker's requests.

use std::cell::Cell;

use usergrid_auth_core::certificate::Connections;
use usergrid_auth_core::verification::single_flight::StreamId;

use crate::host;

/// Reads in the context of the stream in question, from whichever callback.
pub(crate) struct HostConnections {
    root: u32,
    /// The stream in whose callback the host is, if it is in one.
    current: Cell<Option<StreamId>>,
}

impl HostConnections {
    pub(crate) fn new(root: u32) -> Self {
        Self { root, current: Cell::new(None) }
    }

    /// Whose callback this is; none: the root context's.
    pub(crate) fn are_asked_in(&self, current: Option<StreamId>) {
        self.current.set(current);
    }
}

impl Connections for HostConnections {
    fn client_certificate(&self, stream: StreamId) -> Option<Vec<u8>> {
        let current = self.current.get();
        if current == Some(stream) {
            return host::client_certificate();
        }
        if !host::enter(stream.0) {
            return None;
        }
        let certificate = host::client_certificate();
        host::enter(current.map_or(self.root, |stream| stream.0));
        certificate
    }
}
