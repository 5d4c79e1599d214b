//! Requests that no route takes: Envoy asks the filter all the same, before it says 404. There are no
//! settings of a route then, which is not the same as settings that cannot be read.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::site::{Setup, Site};

#[test]
fn a_request_without_a_route_is_judged_as_one_whose_route_says_nothing() -> Result<()> {
    let setup = Setup::test("unrouted");
    let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.remove_routes()?;
        Ok(bootstrap)
    })?;
    // 404 is Envoy's: the filter has let the request go on.
    for (path, token, expected) in [
        ("/acme/shop/books", "", 401),
        ("/acme/shop/books", "nobody", 401),
        ("/acme/shop/books", "alice", 404),
        ("/acme/sandbox/books", "", 404),
        ("/acme/sandbox/../shop/books", "", 401),
    ] {
        let mut request = Request::get(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let status = site.send(&request)?.status;
        ensure!(status == expected, "{path} {token}: {status}, not {expected}");
    }
    ensure!(site.backend.seen().is_empty(), "nothing leads to the backend");
    Ok(())
}
