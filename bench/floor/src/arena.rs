//! Where the host puts what it returns: one piece of memory, from its beginning for each request.

use core::cell::UnsafeCell;

const SIZE: usize = 128 * 1024;

struct Arena {
    bytes: UnsafeCell<[u64; SIZE / 8]>,
    used: UnsafeCell<usize>,
}

// SAFETY: there is one thread.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena { bytes: UnsafeCell::new([0; SIZE / 8]), used: UnsafeCell::new(0) };

/// What was returned is not looked at any more.
pub(crate) fn reset() {
    // SAFETY: no reference into `used` outlives a statement.
    unsafe { *ARENA.used.get() = 0 }
}

/// So many bytes, or null if there are none left, which the host takes for a failure.
pub(crate) fn take(size: usize) -> *mut u8 {
    // SAFETY: no reference into `used` outlives a statement, and the result is within the arena.
    unsafe {
        let from = *ARENA.used.get();
        if size > SIZE - from {
            return core::ptr::null_mut();
        }
        *ARENA.used.get() = (from + size).next_multiple_of(8).min(SIZE);
        ARENA.bytes.get().cast::<u8>().add(from)
    }
}
