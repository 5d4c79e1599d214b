//! The exchange with a stock Usergrid 2.x, which has no introspection endpoint: two of its own
//! requests say what there is to say about a token in an application.
//!
//! `GET /{org}/{app}/users/me` names a user of the application. Where it finds none, `HEAD
//! /{org}/{app}/credentials` says whether the caller administers the application; it may also be
//! one of its clients. A client pair is first given a token. `docs/usergrid.md`, section "Tokens",
//! says why these two.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `target` | what is asked about, by the path of the request |
//! | `probe` | the requests |
//! | `answer` | the bodies that come back |
//! | `table` | what each answer decides |
//! | `facts` | who the owner is |
//! | `conclusion` | what is handed on |

mod answer;
mod conclusion;
mod facts;
mod probe;
mod protocol;
mod table;
mod target;

pub use crate::verification::verdict::{Denial, Verdict};
pub use conclusion::{Conclusion, Failure, Fault, Remember, Scope};
pub use probe::Probe;
pub(crate) use protocol::Usergrid;
pub use target::{Application, Destination, NoTarget, Target, destination};

use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::{ClientCredentials, Config, Secret, Server, UsergridSettings};

use super::token_endpoint;
use crate::credential::usergrid_token;
use crate::principal::{AnswerError, Principal, PrincipalKind};
use crate::time::UnixMillis;
use crate::verification::call::{CallOutcome, CallRequest};
use crate::verification::verdict::{NoAnswer, ServerFault};

use facts::Facts;
use table::{Denied, Reading, Restricted, Token};

/// The exchange about one credential for one target: two requests at most, within one timeout.
pub struct UsergridExchange {
    config: Rc<Config>,
    server: Rc<Server>,
    settings: Rc<UsergridSettings>,
    /// That of the pair, if a pair is verified.
    client_id: Option<Secret>,
    step: Step,
    /// What was asked first, once that is over.
    first: Option<Step>,
    started: UnixMillis,
    /// For the whole exchange.
    budget: Duration,
    /// What is left of it for the request of this step.
    timeout: Duration,
}

/// Which answer is awaited, and what it is read by.
enum Step {
    TokenEndpoint(Target, Pair),
    User(Application, Token),
    Keys(Application, Rights),
    /// With the organisation that the request's path names.
    ManagementMe(Option<String>, Token),
    Organization(String, Rights),
}

struct Pair {
    settings: Rc<ClientCredentials>,
    client_secret: Secret,
}

/// A token, and who its owner is if Usergrid lets him do what is asked.
struct Rights {
    token: Secret,
    facts: Facts,
}

/// What comes after an answer.
pub enum Progress {
    /// Another request.
    Ask(CallRequest),
    /// Nothing: this is the end.
    Done(Conclusion),
}

impl UsergridExchange {
    /// The exchange about `token`, which has passed the check of `token.format`, for `target`;
    /// `None` under another protocol.
    #[must_use]
    pub fn of_token(
        config: &Rc<Config>,
        server: &Rc<Server>,
        token: &Secret,
        target: Target,
        now: UnixMillis,
    ) -> Option<Self> {
        let settings = Rc::clone(server.verifier.usergrid()?);
        let token = Token {
            is_signed: usergrid_token::is_signature_checked(&server.token, token.expose()),
            life: usergrid_token::life_time(token.expose()),
            secret: token.clone(),
        };
        let step = match target {
            Target::Application(application) => Step::User(application, token),
            Target::Management(organization) => Step::ManagementMe(organization, token),
        };
        let budget = settings.endpoint.timeout;
        Some(Self {
            config: Rc::clone(config),
            server: Rc::clone(server),
            settings,
            client_id: None,
            step,
            first: None,
            started: now,
            budget,
            timeout: budget,
        })
    }

