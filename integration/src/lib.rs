//! Everything needed to run the filter's module in a real Envoy and to watch it from both sides.
//!
//! A [`site::Site`] is an Envoy with `envoy/envoy.yaml`, a verifying server and a backend. The demo
//! shows one to people; the tests drive one with the files under `scenarios/` and with code.

pub mod admin;
pub mod bars;
pub mod bootstrap;
pub mod client;
pub mod compose;
pub mod demo;
pub mod envoy;
pub mod http;
pub mod live;
pub mod load;
pub mod lock;
pub mod matrix;
pub mod module;
pub mod oauth;
pub mod packages;
pub mod process;
pub mod scenario;
pub mod site;
pub mod soak;
pub mod stub;
pub mod usergrid;
pub mod version;
pub mod wait;
pub mod workers;
pub mod workspace;
