//! Many users at once: each request carries its own user's identity, whatever connection or worker
//! it is on.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{Connection, Request, Response};
use integration::harness::wait;
use integration::scenario::check::backend_header;
use integration::servers::stub::answer::Answer;
use integration::site::{Setup, Site};
use serde_json::json;

const USERS: usize = 12;

fn user(number: usize) -> String {
    format!("user-{number}")
}

fn is_about(response: &Response, user: &str) -> Result<()> {
    ensure!(response.status == 200, "{user} gets {}", response.status);
    let seen = backend_header(&response.json()?, "x-usergrid-username");
    ensure!(seen.as_deref() == Some(user), "{user} is taken for {seen:?}");
    Ok(())
}

fn learn(site: &Site, hold: bool) {
    for number in 0..USERS {
        let claims = json!({ "active": true, "username": user(number) });
        site.introspection.learn(&user(number), Answer { hold, ..Answer::json(claims) });
    }
}

#[test]
fn users_share_a_connection() -> Result<()> {
    let site = Site::start(&Setup::test("mixed"))?;
    learn(&site, false);
    let mut connection = Connection::open(site.address())?;
    for round in 0..10 {
        for number in 0..USERS {
            connection.request(&Request::get("/acme/shop/x").bearer(&user(number)))?;
            is_about(&connection.response(false)?.context("closed")?, &user(number))?;
        }
        connection.request(&Request::get("/acme/shop/x"))?;
        let refused = connection.response(false)?.context("closed")?;
        ensure!(refused.status == 401, "round {round}: nobody gets {}", refused.status);
        connection.request(&Request::get("/acme/sandbox/x"))?;
        let guest = connection.response(false)?.context("closed")?;
        ensure!(backend_header(&guest.json()?, "x-usergrid-username").is_none());
    }
    Ok(())
}

#[test]
fn answers_come_in_another_order() -> Result<()> {
    let site = Site::start(&Setup::test("mixed"))?;
    learn(&site, true);
    let mut waiting = Vec::new();
    for number in 0..USERS {
        let mut connection = Connection::open(site.address())?;
        connection.request(&Request::get("/acme/shop/x").bearer(&user(number)))?;
        waiting.push((number, connection));
    }
    wait::until("all calls", || Ok((site.introspection.calls().len() == USERS).then_some(())))?;
    for (number, mut connection) in waiting.into_iter().rev() {
        site.introspection.release(&user(number));
        is_about(&connection.response(false)?.context("closed")?, &user(number))?;
    }
    Ok(())
}

#[test]
fn several_workers_under_load() -> Result<()> {
    let knobs = Knobs { concurrency: Some(4), ..Knobs::default() };
    let site = Site::start(&Setup::test("workers").knobs(knobs))?;
    learn(&site, false);
    let address = site.address();
    let clients: Vec<_> = (0..16)
        .map(|client| {
            thread::spawn(move || -> Result<()> {
                let mut connection = Connection::open(address)?;
                for round in 0..60 {
                    let user = user((client + round) % USERS);
                    connection.request(&Request::get("/acme/shop/x").bearer(&user))?;
                    is_about(&connection.response(false)?.context("closed")?, &user)?;
                }
                Ok(())
            })
        })
        .collect();
    for client in clients {
        client.join().map_err(|_| anyhow!("a client panicked"))??;
    }
    site.admin().wait_for_metric("requests_total;outcome=token", 16 * 60)?;
    let calls = site.introspection.calls().len();
    ensure!(calls <= 4 * USERS, "{calls} calls for {USERS} users on 4 workers");
    Ok(())
}
