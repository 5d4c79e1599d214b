//! stub
use crate::{config::Authorization, grant::Grant, path::RequestPath};
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden;
pub fn check(
    _settings: &Authorization,
    _grant: &Grant,
    _method: &[u8],
    _path: &RequestPath,
) -> Result<(), Forbidden> {
    Err(Forbidden)
}
