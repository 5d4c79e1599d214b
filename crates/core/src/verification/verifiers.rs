//! The protocols by which credentials are verified, one file each.

mod form;
pub mod introspection;
mod leak;
pub mod token_endpoint;
pub mod usergrid;

pub(crate) use introspection::Introspection;
pub(crate) use token_endpoint::TokenEndpoint;
