//! The resources for Istio and Envoy Gateway: their form, the configurations in them, and what
//! becomes of them in an Envoy.
//!
//! Neither istiod nor Envoy Gateway runs here. `control_plane.rs` does what they do with a plugin, as
//! their sources have it, and a real Envoy gets the result, from files or by `ads.rs`. What only a
//! cluster can show is listed in `docs/mesh.md`.

mod ads;
mod cel;
mod config;
mod control_plane;
mod core_kinds;
mod delivered;
mod envoy;
mod manifests;
mod numbers;
mod overlays;
mod protobuf;
mod schema;
mod smoke;
mod two_plugins;
