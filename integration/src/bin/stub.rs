//! One of the servers beside Envoy as a program, for set-ups in containers.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use integration::servers::stub::answer::Answers;
use integration::servers::stub::backend::Backend;
use integration::servers::stub::control;
use integration::servers::stub::introspection::Introspection;
use integration::servers::usergrid::Usergrid;
use integration::servers::usergrid::relay::Relay;

const USAGE: &str = "\
usage: stub (introspection | backend) ADDRESS:PORT [CONTROL_ADDRESS:PORT]
       stub usergrid ADDRESS:PORT
       stub usergrid-introspection ADDRESS:PORT USERGRID_HOST:PORT";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [kind, address, usergrid] = arguments.as_slice()
        && kind == "usergrid-introspection"
    {
        let address = parse(address)?;
        serve(&Relay::start(address, usergrid)?, address)
    }
    let (kind, address, control) = match arguments.as_slice() {
        [kind, address] => (kind, parse(address)?, None),
        [kind, address, control] => (kind, parse(address)?, Some(parse(control)?)),
        _ => bail!(USAGE),
    };
    match kind.as_str() {
        "introspection" => {
            let stub = Introspection::start(address, Answers::shared()?)?;
            let control = control.map(|at| control::start(at, stub.controlled())).transpose()?;
            serve(&(stub, control), address)
        }
        "backend" => {
            let stub = Backend::start(address)?;
            let control = control.map(|at| control::start(at, stub.controlled())).transpose()?;
            serve(&(stub, control), address)
        }
        "usergrid" if control.is_none() => serve(&Usergrid::start(address)?, address),
        other => bail!("unknown server `{other}`; {USAGE}"),
    }
}

fn parse(text: &str) -> Result<SocketAddr> {
    text.parse().with_context(|| format!("`{text}` is no address; {USAGE}"))
}

/// Keeps servers until the process is ended.
fn serve<T>(_servers: &T, address: SocketAddr) -> ! {
    println!("listening on {address}");
    loop {
        std::thread::park();
    }
}
