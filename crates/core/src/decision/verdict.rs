//! What follows from a verdict for one request: admitted with which edits, or refused with which words.

use super::forwarding::Forwarding;
use super::{Effect, Notice};
use crate::authorization::{self, Forbidden};
use crate::cache::{Answer, Fingerprint};
use crate::call::Denial;
use crate::credential::{BadCredential, ClientPlace};
use crate::flight::StreamId;
use crate::grant::Grant;
use crate::metrics::{Counter, Outcome};
use crate::refusal::{Refusal, Situation};
use crate::revocation::Watch;
use crate::route::RequiredScope;
use crate::time::UnixMillis;
use usergrid_auth_config::Config;
use usergrid_auth_rules::path::RequestPath;

/// A request whose credential is being verified: all that the decision still needs of it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) facts: Facts,
    pub(super) method: Vec<u8>,
    pub(super) path: RequestPath,
    pub(super) kind: Kind,
    pub(super) forwarding: Forwarding,
    pub(super) watch: Option<Watch>,
}

/// What every refusal of a request needs to know of it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) stream: StreamId,
    pub(super) arrived: UnixMillis,
    pub(super) grpc: bool,
    pub(super) required: RequiredScope,
    pub(super) credential: Option<Fingerprint>,
}

/// What kind of credential is being verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Token,
    Client(ClientPlace),
}

impl Pending {
    /// Ends the request by `answer`; without one, the server failed. Hands out what to look for in the response.
    pub(super) fn decide(
        self,
        answer: Option<&Answer>,
        config: &Config,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) -> Option<Watch> {
        let stream = self.facts.stream;
        match self.judge(answer, config, now) {
            Ok(grant) => {
                let outcome = match self.kind {
                    Kind::Token => Outcome::Token,
                    Kind::Client(_) => Outcome::Client,
                };
                self.forwarding.edits(stream, grant, effects);
                effects.push(Effect::Count(Counter::Requests(outcome)));
                effects.push(Effect::Forward(stream));
                self.watch
            }
            Err(refusal) => {
                self.facts.refuse(refusal, Some(&self.path), config, now, effects);
                None
            }
        }
    }

    /// The only way to a forwarded credential is an `Ok` from here.
    fn judge<'a>(
        &self,
        answer: Option<&'a Answer>,
        config: &Config,
        now: UnixMillis,
    ) -> Result<&'a Grant, Refusal> {
        let grant = match answer {
            Some(Answer::Granted(grant)) => grant,
            Some(Answer::Denied(denial)) => return Err(self.kind.refusal(*denial)),
            None => return Err(Refusal::Unavailable),
        };
        if grant.expires.is_some_and(|expires| now >= expires) {
            return Err(self.kind.refusal(Denial::Expired));
        }
        if grant.not_before.is_some_and(|not_before| now < not_before) {
            return Err(self.kind.refusal(Denial::Inactive));
        }
        if !self.facts.required.met_by(&grant.scopes) {
            return Err(Refusal::Scope);
        }
        authorization::check(&config.authorization, grant, &self.method, &self.path)
            .map_err(|Forbidden| Refusal::Forbidden)?;
        Ok(grant)
    }
}

impl Kind {
    fn refusal(self, denial: Denial) -> Refusal {
        match (denial, self) {
            (Denial::Scope, _) => Refusal::Scope,
            (Denial::Expired, Self::Token) => Refusal::Expired,
            (Denial::Inactive | Denial::BadClient, Self::Token) => Refusal::Inactive,
            (_, Self::Client(place)) => place.into(),
        }
    }
}

impl From<ClientPlace> for Refusal {
    fn from(place: ClientPlace) -> Self {
        match place {
            ClientPlace::Basic => Self::ClientBasic,
            ClientPlace::Query => Self::ClientQuery,
        }
    }
}

impl From<BadCredential> for Refusal {
    fn from(bad: BadCredential) -> Self {
        match bad {
            BadCredential::Conflict => Self::Conflict,
            BadCredential::Token => Self::Malformed,
            BadCredential::Basic => Self::ClientBasic,
            BadCredential::ClientQuery => Self::ClientQuery,
        }
    }
}

impl Facts {
    /// Refuses the request: reply, counter and log line out of one row.
    pub(super) fn refuse(
        &self,
        refusal: Refusal,
        path: Option<&RequestPath>,
        config: &Config,
        now: UnixMillis,
        effects: &mut Vec<Effect>,
    ) {
        let configured = config.introspection.scope.iter();
        let scopes: Vec<&str> =
            configured.chain(self.required.names()).map(String::as_str).collect();
        let response = refusal.response(Situation {
            errors: &config.errors,
            grpc: self.grpc,
            required_scopes: &scopes,
            now,
            took: now.since(self.arrived),
        });
        let application = path.map_or_else(|| "-".to_owned(), RequestPath::application_label);
        effects.push(Effect::Count(Counter::Requests(Outcome::Refused(refusal))));
        effects.push(Effect::Log(Notice::Refused {
            refusal,
            application,
            credential: self.credential,
        }));
        effects.push(Effect::Refuse(self.stream, response));
    }
}
