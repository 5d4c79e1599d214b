//! What is going on.

/// Callers get known.
pub const START: u8 = 0;
/// They are alone.
pub const QUIET: u8 = 1;
/// Every attack at a steady pace.
pub const SIEGE: u8 = 2;
/// The same, with hostile answers as fast as they go.
pub const STAMPEDE: u8 = 3;

/// For figures.
#[must_use]
pub const fn name(phase: u8) -> &'static str {
    match phase {
        QUIET => "quiet",
        SIEGE => "siege",
        STAMPEDE => "stampede",
        _ => "start",
    }
}
