//! Keys that take less than their shape says, and that a pattern can say. The reader checks these
//! where it reads the key; a test compares the two.

/// The pattern of the key at this path, if it is narrower than its shape.
pub(super) fn pattern(path: &str) -> Option<&'static str> {
    Some(match path {
        "introspection.authority" | "client_credentials.authority" => VISIBLE,
        "introspection.path" | "client_credentials.path" => "^/[!-\"$-~]*$",
        "introspection.client_auth.token" => VISIBLE,
        "introspection.match.token_prefixes" => "^[!-+\\--~]+$",
        "revocation.paths" => "^/[!->@-~]*$",
        "errors.realm" => "^[ !#-\\[\\]-~]+$",
        "base_path" => BASE_PATH,
        "introspection.scope" => "^[!#-\\[\\]-~]+( [!#-\\[\\]-~]+)*$",
        "authorization.require_scope[].all_of" | "authorization.require_scope[].any_of" => {
            "^[!#-\\[\\]-~]+$"
        }
        _ => return None,
    })
}

/// Visible ASCII.
const VISIBLE: &str = "^[!-~]+$";

/// Segments without a query, a `;`, a backslash, an encoded slash or control character, none of
/// them empty, `.` or `..`.
const BASE_PATH: &str = concat!(
    "^/$|^(/(?!(\\.|%2[Ee]){1,2}(/|$))",
    "([^/?#;\\\\%\\u0000-\\u001f\\u007f-\\u009f]",
    "|%(?!2[Ff]|3[Bb]|5[Cc]|[01]|7[Ff])[0-9A-Fa-f]{2})+)+/?$"
);
