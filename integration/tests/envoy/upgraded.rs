//! A request for a WebSocket keeps its `Connection` header: the one way in which a client can tell
//! the next proxy to drop headers.

use anyhow::{Context, Result, ensure};
use integration::harness::client::Request;
use integration::harness::http::header;
use integration::site::{Setup, Site};

#[test]
fn the_next_proxy_is_not_told_to_drop_an_identity() -> Result<()> {
    let setup = Setup::test("upgrade");
    let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.upgrade()?;
        Ok(bootstrap)
    })?;
    let upgrade = |request: Request| {
        request
            .header("connection", "upgrade, x-usergrid-username")
            .header("connection", "Authorization")
            .header("upgrade", "websocket")
    };
    let caller = Request::get("/acme/shop/x").bearer("alice");
    for request in [caller, Request::get("/acme/sandbox/x")] {
        site.send(&upgrade(request))?;
        let seen = site.backend.seen().pop().context("nothing at the backend")?;
        let connection = header(&seen.headers, "connection").unwrap_or_default();
        ensure!(connection.eq_ignore_ascii_case(b"upgrade"), "{:?}", seen.headers);
        ensure!(header(&seen.headers, "x-usergrid-principal").is_some(), "{:?}", seen.headers);
    }
    Ok(())
}
