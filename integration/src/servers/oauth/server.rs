//! One running server, and the ordinary requests to it that need no filter.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::kind::Kind;
use super::login::{self, Browser};
use super::page;
use super::program;
use super::registry::{Client, Registry};
use crate::harness::bootstrap::merge;
use crate::harness::client::{Request, Response};
use crate::harness::process::GUARD;
use crate::harness::workspace::Scratch;
use crate::harness::{form, wait};

/// A server that serves. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    registry: Registry,
    guard: Child,
    directory: Scratch,
    address: SocketAddr,
    /// What shows that we may ask, where that is a token and not a client's secret.
    bearer: Option<String>,
}

/// What a token endpoint has answered.
#[derive(Clone, Debug)]
pub struct Issued {
    /// `access_token`.
    pub access: String,
    /// `refresh_token`.
    pub refresh: Option<String>,
}

impl Server {
    /// Installs it if need be, starts it and waits until it listens.
    ///
    /// # Errors
    /// If its language is missing, its packages cannot be had, or it stops; the message says what
    /// to do or what it said.
    pub fn start(kind: Kind) -> Result<Self> {
        Self::start_with_prefix(kind, "")
    }

    /// The same with access tokens that begin with `prefix`, as oidc-provider and
    /// django-oauth-toolkit can be told.
    ///
    /// # Errors
    /// See [`Server::start`].
    pub fn start_with_prefix(kind: Kind, prefix: &str) -> Result<Self> {
        let registry = Registry::load()?;
        let program = program::command(kind)?;
        let directory = Scratch::new(kind.package())?;
        let log = File::create(directory.path().join("server.log"))?;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(program.get_program()).args(program.get_args());
        command.arg(Registry::file()).arg(directory.path());
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let guard = command
            .env("PID_FILE", directory.path().join("pid"))
            .env("TOKEN_PREFIX", prefix)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot run sh")?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let address = nowhere;
        let mut server = Self { kind, registry, guard, directory, address, bearer: None };
        server.address = server.wait_until_listening()?;
        if kind == Kind::Glewlwyd {
            server.bearer = Some(server.verifier_token()?);
        }
        Ok(server)
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A token for the client itself (RFC 6749 section 4.4).
    ///
    /// # Errors
    /// If there is none.
    pub fn client_token(&self, id: &str, scope: &str) -> Result<String> {
        let pairs = [("grant_type", "client_credentials"), ("scope", scope)];
        Ok(self.issue(self.registry.client(id)?, &pairs)?.access)
    }

    /// A token for the user, by the client `shop`.
    ///
    /// # Errors
    /// If there is none.
    pub fn user_token(&self, scope: &str) -> Result<String> {
        Ok(self.user_tokens(scope)?.access)
    }

    /// The same with the refresh token that comes with it.
    ///
    /// # Errors
    /// If there is none.
    pub fn user_tokens(&self, scope: &str) -> Result<Issued> {
        let client = self.registry.client("shop")?;
        match self.kind {
            Kind::OidcProvider => {
                let redirect = format!("{}/signed-in", self.registry.audience);
                let scope = format!("openid offline_access {scope}");
                let asked = [
                    ("client_id", client.id.as_str()),
                    ("response_type", "code"),
                    ("redirect_uri", redirect.as_str()),
                    ("scope", scope.as_str()),
                    // No refresh token without.
                    ("prompt", "consent"),
                ];
                let browser = Browser { user: &self.registry.user, address: self.address };
                let start = format!("/auth?{}", form::write(&asked));
                let back = browser.walk(&start, &redirect)?;
                let code = back.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
                let code = code.with_context(|| format!("no code in {back}"))?;
                self.issue(
                    client,
                    &[
                        ("grant_type", "authorization_code"),
                        ("code", code),
                        ("redirect_uri", &redirect),
                    ],
                )
            }
            Kind::Django | Kind::Authlib | Kind::Glewlwyd => {
                let user = &self.registry.user;
                let mut pairs = vec![
                    ("grant_type", "password"),
                    ("username", user.name.as_str()),
                    ("password", &user.password),
                    ("scope", scope),
                ];
                if self.kind == Kind::Django {
                    // RFC 8707: whom the token is for. Other servers' tokens are all for that one,
                    // or for nobody in particular.
                    pairs.push(("resource", &self.registry.audience));
                }
                self.issue(client, &pairs)
            }
        }
    }

    /// What it says about a token (RFC 7662).
    ///
    /// # Errors
    /// If it does not answer with 200 and JSON.
    pub fn introspect(&self, token: &str) -> Result<Value> {
        let gateway = self.registry.client("gateway")?;
        let asked = self.post(self.kind.paths().introspection, gateway, &[("token", token)]);
        let response = self.send(&asked)?;
        ensure!(response.status == 200, "introspection answers {}", response.status);
        response.json()
    }

    /// The request by which a client revokes its token, to send here or through Envoy.
    ///
    /// # Errors
    /// If there is no such client.
    pub fn revocation(&self, id: &str, token: &str) -> Result<Request> {
        let client = self.registry.client(id)?;
        Ok(self.post(self.kind.paths().revocation, client, &[("token", token)]))
    }

    /// Sends a request here, without Envoy.
    ///
    /// # Errors
    /// If there is no complete response.
    pub fn send(&self, request: &Request) -> Result<Response> {
        login::send(self.address, request)
    }

    /// The filter's configuration for it as `docs/servers.md` shows it, with what the filter
    /// identifies itself by.
    ///
    /// # Errors
    /// If the page shows none.
    pub fn documented(&self) -> Result<Value> {
        let mut config = page::configuration(self.kind.package())?;
        let auth = json!({ "introspection": { "client_auth": self.client_auth()? } });
        merge(&mut config, &auth);
        Ok(config)
    }

    /// `introspection.client_auth` by which the filter may ask, to be merged into one that has its
    /// secret from the environment.
    ///
    /// # Errors
    /// If `clients.json` has no client `gateway`.
    pub fn client_auth(&self) -> Result<Value> {
        Ok(match &self.bearer {
            Some(token) => json!({ "token": token, "token_env": null }),
            None => self.registry.client("gateway")?.client_auth(),
        })
    }

    /// A token of the user who may ask about every token; see `servers/glewlwyd/server.py`.
    fn verifier_token(&self) -> Result<String> {
        let gateway = self.registry.client("gateway")?;
        let pairs = [
            ("grant_type", "password"),
            ("username", gateway.id.as_str()),
            ("password", &gateway.secret),
            ("scope", "introspect"),
        ];
        Ok(self.issue(gateway, &pairs)?.access)
    }

    /// A form about a token, from whoever may ask about tokens.
    fn post(&self, path: &str, client: &Client, pairs: &[(&str, &str)]) -> Request {
        match &self.bearer {
            Some(token) => form_by(format!("Bearer {token}"), path, pairs),
            None => post(path, client, pairs),
        }
    }

    fn issue(&self, client: &Client, pairs: &[(&str, &str)]) -> Result<Issued> {
        let asked = match self.kind {
            Kind::Glewlwyd => form_by(client.basic_as_it_is(), self.kind.paths().token, pairs),
            _ => post(self.kind.paths().token, client, pairs),
        };
        let response = self.send(&asked)?;
        let body = response.json()?;
        ensure!(response.status == 200, "no token: {} {body}", response.status);
        let member = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let access = member("access_token").context("no access_token")?;
        Ok(Issued { access, refresh: member("refresh_token") })
    }

    fn wait_until_listening(&mut self) -> Result<SocketAddr> {
        let file = self.directory.path().join("server.log");
        let listening = wait::until("the server listens", || {
            let log = fs::read_to_string(&file)?;
            let mut lines = log.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            if let Some(address) = lines.find_map(|line| line.strip_prefix("listening on ")) {
                return Ok(Some(address.parse()?));
            }
            if let Some(status) = self.guard.try_wait()? {
                bail!("it stopped ({status})");
            }
            Ok(None)
        });
        listening.map_err(|error| {
            let log = fs::read_to_string(&file).unwrap_or_default();
            error.context(format!("{} does not start; its log:\n{log}", self.kind.package()))
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Closes the pipe; the guard ends the server and then itself.
        drop(self.guard.stdin.take());
        let _ended = self.guard.wait();
    }
}

/// A form from a client that shows who it is in the way it is registered for.
fn post(path: &str, client: &Client, pairs: &[(&str, &str)]) -> Request {
    if client.auth != "client_secret_post" {
        return form_by(client.basic(), path, pairs);
    }
    let secret = [("client_id", client.id.as_str()), ("client_secret", &client.secret)];
    form_of(path, &[pairs, &secret].concat())
}

fn form_by(authorization: String, path: &str, pairs: &[(&str, &str)]) -> Request {
    form_of(path, pairs).header("authorization", authorization)
}

fn form_of(path: &str, pairs: &[(&str, &str)]) -> Request {
    let request = Request::new("POST", path);
    request.header("content-type", "application/x-www-form-urlencoded").body(form::write(pairs))
}
