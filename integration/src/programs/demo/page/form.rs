//! What the page's form sends, made into a request that Envoy can be given: nothing in it can begin
//! a second request or change where this one ends.

use serde::Deserialize;

use crate::harness::client::Request;

/// Headers that one request may have.
const MOST_HEADERS: usize = 32;
/// Headers that are about the connection and the framing on it.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    method: String,
    /// Path and query.
    path: String,
    /// A header a line.
    headers: String,
}

/// Reads what the page has posted. A message repeats nothing of it.
pub fn read(body: &[u8]) -> Result<Request, &'static str> {
    let form: Form = serde_json::from_slice(body).map_err(|_| "this is not what the form sends")?;
    if form.method.is_empty() || !form.method.bytes().all(is_token_byte) {
        return Err("the method is no token");
    }
    if form.method == "CONNECT" {
        return Err("CONNECT opens a tunnel, and is not for this form");
    }
    if !form.path.starts_with('/') || !form.path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the path has to begin with / and to be visible ASCII");
    }
    let mut request = Request::new(&form.method, &form.path);
    for line in form.headers.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or("a header is not `name: value`")?;
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err("the name of a header is no token");
        }
        if FRAMING.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Err("headers about the connection and the body are not for this form");
        }
        if value.bytes().any(|byte| byte.is_ascii_control()) {
            return Err("a header has a control character");
        }
        if request.headers.len() == MOST_HEADERS {
            return Err("too many headers");
        }
        request = request.header(name, value.trim());
    }
    Ok(request)
}

/// `tchar` of RFC 9110 section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tried(method: &str, path: &str, headers: &str) -> Result<Request, &'static str> {
        let form = json!({ "method": method, "path": path, "headers": headers });
        read(form.to_string().as_bytes())
    }

    #[test]
    fn a_request_is_sent_as_it_stands() {
        let request = tried("GET", "/a?b=%20", "X-A: 1\n\n  x-b:2 \r\nX-A: é").unwrap();
        assert_eq!(request.path, b"/a?b=%20");
        let headers = [("X-A", "1"), ("x-b", "2"), ("X-A", "é")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        assert_eq!(request.headers, headers);
    }

    #[test]
    fn nothing_begins_a_second_request() {
        for (method, path, headers) in [
            ("", "/", ""),
            ("GET / HTTP/1.1\r\nx: y\r\n\r\nGET", "/", ""),
            ("CONNECT", "/", ""),
            ("GET", "", ""),
            ("GET", "http://elsewhere/", ""),
            ("GET", "/ HTTP/1.1\r\n\r\nGET /", ""),
            ("GET", "/a b", ""),
            ("GET", "/", "no colon"),
            ("GET", "/", ": no name"),
            ("GET", "/", "two words: x"),
            ("GET", "/", "x: a\rb: c"),
            ("GET", "/", "x: a\0"),
            ("GET", "/", "Content-Length: 5"),
            ("GET", "/", "transfer-encoding: chunked"),
            ("GET", "/", &"x: y\n".repeat(MOST_HEADERS + 1)),
        ] {
            assert!(tried(method, path, headers).is_err(), "{method:?} {path:?} {headers:?}");
        }
        assert!(read(b"{}").is_err());
        assert!(read(br#"{"method":"GET","path":"/","headers":"","x":1}"#).is_err());
    }
}
