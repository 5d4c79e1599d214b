//! `servers/clients.json`: the clients and the user that are registered with the servers, for them
//! and for us.

use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{form, workspace};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The API that tokens are for.
    pub audience: String,
    pub scopes: Vec<String>,
    /// The only user.
    pub user: User,
    pub clients: Vec<Client>,
}

/// Somebody who logs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub name: String,
    pub password: String,
}

/// A client of a server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// `client_secret`.
    pub secret: String,
    /// How it shows the two, in the words of RFC 7591.
    pub auth: String,
    /// How it gets tokens: `client_credentials`, `user` (by a login), or `none`.
    pub grant: String,
    /// How long they live.
    pub seconds: u32,
}

/// Where `servers/` is.
pub(super) fn directory() -> PathBuf {
    workspace::root().join("integration").join("servers")
}

impl Registry {
    /// Where the file is.
    #[must_use]
    pub fn file() -> PathBuf {
        directory().join("clients.json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is missing or wrong.
    pub fn load() -> Result<Self> {
        let path = Self::file();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// The client of this id.
    ///
    /// # Errors
    /// If there is none.
    pub fn client(&self, id: &str) -> Result<&Client> {
        let found = self.clients.iter().find(|client| client.id == id);
        found.with_context(|| format!("clients.json has no client `{id}`"))
    }
}

impl Client {
    /// `Basic` as RFC 6749 section 2.3.1 has it: both encoded as in a form, then joined.
    #[must_use]
    pub fn basic(&self) -> String {
        let pair = format!("{}:{}", form::encode(&self.id), form::encode(&self.secret));
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    }

    /// `Basic` without that encoding, as some servers read it.
    #[must_use]
    pub fn basic_as_it_is(&self) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }

    /// `introspection.client_auth` for this client.
    #[must_use]
    pub fn client_auth(&self) -> Value {
        let mut auth = json!({ "method": self.auth, "client_id": self.id });
        auth["client_secret"] = self.secret.as_str().into();
        // The shipped configuration has it from the environment.
        auth["client_secret_env"] = Value::Null;
        auth
    }
}
