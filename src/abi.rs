//! Two host calls that the SDK does not make as they are needed: a local response with details, where
//! it passes none, and a property that cannot be written, where it panics.
//!
//! The only unsafe code of this project. Why it is sound: the host reads the bytes that each pair of
//! address and length stands for, before the call returns, and keeps none of the addresses.

#![allow(unsafe_code, reason = "a call to the host is unsafe by itself; each is wrapped once")]

/// What the host takes for "not a gRPC status of ours"; it makes one of the HTTP status.
const NO_GRPC_STATUS: i32 = -1;

// Of proxy-wasm ABI 0.2.1. A status is what comes back, as a number: the SDK's own declaration makes
// an enum of it, which some hosts' numbers are not in.
#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_send_local_response(
        status_code: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;

    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
}

/// Answers the request in whose context the host is. `details` becomes `%RESPONSE_CODE_DETAILS%`, in
/// which Envoy wants no blanks.
pub(crate) fn send_local_response(
    status: u16,
    details: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
) {
    let headers = pairs(headers);
    // SAFETY: all four are alive until the call returns, and their lengths are their own.
    let _ = unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    };
}

/// Writes filter state of the stream in whose context the host is. Where somebody else has made it
/// read-only, it stays as it is.
pub(crate) fn set_property(name: &str, value: &[u8]) {
    // SAFETY: both are alive until the call returns, and their lengths are their own.
    let _ = unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

/// The host's form of a header map: a count, the sizes of all names and values (32 bits,
/// little-endian), then the names and values themselves, each followed by a NUL.
fn pairs(headers: &[(&'static str, String)]) -> Vec<u8> {
    let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = Vec::from(number(headers.len()));
    for (name, value) in headers {
        bytes.extend_from_slice(&number(name.len()));
        bytes.extend_from_slice(&number(value.len()));
    }
    for (name, value) in headers {
        for text in [name, value.as_str()] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
    }
    bytes
}
