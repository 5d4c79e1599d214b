//! The question to a token endpoint: is this pair good, and which token stands for it?
//! The pair goes on as the caller gave it, byte for byte, encoded.

use crate::call::CallRequest;
use crate::client_auth::{self, Form};
use usergrid_auth_config::{ClientCredentials, PairAuth};

/// Asks the configured endpoint for a token on behalf of the caller's pair.
#[must_use]
pub fn request(
    settings: &ClientCredentials,
    client_id: &[u8],
    client_secret: &[u8],
) -> CallRequest {
    let mut form = Form::default();
    form.add("grant_type", b"client_credentials");
    let authorization = match settings.client_auth {
        PairAuth::ClientSecretPost => {
            form.add("client_id", client_id);
            form.add("client_secret", client_secret);
            None
        }
        PairAuth::ClientSecretBasic => Some(client_auth::basic(client_id, client_secret)),
    };
    client_auth::post(&settings.endpoint, authorization, form, settings.max_response_bytes)
}
