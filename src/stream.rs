//! One request: its head goes to the core, its body waits for the verdict.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::verification::single_flight::StreamId;

use crate::host;
use crate::phase::{OwnPhase, Phase};
use crate::worker::{Current, Worker};

/// The context of one stream.
pub(crate) struct Stream {
    id: StreamId,
    phase: OwnPhase,
    worker: Option<Rc<Worker>>,
    /// As much of the request's body as the watch asked for.
    body: Vec<u8>,
}

impl Stream {
    pub(crate) fn new(context_id: u32, worker: Option<Rc<Worker>>) -> Self {
        Self { id: StreamId(context_id), phase: OwnPhase::default(), worker, body: Vec::new() }
    }

    /// This stream, as the one in whose callback the host is.
    fn current(&self) -> Current<'_> {
        Some((self.id, &self.phase))
    }

    fn action(&self) -> Action {
        match self.phase.get() {
            Phase::Admitted | Phase::Watched { .. } => Action::Continue,
            Phase::Held => Action::Pause,
        }
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        // A root context whose configuration failed gets no requests; were it otherwise, they would
        // stay held.
        if let Some(worker) = &self.worker {
            let headers = host::request_headers();
            #[cfg(feature = "test-trap")]
            let trap = headers.first("x-test-trap").map(<[u8]>::to_vec);
            worker.request_arrived(self.id, headers, end_of_stream, self.current());
            #[cfg(feature = "test-trap")]
            match trap.as_deref() {
                None => {}
                #[allow(clippy::panic, reason = "for tests of what is seen of one")]
                Some(b"panic") => panic!("as the request asks"),
                Some(_) => core::arch::wasm32::unreachable(),
            }
        }
        self.action()
    }

    // Without these two, Envoy sends a request with a body on while the verdict is out, if the
    // plugin is configured with `allow_on_headers_stop_iteration`.
    fn on_http_request_body(&mut self, size: usize, _: bool) -> Action {
        if let Phase::Watched { body } = self.phase.get() {
            // Looked at as it passes, not held back.
            let wanted = body.saturating_sub(self.body.len()).min(size);
            if wanted > 0 {
                self.body.extend(host::request_body(wanted));
            }
        }
        self.action()
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        if let Some(worker) = &self.worker {
            let trailers = host::request_trailers();
            worker.dispatch(Event::Trailers { stream: self.id, trailers }, self.current());
        }
        self.action()
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        // 1xx are not the answer.
        if let (Some(worker), Phase::Watched { .. }) = (&self.worker, self.phase.get())
            && let Some(status) = host::response_status()
            && status >= 200
        {
            self.phase.set(Phase::Admitted);
            let request_body = std::mem::take(&mut self.body);
            let event = Event::Response { stream: self.id, status, request_body };
            worker.dispatch(event, self.current());
        }
        Action::Continue
    }
}

impl Context for Stream {}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            worker.stream_gone(self.id, self.phase.get());
        }
    }
}
