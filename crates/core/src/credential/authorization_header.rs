//! The `Authorization` header, taken apart: every credential in it, joined lines included.
//! Nothing is decoded here, and nothing that was presented is passed over silently.

use usergrid_auth_config::Credentials;

use super::token::is_token;
use crate::header_map::HeaderMap;

/// What all `Authorization` lines of a request present, in their order.
#[derive(Default)]
pub(super) struct Authorization<'a> {
    /// What follows the scheme of the first Bearer, if Bearer is accepted.
    pub bearer: Option<&'a [u8]>,
    /// Whether the first line is `Bearer` and a token, in just this spelling.
    pub first_is_plain: bool,
    /// What follows the scheme of the first Basic, if Basic is accepted.
    pub basic: Option<&'a [u8]>,
    /// Credentials in accepted places; a scheme that nobody accepts counts, since it presents
    /// something.
    pub presented: usize,
    /// All credentials, those of a scheme that is not accepted included. More than one is a
    /// conflict whatever the schemes are: the backend could pick another one than we do.
    pub parts: usize,
    lines: usize,
}

enum Scheme {
    Bearer,
    Basic,
    Unsupported,
}

impl<'a> Authorization<'a> {
    /// Reads every line, unless neither scheme is accepted.
    pub(super) fn scan(headers: &'a HeaderMap, settings: &Credentials) -> Self {
        let mut found = Self::default();
        if !settings.header && !settings.client_basic {
            return found;
        }
        if let Some(line) = headers.only_authorization() {
            found.line(line, settings);
            found.lines = 1;
        } else {
            for line in headers.values("authorization") {
                found.line(line, settings);
                found.lines = found.lines.saturating_add(1);
            }
        }
        found
    }

    /// Whether there is no other line, nor anything in it, than `Bearer` and a token.
    pub(super) fn is_plain_bearer(&self) -> bool {
        self.first_is_plain && self.lines == 1
    }

    fn line(&mut self, line: &'a [u8], settings: &Credentials) {
        // What nearly every request presents, in one look at it: no token holds a comma.
        if settings.header
            && self.lines == 0
            && let Some(token) = line.strip_prefix(b"Bearer ")
            && is_token(token)
        {
            self.first_is_plain = true;
            self.credential(Scheme::Bearer, token, settings);
        } else {
            self.unusual_line(trim(line), settings);
        }
    }

    #[cold]
    fn unusual_line(&mut self, line: &'a [u8], settings: &Credentials) {
        match split(line) {
            _ if line.is_empty() => {}
            // Parameters of other schemes contain commas: `Digest a="b", c="d"` is one credential.
            (scheme @ Scheme::Unsupported, rest) => self.credential(scheme, rest, settings),
            // Neither a token nor base64 contains one. Envoy joins repeated lines by commas where a
            // filter has registered the header, so a comma means what a second line means.
            (Scheme::Bearer | Scheme::Basic, _) => {
                for part in line.split(|byte| *byte == b',') {
                    let (scheme, rest) = split(trim(part));
                    self.credential(scheme, rest, settings);
                }
            }
        }
    }

    fn credential(&mut self, scheme: Scheme, rest: &'a [u8], settings: &Credentials) {
        self.parts = self.parts.saturating_add(1);
        let accepted = match scheme {
            Scheme::Bearer => {
                if settings.header {
                    self.bearer.get_or_insert(rest);
                }
                settings.header
            }
            Scheme::Basic => {
                if settings.client_basic {
                    self.basic.get_or_insert(rest);
                }
                settings.client_basic
            }
            Scheme::Unsupported => true,
        };
        self.presented = self.presented.saturating_add(usize::from(accepted));
    }
}

/// The scheme, in any letter case (RFC 9110 section 11.1), and what follows it without blanks
/// around.
fn split(credential: &[u8]) -> (Scheme, &[u8]) {
    let end = credential
        .iter()
        .position(|byte| is_blank(*byte) || *byte == b',')
        .unwrap_or(credential.len());
    let (word, rest) = credential.split_at_checked(end).unwrap_or((credential, b""));
    let scheme = if word.eq_ignore_ascii_case(b"bearer") {
        Scheme::Bearer
    } else if word.eq_ignore_ascii_case(b"basic") {
        Scheme::Basic
    } else {
        Scheme::Unsupported
    };
    (scheme, trim(rest))
}

/// RFC 9110's optional whitespace, blanks and tabs, off both ends.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_blank(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_blank(*last)
    {
        value = rest;
    }
    value
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}