    /// The exchange about a client pair for `target`; `None` under another protocol, or if pairs
    /// are not verified. Its timeout is that of the token endpoint.
    #[must_use]
    pub fn of_pair(
        config: &Rc<Config>,
        server: &Rc<Server>,
        client_id: &Secret,
        client_secret: &Secret,
        target: Target,
        now: UnixMillis,
    ) -> Option<Self> {
        let settings = Rc::clone(server.verifier.usergrid()?);
        let endpoint = Rc::clone(server.client_credentials.as_ref()?);
        let budget = endpoint.endpoint.timeout;
        let pair = Pair { settings: endpoint, client_secret: client_secret.clone() };
        Some(Self {
            config: Rc::clone(config),
            server: Rc::clone(server),
            settings,
            client_id: Some(client_id.clone()),
            step: Step::TokenEndpoint(target, pair),
            first: None,
            started: now,
            budget,
            timeout: budget,
        })
    }

    /// The request whose answer is awaited.
    #[must_use]
    pub fn request(&self) -> CallRequest {
        let (path, token) = match &self.step {
            Step::TokenEndpoint(_, pair) => {
                let (id, life) = (self.client_id(), self.config.cache.ttl);
                return probe::token_request(&pair.settings, id, pair.client_secret.expose(), life);
            }
            Step::User(application, token) => (probe::user_path(application), &token.secret),
            Step::Keys(application, rights) => (probe::keys_path(application), &rights.token),
            Step::ManagementMe(_, token) => (probe::MANAGEMENT_ME.to_owned(), &token.secret),
            Step::Organization(name, rights) => (probe::organization_path(name), &rights.token),
        };
        self.probe().request(&self.settings, path, token, self.timeout)
    }

    /// Begins anew, with the first request and all the time.
    pub fn restart(&mut self, now: UnixMillis) {
        if let Some(first) = self.first.take() {
            self.step = first;
        }
        (self.started, self.timeout) = (now, self.budget);
    }

    /// Which request it is.
    #[must_use]
    pub fn probe(&self) -> Probe {
        match self.step {
            Step::TokenEndpoint(..) => Probe::TokenEndpoint,
            Step::User(..) => Probe::User,
            Step::Keys(..) => Probe::Keys,
            Step::ManagementMe(..) => Probe::ManagementMe,
            Step::Organization(..) => Probe::Organization,
        }
    }

    /// Reads how the request ended, at the time `now`.
    pub fn read(&mut self, outcome: &CallOutcome, now: UnixMillis) -> Progress {
        let probe = self.probe();
        match self.reading(outcome, now) {
            Reading::Verified(facts) => Progress::Done(self.verified(&facts)),
            Reading::Denied(denied) => Progress::Done(Conclusion::denied(denied)),
            Reading::Failed(fault) => Progress::Done(Conclusion::failed(probe, fault)),
            Reading::Ask(step) => {
                let before = std::mem::replace(&mut self.step, step);
                self.first.get_or_insert(before);
                self.timeout = self.budget.saturating_sub(now.since(self.started));
                if self.timeout.is_zero() {
                    let fault = Fault::Unanswered(NoAnswer::TimedOut);
                    return Progress::Done(Conclusion::failed(self.probe(), fault));
                }
                Progress::Ask(self.request())
            }
        }
    }

    /// Reads again what another worker left as a [`Conclusion::record`]; `None` if it is none.
    #[must_use]
    pub fn reread(&self, record: &[u8]) -> Option<Principal> {
        Facts::reread(record, self.config.claim_limits)?
            .principal(&self.config, &self.server, self.presented_id())
            .ok()
    }

    fn reading(&self, outcome: &CallOutcome, now: UnixMillis) -> Reading<Step> {
        match &self.step {
            Step::TokenEndpoint(target, _) => self.issued(outcome, target, now),
            Step::User(application, token) => {
                let restricted = Restricted {
                    users: self.settings.restricted_users,
                    ids: &self.server.authorization.application_ids,
                };
                table::user(outcome, application, token, restricted, now)
                    .map(|facts| Step::Keys(application.clone(), token.rights(facts)))
            }
            Step::Keys(_, rights) | Step::Organization(_, rights) => {
                table::rights(outcome, &rights.facts)
            }
            Step::ManagementMe(organization, token) => {
                match (table::management_me(outcome, token, now), organization) {
                    (Reading::Ask(()), Some(name)) => {
                        let facts = Facts::on_organizations(PrincipalKind::Organization, [name]);
                        Reading::Ask(Step::Organization(name.clone(), token.rights(facts)))
                    }
                    (reading, _) => reading.or_denied(Denied::here(Denial::AnotherTenant).unsure()),
                }
            }
        }
    }

