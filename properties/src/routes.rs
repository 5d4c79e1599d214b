//! Metadata of routes: only what another reader of the host's pairs finds there bypasses, and what
//! cannot be read asks for a scope that nobody has.

use usergrid_auth_core::route::RouteSettings;

use crate::bytes::Bytes;

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The route's, as many bytes as the first says, then the virtual host's; the second byte says which
/// of them there are.
pub fn hold(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let which = bytes.byte();
    let route = bytes.counted();
    let host = bytes.rest();
    let route = (which & 1 == 0).then_some(route);
    let host = (which & 2 == 0).then_some(host);
    let settings = RouteSettings::from_metadata(route, host);
    let levels = [route, host].map(|level| level.map(pairs));
    let unreadable = levels.iter().flatten().any(Option::is_none);
    let says = |level: &Option<Option<Pairs>>| -> Option<bool> {
        let Some(level) = level else { return None };
        let Some(pairs) = level else { return Some(false) };
        let (_, value) = pairs.iter().find(|(name, _)| name == b"bypass")?;
        Some(value == b"\x01")
    };
    let expected = says(&levels[0]).or(says(&levels[1])).unwrap_or(false);
    assert_eq!(settings.bypass, expected, "{settings:?}");
    if unreadable {
        assert!(!settings.require_scope.is_empty() && !settings.require_scope.met_by(&[]));
    }
    let scopes = levels.iter().flatten().flatten().flatten();
    if scopes.into_iter().any(|(name, value)| name == b"require_scope" && !value.is_empty())
        && settings.require_scope.is_empty()
    {
        // Nothing but an empty list asks for nothing.
        let empty = [0_u8; 4];
        let lists = levels.iter().flatten().flatten().flatten();
        for (_, value) in lists.filter(|(name, _)| name == b"require_scope").take(1) {
            assert_eq!(value, &empty, "{settings:?}");
        }
    }
    for scope in settings.require_scope.names() {
        let is_one = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(!scope.is_empty() && scope.bytes().all(is_one), "{scope:?}");
    }
}

/// The pairs in the host's form, if it is that.
fn pairs(bytes: &[u8]) -> Option<Pairs> {
    let word = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    let count = word(0)?;
    let mut at = count.checked_mul(8)?.checked_add(4)?;
    if at > bytes.len() {
        return None;
    }
    let mut all = Vec::new();
    for pair in 0..count {
        let mut text = |size: usize| {
            let end = at.checked_add(size)?;
            let text = bytes.get(at..end)?.to_vec();
            (bytes.get(end) == Some(&0)).then_some(())?;
            at = end + 1;
            Some(text)
        };
        all.push((text(word(4 + pair * 8)?)?, text(word(8 + pair * 8)?)?));
    }
    (at == bytes.len()).then_some(all)
}
