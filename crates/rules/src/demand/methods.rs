//! The methods that a request may turn out to have.

/// A set of methods, as far as rules tell them apart: `GET` (which stands for `HEAD` too), `PUT`,
/// `POST`, `DELETE`, and all others together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

/// In the order of [`Methods::named`].
const NAMED: [(&[u8], u8); 4] = [(b"GET", 1), (b"PUT", 2), (b"POST", 4), (b"DELETE", 8)];
const OTHER: u8 = 16;

impl Methods {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// Every method there is.
    pub const EVERY: Self = Self(31);

    /// What a request of this `:method` may do. One that rules cannot name (`PATCH`, or `get` in
    /// small letters) may do everything.
    #[must_use]
    pub fn of(method: &[u8]) -> Self {
        let method = if method == b"HEAD" { b"GET" } else { method };
        let named = NAMED.iter().find(|(name, _)| *name == method);
        named.map_or(Self::EVERY, |(_, bit)| Self(*bit))
    }

    /// The same with what a method-override header says besides: one method or several, by commas,
    /// in any letter case. Some backends heed such a header, and none has to.
    #[must_use]
    pub fn or_override(self, value: &[u8]) -> Self {
        let parts = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        parts
            .filter(|part| !part.is_empty())
            .fold(self, |methods, part| methods.or(Self::of(&part.to_ascii_uppercase())))
    }

    /// Both together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have a method in common.
    #[must_use]
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` are among these.
    pub(super) const fn hold(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Each by itself.
    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        let bits = NAMED.iter().map(|(_, bit)| *bit).chain([OTHER]);
        bits.map(Self).filter(move |one| self.meet(*one))
    }

    /// The operations of a rule: all, or those named of get, put, post and delete.
    pub(crate) fn named(any: bool, named: [bool; 4]) -> Self {
        let bits = NAMED.iter().zip(named).filter(|(_, is_named)| *is_named);
        let named = bits.fold(0, |bits, ((_, bit), _)| bits | bit);
        if any { Self::EVERY } else { Self(named) }
    }
}
