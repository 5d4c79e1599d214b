//! The names among a request's headers that the filter does something about whatever it decides,
//! found by one look at all of them.

use std::rc::Rc;

use usergrid_auth_config::Config;

use crate::header_map::HeaderMap;
use crate::identity_headers::same_to_a_backend;

/// Longer names are looked for together.
const LONGEST: usize = 63;

/// The names that are looked for.
#[derive(Debug)]
pub struct WatchedNames {
    /// Those of one length together, the shortest first; of one length identity headers first.
    names: Vec<Watched>,
    /// Where the names of each length begin, which rules most of a request's headers out.
    begins: [usize; LONGEST + 2],
}

#[derive(Debug)]
struct Watched {
    name: Rc<str>,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// What the backend is told about the caller, and nobody but this filter may tell it.
    Identity,
    /// In which proxies and browsers repeat the URL.
    Url,
}

/// Which of them a request has, each name once.
#[derive(Debug, Default)]
pub struct Sighted {
    /// Identity headers, as they are written there.
    pub reserved: Vec<String>,
    /// Headers that repeat the URL.
    pub urls: Vec<Rc<str>>,
}

impl WatchedNames {
    /// Those that `config` makes the filter look for: all identity headers, also those that the
    /// configuration drops, and the headers to be cleaned.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let watched = |name: &Rc<str>, what| Watched { name: Rc::clone(name), what };
        let identity = config.identity.iter().map(|header| watched(&header.name, What::Identity));
        let urls = config.credentials.clean_headers.iter().map(|name| watched(name, What::Url));
        let mut names: Vec<Watched> = identity.chain(urls).collect();
        names.sort_by_key(|watched| (length(&watched.name), watched.what));
        let mut begins = [names.len(); LONGEST + 2];
        for (of, begin) in begins.iter_mut().enumerate() {
            *begin = names.partition_point(|watched| length(&watched.name) < of);
        }
        Self { names, begins }
    }

    /// Those of them among `headers`.
    ///
    /// Of identity headers every character that is no letter and no digit counts as `-`: CGI, PHP
    /// and WSGI backends fold them, and would take `x_usergrid_principal` or `x.usergrid.principal`
    /// for ours.
    #[must_use]
    pub fn among(&self, headers: &HeaderMap) -> Sighted {
        let mut sighted = Sighted::default();
        for (name, _) in headers.iter() {
            let is_it = |watched: &&Watched| match watched.what {
                What::Identity => same_to_a_backend(&watched.name, name),
                What::Url => *watched.name == *name,
            };
            match self.as_long_as(name).iter().find(is_it) {
                Some(Watched { what: What::Identity, .. })
                    if !sighted.reserved.iter().any(|known| known == name) =>
                {
                    sighted.reserved.push(name.to_owned());
                }
                Some(Watched { what: What::Url, name }) if !sighted.urls.contains(name) => {
                    sighted.urls.push(Rc::clone(name));
                }
                _ => {}
            }
        }
        sighted
    }

    fn as_long_as(&self, name: &str) -> &[Watched] {
        let begins = self.begins.get(length(name)..);
        let Some([begin, end, ..]) = begins else { return &[] };
        self.names.get(*begin..*end).unwrap_or_default()
    }
}

fn length(name: &str) -> usize {
    name.len().min(LONGEST)
}
