//! All that hostile callers can do, at once, while others go on: those see nothing of it.

mod attackers;
mod callers;
pub mod claims;
mod phase;
mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;

use self::attackers::{Attack, Attacker};
use self::callers::{Caller, all_but_one_in};
use self::server::Verifying;
use super::scale::Scale;
use crate::harness::load;
use crate::site::vms::Vms;
use crate::site::{Setup, Site};

const CALLERS: usize = 8;
const MAX_BYTES: u64 = 8 << 20;
const MAX_ENTRIES: u64 = 2_000;
/// What the shared cache may hold for each entry.
const SHARED: u64 = 4_096;
/// What requests under way take, and what the allocators of Envoy and of each VM keep beside what is in use.
const MARGIN: u64 = 32 << 20;

struct Size {
    workers: u32,
    /// How often a quiet time and a siege take turns.
    rounds: usize,
    quiet: Duration,
    siege: Duration,
    /// Hostile answers altogether. What the sieges have not brought comes as fast as it can at the end.
    claims: usize,
    /// When the end has to be there.
    longest: Duration,
}

enum Client {
    Caller(Caller),
    Attacker(Attacker),
}

/// A hundred thousand hostile answers, or two thousand; how long answers take counts only at full size.
///
/// # Errors
/// If the bar is missed.
pub fn run(scale: Scale) -> Result<()> {
    let size = match scale {
        Scale::Test => Size {
            workers: 2,
            rounds: 1,
            quiet: Duration::from_millis(500),
            siege: Duration::from_secs(3),
            claims: 2_000,
            longest: Duration::from_mins(1),
        },
        Scale::Full => Size {
            workers: 4,
            rounds: 6,
            quiet: Duration::from_secs(5),
            siege: Duration::from_secs(10),
            claims: 100_000,
            longest: Duration::from_mins(15),
        },
    };
    let verifying = Verifying::start()?;
    let mut setup = Setup::test("hostile-bar")
        .config(json!({
            "introspection": { "timeout": "2s", "retries": 0 },
            "cache": { "ttl": "1h", "max_bytes": MAX_BYTES, "max_entries": MAX_ENTRIES },
        }))
        .workers(size.workers);
    setup.knobs.quiet = true;
    let site = Site::build(&setup.name, &setup.knobs, |_, backend| {
        setup.bootstrap(verifying.address(), backend)
    })?;
    site.backend.keep_none();
    let vms = Vms::of(&site)?;
    let (now, given) = (AtomicU8::new(phase::START), AtomicUsize::new(0));
    let mut clients = Vec::new();
    for number in 0..CALLERS {
        let mut caller = Caller::new(site.address(), number);
        caller.ask(&now)?;
        clients.push(Client::Caller(caller));
    }
    for (attack, count) in attackers::ALL {
        let new = |number| Client::Attacker(Attacker::new(site.address(), attack, number));
        clients.extend((0..count).map(new));
    }
    let known = verifying.calls_about_known();
    let start = site.envoy.resident()?;
    let began = Instant::now();
    let client = |client: &mut Client| match client {
        Client::Caller(caller) => caller.ask(&now),
        Client::Attacker(attacker) => attacker.attack(&now, &given, size.claims),
    };
    let (clients, peak) = load::during(clients, client, |over| {
        for _ in 0..size.rounds {
            for (phase, length) in [(phase::QUIET, size.quiet), (phase::SIEGE, size.siege)] {
                now.store(phase, Ordering::SeqCst);
                // The length of a phase is what is chosen.
                std::thread::sleep(length);
            }
        }
        now.store(phase::STAMPEDE, Ordering::SeqCst);
        let mut peak = start;
        while given.load(Ordering::SeqCst) < size.claims {
            ensure!(!over.load(Ordering::SeqCst), "a client failed");
            let count = given.load(Ordering::SeqCst);
            ensure!(began.elapsed() < size.longest, "{count} answers within {:?}", size.longest);
            std::thread::sleep(Duration::from_millis(100));
            peak = peak.max(site.envoy.resident()?);
        }
        Ok(peak.max(site.envoy.resident()?))
    })?;
    println!(
        "  {:.0} s, {} calls, {} of them about known callers, on {} workers",
        began.elapsed().as_secs_f64(),
        verifying.calls(),
        verifying.calls_about_known() - known,
        size.workers,
    );
    judge(clients, &size, scale, (start, peak))?;
    vms.still_live(&site)
}

fn judge(clients: Vec<Client>, size: &Size, scale: Scale, (start, peak): (u64, u64)) -> Result<()> {
    let mut known: BTreeMap<u16, usize> = BTreeMap::new();
    let mut times: BTreeMap<u8, Vec<Duration>> = BTreeMap::new();
    let mut attacks: BTreeMap<Attack, BTreeMap<u16, usize>> = BTreeMap::new();
    for client in clients {
        let (into, statuses) = match client {
            Client::Caller(caller) => {
                for (phase, took) in caller.times {
                    times.entry(phase).or_default().extend(took);
                }
                (&mut known, caller.statuses)
            }
            Client::Attacker(attacker) => {
                (attacks.entry(attacker.attack).or_default(), attacker.statuses)
            }
        };
        for (status, count) in statuses {
            *into.entry(status).or_default() += count;
        }
    }
    println!("  known callers: {known:?}; attackers: {attacks:?}");
    for (phase, times) in &times {
        println!(
            "  {}: {} requests of known callers, median {:?}, p99 {:?}",
            phase::name(*phase),
            times.len(),
            all_but_one_in(2, times.clone()),
            all_but_one_in(100, times.clone()),
        );
    }
    let growth = peak.saturating_sub(start);
    let most = u64::from(size.workers) * MAX_BYTES + MAX_ENTRIES * SHARED + MARGIN;
    println!(
        "  resident bytes {start} before, at most {peak}: grown by {growth}, allowed are {most}"
    );
    ensure!(known.keys().eq([&200]), "known callers got {known:?}");
    ensure!(growth <= most, "grown by {growth} bytes");
    let delivered = attacks.get(&Attack::Claims).and_then(|got| got.get(&200)).copied();
    ensure!(
        delivered.unwrap_or_default() * 100 >= size.claims * 99,
        "only {delivered:?} of {} hostile answers were given",
        size.claims
    );
    let mut p99 = |phase| all_but_one_in(100, times.remove(&phase).unwrap_or_default());
    let (quiet, siege) = (p99(phase::QUIET), p99(phase::SIEGE));
    ensure!(scale == Scale::Test || siege <= quiet * 2, "p99 {quiet:?} has become {siege:?}");
    Ok(())
}
