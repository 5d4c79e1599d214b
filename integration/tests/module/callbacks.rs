//! The module under hostile callbacks and hostile state: every seed. `cargo count --callbacks` tries
//! mutants of them, too, and a fuzzer more, as `fuzz/README.md` says.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use counting_host::callbacks;
use counting_host::host::{Action, CountingHost};

use crate::host_calls::{get, shipped};

const SHOP: &str = "/acme/shop/books";

#[test]
fn no_order_of_callbacks_and_no_state_traps_the_module() -> Result<()> {
    callbacks::replay(&callbacks::Started::new(&super::bytes()?)?, 0)
}

/// What happens to a host that goes on from a snapshot would have happened to the one it is of.
#[test]
fn a_host_goes_on_from_a_snapshot_as_without_it() -> Result<()> {
    let mut host = shipped()?;
    host.add_worker()?;
    known(&mut host, "before")?;
    let mut other = CountingHost::from_snapshot(&host.snapshot()?)?;
    for host in [&mut host, &mut other] {
        // One that is remembered, and one that is not.
        let hit = host.on(0).request(&get(SHOP, Some("before")))?;
        ensure!(host.action(hit) == Action::Continued, "it is {:?}", host.action(hit));
        known(host.on(1), "after")?;
    }
    let seen = |host: &mut CountingHost| {
        format!("{:?}", {
            let state = host.state();
            let shared: BTreeMap<_, _> = state.shared.iter().collect();
            let metrics: BTreeMap<_, _> = state.metrics.iter().collect();
            (shared, metrics, &state.messages, &state.log, state.calls.len())
        })
    };
    ensure!(seen(&mut host) == seen(&mut other), "{}\n{}", seen(&mut host), seen(&mut other));
    Ok(())
}

fn known(host: &mut CountingHost, token: &str) -> Result<()> {
    let request = host.request(&get(SHOP, Some(token)))?;
    host.ring()?;
    host.answer(200, br#"{"active":true,"username":"carol"}"#)?;
    ensure!(host.action(request) == Action::Resumed, "it is {:?}", host.action(request));
    Ok(())
}
