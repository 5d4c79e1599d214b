//! At which size a bar is tried.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Seconds, for every run of the tests.
    Test,
    /// As the bar is stated.
    Full,
}
