//! Random interleavings of everything that can happen to a few workers of one process, against what
//! must always hold: one call for a credential at a time, an end for every request in time, nobody
//! on an outdated answer or on one that another configuration got, bounds.

use std::collections::BTreeMap;
use std::rc::Rc;

use proptest::prelude::*;
use usergrid_auth_config::Config;
use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::Counter;
use usergrid_auth_core::revocation::{RevocationTable, Revoked};
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::key::CredentialDigest;
use usergrid_auth_core::verification::peers::Sequence;
use usergrid_auth_core::verification::peers::memory::{Process, View};
use usergrid_auth_core::verification::single_flight::{FlightId, StreamId};

use crate::decision::worker::{NOON, Worker};
use crate::support::{answered, config};

const TOKENS: usize = 3;
const TIMEOUT: u64 = 500;
const GRACE: u64 = 1_000;
const TICK: u64 = 1_000;
const MAX_WAITING: usize = 4;
const OVERRIDES: &str = r#"
    "cache":{"ttl":"4s","negative_ttl":"2s","max_entries":2,"max_negative_entries":1,
             "stale_if_error":"2s","refresh_ahead":"1s"},
    "limits":{"max_waiting":4},
    "breaker":{"failures":3,"open":"1s"},
    "revocation":{"paths":["/oauth/revoke"]},"public":["post:/oauth/revoke"]"#;

/// Every third worker has another configuration, as after an update that has not reached all of
/// them.
const CONFIGURATIONS: usize = 2;

const fn configuration_of(worker: usize) -> usize {
    if worker % 3 == 2 { 1 } else { 0 }
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A request with a token comes to a worker.
    Arrive {
        worker: usize,
        token: usize,
    },
    /// A call of a worker is answered: good until so many seconds from now, bad, or not at all.
    Answer {
        worker: usize,
        which: usize,
        how: How,
    },
    /// A waiting client gives up.
    Leave {
        worker: usize,
        which: usize,
    },
    /// A worker reads its messages, or they get lost.
    Deliver {
        worker: usize,
    },
    Lose {
        worker: usize,
    },
    /// Milliseconds pass, with a tick of every worker whenever a second is full.
    Pass {
        millis: u64,
    },
    /// A worker's VM dies and is made anew.
    Reload {
        worker: usize,
    },
    /// A token is revoked through a worker.
    Revoke {
        worker: usize,
        token: usize,
    },
}

#[derive(Clone, Debug)]
enum How {
    Good { seconds: u64 },
    Bad,
    Failed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = 0_usize..4;
    let token = 0..TOKENS;
    let how = prop_oneof![
        4 => (1_u64..20).prop_map(|seconds| How::Good { seconds }),
        2 => Just(How::Bad),
        2 => Just(How::Failed),
    ];
    let step = prop_oneof![
        8 => (worker.clone(), token.clone()).prop_map(|(worker, token)| Step::Arrive { worker, token }),
        6 => (worker.clone(), 0_usize..4, how)
            .prop_map(|(worker, which, how)| Step::Answer { worker, which, how }),
        1 => (worker.clone(), 0_usize..8).prop_map(|(worker, which)| Step::Leave { worker, which }),
        4 => worker.clone().prop_map(|worker| Step::Deliver { worker }),
        1 => worker.clone().prop_map(|worker| Step::Lose { worker }),
        4 => (1_u64..1_500).prop_map(|millis| Step::Pass { millis }),
        1 => worker.clone().prop_map(|worker| Step::Reload { worker }),
        1 => (worker, token).prop_map(|(worker, token)| Step::Revoke { worker, token }),
    ];
    proptest::collection::vec(step, 1..120)
}

/// A call that nobody has answered yet.
#[derive(Clone, Copy, Debug)]
struct Out {
    worker: usize,
    token: usize,
    began: u64,
    /// Revocations of the token that had happened when it began.
    revoked: usize,
    /// The last revocation of the token by then: nobody joins a call from before one.
    revoked_at: Sequence,
    /// The VM that waits for it is gone.
    orphaned: bool,
}

