//! A new configuration in a running Envoy: it holds for the next connection, nobody notices the
//! change, and a broken one changes nothing.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use integration::harness::client::{self, Client, Connection, Request, Response};
use integration::harness::{load, wait};
use integration::scenario::check::backend_header;
use integration::servers::stub::answer::{Answer, Answers};
use integration::servers::stub::introspection::Introspection;
use integration::site::Setup;
use integration::site::live::Live;
use serde_json::{Value, json};

const WORKERS: u32 = 4;
const CLIENTS: usize = 8;

fn start(workers: u32, change: impl FnOnce(Setup) -> Setup) -> Result<Live> {
    let mut setup = Setup::test("update").workers(workers);
    setup.knobs.drain_seconds = Some(20);
    Live::start(change(setup))
}

fn status(live: &Live, token: &str) -> Result<u16> {
    let request = Request::get("/acme/shop/x").bearer(token);
    Ok(client::send(live.site.address(), &request)?.status)
}

/// Guests are admitted to `/acme/<application>`, too.
fn guests(application: &str) -> Value {
    let rule = |pattern: &str| json!({ "applications": [pattern], "permissions": ["get:/**"] });
    json!({ "guest": [rule("*/sandbox"), rule(&format!("acme/{application}"))] })
}

/// One client's view of an Envoy whose configuration changes.
struct Caller {
    client: Client,
    sent: u64,
    /// Statuses of a guest at `/acme/annex`.
    annex: BTreeSet<u16>,
}

impl Caller {
    fn each(live: &Live) -> Vec<Self> {
        let address = live.site.address();
        let caller = || Self { client: Client::new(address), sent: 0, annex: BTreeSet::new() };
        (0..CLIENTS).map(|_| caller()).collect()
    }

    fn send(&mut self, request: &Request) -> Result<u16> {
        self.sent += 1;
        Ok(self.client.send(request)?.status)
    }

    /// Requests whose fate no update here changes, and one that some do.
    fn round(&mut self) -> Result<()> {
        for (request, expected) in [
            (Request::get("/acme/shop/x").bearer("full"), 200),
            (Request::get("/acme/shop/x").bearer("inactive"), 401),
            (Request::get("/acme/sandbox/x"), 200),
            (Request::new("POST", "/acme/shop/x?access_token=alice").body("hello"), 200),
        ] {
            let status = self.send(&request)?;
            ensure!(status == expected, "{} got {status}", client::describe(&request));
        }
        let annex = self.send(&Request::get("/acme/annex/x"))?;
        self.annex.insert(annex);
        Ok(())
    }
}

/// Waits until the backend has answered so many more requests.
fn traffic_goes_on(live: &Live) -> Result<()> {
    let before = live.site.backend.seen().len();
    wait::until("more requests", || {
        Ok((live.site.backend.seen().len() >= before + 200).then_some(()))
    })
}

/// Every request was counted once, and Envoy saw no more than were sent.
fn every_request_is_counted(live: &Live, sent: u64) -> Result<()> {
    wait::until("all requests in the statistics", || {
        let counted = counted(live)?;
        ensure!(counted <= sent, "{counted} requests counted, {sent} sent");
        Ok((counted == sent).then_some(()))
    })?;
    let envoy = live.stat("http.api.downstream_rq_total")?;
    ensure!(envoy == sent, "{envoy} requests at Envoy, {sent} sent");
    ensure!(live.stat("http.api.downstream_rq_5xx")? == 0, "there were 5xx");
    Ok(())
}

fn counted(live: &Live) -> Result<u64> {
    let metrics = live.site.admin().metrics()?.into_iter();
    Ok(metrics
        .filter(|(name, _)| name.starts_with("requests_total;"))
        .map(|(_, value)| value)
        .sum())
}

#[test]
fn a_guest_rule_takes_effect_while_requests_flow() -> Result<()> {
    let live = start(WORKERS, |setup| setup)?;
    let mut asked = 0;
    let mut ask = |expected: u16| {
        wait::until(&format!("{expected} for a guest on every new connection"), || {
            let status = client::send(live.site.address(), &Request::get("/acme/annex/x"))?.status;
            asked += 1;
            Ok((status == expected).then_some(()))
        })
    };
    let (callers, ()) = load::during(Caller::each(&live), Caller::round, |_| {
        traffic_goes_on(&live)?;
        for _ in 0..2 {
            for (patch, expected) in [(guests("annex"), 200), (json!({}), 401)] {
                live.update(&patch)?;
                for _ in 0..20 {
                    ask(expected)?;
                }
                traffic_goes_on(&live)?;
            }
        }
        Ok(())
    })?;
    let annex: BTreeSet<u16> = callers.iter().flat_map(|caller| caller.annex.clone()).collect();
    ensure!(annex == BTreeSet::from([200, 401]), "guests at the annex got {annex:?}");
    every_request_is_counted(&live, callers.iter().map(|caller| caller.sent).sum::<u64>() + asked)
}

