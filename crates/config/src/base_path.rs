//! `base_path`: what stands in front of `/{org}/{app}` in every path, as decoded segments.
//! It must be as plain as the paths it is compared with: nothing that one reader takes apart and
//! another does not.

use percent_encoding::percent_decode_str;

use crate::notes::Reported;
use crate::problem::quoted;
use crate::section::Section;

pub(crate) fn segments(root: &Section<'_>) -> Result<Vec<String>, Reported> {
    let path = root.text("base_path")?;
    decode(&path).ok_or_else(|| {
        let wanted = " is not a plain path: it begins with `/` and holds no empty or dot segment, \
                      query, `;`, `\\`, encoded slash or broken escape";
        root.problem("base_path", &[&quoted(&path), wanted])
    })
}

/// The segments of `/`, `/a`, `/a/b/`; `None` if one of them is not plain.
fn decode(path: &str) -> Option<Vec<String>> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        // `//` is not `/`.
        return (path == "/").then(Vec::new);
    }
    inner.split('/').map(segment).collect()
}

fn segment(raw: &str) -> Option<String> {
    let escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if raw.contains(['?', '#']) || !raw.split('%').skip(1).all(escape) {
        return None;
    }
    let decoded = percent_decode_str(raw).decode_utf8().ok()?;
    let plain = !matches!(&*decoded, "" | "." | "..")
        && !decoded.contains(|one: char| one.is_control() || matches!(one, '/' | '\\' | ';'));
    plain.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn plain_segments_are_decoded() {
        let none: [&str; 0] = [];
        assert_eq!(decode("/").unwrap(), none);
        assert_eq!(decode("/api").unwrap(), ["api"]);
        assert_eq!(decode("/api/v1/").unwrap(), ["api", "v1"]);
        assert_eq!(decode("/%61pi/caf%C3%A9%3F").unwrap(), ["api", "café?"]);
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = [
            "",
            "api",
            "//",
            "//api",
            "/api//",
            "/a//b",
            "/.",
            "/a/..",
            "/%2e%2E/a",
            "/a;b",
            "/a%3bb",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a%5Cb",
            "/a%2fb",
            "/a%00",
            "/a%0a",
            "/a%",
            "/a%4",
            "/a%zz",
            "/a%%41",
            "/a%ff",
        ];
        for path in refused {
            assert_eq!(decode(path), None, "{path}");
        }
    }
}