/// A request.
#[derive(Clone, Copy, Debug)]
struct Asked {
    token: usize,
    arrived: u64,
    /// Revocations of the token that had happened by then.
    revoked: usize,
}

/// What a test knows beside what the workers know.
struct Model {
    configs: [Rc<Config>; CONFIGURATIONS],
    process: Rc<Process>,
    workers: Vec<Worker>,
    now: u64,
    ticked: u64,
    calls: BTreeMap<(usize, u32, u32), Out>,
    /// VMs that each worker has had.
    lives: Vec<u32>,
    open: BTreeMap<(usize, StreamId), Asked>,
    revoked: [usize; TOKENS],
    /// By configuration and token: for each good answer the server gave, when it was asked for (in
    /// revocations) and its `exp`.
    good: [[Vec<(usize, u64)>; TOKENS]; CONFIGURATIONS],
}

impl Model {
    fn new(count: usize) -> Self {
        let other = OVERRIDES.replace("\"ttl\":\"4s\"", "\"ttl\":\"5s\"");
        let configs = [Rc::new(config(OVERRIDES)), Rc::new(config(&other))];
        let process = Rc::default();
        let new = |worker| Worker::in_process(&configs[configuration_of(worker)], &process);
        let workers = (0..count).map(new).collect();
        Self {
            configs,
            process,
            workers,
            now: NOON,
            ticked: NOON,
            calls: BTreeMap::new(),
            lives: vec![0; count],
            open: BTreeMap::new(),
            revoked: [0; TOKENS],
            good: Default::default(),
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Arrive { worker, token } => self.arrive(worker % self.workers.len(), *token),
            Step::Answer { worker, which, how } => {
                self.answer(worker % self.workers.len(), *which, how);
            }
            Step::Leave { worker, which } => {
                let worker = worker % self.workers.len();
                let waiting: Vec<_> =
                    self.open.keys().filter(|(of, _)| *of == worker).copied().collect();
                if let Some(key) = waiting.get(which % waiting.len().max(1)) {
                    self.open.remove(key);
                    self.workers[worker].happen(Event::StreamGone(key.1));
                }
            }
            Step::Deliver { worker } => {
                let worker = worker % self.workers.len();
                self.workers[worker].read_queue();
            }
            Step::Lose { worker } => {
                let worker = worker % self.workers.len();
                self.workers[worker].lose_queue();
            }
            Step::Pass { millis } => self.pass(*millis),
            Step::Reload { worker } => self.reload(worker % self.workers.len()),
            Step::Revoke { worker, token } => self.revoke(worker % self.workers.len(), *token),
        }
        self.check();
    }

    fn arrive(&mut self, worker: usize, token: usize) {
        let bearer = format!("Bearer {}", name(token));
        let stream = self.workers[worker].request("GET /x", &[("authorization", &bearer)]);
        let asked = Asked { token, arrived: self.now, revoked: self.revoked[token] };
        self.open.insert((worker, stream), asked);
    }

