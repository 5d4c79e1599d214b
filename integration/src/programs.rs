//! What the programs under `bin/` do; those read arguments and choose the exit code.

pub mod bars;
pub mod compose;
pub mod demo;
pub mod matrix;
pub mod monitoring;
pub mod soak;
