//! What independent readers find in a head is what is found, and what is taken out is all of it and
//! nothing else.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use usergrid_auth_config::{BasicEncoding, Credentials, OnConflict};
use usergrid_auth_core::credential::{
    BadCredential, ClientPlace, Credential, Found, Presented, TokenPlace, find,
};
use usergrid_auth_core::decision::HeaderEdit;
use usergrid_auth_core::header_map::HeaderMap;

use crate::bytes::Bytes;
use crate::settings;

/// Some settings, by the bits of a byte.
fn settings(choice: u8) -> Credentials {
    let parsed = settings::config(0);
    Credentials {
        header: choice & 1 == 0,
        query: choice & 2 == 0,
        client_query: choice & 4 == 0,
        client_basic: choice & 8 == 0,
        on_conflict: if choice & 16 == 0 { OnConflict::Reject } else { OnConflict::Usergrid },
        basic: if choice & 32 == 0 { BasicEncoding::Raw } else { BasicEncoding::Form },
        cookies: vec!["session".into()],
        max_length: 64,
        ..parsed.credentials.clone()
    }
}

fn head(entries: &[(&str, &[u8])]) -> HeaderMap {
    HeaderMap::new(
        entries.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect(),
    )
}

/// The first byte chooses settings; the rest is `:path`.
pub fn query(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let settings = settings(bytes.byte());
    let path = bytes.rest();
    let found = find(&head(&[(":path", path)]), &settings);
    let shown = path.escape_ascii();

    // What another reader finds.
    let (before, text) = halves(path);
    let parameters: Vec<&[u8]> =
        text.map_or(Vec::new(), |text| text.split(|b| *b == b'&').collect());
    let read: Vec<(String, String)> = parameters.iter().map(|raw| parameter(raw)).collect();
    let count = |wanted: &str, accepted: bool| {
        let is = |(name, value): &&(String, String)| name == wanted && !value.is_empty();
        if accepted { read.iter().filter(is).count() } else { 0 }
    };
    let tokens = count("access_token", settings.query);
    let (ids, secrets) =
        (count("client_id", settings.client_query), count("client_secret", settings.client_query));
    let pairs = if ids > 0 && secrets > 0 { ids.max(secrets) } else { 0 };
    let (there, expected) = (found.presented != Presented::Nothing, tokens + pairs > 0);
    assert_eq!(there, expected, "another reader finds otherwise: {shown}");
    if settings.on_conflict == OnConflict::Reject && tokens + pairs > 1 {
        assert_eq!(found.presented, Presented::Bad(BadCredential::Conflict), "{shown}");
    }
    let first = |wanted: &str| {
        let mut values = read.iter().filter(|(name, value)| name == wanted && !value.is_empty());
        values.next().map(|(_, value)| value.clone()).unwrap_or_default()
    };
    match &found.presented {
        Presented::One(Credential::Token { token, place: TokenPlace::Query }) => {
            same(token.expose(), &first("access_token"), path);
        }
        Presented::One(Credential::Client { client_id, client_secret, place }) => {
            assert_eq!(*place, ClientPlace::Query);
            same(client_id.expose(), &first("client_id"), path);
            same(client_secret.expose(), &first("client_secret"), path);
        }
        Presented::One(_) => panic!("from nowhere: {shown}"),
        Presented::Nothing | Presented::Bad(_) => {}
    }

    // What is left.
    let goes = |(name, value): &(String, String)| {
        !value.is_empty()
            && match name.as_str() {
                "access_token" => settings.query,
                "client_id" => pairs > 0,
                "client_secret" => settings.client_query,
                _ => false,
            }
    };
    let kept: Vec<&[u8]> =
        parameters.iter().zip(&read).filter(|(_, it)| !goes(it)).map(|(raw, _)| *raw).collect();
    if kept.len() == parameters.len() {
        assert_eq!(found.clean_path, None, "nothing had to go: {shown}");
    } else {
        let mut left = before.to_vec();
        let query = kept.join(&b'&');
        if !query.is_empty() {
            left.push(b'?');
            left.extend(query);
        }
        assert_eq!(found.clean_path.as_deref(), Some(&left[..]), "another byte changed: {shown}");
    }
    if let Some(clean) = &found.clean_path {
        let again = find(&head(&[(":path", clean)]), &settings);
        assert_eq!(again.presented, Presented::Nothing, "{shown}");
        assert_eq!(again.clean_path, None, "{shown}");
    }
}

fn halves(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut halves = path.splitn(2, |byte| *byte == b'?');
    (halves.next().unwrap_or_default(), halves.next())
}

