//! Revocations without number: each concerns whoever is named in it, and by chance one in 16,384 others.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::servers::stub::answer::Answer;
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

use super::{WORKERS, everywhere, get, status};

const OTHERS: usize = 10;
const ROUNDS: usize = 20;
const IN_A_ROUND: usize = 50;

/// What is expected is one call for 1,000 revocations of others and ten callers with two names each, or one of each
/// worker where they share nothing; names, and so places in the table, are the same in every run. Were everything
/// forgotten, it would be 200, or 600.
const BY_CHANCE: usize = 6;

fn start(cache: Value) -> Result<(Site, Spread)> {
    let setup = Setup::test("revocations")
        .config(json!({
            "revocation": { "paths": ["/oauth/revoke"] },
            "public": ["post:/oauth/revoke"],
            "cache": { "ttl": "1h" },
        }))
        .config(json!({ "cache": cache }))
        .workers(3);
    let site = Site::start(&setup)?;
    let mut spread = Spread::open(&site, WORKERS, 1)?;
    for number in 0..OTHERS {
        let token = format!("other-{number}");
        site.introspection.learn(&token, Answer::user(&format!("user-{number}")));
        everywhere(&mut spread, &get(&token), 200)?;
    }
    site.introspection.learn("mallorys", Answer::user("mallory"));
    Ok((site, spread))
}

/// Calls about others that a flood of revocations has caused.
fn caused(
    site: &Site,
    spread: &mut Spread,
    revocation: impl Fn(usize) -> Request,
) -> Result<usize> {
    let about_others = || -> usize {
        (0..OTHERS).map(|number| site.introspection.count(&format!("other-{number}"))).sum()
    };
    let before = about_others();
    for round in 0..ROUNDS {
        for number in 0..IN_A_ROUND {
            let number = round * IN_A_ROUND + number;
            let found = status(spread.of(number % WORKERS)?, &revocation(number))?;
            ensure!(found == 200, "revocation {number} gets {found}");
        }
        for number in 0..OTHERS {
            everywhere(spread, &get(&format!("other-{number}")), 200)?;
        }
        // And workers still share their calls.
        let newcomer = format!("newcomer-{round}");
        site.introspection.learn(&newcomer, Answer::user("u"));
        everywhere(spread, &get(&newcomer), 200)?;
    }
    Ok(about_others() - before)
}

fn calls_about_newcomers(site: &Site) -> usize {
    (0..ROUNDS).map(|round| site.introspection.count(&format!("newcomer-{round}"))).sum()
}

#[test]
fn a_verified_caller_who_revokes_what_nobody_has() -> Result<()> {
    let (site, mut spread) = start(json!({}))?;
    let asked = caused(&site, &mut spread, |number| {
        let path = format!("/acme/shop/users/mallory/revoketoken?token=random-{number}");
        Request::new("POST", path).bearer("mallorys")
    })?;
    ensure!(asked <= BY_CHANCE, "{asked} calls about others");
    ensure!(calls_about_newcomers(&site) == ROUNDS, "workers no longer share their calls");
    Ok(())
}

#[test]
fn a_verified_caller_who_logs_himself_out_again_and_again() -> Result<()> {
    let (site, mut spread) = start(json!({}))?;
    let asked = caused(&site, &mut spread, |_| {
        Request::new("PUT", "/acme/shop/users/mallory/revoketokens").bearer("mallorys")
    })?;
    ensure!(asked == 0, "{asked} calls about others");
    ensure!(calls_about_newcomers(&site) == ROUNDS, "workers no longer share their calls");
    Ok(())
}

#[test]
fn an_anonymous_caller_where_workers_share_nothing() -> Result<()> {
    let (site, mut spread) = start(json!({ "shared": false }))?;
    let asked = caused(&site, &mut spread, |number| {
        Request::new("POST", "/oauth/revoke").body(format!("token=random-{number}"))
    })?;
    ensure!(asked <= BY_CHANCE * WORKERS, "{asked} calls about others");
    ensure!(calls_about_newcomers(&site) == ROUNDS * WORKERS, "not one call for each worker");
    Ok(())
}

#[test]
fn a_user_is_revoked_by_each_of_his_names() -> Result<()> {
    let (site, mut spread) = start(json!({}))?;
    let claims = json!({
        "active": true,
        "sub": "7c1a4f2e-833b-11ee-9234-0123456789ab",
        "username": "tom",
        "email": "Tom@example.com",
    });
    let names = ["tom", "tom@example.com", "7C1A4F2E-833B-11EE-9234-0123456789AB"];
    for (number, name) in names.into_iter().enumerate() {
        for action in ["revoketokens", "deactivate"] {
            let tokens: Vec<String> =
                (0..3).map(|token| format!("toms-{number}-{action}-{token}")).collect();
            for token in &tokens {
                site.introspection.learn(token, Answer::json(claims.clone()));
                everywhere(&mut spread, &get(token), 200)?;
                site.introspection.learn(token, Answer::json(json!({ "active": false })));
            }
            let path = format!("/acme/shop/users/{name}/{action}");
            let revoke = Request::new("PUT", path).bearer("mallorys");
            ensure!(status(spread.of(number % WORKERS)?, &revoke)? == 200);
            for token in &tokens {
                everywhere(&mut spread, &get(token), 401)?;
            }
        }
    }
    for number in 0..OTHERS {
        let token = format!("other-{number}");
        everywhere(&mut spread, &get(&token), 200)?;
        ensure!(site.introspection.count(&token) == 1, "{token} was asked for again");
    }
    Ok(())
}
