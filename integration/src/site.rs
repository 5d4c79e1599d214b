//! Complete set-ups: an Envoy, a verifying server and a backend, started together and stopped when
//! dropped.

mod both;
pub mod front;
pub mod live;
mod local;
mod setup;
mod stock;
pub mod vms;
pub mod workers;

pub use both::Both;
pub use local::Site;
pub use setup::Setup;
pub use stock::Stock;
