//! The two ways to run the engine: to decide, and to see why.
//!
//! Both are compiled here and not where they are used: the one that decides is on every request's
//! way.

use std::rc::Rc;

use usergrid_auth_config::Config;

use super::{Effect, Engine, Event, Finding};
use crate::certificate::Connections;
use crate::time::UnixMillis;
use crate::verification::peers::SharedStore;

/// The decision core of one worker under one configuration.
pub struct Filter(Engine<()>);

impl Filter {
    /// A filter that knows nothing yet but what other workers left in `store`.
    #[must_use]
    pub fn new(config: Rc<Config>, store: Rc<dyn SharedStore>) -> Self {
        Self(Engine::new(config, store, ()))
    }

    /// The same, that can ask what the clients of its requests have shown. Without, no token passes
    /// that is bound to a certificate.
    #[must_use]
    pub fn with_connections(mut self, connections: Rc<dyn Connections>) -> Self {
        self.0.connections = connections;
        self
    }

    /// Whether the request that has just arrived is to come with the settings of its route. To be
    /// asked once for each.
    pub fn wants_route(&mut self, now: UnixMillis) -> bool {
        self.0.wants_route(now)
    }

    /// Takes one event at the wall time `now` and says what is to be done.
    pub fn handle(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        self.0.handle(event, now)
    }

    /// Takes the memory of effects that have been carried out, for those of the next event.
    pub fn recycle(&mut self, effects: Vec<Effect>) {
        self.0.recycle(effects);
    }

    /// How many requests are paused.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }

    /// Whether it enforces nothing.
    #[must_use]
    pub fn is_observing(&self) -> bool {
        self.0.is_observing()
    }

    /// How many verdicts are remembered.
    #[must_use]
    pub fn cache_entries(&self) -> usize {
        self.0.cache_entries()
    }

    /// How many breakers of each server hold calls back, in the order of the configuration.
    #[must_use]
    pub fn breakers_open(&self) -> Vec<usize> {
        self.0.breakers_open()
    }
}

/// The same core, whose steps say what they find while they decide. Never in a module.
pub struct Explainer(Engine<Vec<Finding>>);

impl Explainer {
    /// As [`Filter::new`].
    #[must_use]
    pub fn new(config: Rc<Config>, store: Rc<dyn SharedStore>) -> Self {
        Self(Engine::new(config, store, Vec::new()))
    }

    /// As [`Filter::with_connections`].
    #[must_use]
    pub fn with_connections(mut self, connections: Rc<dyn Connections>) -> Self {
        self.0.connections = connections;
        self
    }

    /// As [`Filter::handle`].
    pub fn handle(&mut self, event: Event, now: UnixMillis) -> Vec<Effect> {
        self.0.handle(event, now)
    }

    /// What the steps have found, in their order.
    #[must_use]
    pub fn findings(self) -> Vec<Finding> {
        self.0.trace
    }
}
