//! How a call proves who sends it, and how forms are written. Shared by both verifying endpoints.
//! Every value is encoded, so that nothing a client sends can add a parameter or a header.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use usergrid_auth_config::Endpoint;

use crate::verification::call::CallRequest;

/// All but RFC 3986's unreserved characters. A blank becomes `%20`, which every form decoder reads
/// like `+`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A form body (`application/x-www-form-urlencoded`) in the making.
#[derive(Default)]
pub(super) struct Form(String);

impl Form {
    /// Adds a parameter; any bytes are fine in both.
    pub(super) fn add(&mut self, name: &str, value: &[u8]) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(percent_encode(name.as_bytes(), ENCODED));
        self.0.push('=');
        self.0.extend(percent_encode(value, ENCODED));
    }
}

/// `value` as it stands in a form.
pub(super) fn encoded(value: &[u8]) -> Cow<'_, str> {
    percent_encode(value, ENCODED).into()
}

/// `Basic` with id and secret form-encoded first (RFC 6749 section 2.3.1), so that a colon in the
/// id cannot move the split.
pub(super) fn basic(id: &[u8], secret: &[u8]) -> String {
    let pair = format!("{}:{}", percent_encode(id, ENCODED), percent_encode(secret, ENCODED));
    format!("Basic {}", STANDARD.encode(pair))
}

/// `Bearer`, if `token` can stand in a header at all. Otherwise the call goes without, and the
/// server says what it thinks of that.
pub(super) fn bearer(token: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(token).ok()?;
    text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| format!("Bearer {text}"))
}

/// A `POST` of `form` that asks for JSON.
pub(super) fn post(
    endpoint: &Endpoint,
    authorization: Option<String>,
    form: Form,
    max_response_bytes: usize,
) -> CallRequest {
    let mut headers = vec![
        (":method", "POST".to_owned()),
        (":path", endpoint.path.clone()),
        (":authority", endpoint.authority.clone()),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("accept", "application/json".to_owned()),
    ];
    headers.extend(authorization.map(|value| ("authorization", value)));
    CallRequest {
        cluster: endpoint.cluster.clone(),
        headers,
        body: form.0.into_bytes(),
        timeout: endpoint.timeout,
        max_response_bytes,
    }
}
