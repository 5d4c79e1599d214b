//! The floor: makes the host calls that its configuration names for every request, by hand,
//! without the SDK and without an allocator. It is for measuring: it authenticates nobody.
//!
//! The configuration is a JSON document whose member `floor` holds words (`plan.rs`). With `logic`
//! among them, a request's head is also read in place, names are compared with those of the identity
//! headers, the path is cut, the query is searched for credentials, and the token is checked, hashed
//! and looked up: about what a hit cannot do without.
//!
//! One VM runs one callback at a time, so all state is in statics that a callback has for itself.

#![cfg(target_arch = "wasm32")]
#![no_std]

mod arena;
mod exports;
mod host;
mod logic;
mod plan;
mod single;
mod table;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
