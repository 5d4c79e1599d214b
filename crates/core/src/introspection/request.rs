//! The question to an introspection endpoint (RFC 7662 section 2.1).
//! The token stands in the body alone; URLs end up in logs.

use crate::call::CallRequest;
use crate::client_auth::{self, Form};
use usergrid_auth_config::{ClientAuth, Introspection};

/// Asks the configured endpoint about `token`.
#[must_use]
pub fn request(settings: &Introspection, token: &[u8]) -> CallRequest {
    let mut form = Form::default();
    form.add("token", token);
    if let Some(hint) = &settings.token_type_hint {
        form.add("token_type_hint", hint.as_bytes());
    }
    let authorization = match &settings.client_auth {
        ClientAuth::None => None,
        ClientAuth::ClientSecretBasic { client_id, client_secret } => {
            Some(client_auth::basic(client_id.as_bytes(), client_secret.expose()))
        }
        ClientAuth::ClientSecretPost { client_id, client_secret } => {
            form.add("client_id", client_id.as_bytes());
            form.add("client_secret", client_secret.expose());
            None
        }
        ClientAuth::Bearer { token } => client_auth::bearer(token.expose()),
    };
    for (name, value) in &settings.parameters {
        form.add(name, value.as_bytes());
    }
    let mut call =
        client_auth::post(&settings.endpoint, authorization, form, settings.max_response_bytes);
    if settings.retries > 0 {
        // Envoy's router obeys these on a callout and strips them; the timeout covers all tries.
        call.headers.push(("x-envoy-retry-on", "5xx".to_owned()));
        call.headers.push(("x-envoy-max-retries", settings.retries.to_string()));
    }
    call
}
