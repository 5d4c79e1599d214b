//! Envoy as a process, the module that it loads, and HTTP on sockets. Knows no server and no
//! scenario.

pub mod admin;
pub mod bootstrap;
pub mod chromium;
pub mod client;
pub mod container;
pub mod envoy;
pub mod form;
pub mod gateway;
pub mod http;
pub mod kubectl;
pub mod load;
pub mod lock;
pub mod module;
pub mod packages;
pub mod process;
pub mod server;
pub mod tls;
pub mod version;
pub mod wait;
pub mod workspace;
