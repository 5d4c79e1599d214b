//! Which server can judge a credential, what it is asked, and how its answer is read.

use std::time::Duration;

use super::verdict::Kind;
use crate::call::{CallOutcome, CallRequest, Verification};
use crate::config::{ClientCredentials, Config, Secret, TokenFormat};
use crate::credential::{ClientPlace, Credential};
use crate::refusal::Refusal;
use crate::time::UnixMillis;
use crate::usergrid_token::{self, TokenProblem};
use crate::{client_credentials, introspection};

/// A credential that only a server can judge.
pub(super) enum Question<'a> {
    Token {
        token: &'a Secret,
    },
    Client {
        settings: &'a ClientCredentials,
        client_id: &'a Secret,
        client_secret: &'a Secret,
        place: ClientPlace,
    },
}

/// What is kept of a question while its call is under way.
#[derive(Debug)]
pub(super) enum Subject {
    Token,
    Client { client_id: Vec<u8> },
}

impl<'a> Question<'a> {
    /// Judges what needs no server, and puts the question where one does.
    pub(super) fn about(
        credential: &'a Credential,
        config: &'a Config,
        now: UnixMillis,
    ) -> Result<Self, Refusal> {
        match credential {
            Credential::Token { token, .. } => match &config.token {
                TokenFormat::Opaque => Ok(Self::Token { token }),
                TokenFormat::Usergrid { salt } => {
                    match usergrid_token::check(token.expose(), salt.as_ref(), now) {
                        Ok(()) => Ok(Self::Token { token }),
                        Err(TokenProblem::Malformed) => Err(Refusal::Malformed),
                        Err(TokenProblem::Expired) => Err(Refusal::Expired),
                    }
                }
            },
            Credential::Client { client_id, client_secret, place } => {
                let settings = config.client_credentials.as_ref().ok_or(Refusal::from(*place))?;
                Ok(Self::Client { settings, client_id, client_secret, place: *place })
            }
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Token { .. } => Kind::Token,
            Self::Client { place, .. } => Kind::Client(*place),
        }
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Token { .. } => Subject::Token,
            Self::Client { client_id, .. } => {
                Subject::Client { client_id: client_id.expose().to_vec() }
            }
        }
    }

    pub(super) fn call(&self, config: &Config) -> CallRequest {
        match self {
            Self::Token { token } => introspection::request(&config.introspection, token.expose()),
            Self::Client { settings, client_id, client_secret, .. } => {
                client_credentials::request(settings, client_id.expose(), client_secret.expose())
            }
        }
    }

    pub(super) const fn timeout(&self, config: &Config) -> Duration {
        match self {
            Self::Token { .. } => config.introspection.endpoint.timeout,
            Self::Client { settings, .. } => settings.endpoint.timeout,
        }
    }
}

impl Subject {
    /// Reads how the call ended by the rules of its endpoint.
    pub(super) fn verdict(
        &self,
        outcome: &CallOutcome,
        config: &Config,
        now: UnixMillis,
    ) -> Verification {
        match self {
            Self::Token => introspection::verdict(outcome, config, now),
            Self::Client { client_id } => {
                client_credentials::verdict(outcome, config, client_id, now)
            }
        }
    }

    /// The cluster that was asked.
    pub(super) fn cluster<'a>(&self, config: &'a Config) -> &'a str {
        match (self, &config.client_credentials) {
            (Self::Client { .. }, Some(settings)) => &settings.endpoint.cluster,
            _ => &config.introspection.endpoint.cluster,
        }
    }
}