/// Name and value as the independent reader has them; it decodes what is no UTF-8 to U+FFFD.
fn parameter(raw: &[u8]) -> (String, String) {
    form_urlencoded::parse(raw)
        .next()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .unwrap_or_default()
}

fn same(ours: &[u8], theirs: &str, whole: &[u8]) {
    assert_eq!(String::from_utf8_lossy(ours), theirs, "in {}", whole.escape_ascii());
}

/// The first byte chooses settings; each line of the rest is one of `Authorization`.
pub fn authorization(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let settings = Credentials { cookies: Vec::new(), ..settings(bytes.byte()) };
    let lines: Vec<&[u8]> = bytes.rest().split(|byte| *byte == b'\n').collect();
    let mut entries: Vec<(&str, &[u8])> = vec![(":path", b"/a/b")];
    entries.extend(lines.iter().map(|line| ("authorization", *line)));
    let Found { presented, clean_path, taken, places } = find(&head(&entries), &settings);
    assert_eq!((clean_path, taken.len(), places.path_with_used), (None, 0, None));
    if !settings.header && !settings.client_basic {
        assert_eq!(presented, Presented::Nothing);
        return;
    }
    let parts: Vec<(String, &[u8])> = lines.iter().flat_map(|line| line_parts(line)).collect();
    let shown = lines.join(&b'|');
    let shown = shown.escape_ascii();
    let accepted = |scheme: &str| match scheme {
        "bearer" => settings.header,
        "basic" => settings.client_basic,
        _ => true,
    };
    let presents = parts.iter().any(|(scheme, _)| accepted(scheme));
    let reject = settings.on_conflict == OnConflict::Reject;
    if parts.len() > 1 && reject {
        assert_eq!(presented, Presented::Bad(BadCredential::Conflict), "{shown}");
        return;
    }
    assert_eq!(presented != Presented::Nothing, presents, "{shown}");
    let of =
        |wanted: &str| parts.iter().find(|(scheme, _)| scheme == wanted).map(|(_, rest)| *rest);
    match &presented {
        Presented::One(Credential::Token { token, place }) => {
            assert_eq!(*place, TokenPlace::Header);
            assert_eq!(Some(token.expose()), of("bearer"), "{shown}");
            assert!(token.expose().iter().all(|byte| (b'!'..=b'~').contains(byte)), "{shown}");
            assert!(token.expose().len() <= settings.max_length, "{shown}");
        }
        Presented::One(Credential::Client { client_id, client_secret, place }) => {
            assert_eq!(*place, ClientPlace::Basic);
            let text = of("basic").unwrap_or_default();
            let pair = [client_id.expose(), b":", client_secret.expose()].concat();
            assert!(
                !client_id.expose().is_empty() && !client_secret.expose().is_empty(),
                "{shown}"
            );
            if settings.basic == BasicEncoding::Raw {
                assert_eq!(decoded(text).as_ref(), Some(&pair), "{shown}");
                assert!(!client_id.expose().contains(&b':'), "{shown}");
            }
        }
        Presented::Nothing | Presented::Bad(_) => {}
    }
    // Another spelling of a good pair is none that fails.
    if let ([(scheme, text)], BasicEncoding::Raw) = (&parts[..], settings.basic)
        && scheme == "basic"
        && settings.client_basic
        && let Some(pair) = decoded(text)
        && let Some(colon) = pair.iter().position(|byte| *byte == b':')
        && (1..=64).contains(&colon)
        && (1..=64).contains(&(pair.len() - colon - 1))
    {
        assert!(matches!(presented, Presented::One(_)), "{shown}");
    }
}

/// Scheme in lower case and what follows it, of each credential in a line.
fn line_parts(line: &[u8]) -> Vec<(String, &[u8])> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let trim = |text: &'_ [u8]| {
        let begin = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
        let end = text.iter().rposition(|byte| !blank(byte)).map_or(begin, |at| at + 1);
        (begin, end)
    };
    let split = |begin: usize, end: usize| {
        let part = &line[begin..end];
        let (from, to) = trim(part);
        let part = &line[begin + from..begin + to];
        let word = part.iter().position(|byte| blank(byte) || *byte == b',').unwrap_or(part.len());
        let (from, to) = trim(&part[word..]);
        let scheme = String::from_utf8_lossy(&part[..word]).to_ascii_lowercase();
        (scheme, &part[word + from..word + to])
    };
    let (from, to) = trim(line);
    if from == to {
        return Vec::new();
    }
    let whole = split(from, to);
    if !matches!(whole.0.as_str(), "bearer" | "basic") {
        return vec![whole];
    }
    let mut parts = Vec::new();
    let mut begin = from;
    for piece in line[from..to].split(|byte| *byte == b',') {
        parts.push(split(begin, begin + piece.len()));
        begin += piece.len() + 1;
    }
    parts
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, lenient).decode(text).ok()
}

