//! The verifying server goes away under load and comes back: who is still let in, who is not, and
//! for how long.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::scale::Scale;
use crate::harness::client::Request;
use crate::harness::wait;
use crate::servers::stub::answer::{Answer, Answers};
use crate::servers::stub::introspection::Introspection;
use crate::site::workers::Spread;
use crate::site::{Setup, Site};

const WORKERS: usize = 4;
const EACH: usize = 2;
const KNOWN: usize = 40;

const TTL: Duration = Duration::from_millis(500);

const UP: u8 = 0;
const DOWN: u8 = 1;
const BACK: u8 = 2;
const OVER: u8 = 3;
/// It is going or coming at this moment: what an unknown token gets says nothing.
const BETWEEN: u8 = 4;

/// What the clients saw.
#[derive(Debug, Default)]
struct Seen {
    /// Statuses of known tokens, at any time.
    known: BTreeMap<u16, usize>,
    /// Statuses of unknown tokens while the server was down.
    unknown: BTreeMap<u16, usize>,
    /// When, after its return, an unknown token was last refused.
    refused: Option<Instant>,
    /// Unknown tokens admitted after its return.
    admitted: usize,
}

/// Ten seconds, or two.
///
/// # Errors
/// If the bar is missed.
pub fn run(scale: Scale) -> Result<()> {
    let (length, slack) = match scale {
        Scale::Test => (Duration::from_secs(2), Duration::from_secs(5)),
        Scale::Full => (Duration::from_secs(10), Duration::from_secs(2)),
    };
    // Timeout, retries and breaker as shipped; a `ttl` that ends before the outage does.
    let config =
        json!({ "cache": { "ttl": format!("{}ms", TTL.as_millis()), "stale_if_error": "30s" } });
    let mut setup =
        Setup { name: "outage".into(), patches: vec![config], ..Setup::default() }.workers(4);
    setup.knobs.quiet = true;
    let mut site = Site::start(&setup)?;
    // Nobody else is known: a server that accepts any token would not be believed.
    let families = ["known-", "fresh-"].map(|family| (family.to_owned(), Answer::user("u")));
    let answers = Answers { families: families.into(), ..Answers::shared()? };
    let address = site.introspection.address();
    replace(&mut site, |old| {
        drop(old);
        start(address, &answers)
    })?;
    let spread = Spread::open(&site, WORKERS, EACH)?;
    let counts = spread.counts();
    let phase = AtomicU8::new(UP);
    let stale = AtomicBool::new(false);
    let warm = AtomicUsize::new(0);
    let fresh = AtomicUsize::new(0);
    let clients = spread.by_worker.into_iter().enumerate().flat_map(|(worker, connections)| {
        connections.into_iter().map(move |connection| (worker, connection))
    });
    let clients: Vec<_> = clients.collect();
    let count = clients.len();
    let (seen, returned) = std::thread::scope(|scope| -> Result<_> {
        let threads: Vec<_> = clients
            .into_iter()
            .map(|(worker, mut connection)| {
                let (phase, stale, warm, fresh) = (&phase, &stale, &warm, &fresh);
                scope.spawn(move || -> Result<Seen> {
                    let mut ask = |token: &str| -> Result<(u8, u16)> {
                        let before = phase.load(Ordering::SeqCst);
                        let request = Request::get("/acme/shop/x").bearer(token);
                        let status = connection.send_request(&request)?.status;
                        let after = phase.load(Ordering::SeqCst);
                        Ok((if before == after { before } else { BETWEEN }, status))
                    };
                    let mut seen = Seen::default();
                    for number in (0..KNOWN).filter(|number| number % WORKERS == worker) {
                        *seen.known.entry(ask(&format!("known-{number}"))?.1).or_default() += 1;
                    }
                    warm.fetch_add(1, Ordering::SeqCst);
                    for round in 0.. {
                        let now = phase.load(Ordering::SeqCst);
                        if now == OVER {
                            break;
                        }
                        // Until no answer is fresh any more, each worker has its own share: the
                        // rest is known to the process, not to the worker.
                        let all = stale.load(Ordering::SeqCst);
                        let number = if all { round } else { round * WORKERS + worker } % KNOWN;
                        *seen.known.entry(ask(&format!("known-{number}"))?.1).or_default() += 1;
                        let token = format!("fresh-{}", fresh.fetch_add(1, Ordering::SeqCst));
                        match ask(&token)? {
                            (DOWN, status) => *seen.unknown.entry(status).or_default() += 1,
                            (BACK, 200) => seen.admitted += 1,
                            (BACK, _) => seen.refused = Some(Instant::now()),
                            _ => (),
                        }
                    }
                    Ok(seen)
                })
            })
            .collect();
        let result = course(&mut site, (&phase, &stale), length, slack, &answers, || {
            warm.load(Ordering::SeqCst) == count
        });
        phase.store(OVER, Ordering::SeqCst);
        let mut seen = Vec::new();
        for thread in threads {
            seen.push(thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))??);
        }
        Ok((seen, result?))
    })?;
    judge(&seen, returned, length, &counts, slack)
}

