//! The adapter: turns the host's callbacks into events and carries effects out. It decides nothing.
//!
//! Natively there is no host, so natively this crate is empty: the core and its tests are
//! `crates/core`.
//!
//! `HOST.md` lists every contact with the host: what is called, when, and what can fail.

#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, reason = "the macro of the SDK makes an export without any")]

mod abi;
mod connections;
mod host;
mod phase;
mod root;
mod stats;
mod store;
mod stream;
mod worker;

#[cfg(feature = "count-allocations")]
use counting_allocator as _;
use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    // First, because it also installs the hook that logs a panic before the VM dies.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|context_id| Box::new(root::Root::new(context_id)));
}}