#[test]
fn a_broken_configuration_is_rejected_while_requests_flow() -> Result<()> {
    let live = start(WORKERS, |setup| setup)?;
    let mut broken = guests("annex");
    broken["introspection"] = json!({ "timeout": "soon" });
    let (callers, ()) = load::during(Caller::each(&live), Caller::round, |_| {
        traffic_goes_on(&live)?;
        live.reject(&broken)?;
        traffic_goes_on(&live)
    })?;
    let log = live.site.envoy.log()?;
    let message = "configuration: `introspection.timeout`: `soon` is not a duration";
    ensure!(log.contains(message), "the log does not say why:\n{log}");
    let dump = live.site.admin().get("/config_dump?resource=dynamic_listeners")?.json()?;
    let error = dump.pointer("/configs/0/error_state/details").context("no error in the dump")?;
    ensure!(error.as_str().is_some_and(|text| text.contains("usergrid-auth")), "{error}");
    let annex: BTreeSet<u16> = callers.iter().flat_map(|caller| caller.annex.clone()).collect();
    ensure!(annex == BTreeSet::from([401]), "the broken configuration took effect: {annex:?}");
    ensure!(live.site.introspection.count("full") == 1, "the cache is gone");
    every_request_is_counted(&live, callers.iter().map(|caller| caller.sent).sum())?;
    // What was wrong with it does not stand in the way of the next one.
    live.update(&guests("annex"))?;
    wait::until("the next configuration", || {
        let guest = client::send(live.site.address(), &Request::get("/acme/annex/x"))?;
        Ok((guest.status == 200).then_some(()))
    })
}

#[test]
fn an_answer_of_another_configuration_is_not_served() -> Result<()> {
    let live = start(1, |setup| setup)?;
    ensure!(status(&live, "no-issuer")? == 200);
    ensure!(status(&live, "no-issuer")? == 200);
    ensure!(live.site.introspection.count("no-issuer") == 1, "not from the cache");
    live.update(&json!({ "introspection": { "issuer": "https://auth.example.com" } }))?;
    wait::until(
        "the new configuration",
        || Ok((status(&live, "no-issuer")? == 401).then_some(())),
    )?;
    ensure!(live.site.introspection.count("no-issuer") == 2, "the answer was not asked for again");
    ensure!(status(&live, "issued")? == 200);
    Ok(())
}

/// Requests wait in every worker while the configuration changes, and others come under the new
/// one.
#[test]
fn an_update_in_mid_flight_harms_nobody_and_admits_nobody_else() -> Result<()> {
    let live = start(WORKERS, |setup| setup)?;
    let introspection = &live.site.introspection;
    let claims = json!({ "active": true, "username": "u" });
    introspection.learn("mid", Answer { hold: true, ..Answer::json(claims) });
    let before = waiting(&live, 40)?;
    live.site.admin().wait_for_metric("waiting", 40)?;
    live.update(&json!({ "introspection": { "issuer": "https://auth.example.com" } }))?;
    wait::until("the new configuration in every worker", || {
        // Only the new configuration refuses this one, and a worker that still has the old one
        // admits it.
        let statuses: Result<Vec<u16>> = (0..20).map(|_| status(&live, "no-issuer")).collect();
        Ok(statuses?.iter().all(|status| *status == 401).then_some(()))
    })?;
    let after = waiting(&live, 40)?;
    live.site.admin().wait_for_metric("waiting", 80)?;
    ensure!(introspection.count("mid") == 2, "{} calls", introspection.count("mid"));
    introspection.release("mid");
    for (connections, expected) in [(before, 200), (after, 401)] {
        for mut connection in connections {
            let status = connection.response(false)?.context("closed")?.status;
            ensure!(status == expected, "{status} instead of {expected}");
        }
    }
    live.site.admin().wait_for_metric("waiting", 0)
}

/// So many requests with the token `mid`, each on a connection of its own.
fn waiting(live: &Live, count: usize) -> Result<Vec<Connection>> {
    let request = Request::get("/acme/shop/x").bearer("mid");
    (0..count)
        .map(|_| {
            let mut connection = Connection::open(live.site.address())?;
            connection.request(&request)?;
            Ok(connection)
        })
        .collect()
}

/// Whose answer let a request in.
fn verified_by(response: &Response) -> Result<String> {
    ensure!(response.status == 200, "status {}", response.status);
    backend_header(&response.json()?, "x-usergrid-username").context("nobody's")
}