/// The first byte chooses settings; each line of the rest is one of `Cookie`.
pub fn cookies(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let settings = settings(bytes.byte());
    let rest: Vec<u8> = bytes.rest().iter().copied().filter(is_carried).collect();
    let lines: Vec<&[u8]> = rest.split(|byte| *byte == b'\n').collect();
    let mut entries: Vec<(&str, &[u8])> = vec![(":method", b"GET"), (":path", b"/a/b")];
    entries.extend(lines.iter().map(|line| ("cookie", *line)));
    let found = find(&head(&entries), &settings);
    let shown = lines.join(&b'|');
    let shown = shown.escape_ascii();

    let mut left: Vec<Vec<u8>> = lines.iter().map(|line| line.to_vec()).collect();
    for edit in &found.taken {
        match edit {
            HeaderEdit::Set(name, value) if &**name == "cookie" => left = vec![value.to_vec()],
            HeaderEdit::Add(name, value) if &**name == "cookie" => left.push(value.to_vec()),
            HeaderEdit::Remove(name) if &**name == "cookie" => left.clear(),
            _ => panic!("another header: {edit:?}"),
        }
    }
    let (before, after) = (read(&lines), read(&left));
    let is_ours = |(name, value): &&(Vec<u8>, Vec<u8>)| name == b"session" && !value.is_empty();
    let ours: Vec<_> = before.iter().filter(is_ours).collect();
    assert_eq!(found.presented != Presented::Nothing, !ours.is_empty(), "{shown}");
    assert!(!after.iter().any(|it| is_ours(&it)), "left: {shown}");
    let others = |all: &[(Vec<u8>, Vec<u8>)]| {
        all.iter().filter(|it| !is_ours(it)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(others(&before), others(&after), "another cookie changed: {shown}");
    match (&found.presented, settings.on_conflict) {
        (Presented::Bad(BadCredential::Conflict), OnConflict::Reject) => assert!(ours.len() > 1),
        (_, OnConflict::Reject) => assert!(ours.len() <= 1, "{shown}"),
        (_, OnConflict::Usergrid) => {}
    }
    if let Presented::One(Credential::Token { token, place: TokenPlace::Cookie(_) }) =
        &found.presented
    {
        assert_eq!(Some(token.expose()), ours.first().map(|(_, value)| &value[..]), "{shown}");
    }
    // The independent reader, where it reads at all: it wants UTF-8, and a name.
    let text = lines.iter().map(|line| std::str::from_utf8(line)).collect::<Result<Vec<_>, _>>();
    if let Ok(lines) = text {
        let theirs = lines.iter().flat_map(|line| cookie::Cookie::split_parse((*line).to_owned()));
        let theirs = theirs.filter_map(Result::ok).filter(|cookie| {
            cookie.name() == "session" && !cookie.value_trimmed().trim().is_empty()
        });
        for cookie in theirs {
            let value = cookie.value_trimmed().trim();
            let is_it = |ours: &str| ours.trim().trim_matches('"') == value.trim_matches('"');
            let finds =
                |(_, ours): &&(Vec<u8>, Vec<u8>)| std::str::from_utf8(ours).is_ok_and(is_it);
            assert!(ours.iter().any(finds), "another reader finds one more: {shown}");
        }
    }
}

/// Whether Envoy lets a header have it; lines of the seed end by line feeds.
fn is_carried(byte: &u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b' '..=b'~' | 0x80..)
}

/// Name and value of every pair, as RFC 6265 section 5.2 cuts them, without quotation marks.
fn read(lines: &[impl AsRef<[u8]>]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = lines.iter().flat_map(|line| line.as_ref().split(|byte| *byte == b';'));
    pairs
        .filter(|pair| !trimmed(pair).is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            // Readers in Rust and Python take all that Unicode calls a blank off, too.
            let name = trimmed(halves.next().unwrap_or_default());
            let begin = name.iter().position(|byte| byte.is_ascii_graphic()).unwrap_or(name.len());
            let end = name.iter().rposition(u8::is_ascii_graphic).map_or(begin, |at| at + 1);
            let name = &name[begin..end];
            let value = trimmed(halves.next().unwrap_or_default());
            let quoted = value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"");
            let value = if quoted { &value[1..value.len() - 1] } else { value };
            (name.to_vec(), value.to_vec())
        })
        .collect()
}

fn trimmed(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(begin, |at| at + 1);
    &text[begin..end]
}
