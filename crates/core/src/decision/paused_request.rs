//! A request whose credential is being verified: all that the decision still needs of it.

use std::borrow::Cow;
use std::rc::Rc;

use usergrid_auth_config::{Config, Server};
use usergrid_auth_rules::path::RequestPath;

use super::demands::Demands;
use super::forwarding::Forwarding;
use crate::certificate::CertificateDigest;
use crate::credential::{BadCredential, ClientPlace, Credential};
use crate::log_event::Hint;
use crate::metrics::Outcome;
use crate::refusal::{Refusal, Response, Situation};
use crate::revocation::Watch;
use crate::route::RequiredScope;
use crate::time::UnixMillis;
use crate::verification::call::RetryAfter;
use crate::verification::key::Fingerprint;
use crate::verification::single_flight::StreamId;
use crate::verification::verdict::Denial;

/// A request between its head and its verdict.
#[derive(Debug)]
pub(super) struct PausedRequest {
    pub(super) context: RequestContext,
    /// Who verifies its credential.
    pub(super) server: Rc<Server>,
    pub(super) method: Method,
    pub(super) path: RequestPath,
    pub(super) kind: CredentialKind,
    pub(super) forwarding: Forwarding,
    pub(super) watch: Option<Watch>,
    /// Read already, since its stream may be gone by the time of the verdict.
    pub(super) certificate: Seen,
}

/// Whether the client's certificate has been looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen {
    /// Not yet; few need it.
    NotYet,
    /// This is what it has shown.
    Shown(Option<CertificateDigest>),
}

/// The method of a request. The usual ones cost no memory.
pub(super) type Method = Cow<'static, [u8]>;

/// `method`, to be kept.
pub(super) fn kept(method: &[u8]) -> Method {
    Cow::Borrowed(match method {
        b"GET" => b"GET",
        b"HEAD" => b"HEAD",
        b"POST" => b"POST",
        b"PUT" => b"PUT",
        b"DELETE" => b"DELETE",
        _ => return Cow::Owned(method.to_vec()),
    })
}

/// What every refusal of a request needs to know of it.
#[derive(Debug)]
pub(super) struct RequestContext {
    pub(super) stream: StreamId,
    pub(super) arrived: UnixMillis,
    pub(super) grpc: bool,
    /// What the page that sent it may be told, if it may read a refusal.
    pub(super) allowed_origin: Option<Rc<str>>,
    /// What its route asks for.
    pub(super) required: RequiredScope,
    /// What its path asks for.
    pub(super) demands: Demands,
    pub(super) credential: Option<Fingerprint>,
    /// What the operator could change, if it is refused.
    pub(super) hint: Option<Hint>,
    /// When the server wants to be asked again, if it gave no verdict.
    pub(super) retry_after: Option<RetryAfter>,
}

/// What kind of credential a request presents, as far as refusals differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CredentialKind {
    Token,
    Client(ClientPlace),
}

impl PausedRequest {
    /// What it holds in bytes, at most, given the length of its `:path`: the path itself, what is
    /// kept of its segments, and the path to be forwarded.
    pub(super) fn bytes(&self, target: usize) -> usize {
        const OF_SEGMENTS: usize = 256 * 3 * size_of::<usize>();
        let scopes = self.context.required.names().iter().map(String::len);
        size_of::<Self>()
            .saturating_add(self.method.len())
            .saturating_add(self.forwarding.bytes())
            .saturating_add(target.saturating_mul(3))
            .saturating_add(OF_SEGMENTS.min(target.saturating_mul(24)))
            .saturating_add(scopes.fold(0, usize::saturating_add))
            .saturating_add(self.context.demands.bytes())
    }
}

impl RequestContext {
    /// The reply that says `refusal`, to a request whose credential is `server`'s, if it is one's.
    pub(super) fn response(
        &self,
        refusal: Refusal,
        server: Option<&Server>,
        config: &Config,
        now: UnixMillis,
    ) -> Response {
        let configured = server.map_or(&[][..], |server| server.verifier.required_scopes()).iter();
        let mut scopes: Vec<&str> =
            configured.chain(self.required.names()).map(String::as_str).collect();
        for scope in self.demands.scopes(config.require_scope()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        refusal.response(Situation {
            errors: &config.errors,
            allowed_origin: self.allowed_origin.as_deref(),
            grpc: self.grpc,
            required_scopes: &scopes,
            retry_after: self.retry_after,
            now,
            took: now.since(self.arrived),
        })
    }
}

impl CredentialKind {
    pub(super) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Token { .. } => Self::Token,
            Credential::Client { place, .. } => Self::Client(*place),
        }
    }

    /// How a request counts that such a credential admits.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Token => Outcome::Token,
            Self::Client(_) => Outcome::Client,
        }
    }

    /// The refusal of a credential that no configured server judges.
    pub(super) fn unjudged(self) -> Refusal {
        match self {
            Self::Token => Refusal::Malformed,
            Self::Client(place) => place.into(),
        }
    }

    /// The refusal of a credential that a server has denied.
    pub(super) fn denied(self, denial: Denial) -> Refusal {
        match (denial, self) {
            (Denial::Scope, _) => Refusal::Scope,
            (Denial::AnotherTenant, _) => Refusal::Forbidden,
            (Denial::Claims(_), _) => Refusal::Claims,
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
            BadCredential::TooLong => Self::TooLong,
            BadCredential::CrossSite => Self::CrossSite,
            BadCredential::Basic => Self::ClientBasic,
            BadCredential::ClientQuery => Self::ClientQuery,
        }
    }
}
