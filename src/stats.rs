//! Counters of one VM: kept here, written to Envoy's statistics once a second.
//!
//! Keeping them saves two host calls per request. What the last second counted is lost when a VM
//! dies.

use std::cell::RefCell;
use std::time::Duration;

use proxy_wasm::types::MetricType;

use usergrid_auth_core::metrics::{
    BREAKER_OPEN, CACHE_ENTRIES, Counter, INTROSPECTION_MS, REVOCATION_GENERATION, WAITING,
};
use usergrid_auth_core::time::millis;

use crate::host;

thread_local! {
    // One for all root contexts of the VM: Envoy up to 1.40 keeps an entry for every definition, so
    // each name is defined once in the life of a VM, not once per configuration.
    static STATS: RefCell<Option<Stats>> = const { RefCell::new(None) };
}

struct Stats {
    /// In the order of [`Counter::all`].
    counters: Vec<Metric>,
    waiting: Option<u32>,
    cache_entries: Option<u32>,
    breaker_open: Option<u32>,
    revocation_generation: Option<u32>,
    /// How often the generation was asked for in vain.
    looks: u64,
    introspection_ms: Option<u32>,
}

/// A counter that could not be defined counts nowhere, and fails nothing.
struct Metric {
    counter: Counter,
    id: Option<u32>,
    unwritten: i64,
}

/// The share of one root context in the gauges, as last written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) waiting: usize,
    pub(crate) cache_entries: usize,
    pub(crate) breakers_open: usize,
}

/// Defines every metric, so that each is there from the start, with zero.
pub(crate) fn define() {
    STATS.with_borrow_mut(|stats| {
        stats.get_or_insert_with(|| Stats {
            counters: Counter::all()
                .map(|counter| {
                    let id = host::define(MetricType::Counter, &counter.name());
                    Metric { counter, id, unwritten: 0 }
                })
                .collect(),
            waiting: host::define(MetricType::Gauge, WAITING),
            cache_entries: host::define(MetricType::Gauge, CACHE_ENTRIES),
            breaker_open: host::define(MetricType::Gauge, BREAKER_OPEN),
            revocation_generation: host::define(MetricType::Gauge, REVOCATION_GENERATION),
            looks: 0,
            introspection_ms: host::define(MetricType::Histogram, INTROSPECTION_MS),
        });
    });
    // From now on it is not zero, unless it does not work.
    bump_revocation_generation();
}

/// Counts one.
pub(crate) fn count(counter: Counter) {
    STATS.with_borrow_mut(|stats| {
        let Some(stats) = stats else { return };
        // There are two dozen, and the usual ones come first.
        if let Some(metric) = stats.counters.iter_mut().find(|metric| metric.counter == counter) {
            metric.unwritten = metric.unwritten.saturating_add(1);
        }
    });
}

/// Records how long a call took.
pub(crate) fn call_took(span: Duration) {
    STATS.with_borrow(|stats| {
        if let Some(id) = stats.as_ref().and_then(|stats| stats.introspection_ms) {
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

/// Writes what has been counted, and moves the gauges from `before` to `after`.
pub(crate) fn write(before: Gauges, after: Gauges) {
    STATS.with_borrow_mut(|stats| {
        let Some(stats) = stats else { return };
        for metric in stats.counters.iter_mut().filter(|metric| metric.unwritten > 0) {
            let unwritten = std::mem::take(&mut metric.unwritten);
            if let Some(id) = metric.id {
                host::add(id, unwritten);
            }
        }
        move_gauge(stats.waiting, before.waiting, after.waiting);
        move_gauge(stats.cache_entries, before.cache_entries, after.cache_entries);
        move_gauge(stats.breaker_open, before.breakers_open, after.breakers_open);
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
