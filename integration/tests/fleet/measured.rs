//! Real Envoys, one to four, side by side and behind a first tier.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::{Bootstrap, Knobs};
use integration::harness::client::{Client, Request};
use integration::harness::envoy;
use integration::harness::load::threads;
use integration::harness::process::Process;
use integration::harness::workspace::Scratch;
use integration::servers::stub::answer::{Answer, Answers};
use integration::servers::stub::backend::Backend;
use integration::servers::stub::introspection::Introspection;
use integration::site::Setup;
use serde_json::json;

const ENVOYS: usize = 4;
const CREDENTIALS: usize = 64;
const CLIENTS: usize = 4;
/// Of a client with each credential.
const ROUNDS: usize = 4;

struct Fleet {
    envoys: Vec<Process>,
    introspection: Introspection,
    backend: Backend,
}

impl Fleet {
    fn start() -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let introspection = Introspection::start(anywhere, Answers::shared()?)?;
        let backend = Backend::start(anywhere)?;
        let setup = Setup::test("fleet");
        let mut envoys = Vec::new();
        for number in 0..ENVOYS {
            let bootstrap = setup.bootstrap(introspection.address(), backend.address())?;
            let directory = Scratch::new(&format!("fleet-{number}"))?;
            envoys.push(Process::start(&envoy::find()?, &bootstrap, &setup.knobs, directory)?);
        }
        Ok(Self { envoys, introspection, backend })
    }

    /// New credentials, which nobody has seen.
    fn credentials(&self, name: &str) -> Vec<String> {
        let names: Vec<String> =
            (0..CREDENTIALS).map(|number| format!("{name}-{number}")).collect();
        for name in &names {
            self.introspection.learn(name, Answer::user(name));
        }
        names
    }

    /// How often the server was asked about them.
    fn calls(&self, credentials: &[String]) -> usize {
        credentials.iter().map(|name| self.introspection.count(name)).sum()
    }
}

/// `envoy/first-tier.yaml` before Envoys at these addresses.
fn first_tier(envoys: &[SocketAddr]) -> Result<Process> {
    let mut bootstrap = Bootstrap::shipped("first-tier.yaml")?;
    bootstrap.free_ports()?;
    let mut whole = bootstrap.json().clone();
    let endpoints = envoys.iter().map(|envoy| {
        let address = json!({ "address": envoy.ip().to_string(), "port_value": envoy.port() });
        json!({ "endpoint": { "address": { "socket_address": address } } })
    });
    let place = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints";
    *whole.pointer_mut(place).context("no endpoints")? = endpoints.collect();
    let bootstrap = Bootstrap::from_json(whole);
    Process::start(&envoy::find()?, &bootstrap, &Knobs::default(), Scratch::new("first-tier")?)
}

