//! The verifying server fails as containers do: known tokens go on, unknown ones get 503, and it
//! comes back by itself.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::stack::{Overlay, Stack};
use super::target::Composed;
use crate::harness::client::Request;
use crate::harness::container::{Container, docker};
use crate::harness::wait;
use crate::servers::stub::backend::MARK;

const PATH: &str = "/acme/shop/books";
const KNOWN: &str = "alice";
/// Of each kind of request while the server is away.
const ROUNDS: usize = 6;

/// One way to fail.
struct Fault {
    name: &'static str,
    begin: fn(&Container, &str) -> Result<()>,
    end: fn(&Container, &str) -> Result<()>,
    /// A good token that nobody has sent before.
    fresh: &'static str,
}

const FAULTS: [Fault; 3] = [
    Fault {
        name: "stopped",
        begin: |server, _| server.run(&["stop", "-t", "1"]).map(drop),
        end: |server, _| server.run(&["start"]).map(drop),
        fresh: "minimal",
    },
    Fault {
        name: "paused",
        begin: |server, _| server.run(&["pause"]).map(drop),
        end: |server, _| server.run(&["unpause"]).map(drop),
        fresh: "no-tenant",
    },
    Fault {
        name: "cut off",
        begin: |server, network| server.run(&["network", "disconnect", network]).map(drop),
        end: |server, network| {
            let connect = ["network", "connect", "--alias", "introspection", network, server.id()];
            docker(&connect).map(drop)
        },
        fresh: "full",
    },
];

/// Tries all of them, with `envoy/envoy.yaml` as shipped: 500 ms for a call, and one more try.
///
/// # Errors
/// If somebody is let in or refused who should not be, or the server's return goes unnoticed.
pub fn run(stack: &Stack, overlay: &Overlay) -> Result<()> {
    overlay.shipped()?;
    stack.up(1, 1)?;
    let mut site = Composed::new(stack)?;
    site.restart()?;
    for fault in FAULTS {
        one(&site, stack, &fault)?;
    }
    Ok(())
}

fn one(site: &Composed, stack: &Stack, fault: &Fault) -> Result<()> {
    let server = stack.healthy("introspection")?;
    let network = stack.network();
    let status =
        |token: &str| -> Result<u16> { Ok(site.send(&Request::get(PATH).bearer(token))?.status) };
    ensure!(status(KNOWN)? == 200, "before the fault a good token is refused");
    (fault.begin)(&server, &network)?;
    let mut seen: BTreeMap<(&str, u16), usize> = BTreeMap::new();
    for round in 0..ROUNDS {
        *seen.entry(("known", status(KNOWN)?)).or_default() += 1;
        let unknown =
            Request::get(PATH).bearer(&format!("{}-{round}", fault.name.replace(' ', "-")));
        let unknown = site.send(&unknown)?;
        let retry = unknown.header("retry-after").is_some();
        ensure!(retry, "a {} without Retry-After, or no refusal", unknown.status);
        *seen.entry(("unknown", unknown.status)).or_default() += 1;
        let none = site.send(&Request::get(PATH))?;
        ensure!(none.header(MARK).is_none(), "the backend has answered without a credential");
        *seen.entry(("none", none.status)).or_default() += 1;
        let guest = site.send(&Request::get("/acme/sandbox/books"))?;
        *seen.entry(("guest", guest.status)).or_default() += 1;
    }
    (fault.end)(&server, &network)?;
    let returned = Instant::now();
    let mut refused = 0_usize;
    wait::until("a fresh token to be admitted again", || match status(fault.fresh)? {
        200 => Ok(Some(())),
        _ => {
            refused += 1;
            Ok(None)
        }
    })?;
    println!(
        "  {}: {}; after its return {refused} refusals, {} ms until a fresh token is admitted",
        fault.name,
        seen.iter()
            .map(|((who, status), count)| format!("{who} {count} x {status}"))
            .collect::<Vec<_>>()
            .join(", "),
        returned.elapsed().as_millis(),
    );
    let expected = [("guest", 200), ("known", 200), ("none", 401), ("unknown", 503)];
    ensure!(seen.keys().eq(&expected), "not as expected: {seen:?}");
    Ok(())
}
