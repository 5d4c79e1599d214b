//! Who judges credentials: a server, its protocol, and the breaker that guards it.
//!
//! Whatever distinguishes one protocol from another stands behind [`Protocol`] and [`Exchange`]. A new one is a file
//! under `verifiers/` and an arm in [`Verifiers::new`].

use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::{Config, Endpoint};

use super::breaker::Breaker;
use super::call::{CallOutcome, CallRequest};
use super::verdict::{ServerFault, Verdict};
use super::verifiers::{Introspection, TokenEndpoint};
use crate::credential::Credential;
use crate::principal::Principal;
use crate::time::UnixMillis;

/// How credentials of one kind are verified.
pub(crate) trait Protocol {
    /// Where calls go, and how long one may take.
    fn endpoint(&self) -> &Endpoint;

    /// What is to be exchanged with the server about `credential`; `None` if it judges others only.
    fn exchange(&self, credential: &Credential) -> Option<Box<dyn Exchange>>;

    /// Whether it judges credentials of this kind.
    fn judges(&self, credential: &Credential) -> bool;

    /// A well-formed credential that nobody has, made of random numbers: what the server says of it shows whether it
    /// lives.
    fn random_credential(&self, random: &mut dyn FnMut() -> u64) -> Credential;

    /// At least this long from one question about such a credential to the next.
    fn probe_pause(&self) -> Duration;

    /// Whether a verdict whose `exp` has passed is asked for again instead of being "expired": where `exp` is not the
    /// presented credential's, but that of a token which was issued for it.
    fn verifies_anew_after_exp(&self) -> bool;
}

/// The conversation with a server about one credential. Kept while it lasts, so it holds what the answer is read by.
pub(crate) trait Exchange {
    /// The request to the server.
    fn request(&self) -> CallRequest;

    /// Reads how the call ended, at the time `now`.
    fn read(&mut self, outcome: CallOutcome, now: UnixMillis) -> Progress;

    /// What is kept for it, and is sent, in bytes at most.
    fn bytes(&self) -> usize;

    /// Reads again what another worker received at `received` and left as a [`Record`]; `None` if it is not a good
    /// verdict.
    fn reread(&self, record: &[u8], received: UnixMillis) -> Option<Rc<Principal>>;
}

/// Where a conversation stands after a call.
pub(crate) enum Progress {
    /// Something else has to be asked first.
    #[allow(dead_code, reason = "the protocols so far need one question")]
    Ask(CallRequest),
    /// It is over.
    Done(Reading),
}

/// What a conversation came to.
pub(crate) struct Reading {
    /// The verdict, or why there is none.
    pub(crate) verdict: Result<Verdict, ServerFault>,
    /// What another worker needs to come to the same good verdict.
    pub(crate) record: Option<Record>,
}

/// A good answer in the form that workers hand each other.
pub(crate) struct Record {
    /// As [`Exchange::reread`] reads it.
    pub(crate) bytes: Vec<u8>,
    /// Whether a credential stands in it. Then it has no place in shared memory.
    pub(crate) holds_credential: bool,
}

/// A server in use.
pub(crate) struct Verifier {
    protocol: Box<dyn Protocol>,
    pub(crate) breaker: Breaker,
}

impl Verifier {
    pub(crate) fn protocol(&self) -> &dyn Protocol {
        &*self.protocol
    }

    /// The longest that a verdict may be awaited.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.protocol.endpoint().timeout.saturating_add(super::GRACE)
    }

    /// Envoy's name of the cluster that is asked.
    pub(crate) fn cluster(&self) -> &str {
        &self.protocol.endpoint().cluster
    }
}

/// The servers of one configuration.
pub(crate) struct Verifiers(Vec<Rc<Verifier>>);

impl Verifiers {
    /// Those that `config` names.
    pub(crate) fn new(config: &Rc<Config>) -> Self {
        let mut protocols: Vec<Box<dyn Protocol>> =
            vec![Box::new(Introspection::new(Rc::clone(config)))];
        if let Some(settings) = &config.client_credentials {
            protocols.push(Box::new(TokenEndpoint::new(Rc::clone(config), Rc::clone(settings))));
        }
        let verifier = |protocol: Box<dyn Protocol>| {
            let breaker = Breaker::new(config.breaker, protocol.probe_pause());
            Rc::new(Verifier { protocol, breaker })
        };
        Self(protocols.into_iter().map(verifier).collect())
    }

    /// The server that judges `credential`.
    pub(crate) fn select(&self, credential: &Credential) -> Option<&Rc<Verifier>> {
        self.0.iter().find(|verifier| verifier.protocol.judges(credential))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<Verifier>> {
        self.0.iter()
    }

    /// How many are left alone because they keep failing.
    pub(crate) fn breakers_open(&self) -> usize {
        self.0.iter().filter(|verifier| verifier.breaker.is_open()).count()
    }
}
