//! One of the servers beside Envoy as a program, for set-ups in containers.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use integration::servers::stub::answer::Answers;
use integration::servers::stub::backend::Backend;
use integration::servers::stub::control;
use integration::servers::stub::introspection::Introspection;
use integration::servers::usergrid::Usergrid;
use integration::servers::usergrid::relay::Relay;
use integration::servers::usergrid::version::Version;

const USAGE: &str = "\
usage: stub (introspection | backend) ADDRESS:PORT [CONTROL_ADDRESS:PORT]
       stub usergrid [--version master|2.1.0] ADDRESS:PORT [CONTROL_ADDRESS:PORT]
       stub usergrid-introspection ADDRESS:PORT USERGRID_HOST:PORT ORG/APP...";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["usergrid-introspection", address, usergrid, applications @ ..] = arguments.as_slice()
        && !applications.is_empty()
    {
        let address = parse(address)?;
        serve(&Relay::start(address, usergrid, applications)?, address)
    }
    let mut version = Version::default();
    if let ["usergrid", "--version", word, ..] = arguments.as_slice() {
        version = word.parse()?;
        arguments.drain(1..3);
    }
    let (kind, address, control) = match arguments.as_slice() {
        [kind, address] => (*kind, parse(address)?, None),
        [kind, address, control] => (*kind, parse(address)?, Some(parse(control)?)),
        _ => bail!(USAGE),
    };
    match kind {
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
        "usergrid" => {
            let stub = Usergrid::start_version(address, version)?;
            let control = control.map(|at| control::start(at, stub.controlled())).transpose()?;
            serve(&(stub, control), address)
        }
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
