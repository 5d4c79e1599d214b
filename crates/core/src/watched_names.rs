//! The names among a request's headers that the filter does something about whatever it decides,
//! found by one look at all of them.

use std::rc::Rc;

use usergrid_auth_config::{Config, same_to_a_backend};

use crate::header_map::{HeaderEdit, HeaderMap, Names};

/// Headers that name headers which the next proxy is to drop (RFC 9110 section 7.6.1); the second
/// is no standard, and some proxies obey it all the same. Envoy leaves the first to upgrades only.
const CONNECTION: [&str; 2] = ["connection", "proxy-connection"];

/// What credentials are sent on in.
const AUTHORIZATION: &str = "authorization";

/// Longer names are looked for together.
const LONGEST: usize = 63;

/// The names that are looked for.
#[derive(Debug)]
pub struct WatchedNames {
    /// Those of one length together, the shortest first; of one length identity headers first.
    names: Vec<Watched>,
    /// Where the names of each length begin.
    begins: [usize; LONGEST + 2],
    /// Which they are, roughly: this rules nearly all of a request's headers out.
    all: Names,
    /// Headers that credentials are taken from or sent on in.
    credentials: Vec<Rc<str>>,
}

#[derive(Clone, Debug)]
struct Watched {
    name: Rc<str>,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// What the backend is told about the caller, and nobody but this filter may tell it.
    Identity,
    /// In which proxies and browsers repeat the URL.
    Url,
    /// `Connection` and its like.
    Connection,
}

/// Which of them a request has, each name once.
#[derive(Debug, Default)]
pub struct Sighted {
    /// Identity headers, as they are written there.
    pub reserved: Vec<String>,
    /// Headers that repeat the URL.
    pub urls: Vec<Rc<str>>,
    /// `Connection` and its like.
    pub connection: Vec<Rc<str>>,
}

impl Sighted {
    /// Whether there is anything that is not left as it came on every way through.
    #[must_use]
    pub fn has_any(&self) -> bool {
        !self.reserved.is_empty() || !self.connection.is_empty()
    }
}

impl WatchedNames {
    /// Those that `config` makes the filter look for: all identity headers, also those that the
    /// configuration drops, and the headers to be cleaned.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let watched = |name: &Rc<str>, what| Watched { name: Rc::clone(name), what };
        let identity = config.identity.iter().map(|header| watched(&header.name, What::Identity));
        let urls = config.credentials.clean_headers.iter().map(|name| watched(name, What::Url));
        let connection =
            CONNECTION.map(|name| Watched { name: name.into(), what: What::Connection });
        let watched: Vec<Watched> = identity.chain(urls).chain(connection).collect();
        // Picked by length, not sorted: the sort of the standard library is 7 KB of the module.
        let mut names = Vec::with_capacity(watched.len());
        let mut begins = [0; LONGEST + 2];
        for (of, begin) in begins.iter_mut().enumerate() {
            *begin = names.len();
            let is_of = |it: &&Watched| length(it.name.as_bytes()) == of;
            names.extend(watched.iter().filter(is_of).cloned());
        }
        let mut all = Names::default();
        names.iter().for_each(|watched| all.add_folded(watched.name.as_bytes()));
        let cookie = (!config.credentials.cookies.is_empty()).then_some("cookie");
        let credentials = [AUTHORIZATION].into_iter().chain(cookie).map(Rc::from);
        let credentials = credentials.chain(config.credentials.headers.iter().cloned()).collect();
        Self { names, begins, all, credentials }
    }

    /// Those of them among `headers`.
    ///
    /// Of identity headers every character that is no letter and no digit counts as `-`: CGI, PHP
    /// and WSGI backends fold them, and would take `x_usergrid_principal` or `x.usergrid.principal`
    /// for ours.
    #[must_use]
    pub fn among(&self, headers: &HeaderMap) -> Sighted {
        let mut sighted = Sighted::default();
        if !headers.may_have_any(&self.all) {
            return sighted;
        }
        for (name, _) in headers.pairs() {
            if self.all.may_have(name) {
                self.look_at(name, &mut sighted);
            }
        }
        sighted
    }

    fn look_at(&self, name: &[u8], sighted: &mut Sighted) {
        let is_it = |watched: &&Watched| match watched.what {
            What::Identity => is_the_header(&watched.name, name),
            What::Url | What::Connection => watched.name.as_bytes() == name,
        };
        match self.as_long_as(name).iter().find(is_it) {
            Some(Watched { what: What::Identity, .. }) => {
                // A name that is not UTF-8 is none that anybody looks for.
                if let Ok(name) = std::str::from_utf8(name)
                    && !sighted.reserved.iter().any(|known| known == name)
                {
                    sighted.reserved.push(name.to_owned());
                }
            }
            Some(Watched { what: What::Url, name }) if !sighted.urls.contains(name) => {
                sighted.urls.push(Rc::clone(name));
            }
            Some(Watched { what: What::Connection, name })
                if !sighted.connection.contains(name) =>
            {
                sighted.connection.push(Rc::clone(name));
            }
            _ => {}
        }
    }

    /// Whether `name` is that of an identity header to some backend.
    #[must_use]
    pub fn holds_identity(&self, name: impl AsRef<[u8]>) -> bool {
        let name = name.as_ref();
        let is_it = |watched: &Watched| {
            watched.what == What::Identity && is_the_header(&watched.name, name)
        };
        self.as_long_as(name).iter().any(is_it)
    }

    /// The names among `trailers` that some backend may take for an identity header, or for a
    /// credential that was verified: some merge trailers into the headers. Each once; places of
    /// credentials but for `authorization` aside.
    #[must_use]
    pub fn among_trailers(&self, trailers: &HeaderMap) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (name, _) in trailers.iter() {
            let is_it = self.holds_identity(name) || same_to_a_backend(AUTHORIZATION, name);
            if is_it && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        }
        found
    }

    /// The edits by which no proxy behind the filter is told to drop what a backend relies on:
    /// without its identity headers a request is another caller's.
    #[must_use]
    pub fn keep_what_is_relied_on(
        &self,
        connection: &[Rc<str>],
        headers: &HeaderMap,
    ) -> Vec<HeaderEdit> {
        let mut edits = Vec::new();
        for name in connection {
            let options = headers.values(name).flat_map(|value| value.split(|byte| *byte == b','));
            let options = options.map(<[u8]>::trim_ascii).filter(|option| !option.is_empty());
            let is_relied_on = |option: &&[u8]| {
                std::str::from_utf8(option).is_ok_and(|option| self.is_relied_on(option))
            };
            let (dropped, kept): (Vec<&[u8]>, Vec<&[u8]>) = options.partition(is_relied_on);
            if dropped.is_empty() {
                continue;
            }
            edits.push(if kept.is_empty() {
                HeaderEdit::remove(name)
            } else {
                HeaderEdit::set(name, kept.join(&b", "[..]))
            });
        }
        edits
    }

    fn is_relied_on(&self, name: &str) -> bool {
        self.holds_identity(name)
            || self.credentials.iter().any(|credential| same_to_a_backend(credential, name))
    }

    fn as_long_as(&self, name: &[u8]) -> &[Watched] {
        let begins = self.begins.get(length(name)..);
        let Some([begin, end, ..]) = begins else { return &[] };
        self.names.get(*begin..*end).unwrap_or_default()
    }
}

/// A pseudo-header is none, whatever its colon folds into.
fn is_the_header(ours: &str, theirs: &[u8]) -> bool {
    same_to_a_backend(ours, theirs) && !theirs.starts_with(b":")
}

fn length(name: &[u8]) -> usize {
    name.len().min(LONGEST)
}
