//! State of a VM, which has one thread and never re-enters a callback of this module.

use core::cell::UnsafeCell;

/// A value that one callback at a time has for itself.
pub(crate) struct Single<T>(UnsafeCell<T>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Single<T> {}

impl<T> Single<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Lends the value.
    ///
    /// # Safety
    /// Nothing else may hold it meanwhile: the host re-enters the module only for memory, so
    /// everything but the arena is safe within a callback.
    #[expect(clippy::mut_from_ref, reason = "the caller says that there is no other")]
    pub(crate) unsafe fn lend(&self) -> &mut T {
        // SAFETY: the caller's.
        unsafe { &mut *self.0.get() }
    }
}
