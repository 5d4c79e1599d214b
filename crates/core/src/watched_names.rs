//! The names among a request's headers that the filter does something about whatever it decides,
//! found by one look at all of them.

use std::rc::Rc;

use usergrid_auth_config::Config;

use crate::header_map::HeaderMap;
use crate::identity_headers::ReservedNames;

/// The names that are looked for.
#[derive(Debug)]
pub struct WatchedNames {
    reserved: ReservedNames,
    /// Headers in which proxies and browsers repeat the URL, as they spell them.
    urls: Vec<Rc<str>>,
    lengths: Lengths,
}

/// Which of them a request has, each name once.
#[derive(Debug, Default)]
pub struct Sighted {
    /// Identity headers, as they are written there.
    pub reserved: Vec<String>,
    /// Headers that repeat the URL.
    pub urls: Vec<Rc<str>>,
}

/// Which lengths some names have: bit n for a name of n bytes, the last bit for all longer ones.
/// Most of a request's headers are ruled out by that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths(u64);

impl WatchedNames {
    /// Those that `config` makes the filter look for.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let reserved = ReservedNames::new(&config.identity);
        let urls = config.credentials.clean_headers.clone();
        let lengths = Lengths(reserved.lengths().0 | Lengths::of(&urls).0);
        Self { reserved, urls, lengths }
    }

    /// Those of them among `headers`.
    #[must_use]
    pub fn among(&self, headers: &HeaderMap) -> Sighted {
        let mut sighted = Sighted::default();
        for (name, _) in headers.iter().filter(|(name, _)| self.lengths.hold(name)) {
            if self.reserved.holds(name) {
                if !sighted.reserved.iter().any(|known| known == name) {
                    sighted.reserved.push(name.to_owned());
                }
            } else if let Some(url) = self.urls.iter().find(|url| ***url == *name)
                && !sighted.urls.contains(url)
            {
                sighted.urls.push(Rc::clone(url));
            }
        }
        sighted
    }
}

impl Lengths {
    pub(crate) fn of(names: &[Rc<str>]) -> Self {
        Self(names.iter().fold(0, |lengths, name| lengths | Self::bit(name)))
    }

    /// Whether one of the names may be `name`.
    fn hold(self, name: &str) -> bool {
        self.0 & Self::bit(name) != 0
    }

    fn bit(name: &str) -> u64 {
        1 << name.len().min(63)
    }
}
