//! The exchange with a token-introspection endpoint (RFC 7662): the request out, the answer in.
//! It tells what the server said about a token; whether a request may pass is decided elsewhere.

mod reply;
mod request;

pub use reply::verdict;
pub use request::request;
