//! Versions of Envoy, in order.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result};
use serde::Deserialize;

/// `1.40.0`; whatever follows the third number is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    minor: (u32, u32),
    patch: u32,
}

impl Version {
    /// Whether a change came after this version: `changed_in` names the first release with it in
    /// each minor version that got it, and whatever is newer than all of these has it.
    #[must_use]
    pub fn lacks(self, changed_in: &[Self]) -> bool {
        let same = changed_in.iter().find(|change| change.minor == self.minor);
        same.map_or_else(
            || changed_in.iter().max().is_some_and(|newest| self < *newest),
            |change| self < *change,
        )
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut numbers =
            text.splitn(4, '.').map(|part| part.split(['-', '+']).next()?.parse().ok());
        let mut next = || numbers.next().flatten();
        let found = (|| Some(Self { minor: (next()?, next()?), patch: next()? }))();
        found.with_context(|| format!("`{text}` is no version"))
    }
}

impl TryFrom<String> for Version {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.minor.0, self.minor.1, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_in_order() {
        assert!(version("1.36.2") < version("1.36.10"));
        assert!(version("1.9.0") < version("1.10.0"));
        assert_eq!(version("1.36.2.post1"), version("1.36.2"));
        assert_eq!(version("1.41.0-dev").to_string(), "1.41.0");
        assert!("1.40".parse::<Version>().is_err());
    }

    #[test]
    fn a_change_comes_to_each_minor_version_in_its_own_release() {
        let changed_in = ["1.36.10", "1.37.6", "1.39.1"].map(version);
        for (text, lacks) in [
            ("1.35.12", true),
            ("1.36.9", true),
            ("1.36.10", false),
            ("1.37.5", true),
            ("1.38.9", true),
            ("1.39.1", false),
            ("1.40.0", false),
        ] {
            assert_eq!(version(text).lacks(&changed_in), lacks, "{text}");
        }
    }
}
