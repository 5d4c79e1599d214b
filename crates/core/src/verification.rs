//! Verification: from a credential to a verdict, and all that outlives the request which asked for
//! one.
//!
//! A verdict comes from this worker's memory ([`cache`]), from what workers share ([`peers`]), or
//! from a call to the server that judges such credentials ([`verifier`]), which all requests with
//! one credential wait for together ([`single_flight`]). Facts are remembered here, decisions
//! never.

mod asking_again;
pub mod breaker;
mod cache;
pub mod call;
mod completion;
mod digest_cache;
pub mod key;
mod lookup;
pub mod peers;
mod probe_targets;
mod probing;
mod revoking;
pub mod single_flight;
mod trace_context;
mod unanswered;
pub mod verdict;
mod verifier;
pub mod verifiers;

use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;

use usergrid_auth_config::{Config, Server};

use crate::credential::Credential;
use crate::header_map::HeaderMap;
use crate::log_event::LogEvent;
use crate::log_limiter::LogLimiter;
use crate::metrics::Counter;
use crate::principal::{ClaimKind, Principal};
use crate::revocation::RevocationTable;
use crate::time::{Steady, SteadyClock, UnixMillis};

use cache::VerdictCache;
use call::{CallRequest, RetryAfter};
use completion::Lack;
use digest_cache::{DigestCache, Digests, KeyedHash};
use key::{CacheKey, CredentialDigest, Fingerprint};
use lru::LruCache;
use peers::{QueueId, Sequence, SharedCache, SharedStore, StaleMarks};
use probing::Probe;
use single_flight::{FlightId, SingleFlight, StreamId, Waiter};
use trace_context::TraceContext;
use verdict::{ServerFault, Verdict};
use verifier::{Exchange, Offline, Verifier, Verifiers};
use verifiers::usergrid::Target;

/// How long after its timeout a call counts as lost. The host reports a timeout by itself, so this
/// is reached only when its report, a wake-up or the worker that made the call got lost.
const GRACE: Duration = Duration::from_secs(1);

/// How long a server is let be about a credential that it has not judged.
const UNANSWERED_PAUSE: Duration = Duration::from_secs(1);

/// How long a verdict is remembered that may hide an outage, or be true no longer in a moment.
const BRIEFLY: Duration = Duration::from_secs(1);

/// Targets that a server is asked for about one credential in [`TARGETS_PERIOD`].
const TARGETS_IN_PERIOD: usize = 10;
const TARGETS_PERIOD: Duration = Duration::from_secs(1);

/// Until when a server is let be about something.
enum Restraint {
    /// It has not judged it, for this reason, so it is not asked at all.
    Unanswered(Steady, Lack),
    /// It was asked about a credential for these targets, told apart by a part of their keys.
    Targets(Steady, Vec<u32>),
}

/// What verification asks the host to do, besides its answers.
pub(crate) enum Action {
    /// Make a call that outlives the request which asked for it.
    Call(FlightId, Box<CallRequest>),
    /// Send a message to another worker.
    NotifyPeer(QueueId, Vec<u8>),
    /// Count.
    Count(Counter),
    /// Count what concerns the server in this place.
    CountOf(usize, Counter),
    /// A call to the server in this place took so long, start to end.
    CallTook(usize, Duration),
    /// Tell the operator.
    Log(LogEvent),
}

/// What one worker knows of credentials under one configuration, and whom it is asking. `W` is a
/// request that waits.
pub(crate) struct Verification<W> {
    config: Rc<Config>,
    store: Rc<dyn SharedStore>,
    clock: SteadyClock,
    verifiers: Verifiers,
    cache: VerdictCache,
    digests: DigestCache,
    /// `None` with `cache.shared: false`.
    shared: Option<SharedCache>,
    flights: SingleFlight<Subject, W>,
    revocations: RevocationTable,
    /// `None` without `cache.stale_if_error`.
    marks: Option<StaleMarks>,
    /// Verdicts for which the server is let be a while.
    restraints: LruCache<CacheKey, Restraint>,
    /// Few: one for each server at most.
    probes: Vec<Probe>,
    /// Ends of waits besides the one that is being handed out.
    unserved: Vec<Completion<W>>,
    /// By the server's place.
    failures: LogLimiter<(usize, ServerFault)>,
    unusable: LogLimiter<(usize, ClaimKind)>,
    stale: LogLimiter<usize>,
    offline: LogLimiter<usize>,
    actions: Vec<Action>,
}

/// One credential that is to be verified, and by whom.
pub(crate) struct Case<'a> {
    credential: &'a Credential,
    /// What the verdict is for, where verdicts depend on that.
    target: Option<Target>,
    /// Under which verdicts stand that hold whatever the target is.
    key_everywhere: CacheKey,
    verifier: Rc<Verifier>,
    digest: CredentialDigest,
    key: CacheKey,
    hash: KeyedHash,
    /// Whether its digests were remembered.
    is_digest_known: bool,
    now: UnixMillis,
    steady: Steady,
    /// The head whose trace headers a call is to carry.
    traced: Option<&'a HeaderMap>,
}

/// What is kept of a case while its verdict is awaited.
struct Subject {
    verifier: Rc<Verifier>,
    exchange: Box<dyn Exchange>,
    role: Role,
    /// What every call of it carries: those of the first request that came.
    trace: TraceContext,
    target: Option<Target>,
    key_everywhere: CacheKey,
    /// How the holder counts while the server is down.
    offline: Option<Offline>,
    /// The last revocation known when the verdict was asked for.
    sequence: Sequence,
}

