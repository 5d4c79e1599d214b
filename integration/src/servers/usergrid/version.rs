//! Which Usergrid it is: they differ in what they say about the same credential.

use std::str::FromStr;

use anyhow::{Result, bail};

/// A state of Usergrid's source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The branch `master`, 2.2-SNAPSHOT.
    #[default]
    Master,
    /// The last release.
    Release210,
}

impl FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "master" => Self::Master,
            "2.1.0" => Self::Release210,
            _ => bail!("no version `{text}`: there are `master` and `2.1.0`"),
        })
    }
}
