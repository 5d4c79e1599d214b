//! Random interleavings of everything that can happen to a few workers in front of a stock
//! Usergrid, against what must always hold: nobody in an application for which no good verdict
//! stands from after the last revocation that he came after, an end for every request in time, two
//! calls at most for a flight.

use std::collections::BTreeMap;
use std::rc::Rc;

use proptest::prelude::*;
use usergrid_auth_config::Config;
use usergrid_auth_core::decision::Event;
use usergrid_auth_core::metrics::{CallResult, Counter};
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::Process;
use usergrid_auth_core::verification::single_flight::StreamId;

use super::{TOKENS, answered, ask, asked, call_header, error, signed, user};
use crate::decision::worker::{NOON, Worker};

/// The last one is the administrator's who revokes.
const TOKEN_COUNT: usize = 3;
const ADMINISTRATOR: &str = TOKENS[4];
const APPLICATIONS: [&str; 2] = ["acme/shop", "acme/blog"];
const TICK: u64 = 1_000;
/// Timeout, grace and the ticks that see it; twice, since a user may be revoked meanwhile.
const LONGEST: u64 = 2 * (500 + 1_000 + 2 * TICK);
const MAX_WAITING: usize = 4;
const MEMBERS: &str = r#","timeout":"500ms""#;
const REST: &str = r#","cache":{"ttl":"4s","negative_ttl":"2s","max_entries":2,
    "max_negative_entries":1,"stale_if_error":"2s","refresh_ahead":"1s"},
    "limits":{"max_waiting":4},"breaker":{"failures":3,"open":"1s"}"#;

#[derive(Clone, Debug)]
enum Step {
    Arrive {
        worker: usize,
        token: usize,
        application: usize,
    },
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
    Deliver {
        worker: usize,
    },
    Lose {
        worker: usize,
    },
    Pass {
        millis: u64,
    },
    /// A worker's VM dies and is made anew.
    Reload {
        worker: usize,
    },
    RevokeToken {
        token: usize,
    },
    RevokeUser {
        token: usize,
    },
}

/// To the first question; to the second it is good, bad or no answer.
#[derive(Clone, Copy, Debug)]
enum How {
    Good,
    NoUser,
    Bad,
    MaybeBad,
    Foreign,
    Failed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = 0_usize..4;
    let token = 0..TOKEN_COUNT;
    let how = prop_oneof![
        3 => Just(How::Good),
        5 => Just(How::NoUser),
        1 => Just(How::Bad),
        1 => Just(How::MaybeBad),
        1 => Just(How::Foreign),
        2 => Just(How::Failed),
    ];
    let step = prop_oneof![
        8 => (worker.clone(), token.clone(), 0..APPLICATIONS.len()).prop_map(
            |(worker, token, application)| Step::Arrive { worker, token, application }
        ),
        9 => (worker.clone(), 0_usize..4, how)
            .prop_map(|(worker, which, how)| Step::Answer { worker, which, how }),
        1 => (worker.clone(), 0_usize..8).prop_map(|(worker, which)| Step::Leave { worker, which }),
        4 => worker.clone().prop_map(|worker| Step::Deliver { worker }),
        1 => worker.clone().prop_map(|worker| Step::Lose { worker }),
        4 => (1_u64..1_500).prop_map(|millis| Step::Pass { millis }),
        1 => worker.prop_map(|worker| Step::Reload { worker }),
        1 => token.clone().prop_map(|token| Step::RevokeToken { token }),
        1 => token.prop_map(|token| Step::RevokeUser { token }),
    ];
    proptest::collection::vec(step, 1..120)
}

/// A flight whose call nobody has answered yet.
#[derive(Clone, Copy, Debug)]
struct Flight {
    token: usize,
    application: usize,
    /// Revocations of the token, or of its owner, that had happened when it began.
    revoked: usize,
    calls: usize,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    token: usize,
    application: usize,
    arrived: u64,
    /// Revocations that had happened by then.
    revoked: usize,
}

