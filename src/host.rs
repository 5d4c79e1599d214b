//! Every call to the host, once. Byte variants only; what can fail says so, and none is made in a
//! state in which the SDK would panic: header maps only while their stream waits or its headers
//! callback runs.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType};

use usergrid_auth_core::decision::HeaderEdit;
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::refusal::Response;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, CallRequest};

use crate::abi::{self, Property};

/// The wall time, as the worker's event loop sees it. Should it ever be unreadable, it is the end
/// of time, at which nothing is fresh any more.
pub(crate) fn now() -> UnixMillis {
    UnixMillis(abi::time().map_or(u64::MAX, |nanoseconds| nanoseconds / 1_000_000))
}

/// The level below which Envoy drops lines, so that they need not be made.
pub(crate) fn log_level() -> Option<LogLevel> {
    hostcalls::get_log_level().ok()
}

/// The request's head. Empty when there is none, which no request passes.
pub(crate) fn request_headers() -> HeaderMap {
    HeaderMap::from_host(abi::header_map(MapType::HttpRequestHeaders).unwrap_or_default())
}

/// The request's trailers.
pub(crate) fn request_trailers() -> HeaderMap {
    HeaderMap::from_host(abi::header_map(MapType::HttpRequestTrailers).unwrap_or_default())
}

/// Changes the head of the request in whose context the host is.
pub(crate) fn edit_headers(change: &HeaderEdit) {
    edit(MapType::HttpRequestHeaders, change);
}

/// Changes the trailers of the request in whose context the host is, in the trailers callback.
pub(crate) fn edit_trailers(change: &HeaderEdit) {
    edit(MapType::HttpRequestTrailers, change);
}

/// Sets a header of the request in whose context the host is, in place of all of its name.
pub(crate) fn set_header(name: &str, value: &[u8]) {
    abi::replace_header(MapType::HttpRequestHeaders, name.as_bytes(), value);
}

fn edit(map: MapType, change: &HeaderEdit) {
    // An error other than the ones the SDK panics at does not exist.
    let _ = match change {
        HeaderEdit::Set(name, value) => {
            abi::replace_header(map, name.as_bytes(), value);
            return;
        }
        HeaderEdit::Add(name, value) => hostcalls::add_map_value_bytes(map, name, value),
        HeaderEdit::Remove(name) => hostcalls::remove_map_value(map, name),
    };
}

/// The namespace `usergrid.auth` in the `filter_metadata` of the route. Where it is there and cannot
/// be read, no bytes, which the core cannot read either.
pub(crate) fn route_metadata() -> Option<Vec<u8>> {
    metadata("xds\0route_metadata\0filter_metadata\0usergrid.auth")
}

/// The same of the virtual host.
pub(crate) fn virtual_host_metadata() -> Option<Vec<u8>> {
    metadata("xds\0virtual_host_metadata\0filter_metadata\0usergrid.auth")
}

fn metadata(path: &str) -> Option<Vec<u8>> {
    match abi::property(path) {
        Property::Absent => None,
        Property::Unreadable => Some(Vec::new()),
        Property::Is(bytes) => Some(bytes),
    }
}

/// SHA-256 of the certificate with which the client has authenticated in whose stream's context the
/// host is, in hexadecimal; nothing if it has shown none.
pub(crate) fn client_certificate() -> Option<Vec<u8>> {
    let path = vec!["connection\0sha256_peer_certificate_digest"];
    hostcalls::get_property(path).ok().flatten()
}

/// The status of the response in whose context the host is, in its headers callback.
pub(crate) fn response_status() -> Option<u16> {
    let status = hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, ":status").ok()??;
    std::str::from_utf8(&status).ok()?.parse().ok()
}

/// A piece of the request's body, in its body callback.
pub(crate) fn request_body(size: usize) -> Vec<u8> {
    let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size);
    body.ok().flatten().unwrap_or_default()
}

/// Answers the request in whose context the host is.
pub(crate) fn reply(response: &Response) {
    let Response { status, details, headers, body } = response;
    abi::send_local_response(*status, details, headers, body.as_bytes());
}

