//! Scope tokens, as configurations, routes and answers write them.

/// Whether `text` is one scope token of RFC 6749 section 3.3: at least one character, each visible
/// ASCII and neither `"` nor `\`.
#[must_use]
pub fn is_scope_token(text: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !text.is_empty() && text.bytes().all(is_character)
}
