//! Usergrid's paths and permission rules: what a path addresses, and whether rules allow a method
//! on it.
//!
//! Pure functions of a path and compiled rules; nothing here knows of credentials or principals.
//! Start at [`path::RequestPath`], then [`permission::Rule`]. Matching is paid out of a budget,
//! [`steps::Steps`].

#![forbid(unsafe_code)]

pub mod demand;
pub mod guest;
pub mod host;
pub mod path;
pub mod permission;
pub mod public;
pub mod steps;
pub mod syntax;