/// Makes filter state of this name live as long as its request, internal redirects included; else it
/// would end with the first pass through the filters. Only in `on_configure`: the host keeps it with
/// the root context. False: the host does not know how.
pub(crate) fn declare_state(name: &str) -> bool {
    // The host's message `DeclarePropertyArguments`: name, type `String`, span `DownstreamRequest`.
    let length = u8::try_from(name.len()).unwrap_or_default();
    let arguments = [&[0x0a, length], name.as_bytes(), &[0x18, 1, 0x28, 1]].concat();
    hostcalls::call_foreign_function("declare_property", Some(&arguments)).is_ok()
}

/// Writes filter state of the request in whose context the host is.
pub(crate) fn write_state(name: &str, value: &[u8]) {
    abi::set_property(name, value);
}

/// Lets the request go on in whose context the host is; done by the host when the callback ends.
pub(crate) fn resume() {
    let _ = hostcalls::resume_http_request();
}

/// Makes `context` the one that the following calls are about. False: it is gone.
pub(crate) fn enter(context: u32) -> bool {
    hostcalls::set_effective_context(context).is_ok()
}

/// Starts a call; the token under which its end will be reported. None: Envoy did not start it.
pub(crate) fn call(request: &CallRequest) -> Option<u32> {
    let headers = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = Some(request.body.as_slice());
    hostcalls::dispatch_http_call(&request.cluster, headers, body, Vec::new(), request.timeout).ok()
}

/// One header of the answer to a call. Only while its callback runs, and only if it has headers at
/// all.
pub(crate) fn answer_header(name: &str) -> Option<Vec<u8>> {
    hostcalls::get_map_value_bytes(MapType::HttpCallResponseHeaders, name).ok().flatten()
}

/// All headers of the answer to a call, under the same conditions.
pub(crate) fn answer_headers() -> HeaderMap {
    HeaderMap::from_host(abi::header_map(MapType::HttpCallResponseHeaders).unwrap_or_default())
}

/// The body of the answer to a call, unless it is longer than `limit`.
pub(crate) fn answer_body(size: usize, limit: usize) -> AnswerBody {
    if size > limit {
        return AnswerBody::TooLarge;
    }
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size);
    AnswerBody::Complete(body.ok().flatten().unwrap_or_default())
}

/// A queue of our own, by which a stream can wake the root context of its worker.
pub(crate) fn register_queue() -> Option<u32> {
    // The last one to register a name gets its messages, so the name must be one that nobody else
    // has.
    let name = format!("usergrid-auth-filter.{:016x}", RandomState::new().hash_one(0));
    hostcalls::register_shared_queue(&name).ok()
}

/// Takes the next ring or message.
pub(crate) fn dequeue(queue: u32) -> Option<Vec<u8>> {
    hostcalls::dequeue_shared_queue(queue).ok().flatten()
}

/// Sends a message to a queue.
pub(crate) fn enqueue(queue: u32, message: &[u8]) {
    let _ = hostcalls::enqueue_shared_queue(queue, Some(message));
}

/// The bytes of shared data and their version; nothing if there never were any.
pub(crate) fn shared(key: &str) -> (Option<Vec<u8>>, Option<u32>) {
    hostcalls::get_shared_data(key).unwrap_or_default()
}

/// Writes shared data if its version is still the given one. Where there is none yet, a version
/// that cannot be makes the write an insertion: the host compares versions only if the key exists.
/// False: overtaken.
pub(crate) fn share(key: &str, bytes: &[u8], version: Option<u32>) -> bool {
    hostcalls::set_shared_data(key, Some(bytes), Some(version.unwrap_or(u32::MAX))).is_ok()
}

/// Asks for ticks.
pub(crate) fn tick_every(period: Duration) {
    let _ = hostcalls::set_tick_period(period);
}

/// The id of a metric.
pub(crate) fn define(kind: MetricType, name: &str) -> Option<u32> {
    hostcalls::define_metric(kind, name).ok()
}

/// Adds to a counter or gauge.
pub(crate) fn add(metric: u32, offset: i64) {
    let _ = hostcalls::increment_metric(metric, offset);
}

/// The value of a counter or gauge, over all workers.
pub(crate) fn read(metric: u32) -> Option<u64> {
    hostcalls::get_metric(metric).ok()
}

/// Records a value of a histogram.
pub(crate) fn record(metric: u32, value: u64) {
    let _ = hostcalls::record_metric(metric, value);
}
