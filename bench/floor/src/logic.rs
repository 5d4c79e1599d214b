//! What a hit cannot do without, over the head as it lies in memory: no copy, one pass over names
//! and one over the path.

use crate::table;

const MOST: usize = 16384;

/// Names that a client must not send, under any spelling.
const RESERVED: [&[u8]; 7] = [
    b"x-usergrid-principal",
    b"x-usergrid-subject",
    b"x-usergrid-username",
    b"x-usergrid-client-id",
    b"x-usergrid-scope",
    b"x-usergrid-organization",
    b"x-usergrid-application",
];
/// Bit n is set if a reserved name is n bytes long.
const LENGTHS: u32 = lengths();

pub(crate) enum Verdict {
    Known,
    /// The token was not seen before.
    Learnt,
    Refused,
}

/// The parts of the head that decide.
#[derive(Default)]
struct Found<'a> {
    path: &'a [u8],
    authorization: Option<&'a [u8]>,
    is_odd: bool,
}

/// Looks at a head as the host hands it over.
pub(crate) fn judge(head: &[u8], now: u64) -> Verdict {
    let Some(found) = read(head) else { return Verdict::Refused };
    let (path, query) = match position(found.path, b'?') {
        Some(place) => (&found.path[..place], &found.path[place + 1..]),
        None => (found.path, [].as_slice()),
    };
    if found.is_odd || !is_clear(path) {
        return Verdict::Refused;
    }
    let token = match (found.authorization.and_then(bearer), in_query(query)) {
        (Some(token), None) | (None, Some(token)) => token,
        _ => return Verdict::Refused,
    };
    if token.is_empty() || token.len() > MOST || !token.iter().all(|byte| is_token(*byte)) {
        return Verdict::Refused;
    }
    if table::seen(token, now) { Verdict::Known } else { Verdict::Learnt }
}

/// One pass over the headers.
fn read(head: &[u8]) -> Option<Found<'_>> {
    let count = number(head, 0)?;
    let mut place = 4 + count.checked_mul(8)?;
    let mut found = Found::default();
    for index in 0..count {
        let name_size = number(head, 4 + index * 8)?;
        let value_size = number(head, 8 + index * 8)?;
        let name = head.get(place..place + name_size)?;
        let value = head.get(place + name_size + 1..place + name_size + 1 + value_size)?;
        place += name_size + value_size + 2;
        match name {
            b":path" => found.path = value,
            b"authorization" => {
                found.is_odd |= found.authorization.is_some();
                found.authorization = Some(value);
            }
            _ if name_size < 32 && LENGTHS & (1 << name_size) != 0 => {
                found.is_odd |= RESERVED.iter().any(|reserved| same_folded(reserved, name));
            }
            _ => {}
        }
    }
    Some(found)
}

fn number(bytes: &[u8], place: usize) -> Option<usize> {
    let four = bytes.get(place..place + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
}

/// One pass over the path: segments that are neither empty nor dots, and nothing that has two
/// readings.
fn is_clear(path: &[u8]) -> bool {
    if path.first() != Some(&b'/') {
        return false;
    }
    let (mut size, mut dots) = (0_usize, 0_usize);
    for byte in &path[1..] {
        match byte {
            b'/' => {
                if size == dots {
                    return false;
                }
                (size, dots) = (0, 0);
            }
            b'%' | b'\\' | b';' | b'#' | 0..=32 | 127.. => return false,
            b'.' => (size, dots) = (size + 1, dots + 1),
            _ => size += 1,
        }
    }
    size == 0 || size != dots
}

/// The value of `access_token`; other credentials are none that a floor knows.
fn in_query(query: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    for pair in query.split(|byte| *byte == b'&') {
        let equals = position(pair, b'=').unwrap_or(pair.len());
        match &pair[..equals] {
            b"access_token" | b"client_id" | b"client_secret" => found = pair.get(equals + 1..),
            _ => {}
        }
    }
    found
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b','
}

fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

/// As a backend compares that takes every odd character for `-`.
fn same_folded(ours: &[u8], theirs: &[u8]) -> bool {
    let fold = |byte: u8| {
        if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
    };
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| fold(*a) == fold(*b))
}

const fn lengths() -> u32 {
    let (mut bits, mut index) = (0, 0);
    while index < RESERVED.len() {
        bits |= 1 << RESERVED[index].len();
        index += 1;
    }
    bits
}