/// Every client sends every credential to each address in turn.
fn send(addresses: &[SocketAddr], credentials: &[String]) -> Result<()> {
    threads(CLIENTS, |number| {
        let mut clients: Vec<Client> = addresses.iter().map(|it| Client::new(*it)).collect();
        let count = clients.len();
        for round in 0..ROUNDS {
            for (index, credential) in credentials.iter().enumerate() {
                let client = &mut clients[(round + index + number) % count];
                let status = client.send(&Request::get("/acme/shop/x").bearer(credential))?.status;
                ensure!(status == 200, "{credential}: {status}");
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// A call for each credential and Envoy without a first tier; one for all with it.
#[test]
fn a_first_tier_makes_one_call_of_as_many_as_there_are_envoys() -> Result<()> {
    let fleet = Fleet::start()?;
    let addresses: Vec<SocketAddr> = fleet.envoys.iter().map(Process::listener).collect();
    for count in 1..=ENVOYS {
        let credentials = fleet.credentials(&format!("beside-{count}"));
        send(&addresses[..count], &credentials)?;
        let calls = fleet.calls(&credentials);
        ensure!(calls == count * CREDENTIALS, "{count} Envoys: {calls} calls");
    }
    let front = first_tier(&addresses)?;
    let credentials = fleet.credentials("behind");
    send(&[front.listener()], &credentials)?;
    let calls = fleet.calls(&credentials);
    ensure!(calls == CREDENTIALS, "{calls} calls behind a first tier");

    every_envoy_has_work(&fleet)?;
    queries(&fleet, front.listener())?;
    logout(&fleet, front.listener())?;
    one_fewer(&fleet, &addresses[1..], &credentials)?;
    one_dies(fleet, &front)
}

/// By their own counts, of requests with good credentials.
fn every_envoy_has_work(fleet: &Fleet) -> Result<()> {
    let each = (CLIENTS * ROUNDS * CREDENTIALS) as u64;
    // Those beside each other had these shares.
    let beside = |number: u64| (number + 1..=4).map(|count| each / count).sum::<u64>();
    for (number, envoy) in (0_u64..).zip(&fleet.envoys) {
        let counts = envoy.admin().stats_like("^http\\.api\\.downstream_rq_total$")?;
        let count: u64 = counts.values().sum();
        let behind = count.saturating_sub(beside(number));
        ensure!(behind > each / 20, "Envoy {number}: {count} requests, {behind} by the first tier");
    }
    Ok(())
}

/// A first tier that knows one Envoy fewer finds most credentials where they were.
fn one_fewer(fleet: &Fleet, addresses: &[SocketAddr], credentials: &[String]) -> Result<()> {
    let front = first_tier(addresses)?;
    send(&[front.listener()], credentials)?;
    let moved = fleet.calls(credentials) - CREDENTIALS;
    ensure!(moved > 0 && moved < CREDENTIALS * 3 / 4, "{moved} of {CREDENTIALS} moved");
    Ok(())
}

/// A token in the query is hashed as well, and out of the path behind the second tier.
fn queries(fleet: &Fleet, front: SocketAddr) -> Result<()> {
    let credentials = fleet.credentials("query");
    let mut client = Client::new(front);
    for _ in 0..ROUNDS {
        for credential in &credentials {
            let path = format!("/acme/shop/x?access_token={credential}");
            ensure!(client.send(&Request::get(path))?.status == 200, "{credential}");
        }
    }
    ensure!(fleet.calls(&credentials) == CREDENTIALS, "{} calls", fleet.calls(&credentials));
    // Whoever has none is refused by whichever it is.
    for _ in 0..ENVOYS {
        ensure!(client.send(&Request::get("/acme/shop/x"))?.status == 401);
    }
    let seen = fleet.backend.seen();
    let paths: BTreeSet<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
    ensure!(paths.iter().eq(["/acme/shop/x"].iter()), "{paths:?}");
    Ok(())
}

/// A user who revokes his own token is heard by the very Envoy that remembers it.
fn logout(fleet: &Fleet, front: SocketAddr) -> Result<()> {
    let credentials = fleet.credentials("logout");
    let mut client = Client::new(front);
    for credential in &credentials {
        let path = format!("/acme/shop/users/{credential}/revoketoken?token={credential}");
        for request in
            [Request::get("/acme/shop/x"), Request::new("PUT", path), Request::get("/acme/shop/x")]
        {
            let status = client.send(&request.bearer(credential))?.status;
            ensure!(status == 200, "{credential}: {status}");
        }
        let calls = fleet.introspection.count(credential);
        ensure!(calls == 2, "{credential}: {calls} calls");
    }
    Ok(())
}

/// Its credentials, and no others, are asked about once more; no request is lost.
fn one_dies(mut fleet: Fleet, front: &Process) -> Result<()> {
    let credentials = fleet.credentials("left");
    send(&[front.listener()], &credentials)?;
    drop(fleet.envoys.pop());
    send(&[front.listener()], &credentials)?;
    let moved = fleet.calls(&credentials) - CREDENTIALS;
    ensure!(moved > 0 && moved < CREDENTIALS * 3 / 4, "{moved} of {CREDENTIALS} moved");
    ensure!(credentials.iter().all(|name| fleet.introspection.count(name) <= 2));
    Ok(())
}
