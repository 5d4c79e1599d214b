//! Choices out of bytes: each takes the next ones, and where there are none left, the first choice.

/// What is left of the bytes.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// All of them.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next one.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of `choices`, which are at most 256.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// The next ones up to `end`, which goes, too; all if there is none.
    pub fn until(&mut self, end: u8) -> &'a [u8] {
        let mut halves = self.0.splitn(2, |byte| *byte == end);
        let first = halves.next().unwrap_or_default();
        self.0 = halves.next().unwrap_or_default();
        first
    }

    /// The next ones, as many as the byte before them says.
    pub fn counted(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte()).min(self.0.len());
        let (first, rest) = self.0.split_at(count);
        self.0 = rest;
        first
    }

    /// All that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
