//! stub
use crate::{
    call::{CallOutcome, CallRequest, ServerFault, Verification},
    config::{ClientCredentials, Config},
    time::UnixMillis,
};
pub fn request(
    settings: &ClientCredentials,
    _client_id: &[u8],
    _client_secret: &[u8],
) -> CallRequest {
    CallRequest {
        cluster: settings.endpoint.cluster.clone(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: settings.endpoint.timeout,
        max_response_bytes: 0,
    }
}
pub fn verdict(
    _outcome: &CallOutcome,
    _config: &Config,
    _client_id: &[u8],
    _now: UnixMillis,
) -> Verification {
    Verification::Failed(ServerFault::BadAnswer)
}
