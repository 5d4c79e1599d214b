//! A stock Usergrid as one of the servers that verify credentials.

use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::{Config, Endpoint, Secret, Server, TokenFormat};

use super::{Conclusion, Progress, Remember, Scope, Target, UsergridExchange};
use crate::credential::usergrid_token;
use crate::credential::{ClientPlace, Credential, TokenPlace};
use crate::principal::Principal;
use crate::time::UnixMillis;
use crate::verification::call::{CallOutcome, CallRequest};
use crate::verification::verdict::{ServerFault, Verdict};
use crate::verification::verifier::{self, Exchange, Hold, Offline, Protocol, Reading, Record};

/// The life of a token that nobody has, which is made to see whether Usergrid lives.
const PROBE_LIFE: Duration = Duration::from_secs(3_600);

/// Usergrid's own API, asked about credentials of one kind.
pub(crate) struct Usergrid {
    config: Rc<Config>,
    server: Rc<Server>,
    endpoint: Endpoint,
    /// What the configuration says is asked about a token that nobody has.
    probe_target: Option<Target>,
    judges_pairs: bool,
}

impl Usergrid {
    /// Verifies tokens; `None` under another protocol.
    pub(crate) fn of_tokens(config: &Rc<Config>, server: &Rc<Server>) -> Option<Self> {
        let settings = server.verifier.usergrid()?;
        Some(Self {
            config: Rc::clone(config),
            server: Rc::clone(server),
            endpoint: settings.endpoint.clone(),
            probe_target: Target::configured(settings),
            judges_pairs: false,
        })
    }

    /// Verifies client pairs; `None` under another protocol, or if pairs are not verified.
    pub(crate) fn of_pairs(config: &Rc<Config>, server: &Rc<Server>) -> Option<Self> {
        let settings = server.verifier.usergrid()?;
        Some(Self {
            config: Rc::clone(config),
            server: Rc::clone(server),
            endpoint: server.client_credentials.as_ref()?.endpoint.clone(),
            probe_target: Target::configured(settings),
            judges_pairs: true,
        })
    }
}

impl Protocol for Usergrid {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn judges(&self, credential: &Credential) -> bool {
        matches!(credential, Credential::Client { .. }) == self.judges_pairs
    }

    /// Pairs cost Usergrid a password hash, and a token that it keeps.
    fn probe_pause(&self) -> Duration {
        if self.judges_pairs { Duration::from_secs(10) } else { Duration::ZERO }
    }

    fn probe_target(&self) -> Option<&Target> {
        self.probe_target.as_ref()
    }

    /// Signed where the salt is known: then Usergrid has to look it up, and an outage shows.
    /// Without one, it is refused for its signature, which is a verdict, too.
    fn random_credential(&self, random: &mut dyn FnMut() -> u64, now: UnixMillis) -> Credential {
        if self.judges_pairs {
            let mut word = || Secret::new(format!("b3U6{:016x}", random()).into_bytes());
            let (client_id, client_secret) = (word(), word());
            return Credential::Client { client_id, client_secret, place: ClientPlace::Basic };
        }
        let salt = match &self.server.token {
            TokenFormat::Usergrid { salt } | TokenFormat::Mixed { salt } => salt.as_ref(),
            TokenFormat::Opaque => None,
        };
        let token = usergrid_token::random(salt, random, now, PROBE_LIFE);
        Credential::Token { token, place: TokenPlace::Header }
    }

    fn exchange(
        &self,
        credential: &Credential,
        target: Option<&Target>,
        now: UnixMillis,
    ) -> Option<Box<dyn Exchange>> {
        let target = target?.clone();
        let (config, server) = (&self.config, &self.server);
        let exchange = match credential {
            Credential::Token { token, .. } => {
                UsergridExchange::of_token(config, server, token, target, now)
            }
            Credential::Client { client_id, client_secret, .. } => {
                UsergridExchange::of_pair(config, server, client_id, client_secret, target, now)
            }
        };
        Some(Box::new(exchange?))
    }

    fn offline(&self, credential: &Credential) -> Option<Offline> {
        let settings = self.server.verifier.usergrid()?;
        let Credential::Token { token, .. } = credential else { return None };
        let is_signed = usergrid_token::is_signature_checked(&self.server.token, token.expose());
        let issued = usergrid_token::life_time(token.expose())?.issued;
        let offline = Offline { principal: Principal::unknown(), issued };
        (settings.offline_if_error && is_signed).then_some(offline)
    }
}

impl Exchange for UsergridExchange {
    fn request(&self) -> CallRequest {
        Self::request(self)
    }

    fn restart(&mut self, now: UnixMillis) {
        Self::restart(self, now);
    }

    fn read(&mut self, outcome: CallOutcome, now: UnixMillis) -> verifier::Progress {
        let Conclusion { verdict, lifetime, scope, ends_older, record } =
            match Self::read(self, &outcome, now) {
                Progress::Ask(request) => return verifier::Progress::Ask(request),
                Progress::Done(conclusion) => conclusion,
            };
        let holds_credential = match &verdict {
            Ok(Verdict::Verified(principal)) => principal.issued_token.is_some(),
            _ => false,
        };
        verifier::Progress::Done(Reading {
            by_refusal: false,
            verdict: verdict.map_err(ServerFault::Usergrid),
            // What counts for it stands in the token itself.
            record: record.map(|bytes| Record {
                bytes,
                holds_credential,
                is_revoked_anywhere: false,
            }),
            hold: Hold {
                briefly: lifetime == Remember::Briefly,
                everywhere: scope == Scope::Credential,
                ends_older,
            },
        })
    }

    fn reread(&self, record: &[u8], _: UnixMillis) -> Option<Rc<Principal>> {
        Self::reread(self, record).map(Rc::new)
    }

    fn bytes(&self) -> usize {
        // Names are kept for the flight, both steps and what the owner is, twice, and sent encoded.
        size_of::<Self>()
            .saturating_add(self.credential_bytes().saturating_mul(5))
            .saturating_add(self.names_bytes().saturating_mul(8))
    }
}
