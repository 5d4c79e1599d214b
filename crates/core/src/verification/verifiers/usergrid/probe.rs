//! The requests that are made of a stock Usergrid, header by header. Nothing in them but the token,
//! and the names in the path, comes from a client.

use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use usergrid_auth_config::{ClientCredentials, PairAuth, Secret, UsergridSettings};

use super::super::form::{self, Form};
use super::target::Application;
use crate::time::millis;
use crate::verification::call::CallRequest;

/// All but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The shortest life of a token that Usergrid issues on request.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// How much longer an issued token lives than the verdict about its pair: so that it does not lapse
/// on its way.
const SPARE_LIFE: Duration = Duration::from_secs(10);

/// The path of [`Probe::ManagementMe`].
pub(super) const MANAGEMENT_ME: &str = "/management/me?ttl=1000";

/// A request to Usergrid, or to its token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `GET /{org}/{app}/users/me`: who the token's user is.
    User,
    /// `HEAD /{org}/{app}/credentials`: whether the caller administers the application. `HEAD`,
    /// since the answer to `GET` holds its secret.
    Keys,
    /// `GET /management/me`: who the token's administrator is. Up to 2.1.1 each such request issues
    /// a token; by its `ttl` it lives for a second.
    ManagementMe,
    /// `HEAD /management/organizations/{org}`: whether the caller may manage the organisation.
    Organization,
    /// `POST` to the token endpoint: whether the client pair is good.
    TokenEndpoint,
}

impl Probe {
    fn method(self) -> &'static str {
        match self {
            Self::User | Self::ManagementMe => "GET",
            Self::Keys | Self::Organization => "HEAD",
            Self::TokenEndpoint => "POST",
        }
    }

    /// The request that asks this about `token`.
    pub(super) fn request(
        self,
        settings: &UsergridSettings,
        path: String,
        token: &Secret,
        timeout: Duration,
    ) -> CallRequest {
        let mut headers = vec![
            (":method", self.method().to_owned()),
            (":path", path),
            (":authority", settings.endpoint.authority.clone()),
            ("accept", "application/json".to_owned()),
            ("cache-control", "no-store".to_owned()),
        ];
        // Usergrid knows the scheme in this spelling only.
        headers.extend(form::bearer(token.expose()).map(|value| ("authorization", value)));
        if settings.retries > 0 && self != Self::ManagementMe {
            headers.push(("x-envoy-retry-on", "5xx".to_owned()));
            headers.push(("x-envoy-max-retries", settings.retries.to_string()));
        }
        CallRequest {
            cluster: settings.endpoint.cluster.clone(),
            headers,
            body: Vec::new(),
            timeout,
            max_response_bytes: settings.max_response_bytes,
        }
    }
}

/// The path of [`Probe::User`].
pub(super) fn user_path(application: &Application) -> String {
    below(application, "users/me")
}

/// The path of [`Probe::Keys`].
pub(super) fn keys_path(application: &Application) -> String {
    below(application, "credentials")
}

/// The path of [`Probe::Organization`].
pub(super) fn organization_path(name: &str) -> String {
    format!("/management/organizations/{}", utf8_percent_encode(name, ENCODED))
}

fn below(application: &Application, what: &str) -> String {
    let encode = |name| utf8_percent_encode(name, ENCODED);
    let (org, app) = (encode(application.organization()), encode(application.name()));
    format!("/{org}/{app}/{what}")
}

/// The request for a token on behalf of a client pair. `life` is how long the verdict about the
/// pair is remembered; the token lives little longer, so that tokens do not pile up in Usergrid.
pub(super) fn token_request(
    settings: &ClientCredentials,
    client_id: &[u8],
    client_secret: &[u8],
    life: Duration,
) -> CallRequest {
    let mut form = Form::default();
    form.add("grant_type", b"client_credentials");
    let authorization = match settings.client_auth {
        PairAuth::ClientSecretPost => {
            form.add("client_id", client_id);
            form.add("client_secret", client_secret);
            None
        }
        PairAuth::ClientSecretBasic => Some(form::basic(client_id, client_secret)),
    };
    let life = millis(life.max(SHORTEST_LIFE).saturating_add(SPARE_LIFE));
    form.add("ttl", life.to_string().as_bytes());
    form::post(&settings.endpoint, authorization, form, settings.max_response_bytes)
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "`GET /{org}/{app}/users/me`",
            Self::Keys => "`HEAD /{org}/{app}/credentials`",
            Self::ManagementMe => "`GET /management/me`",
            Self::Organization => "`HEAD /management/organizations/{org}`",
            Self::TokenEndpoint => "the token endpoint",
        })
    }
}
