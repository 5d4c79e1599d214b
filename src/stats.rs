//! Counters of one VM: kept here, written to Envoy's statistics once a second.
//!
//! Keeping them saves two host calls per request. What the last second counted is lost when a VM
//! dies.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::types::MetricType;

use usergrid_auth_core::metrics::{
    BREAKER_OPEN, CACHE_ENTRIES, Counter, INTROSPECTION_MS, OBSERVING, REVOCATION_GENERATION,
    WAITING, of_server,
};
use usergrid_auth_core::time::millis;

use crate::host;

thread_local! {
    // One for all root contexts of the VM: Envoy up to 1.40 keeps an entry for every definition, so
    // each name is defined once in the life of a VM, not once per configuration.
    static STATS: RefCell<Option<Stats>> = const { RefCell::new(None) };
}

struct Stats {
    /// In the order of [`Counter::general`], then those of [`Counter::observed`].
    counters: Vec<Metric>,
    /// By the names of servers, of all configurations.
    servers: Vec<OfServer>,
    waiting: Option<u32>,
    cache_entries: Option<u32>,
    observing: Option<u32>,
    revocation_generation: Option<u32>,
    /// How often the generation was asked for in vain.
    looks: u64,
}

/// What is counted about the servers of one name. The only server of a configuration may have none.
struct OfServer {
    name: Option<Rc<str>>,
    /// In the order of [`Counter::of_a_server`].
    counters: Vec<Metric>,
    breaker_open: Option<u32>,
    introspection_ms: Option<u32>,
}

/// A counter that could not be defined counts nowhere, and fails nothing.
struct Metric {
    counter: Counter,
    id: Option<u32>,
    unwritten: i64,
}

/// The share of one root context in the gauges, as last written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) waiting: usize,
    pub(crate) cache_entries: usize,
    /// By the places of the servers.
    pub(crate) breakers_open: Vec<usize>,
    pub(crate) observing: bool,
}

/// Defines every metric that servers of these names need, so that each is there from the start,
/// with zero; those of `mode: "observe"` only where some configuration is `observing`.
pub(crate) fn define<'a>(names: impl Iterator<Item = &'a Option<Rc<str>>>, observing: bool) {
    STATS.with_borrow_mut(|stats| {
        let stats = stats.get_or_insert_with(|| Stats {
            counters: Counter::general().map(|counter| Metric::new(counter, None)).collect(),
            servers: Vec::new(),
            waiting: host::define(MetricType::Gauge, WAITING),
            cache_entries: host::define(MetricType::Gauge, CACHE_ENTRIES),
            observing: host::define(MetricType::Gauge, OBSERVING),
            revocation_generation: host::define(MetricType::Gauge, REVOCATION_GENERATION),
            looks: 0,
        });
        let is_observed = |metric: &Metric| matches!(metric.counter, Counter::Observed(_));
        if observing && !stats.counters.iter().any(is_observed) {
            stats.counters.extend(Counter::observed().map(|counter| Metric::new(counter, None)));
        }
        for name in names {
            if !stats.servers.iter().any(|server| server.name == *name) {
                stats.servers.push(OfServer::new(name.clone()));
            }
        }
    });
    // From now on it is not zero, unless it does not work.
    bump_revocation_generation();
}

impl Metric {
    fn new(counter: Counter, server: Option<&str>) -> Self {
        let id = host::define(MetricType::Counter, &of_server(&counter.name(), server));
        Self { counter, id, unwritten: 0 }
    }
}

impl OfServer {
    fn new(name: Option<Rc<str>>) -> Self {
        let server = name.as_deref();
        let counters = Counter::of_a_server().map(|counter| Metric::new(counter, server)).collect();
        let breaker_open = host::define(MetricType::Gauge, &of_server(BREAKER_OPEN, server));
        let took = of_server(INTROSPECTION_MS, server);
        let introspection_ms = host::define(MetricType::Histogram, &took);
        Self { name, counters, breaker_open, introspection_ms }
    }
}

