//! Whether the module's VMs are still those that were started.

use anyhow::{Result, ensure};

use super::local::Site;

const ACTIVE: &str = "wasm.envoy.wasm.runtime.v8.active";
/// What Envoy's log says when one has trapped.
const TRAPPED: [&str; 4] = ["panicked", "RuntimeError", "wasm_fail_stream", "Function: proxy_on"];

/// What shows that a VM has trapped, by a panic or otherwise, in the module as it is shipped. A hook
/// that counts would be in another module, and would see panics alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traps {
    /// Lines of Envoy's log, one at least for each trap, at a level that is always written.
    pub lines: u64,
    /// Reloads that Envoy counts, one for each VM that has trapped and was needed again.
    pub reloads: u64,
}

impl Traps {
    /// Those up to now.
    ///
    /// # Errors
    /// If Envoy does not tell.
    pub fn of(site: &Site) -> Result<Self> {
        let log = site.envoy.log()?;
        let shows = |line: &&str| TRAPPED.iter().any(|sign| line.contains(sign));
        let lines = u64::try_from(log.lines().filter(shows).count())?;
        let reloads =
            site.admin().stats_like("^wasm\\..*vm_reload_(success|failure)$")?.values().sum();
        Ok(Self { lines, reloads })
    }
}

/// VMs in use and every reload, as Envoy counts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vms(Vec<(String, u64)>);

impl Vms {
    /// Those of now.
    ///
    /// # Errors
    /// If there is none, or Envoy does not tell.
    pub fn of(site: &Site) -> Result<Self> {
        let stats = site.admin().stats_like("^wasm\\.")?.into_iter();
        let kept: Vec<(String, u64)> = stats
            .filter(|(name, value)| name == ACTIVE || (*value > 0 && name.contains("vm_reload")))
            .collect();
        ensure!(kept.iter().any(|(name, value)| name == ACTIVE && *value > 0), "no VM: {kept:?}");
        Ok(Self(kept))
    }

    /// Asserts that none has ended or trapped since.
    ///
    /// # Errors
    /// If one has.
    pub fn still_live(&self, site: &Site) -> Result<()> {
        let now = Self::of(site)?;
        ensure!(now == *self, "VMs: {now:?} before {self:?}");
        let log = site.envoy.log()?;
        for sign in TRAPPED {
            ensure!(!log.contains(sign), "Envoy's log has `{sign}`:\n{log}");
        }
        Ok(())
    }
}
