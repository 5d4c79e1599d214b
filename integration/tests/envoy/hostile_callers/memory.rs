//! Many answers that hold as much as an answer may: memory stays within `cache.max_bytes`.

use anyhow::{Result, ensure};
use integration::programs::bars::hostile::claims;
use integration::servers::stub::answer::Answer;
use integration::site::vms::Vms;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::json;

use super::{WORKERS, everywhere, get, status};

const MAX_BYTES: u64 = 4 << 20;
const ANSWERS: usize = 2_000;
/// Answers first sent to bring the VMs' memory to what one request and the tables take.
const FIRST: usize = 100;
/// What the allocators of Envoy and of each VM may keep beside it.
const MARGIN: u64 = 16 << 20;

#[test]
fn answers_near_their_limits_stay_within_the_budget() -> Result<()> {
    let config = json!({ "cache": { "ttl": "1h", "max_bytes": MAX_BYTES, "max_entries": 1_000 } });
    let mut setup = Setup::test("memory").config(config).workers(3);
    setup.knobs.quiet = true;
    let site = Site::start(&setup)?;
    site.backend.keep_none();
    let vms = Vms::of(&site)?;
    let mut spread = Spread::open(&site, WORKERS, 1)?;
    let mut send = |range: std::ops::Range<usize>| -> Result<u64> {
        for number in range {
            let token = format!("hostile-{number}");
            let answer = Answer { text: Some(claims::hostile(number)), ..Answer::default() };
            site.introspection.learn(&token, answer);
            let found = status(spread.of(number % WORKERS)?, &get(&token))?;
            ensure!(found == 200, "answer {number} gets {found}");
        }
        site.envoy.resident()
    };
    let before = send(0..FIRST)?;
    let after = send(FIRST..ANSWERS)?;
    let growth = after.saturating_sub(before);
    let most = MAX_BYTES * WORKERS as u64 + MARGIN;
    ensure!(growth <= most, "grown by {growth} bytes, from {before}; allowed are {most}");
    everywhere(&mut spread, &get("alice"), 200)?;
    vms.still_live(&site)
}
