//! Which server can judge a credential, what it is asked, and how its answer is read.

use std::time::Duration;

use super::verdict::Kind;
use crate::cache::CredentialDigest;
use crate::call::{AnswerBody, CallOutcome, CallRequest, Verification};
use crate::credential::{ClientPlace, Credential};
use crate::refusal::Refusal;
use crate::shared::{QueueId, Sequence};
use crate::time::UnixMillis;
use crate::usergrid_token::{self, TokenProblem};
use crate::{client_credentials, introspection};
use usergrid_auth_config::{ClientCredentials, Config, Secret, TokenFormat};

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

/// A server that judges credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Introspection,
    Token,
}

/// What is kept of a question while its verdict is awaited.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) credential: CredentialDigest,
    pub(super) caller: Caller,
    /// The last revocation known when the verdict was asked for.
    pub(super) sequence: Sequence,
    rules: Rules,
}

/// Who makes the call.
#[derive(Debug)]
pub(super) enum Caller {
    /// We do, and owe the shared cache the end of our claim.
    Us { claim: Option<QueueId> },
    /// Another worker does, and will tell us; for so many ticks, nobody has seemed to be at it.
    Another { silence: u8 },
}

/// By which rules an answer is read.
#[derive(Debug)]
enum Rules {
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

    pub(super) const fn endpoint(&self) -> Endpoint {
        match self {
            Self::Token { .. } => Endpoint::Introspection,
            Self::Client { .. } => Endpoint::Token,
        }
    }

    pub(super) fn subject(
        &self,
        credential: CredentialDigest,
        caller: Caller,
        sequence: Sequence,
    ) -> Subject {
        let rules = match self {
            Self::Token { .. } => Rules::Token,
            Self::Client { client_id, .. } => {
                Rules::Client { client_id: client_id.expose().to_vec() }
            }
        };
        Subject { credential, caller, sequence, rules }
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
    /// Reads how the call ended at `received` by the rules of its endpoint.
    pub(super) fn verdict(
        &self,
        outcome: &CallOutcome,
        config: &Config,
        received: UnixMillis,
    ) -> Verification {
        match &self.rules {
            Rules::Token => introspection::verdict(outcome, config, received),
            Rules::Client { client_id } => {
                client_credentials::verdict(outcome, config, client_id, received)
            }
        }
    }

    /// Reads a good answer again that another worker received.
    pub(super) fn reread(
        &self,
        answer: &[u8],
        config: &Config,
        received: UnixMillis,
    ) -> Verification {
        let body = AnswerBody::Complete(answer.to_vec());
        self.verdict(&CallOutcome::Answered { status: 200, body }, config, received)
    }

    /// Whether the answer itself holds a credential: the token that was issued for a client pair, or one that an
    /// introspection server repeats, as some do.
    pub(super) fn answer_holds_credential(&self, answer: &[u8]) -> bool {
        const MEMBERS: [&[u8]; 5] =
            [b"\"token\"", b"\"jwt\"", b"\"access_token\"", b"\"refresh_token\"", b"\"id_token\""];
        let holds = |name: &[u8]| answer.windows(name.len()).any(|window| window == name);
        matches!(self.rules, Rules::Client { .. }) || MEMBERS.into_iter().any(holds)
    }

    /// Notes that nobody seems to make the call; whether that has been so for `ticks`.
    pub(super) fn silent_for(&mut self, ticks: u8) -> bool {
        match &mut self.caller {
            Caller::Us { .. } => false,
            Caller::Another { silence } => {
                *silence = silence.saturating_add(1);
                *silence >= ticks
            }
        }
    }

    pub(super) const fn endpoint(&self) -> Endpoint {
        match self.rules {
            Rules::Token => Endpoint::Introspection,
            Rules::Client { .. } => Endpoint::Token,
        }
    }
}

impl Endpoint {
    /// The cluster that is asked.
    pub(super) fn cluster(self, config: &Config) -> &str {
        match (self, &config.client_credentials) {
            (Self::Token, Some(settings)) => &settings.endpoint.cluster,
            _ => &config.introspection.endpoint.cluster,
        }
    }
}