/// Two servers that know the same tokens as different users.
struct Servers {
    live: Live,
    other: Introspection,
}

const FIRST: &str = "first";
const OTHER: &str = "other";

impl Servers {
    fn start() -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let other = Introspection::start(anywhere, Answers::default())?;
        let address = other.address();
        let live = start(WORKERS, |mut setup| {
            setup.clusters.push((OTHER.into(), address));
            setup.config(guests(FIRST))
        })?;
        for number in 0..10 {
            live.site.introspection.learn(&format!("t{number}"), Answer::user(FIRST));
            other.learn(&format!("t{number}"), Answer::user(OTHER));
        }
        live.site.introspection.learn("mid", Answer { hold: true, ..Answer::user(FIRST) });
        other.learn("mid", Answer::user(OTHER));
        Ok(Self { live, other })
    }

    fn use_other(&self) -> Result<()> {
        let mut patch = guests(OTHER);
        patch["introspection"] = json!({ "cluster": OTHER });
        self.live.update(&patch)
    }

    fn use_first(&self) -> Result<()> {
        self.live.update(&json!({}))
    }
}

/// Asks with tokens that every cache knows, and knows of each connection by which configuration it
/// is served: a connection stays with the one it was opened under, and guests are admitted to an
/// application of its name.
struct Asker {
    client: Client,
    configured: &'static str,
    number: usize,
    seen: BTreeSet<&'static str>,
}

impl Asker {
    fn round(&mut self) -> Result<()> {
        if !self.client.is_connected() {
            let guest = Request::get(format!("/acme/{OTHER}/x"));
            self.configured = if self.client.send(&guest)?.status == 200 { OTHER } else { FIRST };
            return Ok(());
        }
        self.number += 1;
        let token = format!("t{}", self.number % 10);
        let response = self.client.send(&Request::get("/acme/shop/x").bearer(&token))?;
        let by = verified_by(&response)?;
        ensure!(
            by == self.configured,
            "an answer of `{by}` while `{}` is configured",
            self.configured
        );
        self.seen.insert(self.configured);
        Ok(())
    }
}

#[test]
fn answers_of_another_endpoint_are_not_served() -> Result<()> {
    let servers = Servers::start()?;
    let live = &servers.live;
    let address = live.site.address();
    let askers = (0..CLIENTS).map(|number| Asker {
        client: Client::new(address),
        configured: FIRST,
        number,
        seen: BTreeSet::new(),
    });
    let (askers, ()) = load::during(askers.collect(), Asker::round, |_| {
        traffic_goes_on(live)?;
        for _ in 0..2 {
            servers.use_other()?;
            traffic_goes_on(live)?;
            servers.use_first()?;
            traffic_goes_on(live)?;
        }
        Ok(())
    })?;
    let seen: BTreeSet<&str> = askers.iter().flat_map(|asker| asker.seen.clone()).collect();
    ensure!(seen == BTreeSet::from([FIRST, OTHER]), "only {seen:?} were ever configured");
    // A configuration that comes back finds its own answers again.
    let made = (live.site.introspection.made(), servers.other.made());
    ensure!(made == (10, 10), "{made:?} calls about ten tokens");
    ensure!(live.stat("http.api.downstream_rq_5xx")? == 0, "there were 5xx");
    Ok(())
}

/// Calls to the first server are under way in every worker when the other one is configured.
#[test]
fn a_call_to_another_endpoint_is_not_joined() -> Result<()> {
    let servers = Servers::start()?;
    let live = &servers.live;
    let before = waiting(live, 40)?;
    live.site.admin().wait_for_metric("waiting", 40)?;
    servers.use_other()?;
    let request = Request::get(format!("/acme/{OTHER}/x"));
    wait::until("the other server in every worker", || {
        let admitted = |_| Ok(client::send(live.site.address(), &request)?.status == 200);
        let admitted: Result<Vec<bool>> = (0..20).map(admitted).collect();
        Ok(admitted?.into_iter().all(|admitted| admitted).then_some(()))
    })?;
    for mut connection in waiting(live, 40)? {
        let response = connection.response(false)?.context("closed")?;
        ensure!(verified_by(&response)? == OTHER, "{}", verified_by(&response)?);
    }
    ensure!(servers.other.count("mid") == 1, "{} calls", servers.other.count("mid"));
    live.site.introspection.release("mid");
    for mut connection in before {
        let response = connection.response(false)?.context("closed")?;
        ensure!(verified_by(&response)? == FIRST, "{}", verified_by(&response)?);
    }
    Ok(())
}
