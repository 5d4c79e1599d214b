//! JSON written by hand: what serde_json would bring along for a few members is a fiftieth of the
//! module.

use usergrid_auth_rules::syntax::hex;

/// Appends `text` as a string (RFC 8259 section 7): quotation mark, backslash and control characters
/// escaped.
pub(crate) fn push(json: &mut Vec<u8>, text: &str) {
    json.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                let [high, low] = hex(byte);
                json.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
            other => json.push(other),
        }
    }
    json.push(b'"');
}
