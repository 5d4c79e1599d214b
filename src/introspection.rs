//! stub
use crate::{
    call::{CallOutcome, CallRequest, ServerFault, Verification},
    config::{Config, Introspection},
    time::UnixMillis,
};
pub fn request(settings: &Introspection, _token: &[u8]) -> CallRequest {
    CallRequest {
        cluster: settings.endpoint.cluster.clone(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: settings.endpoint.timeout,
        max_response_bytes: 0,
    }
}
pub fn verdict(_outcome: &CallOutcome, _config: &Config, _now: UnixMillis) -> Verification {
    Verification::Failed(ServerFault::BadAnswer)
}
