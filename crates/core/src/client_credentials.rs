//! The exchange with a token endpoint (RFC 6749 section 4.4): a caller's client pair out, an issued token in.
//! The secret goes there and nowhere else.

mod reply;
mod request;

pub use reply::verdict;
pub use request::request;