impl Stats {
    fn server(&mut self, name: Option<&str>) -> Option<&mut OfServer> {
        self.servers.iter_mut().find(|server| server.name.as_deref() == name)
    }
}

/// Counts one.
pub(crate) fn count(counter: Counter) {
    STATS.with_borrow_mut(|stats| {
        let Some(stats) = stats else { return };
        count_in(&mut stats.counters, counter);
    });
}

/// Counts one that concerns the server of this name.
pub(crate) fn count_of(server: Option<&str>, counter: Counter) {
    STATS.with_borrow_mut(|stats| {
        if let Some(server) = stats.as_mut().and_then(|stats| stats.server(server)) {
            count_in(&mut server.counters, counter);
        }
    });
}

fn count_in(counters: &mut [Metric], counter: Counter) {
    // There are two dozen at most, and the usual ones come first.
    if let Some(metric) = counters.iter_mut().find(|metric| metric.counter == counter) {
        metric.unwritten = metric.unwritten.saturating_add(1);
    }
}

/// Records how long a call to the server of this name took.
pub(crate) fn call_took(server: Option<&str>, span: Duration) {
    STATS.with_borrow_mut(|stats| {
        let server = stats.as_mut().and_then(|stats| stats.server(server));
        if let Some(id) = server.and_then(|server| server.introspection_ms) {
            host::record(id, millis(span));
        }
    });
}

/// The generation of revocations. Where a `stats_matcher` keeps Envoy from having the gauge, it
/// reads as zero for ever; then the generation is another number every time, and workers look at
/// the log at every request.
pub(crate) fn revocation_generation() -> u64 {
    STATS.with_borrow_mut(|stats| {
        let Some(stats) = stats else { return 0 };
        match stats.revocation_generation.and_then(host::read) {
            None | Some(0) => {
                stats.looks = stats.looks.wrapping_add(1);
                stats.looks
            }
            Some(generation) => generation,
        }
    })
}

/// Changes the generation of revocations.
pub(crate) fn bump_revocation_generation() {
    STATS.with_borrow(|stats| {
        if let Some(id) = stats.as_ref().and_then(|stats| stats.revocation_generation) {
            host::add(id, 1);
        }
    });
}

/// Writes what has been counted, and moves the gauges from `before` to `after`; `names` are those of
/// the servers, by their places.
pub(crate) fn write<'a>(
    before: &Gauges,
    after: &Gauges,
    names: impl Iterator<Item = &'a Option<Rc<str>>>,
) {
    STATS.with_borrow_mut(|stats| {
        let Some(stats) = stats else { return };
        let of_servers = stats.servers.iter_mut().flat_map(|server| &mut server.counters);
        for metric in stats.counters.iter_mut().chain(of_servers) {
            let unwritten = std::mem::take(&mut metric.unwritten);
            if let Some(id) = metric.id
                && unwritten > 0
            {
                host::add(id, unwritten);
            }
        }
        move_gauge(stats.waiting, before.waiting, after.waiting);
        move_gauge(stats.cache_entries, before.cache_entries, after.cache_entries);
        move_gauge(stats.observing, before.observing.into(), after.observing.into());
        for (place, name) in names.enumerate() {
            let at_place = |gauges: &Gauges| gauges.breakers_open.get(place).copied();
            let gauge = stats.server(name.as_deref()).and_then(|server| server.breaker_open);
            let (before, after) = (at_place(before), at_place(after));
            move_gauge(gauge, before.unwrap_or_default(), after.unwrap_or_default());
        }
    });
}

/// All workers share one gauge, so each adds and subtracts its own part.
fn move_gauge(id: Option<u32>, before: usize, after: usize) {
    let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let offset = signed(after).saturating_sub(signed(before));
    if let Some(id) = id
        && offset != 0
    {
        host::add(id, offset);
    }
}
