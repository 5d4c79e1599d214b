//! `introspection.client_auth`: how the filter proves to the server who it is.

use crate::notes::Reported;
use crate::problem::quoted;
use crate::secret::Secret;
use crate::section::Section;
use crate::words::Word;

/// How the filter authenticates at a server (RFC 6749 section 2.3, RFC 6750 section 2.1).
#[derive(Debug)]
pub enum ClientAuth {
    /// Not at all.
    None,
    /// HTTP Basic, id and secret form-encoded first (RFC 6749 section 2.3.1).
    ClientSecretBasic {
        /// The filter's own client id.
        client_id: String,
        /// The secret of that client.
        client_secret: Secret,
    },
    /// `client_id` and `client_secret` in the form.
    ClientSecretPost {
        /// The filter's own client id.
        client_id: String,
        /// The secret of that client.
        client_secret: Secret,
    },
    /// The certificate that the cluster presents (RFC 8705 section 2), and `client_id` in the form
    /// (section 2.0), by which the server finds whose it is.
    TlsClientAuth {
        /// The filter's own client id.
        client_id: String,
    },
    /// `Authorization: Bearer`.
    Bearer {
        /// The filter's own token.
        token: Secret,
    },
}

impl ClientAuth {
    /// What is sent that nobody else may know.
    #[must_use]
    pub const fn secret(&self) -> Option<&Secret> {
        match self {
            Self::ClientSecretBasic { client_secret: secret, .. }
            | Self::ClientSecretPost { client_secret: secret, .. }
            | Self::Bearer { token: secret } => Some(secret),
            Self::None | Self::TlsClientAuth { .. } => None,
        }
    }
}

words! {
    /// `introspection.client_auth.method`.
    pub(crate) enum Method {
        /// See [`ClientAuth::None`].
        None = "none",
        /// See [`ClientAuth::ClientSecretBasic`].
        ClientSecretBasic = "client_secret_basic",
        /// See [`ClientAuth::ClientSecretPost`].
        ClientSecretPost = "client_secret_post",
        /// See [`ClientAuth::Bearer`].
        Bearer = "bearer",
        /// See [`ClientAuth::TlsClientAuth`].
        TlsClientAuth = "tls_client_auth",
    }
}

/// Every word of `introspection.client_auth.method`, the default first, and the keys that go with
/// it.
pub fn client_auth_methods() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    Method::TABLE.iter().map(|(word, method)| (*word, method.keys()))
}

impl Method {
    /// The keys that go with it.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::None => &["method"],
            Self::ClientSecretBasic | Self::ClientSecretPost => {
                &["method", "client_id", "client_secret", "client_secret_env"]
            }
            Self::Bearer => &["method", "token", "token_env"],
            Self::TlsClientAuth => &["method", "client_id"],
        }
    }
}

pub(crate) fn client_auth(parent: &Section<'_>) -> Result<ClientAuth, Reported> {
    let section = &parent.section("client_auth")?;
    // Without a method nothing can be said about the rest.
    let method = section.word("method")?;
    let misplaced = misplaced_keys(section, method);
    let auth = match method {
        Method::None => Ok(ClientAuth::None),
        Method::ClientSecretBasic => client(section, method).map(|(client_id, client_secret)| {
            ClientAuth::ClientSecretBasic { client_id, client_secret }
        }),
        Method::ClientSecretPost => client(section, method).map(|(client_id, client_secret)| {
            ClientAuth::ClientSecretPost { client_id, client_secret }
        }),
        Method::Bearer => bearer(section),
        Method::TlsClientAuth => {
            client_id(section, method).map(|client_id| ClientAuth::TlsClientAuth { client_id })
        }
    };
    misplaced?;
    section.names()?;
    auth
}

fn misplaced_keys(section: &Section<'_>, method: Method) -> Result<(), Reported> {
    let default = if section.given("method")?.is_none() { ", the default" } else { "" };
    section.only(method.keys(), &["method ", &quoted(method.word()), default])
}

fn client(section: &Section<'_>, method: Method) -> Result<(String, Secret), Reported> {
    let client_id = client_id(section, method);
    let secret = section.secret("client_secret", "client_secret_env");
    Ok((client_id?, secret?))
}

fn client_id(section: &Section<'_>, method: Method) -> Result<String, Reported> {
    match section.given("client_id")? {
        Some(value) => value.text().map(str::to_owned),
        None => {
            let method = quoted(method.word());
            Err(section.problem("client_id", &["is required by method ", &method]))
        }
    }
}

fn bearer(section: &Section<'_>) -> Result<ClientAuth, Reported> {
    let token = section.secret("token", "token_env")?;
    // It becomes a header value (RFC 6750 section 2.1).
    if !token.expose().iter().all(u8::is_ascii_graphic) {
        let message = "the token holds a blank or a non-ASCII character";
        return Err(section.problem("token", &[message]));
    }
    Ok(ClientAuth::Bearer { token })
}
