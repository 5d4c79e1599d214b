//! Permission rules that are as hard to match as rules can be: others on the same worker are served.

use anyhow::{Context, Result, ensure};
use integration::harness::client::Request;
use integration::programs::bars::hostile::claims;
use integration::servers::stub::answer::Answer;
use integration::site::vms::Vms;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};

use super::{WORKERS, everywhere, get};

const ROUNDS: usize = 3;

#[test]
fn rules_that_are_hard_to_match_keep_nobody_out() -> Result<()> {
    let site = Site::start(&Setup::test("rules").workers(3))?;
    let vms = Vms::of(&site)?;
    let mut spread = Spread::open(&site, WORKERS, 2)?;
    site.introspection.learn("hostile", Answer::json(claims::hard_to_match()));
    everywhere(&mut spread, &get("alice"), 200)?;
    let hard = Request::get(claims::hard_path()).bearer("hostile");
    for _ in 0..ROUNDS {
        for connections in &mut spread.by_worker {
            connections.get_mut(1).context("no connection")?.request(&hard)?;
        }
        everywhere(&mut spread, &get("alice"), 200)?;
        for connections in &mut spread.by_worker {
            let connection = connections.get_mut(1).context("no connection")?;
            let found = connection.response(false)?.context("closed")?.status;
            ensure!(found == 401, "a path that no rule matches gets {found}");
        }
    }
    vms.still_live(&site)
}