struct Model {
    config: Rc<Config>,
    process: Rc<Process>,
    workers: Vec<Worker>,
    administrators: Worker,
    now: u64,
    ticked: u64,
    lives: Vec<u32>,
    flights: BTreeMap<(usize, u32, u32), Flight>,
    open: BTreeMap<(usize, StreamId), Asked>,
    revoked: [usize; TOKEN_COUNT],
    /// By token and application: for each good verdict, the revocations before it was asked for.
    good: [[Vec<usize>; APPLICATIONS.len()]; TOKEN_COUNT],
}

impl Model {
    fn new(count: usize) -> Self {
        let config = signed(MEMBERS, REST);
        let process = Rc::default();
        let workers = (0..count).map(|_| Worker::in_process(&config, &process)).collect();
        let administrators = Worker::in_process(&signed("", ""), &process);
        Self {
            config,
            process,
            workers,
            administrators,
            now: NOON,
            ticked: NOON,
            lives: vec![0; count],
            flights: BTreeMap::new(),
            open: BTreeMap::new(),
            revoked: [0; TOKEN_COUNT],
            good: Default::default(),
        }
    }

    fn run(&mut self, step: &Step) {
        let count = self.workers.len();
        match *step {
            Step::Arrive { worker, token, application } => {
                let worker = worker % count;
                let line = format!("GET /{}/x", APPLICATIONS[application]);
                let stream = ask(&mut self.workers[worker], &line, TOKENS[token]);
                let (arrived, revoked) = (self.now, self.revoked[token]);
                let asked = Asked { token, application, arrived, revoked };
                self.open.insert((worker, stream), asked);
            }
            Step::Answer { worker, which, how } => self.answer(worker % count, which, how),
            Step::Leave { worker, which } => {
                let worker = worker % count;
                let waiting: Vec<_> =
                    self.open.keys().filter(|(of, _)| *of == worker).copied().collect();
                if let Some(key) = waiting.get(which % waiting.len().max(1)) {
                    self.open.remove(key);
                    self.workers[worker].happen(Event::StreamGone(key.1));
                }
            }
            Step::Deliver { worker } => self.workers[worker % count].read_queue(),
            Step::Lose { worker } => self.workers[worker % count].lose_queue(),
            Step::Pass { millis } => self.pass(millis),
            Step::Reload { worker } => self.reload(worker % count),
            Step::RevokeToken { token } => {
                let line = format!("POST /acme/shop/users/u/revoketoken?token={}", TOKENS[token]);
                self.revoke(token, &line);
            }
            Step::RevokeUser { token } => {
                let line = format!("PUT /acme/shop/users/{}/revoketokens", owner(token));
                self.revoke(token, &line);
            }
        }
        self.check();
    }

    fn answer(&mut self, worker: usize, which: usize, how: How) {
        let count = self.workers[worker].calls.len();
        if count == 0 {
            return;
        }
        let place = which % count;
        let is_first = asked(&self.workers[worker])[place].ends_with("/users/me");
        let (call, _) = self.workers[worker].calls.remove(place);
        let key = (worker, self.lives[worker], call.0);
        // Else the token is one that nobody has.
        let flight = self.flights.remove(&key);
        let outcome = match (how, flight) {
            (How::Failed, _) => CallOutcome::Reset,
            (How::NoUser, None) if is_first => answered(404, error("service_resource_not_found")),
            (_, None) if is_first => answered(401, error("auth_invalid")),
            (_, None) => answered(401, ""),
            (How::Good | How::NoUser, Some(flight)) if !is_first => {
                self.good[flight.token][flight.application].push(flight.revoked);
                answered(200, "")
            }
            (_, Some(_)) if !is_first => answered(401, ""),
            (How::Good, Some(flight)) => {
                self.good[flight.token][flight.application].push(flight.revoked);
                let name = APPLICATIONS[flight.application];
                answered(200, user(name, "kim").replace(super::KIM, &owner(flight.token)))
            }
            (How::NoUser, Some(flight)) => {
                answered(404, super::nobody_here().replace(super::ADA, &owner(flight.token)))
            }
            (How::Bad, Some(_)) => answered(401, error("auth_invalid")),
            (How::MaybeBad, Some(_)) => answered(401, error("auth_bad_access_token")),
            (How::Foreign, Some(_)) => answered(404, error("organization_application_not_found")),
        };
        let denials = |worker: &Worker| {
            let inactive = Counter::Introspections(CallResult::Inactive);
            worker.counts.iter().filter(|count| **count == inactive).count()
        };
        let before = denials(&self.workers[worker]);
        self.workers[worker].happen(Event::CallEnded { call, outcome });
        let Some(flight) = flight else { return };
        if is_first && matches!(how, How::Bad) && denials(&self.workers[worker]) > before {
            // It ends all that was known of the token.
            self.revoked[flight.token] += 1;
        }
        if self.workers[worker].calls.iter().any(|(id, _)| *id == call) {
            let calls = flight.calls + 1;
            assert!(calls <= 2, "a third call in {flight:?}");
            self.flights.insert(key, Flight { calls, ..flight });
        }
    }