/// Who makes the call; see [`peers`].
enum Role {
    /// This worker does.
    Leader {
        permit: breaker::Permit,
        /// Under which queue it put down a lease, whose end it owes the others.
        lease: Option<QueueId>,
    },
    /// Another worker does, and will tell.
    Follower {
        /// For so many ticks, nobody has seemed to be at it.
        silent_ticks: u8,
    },
}

/// What a look for a verdict came to.
pub(crate) enum Lookup<W> {
    /// It is known.
    Known(W, Verdict),
    /// It is awaited: the request is part of a later [`Completion`].
    Waiting,
    /// There is none to be had: the server is being left alone, and this is all that may serve
    /// instead.
    Unavailable(W, Option<Rc<Principal>>),
    /// As many wait, or as many calls are under way, as may.
    Overloaded(W),
}

/// The end of a wait.
pub(crate) struct Completion<W> {
    /// Those who waited.
    pub(crate) waiters: Vec<Waiter<W>>,
    /// What came of it; `None`: no verdict.
    pub(crate) verdict: Option<Verdict>,
    /// When the server wants to be asked again that gave none.
    pub(crate) retry_after: Option<RetryAfter>,
}

impl<W> Verification<W> {
    /// One that knows nothing yet but what other workers left in `store`.
    pub(crate) fn new(config: Rc<Config>, store: Rc<dyn SharedStore>) -> Self {
        let shared = config
            .cache
            .shared
            .then(|| SharedCache::new(Rc::clone(&store), config.cache.max_entries));
        Self {
            clock: SteadyClock::default(),
            verifiers: Verifiers::new(&config),
            cache: VerdictCache::new(&config.cache),
            digests: DigestCache::new(config.cache.max_entries),
            shared,
            flights: SingleFlight::new(config.max_waiting),
            revocations: RevocationTable::new(Rc::clone(&store)),
            marks: (!config.cache.stale_if_error.is_zero())
                .then(|| StaleMarks::new(Rc::clone(&store), config.cache.max_entries)),
            restraints: LruCache::new(
                NonZeroUsize::new(config.cache.max_negative_entries).unwrap_or(NonZeroUsize::MIN),
            ),
            probes: Vec::new(),
            unserved: Vec::new(),
            failures: LogLimiter::new(1),
            unusable: LogLimiter::new(1),
            stale: LogLimiter::new(1),
            offline: LogLimiter::new(1),
            actions: Vec::new(),
            store,
            config,
        }
    }

    /// The case of `credential` before `server`; `None` if it does not judge such credentials.
    pub(crate) fn case<'a>(
        &mut self,
        server: &Server,
        credential: &'a Credential,
        target: Option<Target>,
        now: UnixMillis,
    ) -> Option<Case<'a>> {
        let verifier = Rc::clone(self.verifiers.select(server, credential)?);
        let target_key = target.as_ref().map(Target::key);
        let target_key = target_key.as_deref().unwrap_or_default();
        let hash = self.digests.hash(server.place, credential, target_key.as_bytes());
        let known = self.digests.get(hash);
        let is_digest_known = known.is_some();
        let Digests { credential: digest, key, key_everywhere } =
            known.unwrap_or_else(|| self.digests_of(credential, server, target_key));
        let steady = self.clock.read(now);
        Some(Case {
            credential,
            target,
            key_everywhere,
            verifier,
            digest,
            key,
            hash,
            is_digest_known,
            now,
            steady,
            traced: None,
        })
    }

    #[cold]
    fn digests_of(&self, credential: &Credential, server: &Server, target: &str) -> Digests {
        let digest = CredentialDigest::of(credential).at(server.name.as_deref());
        let key_everywhere = CacheKey::new(&self.config.digest, &digest);
        Digests { credential: digest, key: key_everywhere.for_target(target), key_everywhere }
    }

    /// Whether there is anything to be done.
    pub(crate) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// What has to be done by now.
    #[cold]
    pub(crate) fn take_actions(&mut self) -> impl Iterator<Item = Action> {
        self.actions.drain(..)
    }

    /// Whether waits have ended besides the one that is being handed out.
    pub(crate) fn has_unserved(&self) -> bool {
        !self.unserved.is_empty()
    }

    /// Ends of waits that a call for the others has brought along.
    pub(crate) fn take_unserved(&mut self) -> Vec<Completion<W>> {
        std::mem::take(&mut self.unserved)
    }

    /// A stream is gone. Its verdict stays awaited: it is worth remembering.
    pub(crate) fn leave(&mut self, stream: StreamId) {
        self.flights.leave(stream);
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.flights.waiting()
    }

    /// How many verdicts are remembered.
    pub(crate) fn cache_entries(&self) -> usize {
        self.cache.len()
    }

    /// How many breakers of each server hold calls back.
    pub(crate) fn breakers_open(&self) -> Vec<usize> {
        self.verifiers.breakers_open()
    }

    fn count(&mut self, verifier: &Verifier, counter: Counter) {
        self.actions.push(Action::CountOf(verifier.server.place, counter));
    }
}

impl<'a> Case<'a> {
    /// The same, with the head of the request, if its calls are to carry its trace headers.
    pub(crate) fn traced(self, head: Option<&'a HeaderMap>) -> Self {
        Self { traced: head, ..self }
    }
}

impl Case<'_> {
    /// Names the credential in a log without telling what it is.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.key.fingerprint()
    }
}
