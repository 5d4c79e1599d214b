//! The two servers beside Envoy: the verifying one and the backend.

pub mod answer;
pub mod backend;
pub mod control;
pub mod introspection;
