//! Whether the module's VMs are still those that were started.

use anyhow::{Result, ensure};

use super::local::Site;

const ACTIVE: &str = "wasm.envoy.wasm.runtime.v8.active";
/// What Envoy's log says when one has trapped.
pub const TRAPPED: [&str; 4] =
    ["panicked", "RuntimeError", "wasm_fail_stream", "Function: proxy_on"];

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