/// Up, down, up again. Returns when it was back.
fn course(
    site: &mut Site,
    (phase, stale): (&AtomicU8, &AtomicBool),
    length: Duration,
    slack: Duration,
    answers: &Answers,
    warm: impl Fn() -> bool,
) -> Result<Instant> {
    wait::until("all tokens to be known", || Ok(warm().then_some(())))?;
    phase.store(BETWEEN, Ordering::SeqCst);
    let address = site.introspection.address();
    let mut returned = Instant::now();
    replace(site, |old| {
        drop(old);
        phase.store(DOWN, Ordering::SeqCst);
        // The length of the outage is what is being tested.
        let aging = TTL * 2;
        std::thread::sleep(aging);
        stale.store(true, Ordering::SeqCst);
        std::thread::sleep(length.saturating_sub(aging));
        phase.store(BETWEEN, Ordering::SeqCst);
        let server = start(address, answers)?;
        phase.store(BACK, Ordering::SeqCst);
        returned = Instant::now();
        Ok(server)
    })?;
    // As long again as it may take, to see that it stays well.
    std::thread::sleep(slack + Duration::from_secs(1));
    Ok(returned)
}

fn judge(
    seen: &[Seen],
    returned: Instant,
    length: Duration,
    counts: &[usize],
    slack: Duration,
) -> Result<()> {
    let (mut known, mut unknown) = (BTreeMap::new(), BTreeMap::new());
    for one in seen {
        for (status, count) in &one.known {
            *known.entry(*status).or_insert(0) += count;
        }
        for (status, count) in &one.unknown {
            *unknown.entry(*status).or_insert(0) += count;
        }
    }
    let admitted: usize = seen.iter().map(|one| one.admitted).sum();
    let last = seen.iter().filter_map(|one| one.refused).max();
    let recovery = last.map(|last| last.saturating_duration_since(returned)).unwrap_or_default();
    println!(
        "  down for {} s, connections by worker {counts:?}; known tokens: {known:?}; unknown ones meanwhile: {unknown:?}; \
         last refusal {} ms after the return, {admitted} unknown ones admitted since",
        length.as_secs(),
        recovery.as_millis(),
    );
    ensure!(known.keys().eq([&200]), "known tokens got {known:?}");
    ensure!(unknown.keys().eq([&503]), "unknown tokens got {unknown:?}");
    ensure!(recovery <= slack, "recovered after {recovery:?}");
    ensure!(seen.iter().all(|one| one.admitted > 0), "not everybody was admitted again");
    Ok(())
}

/// Replaces the verifying server.
fn replace(
    site: &mut Site,
    change: impl FnOnce(Introspection) -> Result<Introspection>,
) -> Result<()> {
    let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let placeholder = Introspection::start(anywhere, Answers::default())?;
    let old = std::mem::replace(&mut site.introspection, placeholder);
    site.introspection = change(old).context("the verifying server")?;
    Ok(())
}

/// The old one may need a moment to let go of the address.
fn start(address: std::net::SocketAddr, answers: &Answers) -> Result<Introspection> {
    wait::until(
        "the address to be free",
        || Ok(Introspection::start(address, answers.clone()).ok()),
    )
}
