//! Runs the scenarios that need no configuration of their own against an Envoy that is already there.

use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use anyhow::{Context, Result};
use integration::scenario::{self, Scenario, target::Remote};
use integration::wait;

const USAGE: &str = "usage: scenarios HOST:PORT

HOST:PORT is where an Envoy with envoy/envoy.yaml listens; beside it run the servers of `--bin stub`.";

fn main() -> Result<ExitCode> {
    let address = std::env::args().nth(1).context(USAGE)?;
    let address = resolve(&address)?;
    wait::until(&format!("an answer from {address}"), || {
        Ok(integration::client::send(address, &integration::client::Request::get("/")).ok())
    })?;
    let mut failed = false;
    for name in Scenario::names()? {
        let scenario = Scenario::load(&name)?;
        if !scenario.runs_anywhere() {
            continue;
        }
        match scenario::run(&scenario, &Remote { envoy: address }) {
            Ok(()) => println!("ok      {name}"),
            Err(error) => {
                failed = true;
                println!("FAILED  {name}: {error:#}");
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn resolve(text: &str) -> Result<SocketAddr> {
    let mut addresses =
        text.to_socket_addrs().with_context(|| format!("`{text}` is no HOST:PORT; {USAGE}"))?;
    addresses.next().with_context(|| format!("`{text}` has no address"))
}
