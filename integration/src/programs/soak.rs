//! The long run: mixed traffic, troubles and updates, round after round, and an account at the end.
//!
//! Clients know what may become of each request, and count what did. When a round is over and Envoy
//! at rest, the filter's counters must say the same, outcome by outcome. In every other round some
//! clients leave before their answer; what the filter counted of those is known within bounds. At
//! the end, Envoy must hold no more than after the first round.

mod resources;
mod tally;
mod traffic;
mod troubles;

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::harness::bootstrap::{Knobs, Special};
use crate::harness::client::{Client, Request};
use crate::harness::{load, wait};
use crate::servers::stub::answer::Answers;
use crate::servers::stub::introspection::Introspection;
use crate::site::Setup;
use crate::site::live::Live;
use crate::site::workers::Spread;
use resources::Resources;
use tally::{Outcomes, Tally, beyond};
use traffic::{KINDS, pick};
use troubles::{SECOND, Weather, World};

const WORKERS: u32 = 2;
const CLIENTS: usize = 8;
/// What a request may count as whose client has left.
const LEFT: [&str; 3] = ["token", "unavailable", "overloaded"];

/// Runs until so much time has passed after the first round, two more rounds at least, and prints
/// an account.
///
/// # Errors
/// Whatever does not agree.
pub fn run(length: Duration) -> Result<()> {
    let mut soak = Soak::start()?;
    soak.round(true)?;
    let baseline = Resources::at_rest(&soak.live)?;
    println!("first round done: {} requests; the account begins", soak.tally.complete());
    let began = Instant::now();
    for round in 0.. {
        soak.round(round % 2 == 1)?;
        println!(
            "{:>4} s, {} rounds, {} requests, {} updates: all counts agree",
            began.elapsed().as_secs(),
            round + 1,
            soak.tally.complete(),
            soak.updates,
        );
        if round > 0 && began.elapsed() >= length {
            break;
        }
    }
    let end = Resources::at_rest(&soak.live)?;
    let (lines, wrong) = end.compare(&baseline);
    println!("\nrequests by kind\n{}", soak.tally.by_kind());
    println!("outcome                              answered  and left   counted");
    for (outcome, counted) in soak.counted()? {
        let answered = soak.tally.answered.get(&outcome).copied().unwrap_or_default();
        let left = soak.left.get(&outcome).copied().unwrap_or_default();
        println!("  {outcome:32} {answered:>9} {left:>9} {counted:>9}");
    }
    println!(
        "{} answered + {} whose client left before + {} broken off within their head = {} at Envoy",
        soak.tally.answered.values().sum::<u64>(),
        soak.tally.left,
        soak.tally.broken_off,
        soak.live.stat("http.api.downstream_rq_total")?,
    );
    println!("\nEnvoy at rest                        baseline       end\n{lines}");
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

struct Soak {
    live: Live,
    second: Introspection,
    answers: Answers,
    weather: Weather,
    updates: usize,
    tally: Tally,
    /// What the filter counted of those who left, up to now.
    left: Outcomes,
    next: AtomicU64,
}

impl Soak {
    fn start() -> Result<Self> {
        let answers = traffic::answers()?;
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let second = Introspection::start(anywhere, answers.clone())?;
        second.keep_none();
        let config = json!({
            "introspection": { "timeout": "1s", "retries": 0 },
            // Short and small, so that answers lapse and are pushed out all the time.
            "cache": { "ttl": "1s", "negative_ttl": "1s", "max_entries": 100, "max_negative_entries": 50 },
            "limits": { "max_waiting": 3 },
        });
        let special = |matches: &str, metadata| Special { matches: matches.into(), metadata };
        let knobs = Knobs {
            quiet: true,
            drain_seconds: Some(5),
            concurrency: Some(WORKERS),
            routes: vec![
                special("/open", json!({ "bypass": true })),
                special("/acme/shop/scoped", json!({ "require_scope": "nobody.has.it" })),
            ],
            ..Knobs::default()
        };
        let mut setup = Setup::test("soak").config(config).knobs(knobs);
        setup.clusters.push((SECOND.into(), second.address()));
        let live = Live::start(setup)?;
        live.site.backend.keep_none();
        // The same server with the answers of the soak.
        for (token, answer) in &answers.tokens {
            live.site.introspection.learn(token, answer.clone());
        }
        live.site.introspection.keep_none();
        Ok(Self {
            live,
            second,
            answers,
            weather: Weather::default(),
            updates: 0,
            tally: Tally::default(),
            left: Outcomes::new(),
            next: AtomicU64::new(0),
        })
    }

    /// Troubles and updates under load, then rest, then the account.
    fn round(&mut self, some_leave: bool) -> Result<()> {
        let address = self.live.site.address();
        let caller = |place| Caller {
            address,
            client: Client::new(address),
            leaves: some_leave && place % 2 == 0,
            tally: Tally::default(),
        };
        let (next, weather) = (&self.next, &self.weather);
        let mut world = World {
            live: &mut self.live,
            second: &self.second,
            answers: &self.answers,
            weather,
            updates: &mut self.updates,
        };
        let callers = (0..CLIENTS).map(caller).collect();
        let (callers, ()) = load::during(
            callers,
            |caller| caller.round(next.fetch_add(1, Ordering::SeqCst), weather),
            |over| world.round(over),
        )?;
        for caller in &callers {
            self.tally.add(&caller.tally);
        }
        // Closes their connections.
        drop(callers);
        self.settle()
    }

    /// Waits until nothing is under way and all is counted, and compares.
    fn settle(&mut self) -> Result<()> {
        Resources::at_rest(&self.live)?;
        // A worker writes all its counters at once: when these guests are in the statistics, so is
        // what came before.
        let mut spread = Spread::open(&self.live.site, WORKERS as usize, 1)?;
        for connection in spread.firsts() {
            let request = Request::get("/acme/sandbox/x");
            ensure!(connection.send_request(&request)?.status == 200, "a guest is refused");
            self.tally.answered(guest(), "guest");
        }
        drop(spread);
        let mut counted = Outcomes::new();
        let mut found = None;
        let agreed = wait::until("the counts", || {
            counted = self.counted()?;
            found = beyond(&counted, &self.expected(), &LEFT);
            Ok(found.take())
        });
        let now = agreed.with_context(|| self.disagreement(&counted))?;
        for (outcome, count) in now {
            *self.left.entry(outcome).or_default() += count;
        }
        // Envoy counts a request from its first byte.
        let envoy = self.live.stat("http.api.downstream_rq_total")?;
        let sent = self.tally.complete() + self.tally.broken_off;
        ensure!(envoy == sent, "{envoy} requests at Envoy, {sent} sent");
        Ok(())
    }

    /// The answers, and what is known already of those who left.
    fn expected(&self) -> Tally {
        let mut expected = self.tally.clone();
        for (outcome, count) in &self.left {
            *expected.answered.entry(outcome.clone()).or_default() += count;
        }
        expected.left = self.tally.left - self.left.values().sum::<u64>();
        expected
    }

    fn counted(&self) -> Result<Outcomes> {
        let metrics = self.live.site.admin().metrics()?.into_iter();
        Ok(metrics
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("requests_total;outcome=")?.to_owned(), value))
            })
            .collect())
    }

    fn disagreement(&self, counted: &Outcomes) -> String {
        let expected = self.expected();
        let differing = counted.iter().filter_map(|(outcome, counted)| {
            let answered = expected.answered.get(outcome).copied().unwrap_or_default();
            (answered != *counted)
                .then(|| format!("`{outcome}` {answered} times, counted {counted}"))
        });
        format!(
            "clients got {}; {} of them left before their answer",
            differing.collect::<Vec<_>>().join(", "),
            expected.left
        )
    }
}

