//! What the probes come to: a verdict with how long and how far it holds, or why there is none.
//! Usergrid's own text is never part of it, since it may hold a token.

use std::fmt;
use std::rc::Rc;

use super::probe::Probe;
use super::table::Denied;
use crate::principal::Principal;
use crate::verification::verdict::{NoAnswer, ServerFault, Verdict};

/// The end of an exchange.
#[derive(Debug)]
pub struct Conclusion {
    /// What Usergrid says about the credential, or why it says nothing.
    pub verdict: Result<Verdict, Failure>,
    /// How long the verdict may be remembered. A failure is not remembered.
    pub lifetime: Remember,
    /// What the verdict is about.
    pub scope: Scope,
    /// Whether it ends older good verdicts within its scope. A denial that may hide an outage of
    /// Usergrid does not.
    pub ends_older: bool,
    /// What other workers come to the same good verdict by; see
    /// [`UsergridExchange::reread`](super::UsergridExchange::reread). It holds a credential if the
    /// principal has an issued token, and then it has no place in shared memory.
    pub record: Option<Vec<u8>>,
}

/// How long a verdict may be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// For `cache.ttl` if it is good, for `cache.negative_ttl` if it is not.
    Configured,
    /// For [`BRIEFLY`](Self::BRIEFLY) at most: it may hide an outage, or be true no longer in a
    /// moment.
    Briefly,
}

impl Remember {
    /// The life of a verdict that is remembered [`Briefly`](Self::Briefly).
    pub const BRIEFLY: std::time::Duration = std::time::Duration::from_secs(1);
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The credential alone, so it holds for every application.
    Credential,
    /// The credential and what the request addresses; see [`Target::key`](super::Target::key).
    Target,
}

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which request failed.
    pub probe: Probe,
    /// How.
    pub fault: Fault,
}

/// How a request to Usergrid failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There was no answer.
    Unanswered(NoAnswer),
    /// An answer with this status that is none of Usergrid's, or says that it failed.
    Answer(u16),
    /// An answer with this status that is longer than may be read.
    TooLarge(u16),
    /// Usergrid could not authenticate a token whose signature is good: its database fails.
    Unverified,
}

impl Conclusion {
    pub(super) fn verified(principal: Principal, record: Vec<u8>) -> Self {
        Self {
            verdict: Ok(Verdict::Verified(Rc::new(principal))),
            lifetime: Remember::Configured,
            scope: Scope::Target,
            ends_older: false,
            record: Some(record),
        }
    }

    pub(super) fn denied(denied: Denied) -> Self {
        let Denied { denial, lifetime, scope, ends_older } = denied;
        let verdict = Ok(Verdict::Denied(denial));
        Self { verdict, lifetime, scope, ends_older, record: None }
    }

    pub(super) fn failed(probe: Probe, fault: Fault) -> Self {
        Self {
            verdict: Err(Failure { probe, fault }),
            lifetime: Remember::Briefly,
            scope: Scope::Target,
            ends_older: false,
            record: None,
        }
    }
}

impl Failure {
    /// Whether Usergrid failed whoever asked, as [`ServerFault::is_the_servers`] has it. No other
    /// failure may count towards the breaker.
    #[must_use]
    pub const fn is_the_servers(self) -> bool {
        match self.fault {
            Fault::Unanswered(_) | Fault::Unverified => true,
            Fault::Answer(status) => ServerFault::Status(status).is_the_servers(),
            Fault::TooLarge(_) => false,
        }
    }

    /// Whether there was no answer, for this reason.
    #[must_use]
    pub fn is_unanswered(self, why: NoAnswer) -> bool {
        self.fault == Fault::Unanswered(why)
    }

    /// What stands for all failures like it; of a status only its hundred.
    #[must_use]
    pub fn kind(self) -> Self {
        let fault = match self.fault {
            Fault::Answer(status) => Fault::Answer((status / 100).min(9)),
            Fault::TooLarge(_) => Fault::TooLarge(0),
            fault @ (Fault::Unanswered(_) | Fault::Unverified) => fault,
        };
        Self { fault, ..self }
    }

    /// Whether it is down as `introspection.offline_if_error` means it: nothing that a caller could
    /// bring about.
    #[must_use]
    pub const fn is_down(self) -> bool {
        match self.fault {
            Fault::Unanswered(_) => true,
            Fault::Answer(status) => status >= 500,
            Fault::TooLarge(_) | Fault::Unverified => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.probe)?;
        match self.fault {
            Fault::Unanswered(fault) => fault.fmt(f),
            Fault::Answer(status) => {
                write!(f, "it answered with status {status}, which decides nothing")
            }
            Fault::TooLarge(status) => {
                write!(f, "it answered with status {status}, longer than `max_response_bytes`")
            }
            Fault::Unverified => {
                f.write_str("it could not authenticate a token whose signature is good")
            }
        }
    }
}
