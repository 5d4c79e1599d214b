//! What stands beside Envoy: verifying servers and backends.

pub mod oauth;
pub mod stub;
pub mod usergrid;
