//! How a request's path is read: whether it can be trusted, and what it addresses.

mod clarity;
mod meaning;
mod properties;

use usergrid_auth_rules::path::{BrokenPath, RequestPath};

const UUID: &str = "b6768a08-b5d5-11e3-a495-11ddb1de66c8";

fn parse(path: &str) -> Result<RequestPath, BrokenPath> {
    RequestPath::parse(path.as_bytes(), &[])
}
