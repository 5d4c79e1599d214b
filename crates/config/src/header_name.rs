//! Names of headers as a backend may read them.

/// Whether a backend may take the header `theirs` for `ours`: CGI, PHP and WSGI hand all headers
/// whose names differ by letter case, or by what is no letter and no digit, to their applications as
/// one.
#[inline]
#[must_use]
pub fn same_to_a_backend(ours: &str, theirs: impl AsRef<[u8]>) -> bool {
    let (ours, theirs) = (ours.as_bytes(), theirs.as_ref());
    let same = |(a, b): (&u8, &u8)| a == b || fold(*a) == fold(*b);
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
}

/// Pseudo-headers (RFC 9113 section 8.3, RFC 8441 section 4) as they fold: a header of such a name
/// would be one of them.
const PSEUDO_HEADERS: [&str; 6] =
    ["-authority", "-method", "-path", "-protocol", "-scheme", "-status"];

/// Whether a backend may take the header `name` for one of `known`, for one that begins with one of
/// `families`, or for a pseudo-header.
pub(crate) fn is_one_of(name: &str, known: &[&str], families: &[&str]) -> bool {
    let is = |other: &&str| same_to_a_backend(other, name);
    let begins = |family: &&str| {
        name.get(..family.len()).is_some_and(|start| same_to_a_backend(family, start))
    };
    known.iter().chain(&PSEUDO_HEADERS).any(is) || families.iter().any(begins)
}

/// `tchar` of RFC 9110 section 5.6.2.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[inline]
fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}
