//! The host functions that a hit needs, of proxy-wasm ABI 0.2.1.

use core::ptr;

const OK: u32 = 0;
const REQUEST_HEADERS: u32 = 0;
const PLUGIN_CONFIG: u32 = 7;
const GAUGE: u32 = 1;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        most: usize,
        data: *mut *const u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *const u8, size: *mut usize) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *const u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

/// What the host returned by address and size; nothing if it failed.
fn returned(call: impl FnOnce(*mut *const u8, *mut usize) -> u32) -> &'static [u8] {
    let (mut data, mut size) = (ptr::null(), 0);
    if call(&mut data, &mut size) != OK || data.is_null() {
        return &[];
    }
    // SAFETY: the host wrote so many bytes to memory that it got from the arena, and they stay as
    // they are until the next request begins.
    unsafe { core::slice::from_raw_parts(data, size) }
}

pub(crate) fn configuration(size: usize) -> &'static [u8] {
    // SAFETY: both places are written to, not kept; so below.
    returned(|data, length| unsafe { proxy_get_buffer_bytes(PLUGIN_CONFIG, 0, size, data, length) })
}

pub(crate) fn define_gauge(name: &[u8]) -> u32 {
    let mut id = 0;
    // SAFETY: the host reads the name and writes the id.
    unsafe { proxy_define_metric(GAUGE, name.as_ptr(), name.len(), &mut id) };
    id
}

pub(crate) fn gauge(id: u32) -> u64 {
    let mut value = 0;
    // SAFETY: the host writes the value.
    unsafe { proxy_get_metric(id, &mut value) };
    value
}

pub(crate) fn time() -> u64 {
    let mut time = 0;
    // SAFETY: the host writes the time.
    unsafe { proxy_get_current_time_nanoseconds(&mut time) };
    time
}

pub(crate) fn property(path: &[u8]) -> &'static [u8] {
    // SAFETY: the host reads the path.
    returned(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// The head in the form in which maps cross the boundary.
pub(crate) fn head() -> &'static [u8] {
    // SAFETY: see above.
    returned(|data, size| unsafe { proxy_get_header_map_pairs(REQUEST_HEADERS, data, size) })
}

pub(crate) fn set(name: &[u8], value: &[u8]) {
    // SAFETY: the host reads both.
    unsafe {
        proxy_replace_header_map_value(
            REQUEST_HEADERS,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
}

pub(crate) fn refuse(status: u32) {
    let none = [].as_ptr();
    // SAFETY: everything is empty.
    unsafe { proxy_send_local_response(status, none, 0, none, 0, none, 0, -1) };
}
