//! Who judges credentials: a server, its protocol, and the breaker that guards it.
//!
//! Whatever distinguishes one protocol from another stands behind [`Protocol`] and [`Exchange`]. A
//! new one is a file under `verifiers/` and an arm in [`of_server`].

use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::{Config, Endpoint, Server, TokenVerifier};

use super::breaker::Breaker;
use super::call::{CallOutcome, CallRequest};
use super::probe_targets::ProbeTargets;
use super::verdict::{ServerFault, Verdict};
use super::verifiers::usergrid::{Target, Usergrid};
use super::verifiers::{Introspection, TokenEndpoint};
use crate::credential::Credential;
use crate::principal::Principal;
use crate::time::UnixMillis;

/// How credentials of one kind are verified.
pub(crate) trait Protocol {
    /// Where calls go, and how long one may take.
    fn endpoint(&self) -> &Endpoint;

    /// What is to be exchanged with the server about `credential`, where verdicts depend on it: for
    /// `target`. `None` if it judges others only, or would have to know a target.
    fn exchange(
        &self,
        credential: &Credential,
        target: Option<&Target>,
        now: UnixMillis,
    ) -> Option<Box<dyn Exchange>>;

    /// Whether it judges credentials of this kind.
    fn judges(&self, credential: &Credential) -> bool;

    /// A well-formed credential that nobody has, made of random numbers: what the server says of it
    /// shows whether it lives.
    fn random_credential(&self, random: &mut dyn FnMut() -> u64, now: UnixMillis) -> Credential;

    /// How the holder of `credential` counts while the server is down, if the configuration
    /// wants such a credential admitted for what it says by itself.
    fn offline(&self, _: &Credential) -> Option<Offline> {
        None
    }

    /// What [`Protocol::random_credential`] is asked about, where the configuration says so: no
    /// client chooses it.
    fn probe_target(&self) -> Option<&Target> {
        None
    }

    /// At least this long from one question about such a credential to the next.
    fn probe_pause(&self) -> Duration;
}

/// The conversation with a server about one credential. Kept while it lasts, so it holds what the
/// answer is read by.
pub(crate) trait Exchange {
    /// The request to the server.
    fn request(&self) -> CallRequest;

    /// Begins anew at this time: nothing that was read before counts.
    fn restart(&mut self, _: UnixMillis) {}

    /// Reads how the call ended, at the time `now`.
    fn read(&mut self, outcome: CallOutcome, now: UnixMillis) -> Progress;

    /// What is kept for it, and is sent, in bytes at most.
    fn bytes(&self) -> usize;

    /// Reads again what another worker received at `received` and left as a [`Record`]; `None` if
    /// it is not a good verdict.
    fn reread(&self, record: &[u8], received: UnixMillis) -> Option<Rc<Principal>>;
}

/// What a credential says by itself, which admits while the server is down.
pub(crate) struct Offline {
    /// Who its holder counts as.
    pub(crate) principal: Principal,
    /// When it was issued.
    pub(crate) issued: UnixMillis,
}

/// Where a conversation stands after a call.
pub(crate) enum Progress {
    /// Something else has to be asked first.
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
    /// How far and how long the verdict holds.
    pub(crate) hold: Hold,
    /// Whether the verdict came with a status by which servers refuse whoever asks.
    pub(crate) by_refusal: bool,
}

/// How far and how long a verdict holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    /// For a second at most: it may hide an outage, or be true no longer in a moment.
    pub(crate) briefly: bool,
    /// Whatever the target is.
    pub(crate) everywhere: bool,
    /// A denial: whether it ends older good verdicts.
    pub(crate) ends_older: bool,
}

impl Hold {
    /// For its `ttl`, and a denial for good.
    pub(crate) const USUAL: Self = Self { briefly: false, everywhere: false, ends_older: true };
}

/// A good answer in the form that workers hand each other.
pub(crate) struct Record {
    /// As [`Exchange::reread`] reads it.
    pub(crate) bytes: Vec<u8>,
    /// Whether a credential stands in it. Then it has no place in shared memory.
    pub(crate) holds_credential: bool,
    /// Whether somebody who proves nothing may revoke it at a worker that does not remember it.
    pub(crate) is_revoked_anywhere: bool,
}

/// A server in use.
pub(crate) struct Verifier {
    /// What holds for the credentials that it judges.
    pub(crate) server: Rc<Server>,
    protocol: Box<dyn Protocol>,
    pub(crate) breaker: Breaker,
    /// What a probe asks about.
    pub(crate) probe_targets: ProbeTargets,
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

/// The servers of one configuration, in its order: for each, who asks about tokens, and who about
/// client pairs where it judges some.
pub(crate) struct Verifiers(Vec<Vec<Rc<Verifier>>>);

impl Verifiers {
    /// Those that `config` names.
    pub(crate) fn new(config: &Rc<Config>) -> Self {
        Self(config.servers.iter().map(|server| of_server(config, server)).collect())
    }

    /// Who asks `server` about such credentials as `credential`.
    pub(crate) fn select(&self, server: &Server, credential: &Credential) -> Option<&Rc<Verifier>> {
        let mut verifiers = self.0.get(server.place)?.iter();
        verifiers.find(|verifier| verifier.protocol.judges(credential))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<Verifier>> {
        self.0.iter().flatten()
    }

    /// How many of each server are left alone because they keep failing.
    pub(crate) fn breakers_open(&self) -> Vec<usize> {
        let is_open = |verifier: &&Rc<Verifier>| verifier.breaker.is_open();
        self.0.iter().map(|verifiers| verifiers.iter().filter(is_open).count()).collect()
    }
}

fn of_server(config: &Rc<Config>, server: &Rc<Server>) -> Vec<Rc<Verifier>> {
    let mut protocols: Vec<Box<dyn Protocol>> = Vec::new();
    match &server.verifier {
        TokenVerifier::Rfc7662(settings) => {
            protocols.push(Box::new(Introspection::new(config, server, settings)));
            if let Some(settings) = &server.client_credentials {
                protocols.push(Box::new(TokenEndpoint::new(config, server, settings)));
            }
        }
        TokenVerifier::Usergrid(_) => {
            let both = [Usergrid::of_tokens(config, server), Usergrid::of_pairs(config, server)];
            let both = both.into_iter().flatten();
            protocols.extend(both.map(|protocol| Box::new(protocol) as Box<dyn Protocol>));
        }
    }
    let verifier = |protocol: Box<dyn Protocol>| {
        let breaker = Breaker::new(config.breaker, protocol.probe_pause());
        let (server, probe_targets) = (Rc::clone(server), ProbeTargets::default());
        Rc::new(Verifier { server, protocol, breaker, probe_targets })
    };
    protocols.into_iter().map(verifier).collect()
}
