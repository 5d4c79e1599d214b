//! The client `gateway`, as which Envoy calls the verifying server: `envoy.yaml` has its secret
//! from the environment.

/// The secret of the client `gateway`, by which Envoy authenticates itself.
pub const GATEWAY_SECRET: &str = "demo-introspection-secret";
/// The token by which Envoy may authenticate itself instead.
pub const GATEWAY_TOKEN: &str = "demo-introspection-token";
