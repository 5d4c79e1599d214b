//! The adapter: turns the host's callbacks into events and carries effects out. It decides nothing.
//!
//! `HOST.md` lists every contact with the host: what is called, when, and what can fail.

mod host;
mod root;
mod stats;
mod stream;
mod worker;

use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    // First, because it also installs the hook that logs a panic before the VM dies.
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|context_id| Box::new(root::Root::new(context_id)));
}}