    /// What the answer of the token endpoint says: who the client is shows only when the issued
    /// token is used.
    fn issued(&self, outcome: &CallOutcome, target: &Target, now: UnixMillis) -> Reading<Step> {
        let (config, server) = (&self.config, &self.server);
        let client = match token_endpoint::verdict(outcome, config, server, self.client_id(), now) {
            Ok(Verdict::Verified(client)) => client,
            // Usergrid has one word for a bad pair and for a failure of its own.
            Ok(Verdict::Denied(_)) => {
                return Reading::Denied(Denied::everywhere(Denial::BadClient).unsure());
            }
            Err(fault) => return Reading::Failed(fault.into()),
        };
        let Some(token) = client.issued_token.clone() else {
            return Reading::Failed(ServerFault::BadAnswer.into());
        };
        let kind = match client.kind {
            PrincipalKind::Organization => PrincipalKind::Organization,
            _ => PrincipalKind::Application,
        };
        let rights = |facts| {
            let facts =
                Facts { issued_token: Some(token.clone()), expires: client.expires, ..facts };
            Rights { token: token.clone(), facts }
        };
        Reading::Ask(match target {
            Target::Application(application) => {
                let facts = Facts::on_application(kind, application);
                Step::Keys(application.clone(), rights(facts))
            }
            Target::Management(Some(name)) => {
                let facts = Facts::on_organizations(PrincipalKind::Organization, [name]);
                Step::Organization(name.clone(), rights(facts))
            }
            Target::Management(None) => {
                return Reading::Denied(Denied::here(Denial::AnotherTenant));
            }
        })
    }

    fn verified(&self, facts: &Facts) -> Conclusion {
        match facts.principal(&self.config, &self.server, self.presented_id()) {
            Ok(principal) => Conclusion::verified(principal, facts.record()),
            // Too long to be kept: a matter of this principal alone, as with the other protocols.
            Err(AnswerError::Oversized(limit)) => {
                Conclusion::denied(Denied::here(Denial::Claims(limit)))
            }
            Err(AnswerError::Malformed) => Conclusion::failed(self.probe(), Fault::Answer(200)),
        }
    }

    /// How long the credential is, in bytes.
    fn credential_bytes(&self) -> usize {
        let secret = match &self.step {
            Step::TokenEndpoint(_, pair) => &pair.client_secret,
            Step::User(_, token) | Step::ManagementMe(_, token) => &token.secret,
            Step::Keys(_, rights) | Step::Organization(_, rights) => &rights.token,
        };
        secret.expose().len().saturating_add(self.client_id().len())
    }

    /// How long the names are that stand in the path of the request, in bytes.
    fn names_bytes(&self) -> usize {
        match &self.step {
            Step::TokenEndpoint(target, _) => target.bytes(),
            Step::User(application, _) | Step::Keys(application, _) => application.bytes(),
            Step::ManagementMe(organization, _) => organization.as_ref().map_or(0, String::len),
            Step::Organization(name, _) => name.len(),
        }
    }

    fn presented_id(&self) -> Option<&[u8]> {
        self.client_id.as_ref().map(Secret::expose)
    }

    fn client_id(&self) -> &[u8] {
        self.presented_id().unwrap_or_default()
    }
}

impl Token {
    /// What is left to be asked with it: whether its owner has the rights that make him `facts`.
    fn rights(&self, facts: Facts) -> Rights {
        Rights { token: self.secret.clone(), facts: Facts { expires: self.ends(), ..facts } }
    }
}

impl From<ServerFault> for Fault {
    fn from(fault: ServerFault) -> Self {
        match fault {
            ServerFault::Status(status) => Self::Answer(status),
            ServerFault::RejectedUs => Self::Answer(401),
            ServerFault::BadAnswer | ServerFault::AcceptsAnything => Self::Answer(200),
            ServerFault::TooLarge => Self::TooLarge(200),
            ServerFault::NoAnswer(fault) => Self::Unanswered(fault),
            ServerFault::Usergrid(failure) => failure.fault,
        }
    }
}
