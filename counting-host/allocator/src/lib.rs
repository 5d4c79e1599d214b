//! Whoever links this has every allocation counted: the standard allocator, and an import of the
//! module that the counting host offers and Envoy does not. So a module with it cannot be shipped
//! by mistake: no Envoy loads it.

#![cfg(target_arch = "wasm32")]

use std::alloc::{GlobalAlloc, Layout, System};

#[link(wasm_import_module = "counting_allocator")]
unsafe extern "C" {
    /// One more allocation, or one that is moved or grows.
    safe fn count_allocation(size: usize);
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: what is asked of an allocator is asked of the standard one, with the same arguments; the
// host only counts, and calls nothing back.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_allocation(layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_allocation(layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_allocation(size);
        // SAFETY: the caller's.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(block, layout) }
    }
}
