//! What a client waits longer when nobody knows its credential yet: one request at a time, each
//! with another token.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::json;

use crate::estimate;
use crate::filters;
use crate::load::Rotation;
use crate::report::Miss;
use crate::rig::{BARE, Listener, Rig};
use crate::run::Run;
use crate::servers::GOOD;
use crate::slices;

/// Tokens of one slice: more than a second has room for.
const APART: u64 = 100_000;
/// The servers that are asked directly answer this as they answer Envoy.
const DIRECT: &str = "/authz/acme/shop/books";
const PATH: &str = "/acme/shop/books";

struct Way {
    id: &'static str,
    label: &'static str,
    delay: u64,
    address: SocketAddr,
    path: &'static str,
}

/// Measures every way with every server.
///
/// # Errors
/// If a request is refused.
pub fn measure(run: &mut Run) -> Result<Vec<Miss>> {
    let mut listeners = vec![Listener::bare()];
    let delays: Vec<u64> = run.servers.verifying.keys().copied().collect();
    for &delay in &delays {
        let vm = format!("ours-{delay}");
        let ours = filters::ours(&run.module, &vm, delay, &json!({}))?;
        listeners.push(Listener::new(&vm, ours));
        listeners.push(Listener::new(&format!("authz-http-{delay}"), filters::authz_http(delay)));
        listeners.push(Listener::new(&format!("authz-grpc-{delay}"), filters::authz_grpc(delay)));
        let lua = filters::lua(false, delay)?;
        listeners.push(Listener::new(&format!("lua-{delay}"), lua));
    }
    let rig = Rig::start(&listeners, &run.servers, 1, run.places)?;
    let bare = rig.address(BARE)?;
    let mut ways =
        vec![Way { id: "bare", label: "bare Envoy", delay: 0, address: bare, path: PATH }];
    for (&delay, server) in &run.servers.verifying {
        let address = server.address;
        ways.push(Way { id: "direct", label: "the server itself", delay, address, path: DIRECT });
        for (id, label) in [
            ("ours", "this filter, unknown token"),
            ("authz-http", "ext_authz over HTTP"),
            ("authz-grpc", "ext_authz over gRPC"),
            ("lua", "Lua, introspects each request"),
        ] {
            let address = rig.address(&format!("{id}-{delay}"))?;
            ways.push(Way { id, label, delay, address, path: PATH });
        }
    }
    let mut first = 0;
    let mut slice = |index: usize| {
        let way = ways.get(index).context("no such way")?;
        first += APART;
        let tokens = Rotation { prefix: GOOD, first, count: APART, path: way.path };
        Ok(tokens.send(way.address, 1, 1)?.p50)
    };
    // V8 compiles what is used often; that is over before anything counts.
    for index in 0..ways.len() * run.effort.miss_warm_up {
        slice(index % ways.len())?;
    }
    let rounds = slices::interleave(&mut run.random, run.effort.miss_rounds, ways.len(), slice)?;
    let index = |id: &str, delay: u64| {
        let index = ways.iter().position(|way| way.id == id && way.delay == delay);
        index.context("not measured")
    };
    let bare = index("bare", 0)?;
    let spreads = rounds.spreads()?;
    ways.iter()
        .enumerate()
        .zip(&spreads)
        .map(|((at, way), p50)| {
            let over_bare = estimate::median(&rounds.over(at, bare)?)?;
            let direct = spreads.get(index("direct", way.delay)?).context("not measured")?;
            Ok(Miss {
                id: way.id.into(),
                label: way.label.into(),
                delay: way.delay,
                p50: *p50,
                over_bare,
                over_server: over_bare - direct.median,
            })
        })
        .collect()
}
