//! The root context: configuration, and everything that outlives a request.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use usergrid_auth_config::{Config, Mode};
use usergrid_auth_core::decision::Event;

use crate::stream::Stream;
use crate::worker::Worker;
use crate::{host, stats};

const TICK: Duration = Duration::from_secs(1);

/// One configuration of the filter in one VM.
pub(crate) struct Root {
    context_id: u32,
    worker: Option<Rc<Worker>>,
    ticking: Cell<bool>,
}

impl Root {
    pub(crate) fn new(context_id: u32) -> Self {
        Self { context_id, worker: None, ticking: Cell::new(false) }
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, _: usize) -> bool {
        if let Some(level) = host::log_level() {
            proxy_wasm::set_log_level(level);
        }
        true
    }

    fn on_configure(&mut self, _: usize) -> bool {
        let text = self.get_plugin_configuration().unwrap_or_default();
        let env = |name: &str| Some(std::env::var_os(name)?.into_encoded_bytes());
        match Config::parse(&text, &env) {
            Ok(config) => {
                for warning in config.warnings() {
                    log::warn!("configuration: {warning}");
                }
                for name in config.telemetry.properties(config.mode) {
                    if !host::declare_state(name) {
                        log::warn!("filter state {name} will not outlive an internal redirect");
                    }
                }
                let names = config.servers.iter().map(|server| &server.name);
                stats::define(names, config.mode == Mode::Observe);
                self.worker = Some(Rc::new(Worker::new(self.context_id, config)));
                true
            }
            Err(problems) => {
                for problem in problems.iter() {
                    log::error!("configuration: {problem}");
                }
                false
            }
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        // Only here, because configurations are also tried on threads that serve no requests.
        if !self.ticking.replace(true) {
            host::tick_every(TICK);
        }
        Some(Box::new(Stream::new(context_id, self.worker.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn on_queue_ready(&mut self, queue: u32) {
        if let Some(worker) = &self.worker {
            worker.drain_queue(queue);
            worker.send_posted();
        }
    }

    fn on_tick(&mut self) {
        if let Some(worker) = &self.worker {
            worker.send_posted();
            worker.dispatch(Event::Tick, None);
            worker.send_posted();
            worker.write_stats(false);
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body_size: usize, _: usize) {
        if let Some(worker) = &self.worker {
            worker.answered(token, headers, body_size);
            worker.send_posted();
        }
    }
}

impl Drop for Root {
    // Not in `on_done`, for which Envoy would enter the VM at the end of every stream, too.
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            worker.write_stats(true);
        }
    }
}
