//! Host calls that the SDK does not make as they are needed: a local response with details, where it
//! passes none; a property that cannot be written, where it panics; a header map in one piece, where
//! it makes two allocations of every header; and what every hit calls, without the SDK's allocations
//! and conversions.
//!
//! The only unsafe code of this project. Why it is sound: the host reads the bytes that each pair of
//! address and length stands for, before the call returns, and keeps none of the addresses; what it
//! hands over is ours.

#![allow(unsafe_code, reason = "a call to the host is unsafe by itself; each is wrapped once")]

use proxy_wasm::types::MapType;
use usergrid_auth_core::pairs;

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

    fn proxy_get_header_map_pairs(map: MapType, data: *mut *mut u8, size: *mut usize) -> u32;

    fn proxy_replace_header_map_value(
        map: MapType,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;

    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;

    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
}

/// What the host says if all is well.
const OK: u32 = 0;
/// What it says if there is nothing of that name.
const NOT_FOUND: u32 = 1;

/// Answers the request in whose context the host is. `details` becomes `%RESPONSE_CODE_DETAILS%`, in
/// which Envoy wants no blanks.
pub(crate) fn send_local_response(
    status: u16,
    details: &str,
    headers: &[(&'static str, String)],
    body: &[u8],
) {
    let headers = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let headers = pairs::encode(headers);
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

/// Puts one header of this name in place of all there are, in a header map of the stream in whose
/// context the host is.
pub(crate) fn replace_header(map: MapType, name: &[u8], value: &[u8]) {
    // SAFETY: both are alive until the call returns, and their lengths are their own.
    let _ = unsafe {
        proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    };
}

/// What the host has under a property's path.
pub(crate) enum Property {
    /// Nothing is there.
    Absent,
    /// Something is there that the host cannot serialise: one `null` in a map is enough.
    Unreadable,
    /// Its bytes.
    Is(Vec<u8>),
}

/// A property of the stream in whose context the host is; `path` is its steps, with NUL in between.
pub(crate) fn property(path: &str) -> Property {
    let get = |data: *mut *mut u8, size: *mut usize| {
        // SAFETY: the host writes one address and one length to these, before it returns.
        unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }
    };
    match taken(get) {
        Ok(value) => Property::Is(value),
        Err(NOT_FOUND) => Property::Absent,
        Err(_) => Property::Unreadable,
    }
}

/// A header map of the stream in whose context the host is, in the host's own form, which
/// [`pairs`] describes. The SDK makes two allocations of every header in it.
pub(crate) fn header_map(map: MapType) -> Option<Vec<u8>> {
    // SAFETY: the host writes one address and one length to where these point, before it returns.
    taken(|data, size| unsafe { proxy_get_header_map_pairs(map, data, size) }).ok()
}

/// The wall time in nanoseconds, as the worker's event loop sees it.
pub(crate) fn time() -> Option<u64> {
    let mut time = 0;
    // SAFETY: the host writes one number to where this points, before it returns.
    let status = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    (status == OK).then_some(time)
}

/// What the host hands over in a call that is given where to write address and length, or its
/// status: [`OK`] where it names no address.
fn taken(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, u32> {
    let (mut data, mut size) = (std::ptr::null_mut(), 0);
    let status = call(&raw mut data, &raw mut size);
    if status != OK || data.is_null() {
        return Err(status);
    }
    // SAFETY: the host took the memory from `proxy_on_memory_allocate` for this call alone and has
    // filled it. There the SDK makes a `Vec<u8>` of just this capacity and forgets it.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}
