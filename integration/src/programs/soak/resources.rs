//! What Envoy holds while nothing happens.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::harness::wait;
use crate::site::live::Live;
use crate::site::vms::Traps;

/// Resident memory may grow by so much. Envoy's allocator and V8 give nothing back at once, so what
/// the workers happened to need at the same time shows. A leak of a hundred bytes a request passes
/// it within two rounds.
const MEMORY: u64 = 8 * 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Resources {
    /// Resident memory in bytes. The data that workers share is in it: it has a fixed set of keys,
    /// and Envoy does not tell its size.
    resident: u64,
    /// VMs of V8.
    vms: u64,
    /// File descriptors that are no open connection. Those to the backend and to the verifying
    /// servers stay open between requests, as many as were needed at the same time; those of
    /// clients are among what must be zero.
    descriptors: usize,
    /// Panics of the module and other traps.
    traps: Traps,
    /// Everything that must be zero by now.
    pending: BTreeMap<String, u64>,
}

/// Gauges of what is under way.
const PENDING: &str = "^(http\\.api\\.downstream_(rq|cx)_active\
    |cluster\\.[a-z]+\\.upstream_rq_(pending_)?active\
    |listener_manager\\.total_(filter_chains_draining|listeners_draining|listeners_warming)\
    |wasmcustom\\.usergrid_auth_(waiting|breaker_open))$";
const VMS: &str = "wasm.envoy.wasm.runtime.v8.active";

impl Resources {
    /// Waits until nothing is under way, and looks.
    ///
    /// # Errors
    /// If something stays under way.
    pub fn at_rest(live: &Live) -> Result<Self> {
        let mut pending = BTreeMap::new();
        let rest = wait::until("Envoy to come to rest", || {
            pending = live.site.admin().stats_like(PENDING)?;
            Ok(pending.values().all(|value| *value == 0).then_some(()))
        });
        rest.with_context(|| format!("still under way: {pending:?}"))?;
        let descriptors = wait::until("connections to close", || live.site.envoy.descriptors())?;
        let resident = live.site.envoy.resident()?;
        let traps = Traps::of(&live.site)?;
        Ok(Self { resident, vms: live.stat(VMS)?, descriptors, traps, pending })
    }

    /// A line for each of them, and what is not as it was.
    #[must_use]
    pub fn compare(&self, baseline: &Self) -> (String, Vec<String>) {
        let growth = self.resident.saturating_sub(baseline.resident);
        let mut lines = String::new();
        let mut wrong = Vec::new();
        let mut row = |name: &str, before: String, now: String, bound: &str, good: bool| {
            let verdict = if good { "" } else { "  WRONG" };
            lines.push_str(&format!("  {name:32} {before:>9} {now:>9}  {bound}{verdict}\n"));
            if !good {
                wrong.push(format!("{name}: {before} at the baseline, {now} at the end"));
            }
        };
        row(
            "resident memory, KB",
            (baseline.resident / 1024).to_string(),
            (self.resident / 1024).to_string(),
            &format!("may grow by {}", MEMORY / 1024),
            growth <= MEMORY,
        );
        let same = "must be the same";
        let (before, now) = (baseline.vms, self.vms);
        row("VMs", before.to_string(), now.to_string(), same, before == now);
        let (before, now) = (baseline.descriptors, self.descriptors);
        row(
            "descriptors, not connections",
            before.to_string(),
            now.to_string(),
            same,
            before == now,
        );
        let (before, now) = (baseline.traps, self.traps);
        for (name, before, now) in [
            ("panics and other traps", before.lines, now.lines),
            ("VMs loaded again after one", before.reloads, now.reloads),
        ] {
            row(name, before.to_string(), now.to_string(), "must be 0", now == 0);
        }
        for (name, now) in &self.pending {
            let before = baseline.pending.get(name).copied().unwrap_or_default();
            row(name, before.to_string(), now.to_string(), "must be 0", *now == 0);
        }
        (lines, wrong)
    }
}
