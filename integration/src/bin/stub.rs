//! One of the servers beside Envoy as a program, for set-ups in containers.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use integration::stub::answer::Answers;
use integration::stub::backend::Backend;
use integration::stub::introspection::Introspection;
use integration::usergrid::Usergrid;

const USAGE: &str = "usage: stub (introspection | backend | usergrid) ADDRESS:PORT";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, address] = arguments.as_slice() else { bail!(USAGE) };
    let address: SocketAddr =
        address.parse().with_context(|| format!("`{address}` is no address; {USAGE}"))?;
    match kind.as_str() {
        "introspection" => serve(&Introspection::start(address, Answers::shared()?)?, address),
        "backend" => serve(&Backend::start(address)?, address),
        "usergrid" => serve(&Usergrid::start(address)?, address),
        other => bail!("unknown server `{other}`; {USAGE}"),
    }
}

/// Keeps a server until the process is ended.
fn serve<T>(_server: &T, address: SocketAddr) -> ! {
    println!("listening on {address}");
    loop {
        std::thread::park();
    }
}
