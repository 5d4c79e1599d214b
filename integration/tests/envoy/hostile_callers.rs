//! Callers who may log in, or need not, and mean harm, with several workers: nobody else notices.

mod denials;
mod memory;
mod poison;
mod revocations;
mod room;
mod rules;

use anyhow::{Result, ensure};
use integration::harness::client::{Connection, Request, describe};
use integration::site::workers::Spread;

const WORKERS: usize = 3;

fn get(token: &str) -> Request {
    Request::get("/acme/shop/x").bearer(token)
}

fn status(connection: &mut Connection, request: &Request) -> Result<u16> {
    Ok(connection.send_request(request)?.status)
}

/// The same request on every worker.
fn everywhere(spread: &mut Spread, request: &Request, expected: u16) -> Result<()> {
    for (worker, connection) in spread.firsts().enumerate() {
        let found = status(connection, request)?;
        ensure!(found == expected, "{} gets {found} on worker {worker}", describe(request));
    }
    Ok(())
}
