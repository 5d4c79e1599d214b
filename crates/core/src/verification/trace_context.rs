//! The headers by which tracing systems and logs tie a call to the request that causes it.

use super::call::CallRequest;
use crate::header_map::HeaderMap;

/// W3C Trace Context, Zipkin's B3 in one header, and Envoy's own. Never `baggage`, which may hold
/// anything at all.
const NAMES: [&str; 4] = ["traceparent", "tracestate", "b3", "x-request-id"];

/// The longest value in bytes: that of `tracestate` may be as long (W3C Trace Context section
/// 3.3.1.5).
const LONGEST: usize = 512;

/// Those of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceContext(Vec<(&'static str, String)>);

impl TraceContext {
    /// Of the request with these `headers`: what is short enough, of visible ASCII and blanks, and
    /// there once.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let carried = NAMES.into_iter().filter_map(|name| {
            let mut values = headers.values(name);
            let value = values.next().filter(|value| values_fit(value))?;
            let text = std::str::from_utf8(value).ok()?;
            values.next().is_none().then(|| (name, text.to_owned()))
        });
        Self(carried.collect())
    }

    /// Puts them into a call.
    pub(crate) fn add_to(&self, call: &mut CallRequest) {
        call.headers.extend(self.0.iter().cloned());
    }

    /// What they hold, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let texts = self.0.iter().map(|(_, value)| value.len());
        texts.fold(size_of_val(self.0.as_slice()), usize::saturating_add)
    }
}

fn values_fit(value: &[u8]) -> bool {
    !value.is_empty()
        && value.len() <= LONGEST
        && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}