    fn answer(&mut self, worker: usize, which: usize, how: &How) {
        let count = self.workers[worker].calls.len();
        if count == 0 {
            return;
        }
        let (call, _) = self.workers[worker].calls.remove(which % count);
        let known = self.calls.remove(&(worker, self.lives[worker], call.0));
        let Some(out) = known else {
            // About a credential that nobody has.
            let outcome = match how {
                How::Good { .. } | How::Bad => answered(200, r#"{"active":false}"#),
                How::Failed => CallOutcome::Reset,
            };
            return self.workers[worker].happen(Event::CallEnded { call, outcome });
        };
        let outcome = match how {
            How::Good { seconds } => {
                let exp = self.now / 1_000 + seconds;
                // One that is told too late is not believed, but it is an answer all the same.
                self.good[configuration_of(worker)][out.token].push((out.revoked, exp * 1_000));
                answered(200, format!(r#"{{"active":true,"exp":{exp}}}"#))
            }
            How::Bad => answered(200, r#"{"active":false}"#),
            How::Failed => CallOutcome::Reset,
        };
        self.workers[worker].happen(Event::CallEnded { call, outcome });
    }

    /// Time passes in all workers, which tick once a second.
    fn pass(&mut self, millis: u64) {
        let until = self.now + millis;
        while self.ticked + TICK <= until {
            self.ticked += TICK;
            self.set_time(self.ticked);
            for worker in 0..self.workers.len() {
                self.workers[worker].happen(Event::Tick);
                // What one of them revokes is not what parts the calls that were made before.
                self.note_calls();
            }
            self.check();
        }
        self.set_time(until);
    }

    fn set_time(&mut self, now: u64) {
        self.now = now;
        for worker in &mut self.workers {
            worker.now = now;
        }
    }

    /// The VM dies; Envoy ends its paused requests by itself, and drops the answers to its calls.
    fn reload(&mut self, worker: usize) {
        let mut fresh = Worker::in_process(&self.configs[configuration_of(worker)], &self.process);
        fresh.now = self.now;
        self.workers[worker] = fresh;
        self.open.retain(|(of, _), _| *of != worker);
        for out in self.calls.values_mut().filter(|out| out.worker == worker) {
            out.orphaned = true;
        }
        self.lives[worker] += 1;
    }

    /// By a public endpoint of RFC 7009, so that nobody has to be verified for it.
    fn revoke(&mut self, worker: usize, token: usize) {
        let worker = &mut self.workers[worker];
        let stream = worker.request("POST /oauth/revoke", &[]);
        assert_eq!(worker.verdict(stream), "forwarded");
        let recorded = |worker: &Worker| {
            worker.counts.iter().filter(|count| **count == Counter::Revocations).count()
        };
        let before = recorded(worker);
        worker.respond(stream, 200, &format!("token={}", name(token)));
        // By nobody in particular, it counts where the token is known.
        self.revoked[token] += recorded(worker) - before;
    }

    /// Everything that must hold after every step.
    fn check(&mut self) {
        self.note_calls();
        self.judge_ended();
        self.one_call_each();
        for (number, worker) in self.workers.iter().enumerate() {
            let open = self.open.keys().filter(|(of, _)| *of == number).count();
            assert_eq!(worker.waiting(), open, "waiting in worker {number}");
            assert!(worker.waiting() <= MAX_WAITING, "too many wait");
            assert!(worker.cache_entries() <= 3, "{} entries", worker.cache_entries());
        }
        for (key, asked) in &self.open {
            let waited = self.now - asked.arrived;
            // Who is asked for again after a revocation waits for two calls.
            let calls = if self.revoked[asked.token] > 0 { 2 } else { 1 };
            let bound = calls * (TIMEOUT + GRACE) + 2 * TICK;
            assert!(waited <= bound, "{key:?} has waited for {waited} ms");
        }
        // Sets of verdicts, sets of marks, pages of revocations and their number.
        assert!(self.process.keys() <= 16 + 16 + 64 + 1, "{} keys", self.process.keys());
    }

    fn note_calls(&mut self) {
        for (number, worker) in self.workers.iter().enumerate() {
            for (FlightId(id), request) in &worker.calls {
                let body = String::from_utf8_lossy(&request.body);
                let token = (0..TOKENS).find(|token| body.contains(&name(*token)));
                // Else it is about a credential that nobody has.
                let Some(token) = token else { continue };
                let call = (number, self.lives[number], *id);
                self.calls.entry(call).or_insert_with(|| Out {
                    worker: number,
                    token,
                    began: self.now,
                    revoked: self.revoked[token],
                    revoked_at: revoked_at(&self.process, token),
                    orphaned: false,
                });
            }
        }
    }

    /// Requests that have ended: admitted only by an answer that was good for them.
    fn judge_ended(&mut self) {
        let workers = &self.workers;
        let (now, good) = (self.now, &self.good);
        self.open.retain(|(worker, stream), asked| {
            let verdict = workers[*worker].verdict(*stream);
            if verdict == "forwarded" {
                let good = &good[configuration_of(*worker)][asked.token];
                let by = good.iter().any(|(asked_at, exp)| {
                    // Not from before a revocation that this request came after; not past its end.
                    *asked_at >= asked.revoked && now < *exp
                });
                assert!(by, "{asked:?} was forwarded by no answer that holds: {good:?}");
            }
            verdict == "waiting"
        });
    }

    /// Calls for one token that are out at the same time, though nothing parted them.
    fn one_call_each(&self) {
        let subjects = (0..TOKENS).flat_map(|token| (0..CONFIGURATIONS).map(move |of| (token, of)));
        for subject in subjects {
            let about = |out: &&Out| (out.token, configuration_of(out.worker)) == subject;
            let out: Vec<&Out> = self.calls.values().filter(about).collect();
            for (index, one) in out.iter().enumerate() {
                for other in out.iter().skip(index + 1) {
                    let (first, second) =
                        if one.began <= other.began { (one, other) } else { (other, one) };
                    let lapsed = second.began >= first.began + TIMEOUT + GRACE;
                    let parted = lapsed || first.revoked_at != second.revoked_at || first.orphaned;
                    assert!(parted, "two calls at once: {first:?} and {second:?}");
                }
            }
        }
    }
}

fn name(token: usize) -> String {
    format!("token-{token}")
}

/// As the workers see it: whoever is told of a denial may record one, also long after the answer.
fn revoked_at(process: &Rc<Process>, token: usize) -> Sequence {
    let digest = CredentialDigest::of_token(name(token).as_bytes());
    let mut table = RevocationTable::new(Rc::new(View::new(process)));
    table.revoked_at(&Revoked::Credential(digest))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_whatever_order(count in 2_usize..=4, steps in steps()) {
        let mut model = Model::new(count);
        for step in &steps {
            model.run(step);
        }
        // Nobody is left behind when nothing else happens.
        model.pass(TIMEOUT + GRACE + 2 * TICK);
        model.check();
        assert!(model.open.is_empty(), "{:?} still wait", model.open);
    }
}

/// Whoever hears late of a denial revokes once more, so a call from between is not shared.
#[test]
fn a_denial_that_is_heard_late_parts_calls_again() {
    let mut model = Model::new(3);
    let arrive = |worker| Step::Arrive { worker, token: 0 };
    let answer = |worker, how| Step::Answer { worker, which: 0, how };
    for step in [
        arrive(0),
        answer(0, How::Good { seconds: 19 }),
        // Past its `ttl`, and kept by the first worker, as it may serve while the server fails.
        Step::Pass { millis: 4_000 },
        arrive(1),
        arrive(0),
        answer(1, How::Bad),
        // Another configuration, which knows nothing of the denial.
        arrive(2),
        Step::Deliver { worker: 0 },
        arrive(2),
    ] {
        model.run(&step);
    }
    assert_eq!(model.workers[2].calls.len(), 2);
}

/// Whoever joined a call before a revocation, but after another one, is asked for again: by the call
/// that those who came after the revocation have begun meanwhile.
#[test]
fn those_asked_for_again_share_the_call_from_after_the_revocation() {
    let mut model = Model::new(2);
    let arrive = |token| Step::Arrive { worker: 0, token };
    let revoke = |token| Step::Revoke { worker: 0, token };
    let good = |which| Step::Answer { worker: 0, which, how: How::Good { seconds: 19 } };
    // Of known callers more may wait.
    for step in [arrive(0), good(0), Step::Pass { millis: 4_000 }] {
        model.run(&step);
    }
    for step in [arrive(0), arrive(1), revoke(1), arrive(0), revoke(0), arrive(0), good(0)] {
        model.run(&step);
    }
    // About the other token, and the one that serves the two who still wait.
    assert_eq!(model.workers[0].calls.len(), 2);
    assert_eq!(model.workers[0].waiting(), 3);
    model.run(&good(1));
    assert_eq!(model.workers[0].waiting(), 1);
}
