//! The module in a real Envoy: every scenario file, and what takes code to show.

mod scenarios;