/// The place of the kind that is a plain guest.
fn guest() -> usize {
    KINDS.iter().position(|kind| kind.name == "guest").unwrap_or_default()
}

struct Caller {
    address: SocketAddr,
    client: Client,
    leaves: bool,
    tally: Tally,
}

impl Caller {
    fn round(&mut self, number: u64, weather: &Weather) -> Result<()> {
        if self.leaves && number.is_multiple_of(10) {
            return self.leave(number);
        }
        let place = pick(number);
        let kind = KINDS.get(place).context("no such kind")?;
        let before = weather.is_good();
        let answer = self.client.send(&kind.request(number)).context(kind.name)?;
        let outcome = kind.outcome(number, &answer, before && weather.is_good())?;
        self.tally.answered(place, outcome);
        Ok(())
    }

    /// Sends a request, or a part of one, on a connection of its own and closes it.
    fn leave(&mut self, number: u64) -> Result<()> {
        let kind = KINDS.first().context("no kinds")?;
        let head = kind.request(number).head();
        let part = number.is_multiple_of(20);
        let bytes = if part { head.get(..head.len() / 2).unwrap_or_default() } else { &head };
        let mut stream = TcpStream::connect(self.address)?;
        stream.write_all(bytes)?;
        // What was sent still arrives.
        stream.shutdown(Shutdown::Write)?;
        if part {
            self.tally.broken_off += 1;
        } else {
            self.tally.left += 1;
        }
        Ok(())
    }
}
