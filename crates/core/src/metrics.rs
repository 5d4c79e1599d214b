//! The names of the metrics, and which event counts as what. Labels ride in the name:
//! `;label=value`.

use crate::refusal::Refusal;
use crate::verification::verdict::{ServerFault, Verdict};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Every request, once, by how it ended.
    Requests(Outcome),
    /// Every request, once, by how it would have ended, under `mode: "observe"`.
    Observed(Outcome),
    /// Every call to a verifying server, once, by how it ended.
    Introspections(CallResult),
    /// Every credential that was looked up, by what was found.
    Cache(CacheResult),
    /// Requests that joined a call already under way.
    Coalesced,
    /// Revocations seen passing by.
    Revocations,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Admitted with a token.
    Token,
    /// Admitted with a client pair.
    Client,
    /// Admitted as a guest.
    Guest,
    /// Passed as a public endpoint.
    Public,
    /// Passed as a CORS preflight.
    Preflight,
    /// Passed on a route that bypasses the filter.
    Bypassed,
    /// Refused.
    Refused(Refusal),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallResult {
    /// A good credential.
    Active,
    /// A bad credential.
    Inactive,
    /// Our own client authentication was refused.
    RejectedUs,
    /// Any other failure.
    Error,
    /// No answer in time.
    Timeout,
}

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheResult {
    /// A good answer in the worker's own cache.
    LocalHit,
    /// A good answer of another worker.
    SharedHit,
    /// A bad answer, this worker's own or another's.
    NegativeHit,
    /// A good answer past its `ttl`, while the server fails.
    Stale,
    /// Nothing, and the server is down: admitted for what the credential says by itself.
    Offline,
    /// Nothing.
    Miss,
}

/// The histogram of call durations in milliseconds.
pub const INTROSPECTION_MS: &str = "usergrid_auth_introspection_ms";
/// The gauge of paused requests.
pub const WAITING: &str = "usergrid_auth_waiting";
/// The gauge of workers that enforce nothing, since their configuration has `mode: "observe"`.
pub const OBSERVING: &str = "usergrid_auth_observing";
/// The gauge of breakers that hold calls back, over all workers.
pub const BREAKER_OPEN: &str = "usergrid_auth_breaker_open";
/// Not for people: changes whenever something is revoked, so that every worker notices at the price
/// of reading a number.
pub const REVOCATION_GENERATION: &str = "usergrid_auth_revocation_signal";
/// The gauge of remembered answers.
pub const CACHE_ENTRIES: &str = "usergrid_auth_cache_entries";

impl Outcome {
    fn all() -> impl Iterator<Item = Self> {
        let admitted =
            [Self::Token, Self::Client, Self::Guest, Self::Public, Self::Preflight, Self::Bypassed];
        admitted.into_iter().chain(Refusal::ALL.into_iter().map(Self::Refused))
    }

    /// The value of the `outcome` label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Client => "client",
            Self::Guest => "guest",
            Self::Public => "public",
            Self::Preflight => "preflight",
            Self::Bypassed => "bypassed",
            Self::Refused(refusal) => refusal.row().label,
        }
    }
}

impl CallResult {
    /// What the end of a call counts as.
    #[must_use]
    pub fn of(verdict: &Result<Verdict, ServerFault>) -> Self {
        match verdict {
            Ok(Verdict::Verified(_)) => Self::Active,
            Ok(Verdict::Denied(_)) => Self::Inactive,
            Err(ServerFault::RejectedUs) => Self::RejectedUs,
            Err(fault) if fault.is_timeout() => Self::Timeout,
            Err(_) => Self::Error,
        }
    }

    /// The value of the `result` label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::RejectedUs => "rejected_us",
            Self::Error => "error",
            Self::Timeout => "timeout",
        }
    }
}

impl CacheResult {
    /// The value of the `result` label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::LocalHit => "local_hit",
            Self::SharedHit => "shared_hit",
            Self::NegativeHit => "negative_hit",
            Self::Stale => "stale",
            Self::Offline => "offline",
            Self::Miss => "miss",
        }
    }
}

impl Counter {
    /// Those that there are once.
    pub fn general() -> impl Iterator<Item = Self> {
        Outcome::all().map(Self::Requests).chain([Self::Revocations])
    }

    /// Those that there are for every server.
    pub fn of_a_server() -> impl Iterator<Item = Self> {
        let calls = [
            CallResult::Active,
            CallResult::Inactive,
            CallResult::RejectedUs,
            CallResult::Error,
            CallResult::Timeout,
        ];
        let lookups = [
            CacheResult::LocalHit,
            CacheResult::SharedHit,
            CacheResult::NegativeHit,
            CacheResult::Stale,
            CacheResult::Offline,
            CacheResult::Miss,
        ];
        let lookups = lookups.into_iter().map(Self::Cache);
        lookups.chain(calls.into_iter().map(Self::Introspections)).chain([Self::Coalesced])
    }

    /// Those that there are besides under `mode: "observe"`.
    pub fn observed() -> impl Iterator<Item = Self> {
        Outcome::all().map(Self::Observed)
    }

    /// The name in Envoy's statistics.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Requests(outcome) => {
                format!("usergrid_auth_requests_total;outcome={}", outcome.label())
            }
            Self::Observed(outcome) => {
                format!("usergrid_auth_requests_total;outcome={};mode=observe", outcome.label())
            }
            Self::Introspections(result) => {
                format!("usergrid_auth_introspections_total;result={}", result.label())
            }
            Self::Cache(result) => format!("usergrid_auth_cache_total;result={}", result.label()),
            Self::Coalesced => "usergrid_auth_coalesced_total".to_owned(),
            Self::Revocations => "usergrid_auth_revocations_total".to_owned(),
        }
    }
}

/// The metric `name` of the server of this name; the only one, which may have none, has no label.
#[must_use]
pub fn of_server(name: &str, server: Option<&str>) -> String {
    match server {
        Some(server) => [name, ";server=", server].concat(),
        None => name.to_owned(),
    }
}