    fn pass(&mut self, millis: u64) {
        let until = self.now + millis;
        while self.ticked + TICK <= until {
            self.ticked += TICK;
            self.set_time(self.ticked);
            for worker in &mut self.workers {
                worker.happen(Event::Tick);
            }
            self.check();
        }
        self.set_time(until);
    }

    fn set_time(&mut self, now: u64) {
        self.now = now;
        for worker in self.workers.iter_mut().chain([&mut self.administrators]) {
            worker.now = now;
        }
    }

    fn reload(&mut self, worker: usize) {
        let mut fresh = Worker::in_process(&self.config, &self.process);
        fresh.now = self.now;
        self.workers[worker] = fresh;
        self.open.retain(|(of, _), _| *of != worker);
        self.lives[worker] += 1;
    }

    /// At a worker that does nothing else.
    fn revoke(&mut self, token: usize, line: &str) {
        let worker = &mut self.administrators;
        let stream = ask(worker, line, ADMINISTRATOR);
        if !worker.calls.is_empty() {
            worker.answer(200, &user("acme/shop", "root").replace(super::KIM, super::APPLICATION));
        }
        assert_eq!(worker.verdict(stream), "forwarded");
        worker.respond(stream, 200, "");
        self.revoked[token] += 1;
    }

    fn check(&mut self) {
        self.note_calls();
        let (workers, good) = (&self.workers, &self.good);
        self.open.retain(|(worker, stream), asked| {
            let verdict = workers[*worker].verdict(*stream);
            if verdict == "forwarded" {
                let good = &good[asked.token][asked.application];
                let holds = good.iter().any(|revoked| *revoked >= asked.revoked);
                assert!(holds, "{asked:?} was forwarded by no verdict that holds: {good:?}");
            }
            verdict == "waiting"
        });
        for (number, worker) in self.workers.iter().enumerate() {
            let open = self.open.keys().filter(|(of, _)| *of == number).count();
            assert_eq!(worker.waiting(), open, "waiting in worker {number}");
            assert!(worker.waiting() <= MAX_WAITING, "too many wait");
            assert!(worker.cache_entries() <= 3, "{} entries", worker.cache_entries());
        }
        for (key, asked) in &self.open {
            let waited = self.now - asked.arrived;
            assert!(waited <= LONGEST, "{key:?} has waited for {waited} ms");
        }
    }

    fn note_calls(&mut self) {
        for (number, worker) in self.workers.iter().enumerate() {
            for ((id, call), line) in worker.calls.iter().zip(asked(worker)) {
                let bearer = call_header(call, "authorization").concat();
                let token = TOKENS.iter().position(|token| bearer.ends_with(token));
                let Some(token) = token else { continue };
                let about = APPLICATIONS.iter().position(|name| line.contains(name));
                let application = about.expect("one of ours");
                self.flights.entry((number, self.lives[number], id.0)).or_insert_with(|| {
                    assert!(line.ends_with("/users/me"), "a flight begins with {line}");
                    Flight { token, application, revoked: self.revoked[token], calls: 1 }
                });
                assert!(!call.timeout.is_zero() && call.timeout.as_millis() <= 500);
            }
        }
    }
}

/// The UUID of the token's owner.
fn owner(token: usize) -> String {
    format!("7d1f2c12-833a-11ee-8b11-0242ac12100{token}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_whatever_order(count in 1_usize..=4, steps in steps()) {
        let mut model = Model::new(count);
        for step in &steps {
            model.run(step);
        }
        model.pass(LONGEST);
        model.check();
        assert!(model.open.is_empty(), "{:?} still wait", model.open);
    }
}
