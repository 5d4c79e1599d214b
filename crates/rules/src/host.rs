//! The host of a request, and patterns of hosts as in the `domains` of Envoy's virtual hosts.

use std::fmt;

/// A pattern: a whole name, `*.example.com` or `*-api.example.com`, `example.*` or `example-*`, or
/// `*`.
///
/// As in Envoy's `domains`, letter case does not count, a `*` stands for at least one character
/// and may stand for several labels, and a trailing dot is a part of the name. Ports are no part of
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// In lower case, without the `*`.
    text: String,
    wildcard: Wildcard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    None,
    AtTheBeginning,
    AtTheEnd,
    All,
}

/// Why a text is no pattern of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// It has a port, which a pattern leaves aside.
    Port,
    /// A `*` stands in the middle, or there are several.
    Wildcard,
    /// It holds something else than letters, digits, `.`, `-`, `_`, or an IPv6 address in brackets.
    Character,
}

impl HostPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let (rest, wildcard) = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(""), _) => return Ok(Self { text: String::new(), wildcard: Wildcard::All }),
            (Some(rest), _) => (rest, Wildcard::AtTheBeginning),
            (_, Some(rest)) => (rest, Wildcard::AtTheEnd),
            (None, None) => (text, Wildcard::None),
        };
        if rest.contains('*') {
            return Err(HostError::Wildcard);
        }
        let is_name = match wildcard {
            Wildcard::None => is_host(rest.as_bytes()),
            _ => !rest.is_empty() && rest.bytes().all(is_name_byte),
        };
        if is_name {
            Ok(Self { text: rest.to_ascii_lowercase(), wildcard })
        } else if host(rest.as_bytes()).is_some_and(|host| host.len() < rest.len()) {
            Err(HostError::Port)
        } else {
            Err(HostError::Character)
        }
    }

    /// Whether it matches `host`, which comes from [`host`].
    #[must_use]
    pub fn matches(&self, host: &[u8]) -> bool {
        let text = self.text.as_bytes();
        let beside = |part: Option<&[u8]>| {
            host.len() > text.len() && part.is_some_and(|part| part.eq_ignore_ascii_case(text))
        };
        match self.wildcard {
            Wildcard::None => host.eq_ignore_ascii_case(text),
            Wildcard::AtTheBeginning => {
                beside(host.len().checked_sub(text.len()).and_then(|at| host.get(at..)))
            }
            Wildcard::AtTheEnd => beside(host.get(..text.len())),
            Wildcard::All => true,
        }
    }

    /// Whether it matches every host that `other` matches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.text.as_str(), other.text.as_str());
        match (self.wildcard, other.wildcard) {
            (Wildcard::All, _) => true,
            (_, Wildcard::None) => self.matches(theirs.as_bytes()),
            (Wildcard::AtTheBeginning, Wildcard::AtTheBeginning) => theirs.ends_with(ours),
            (Wildcard::AtTheEnd, Wildcard::AtTheEnd) => theirs.starts_with(ours),
            _ => false,
        }
    }
}

/// The host in `authority`, without its port; `None` if it is none that everybody reads alike.
///
/// A host is a name of letters, digits, `.`, `-` and `_`, or an IPv6 address in brackets. User
/// information, a list, an escape or anything else that a backend may take apart in its own way
/// makes it none.
#[must_use]
pub fn host(authority: &[u8]) -> Option<&[u8]> {
    // The colons of an IPv6 address stand before the bracket.
    let end = authority.iter().rposition(|byte| *byte == b':' || *byte == b']');
    let (host, port) = match end.and_then(|at| authority.split_at_checked(at)) {
        Some((host, [b':', port @ ..])) => (host, port),
        _ => (authority, &[][..]),
    };
    (is_host(host) && port.iter().all(u8::is_ascii_digit)).then_some(host)
}

fn is_host(text: &[u8]) -> bool {
    match text {
        [b'[', address @ .., b']'] => {
            let is_part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
            !address.is_empty() && address.iter().all(is_part)
        }
        name => !name.is_empty() && name.iter().copied().all(is_name_byte),
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Port => "has a port, which is left aside here: give the host alone",
            Self::Wildcard => "has a `*` elsewhere than at one end",
            Self::Character => "is not a host, nor a host with a `*` at one end",
        })
    }
}
