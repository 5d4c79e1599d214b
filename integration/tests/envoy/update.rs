//! A new configuration in a running Envoy: it holds for the next request, and a broken one changes nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use integration::client::{self, Connection, Request};
use integration::process::Process;
use integration::site::Setup;
use integration::stub::answer::{Answer, Answers};
use integration::stub::backend::Backend;
use integration::stub::introspection::Introspection;
use integration::workspace::Scratch;
use integration::{envoy, wait};
use serde_json::{Value, json};

struct Updatable {
    envoy: Process,
    introspection: Introspection,
    backend: Backend,
    file: PathBuf,
    _directory: Scratch,
}

impl Updatable {
    fn start(workers: u32) -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let introspection = Introspection::start(anywhere, Answers::shared()?)?;
        let backend = Backend::start(anywhere)?;
        let directory = Scratch::new("listener")?;
        let file = directory.path().join("listener.json");
        let setup = Setup::test("update").workers(workers);
        let mut bootstrap = setup.bootstrap(introspection.address(), backend.address())?;
        let listener = bootstrap.listener_from(&file)?;
        replace(&file, &listener)?;
        let scratch = Scratch::new("update")?;
        let envoy = Process::start(&envoy::find()?, &bootstrap, &setup.knobs, scratch)?;
        Ok(Self { envoy, introspection, backend, file, _directory: directory })
    }

    fn update(&self, patch: Value) -> Result<()> {
        let setup = Setup::test("update").config(patch);
        let mut bootstrap =
            setup.bootstrap(self.introspection.address(), self.backend.address())?;
        replace(&self.file, &bootstrap.listener_from(&self.file)?)
    }

    fn wait_for(&self, stat: &str, value: u64) -> Result<()> {
        wait::until(&format!("{stat} to be {value}"), || {
            let stats = self.envoy.admin().stats()?;
            Ok((stats.get(stat).copied().unwrap_or_default() >= value).then_some(()))
        })
    }

    fn status(&self, token: &str) -> Result<u16> {
        let address = self.envoy.admin().listener("api")?;
        Ok(client::send(address, &Request::get("/acme/shop/x").bearer(token))?.status)
    }
}

/// Envoy looks at a file when it is moved into place.
fn replace(file: &Path, content: &Value) -> Result<()> {
    let new = file.with_extension("new");
    std::fs::write(&new, content.to_string())?;
    std::fs::rename(&new, file).context("cannot move the listener into place")
}

#[test]
fn an_answer_of_another_configuration_is_not_served() -> Result<()> {
    let site = Updatable::start(1)?;
    ensure!(site.status("no-issuer")? == 200);
    ensure!(site.status("no-issuer")? == 200);
    ensure!(site.introspection.count("no-issuer") == 1, "not from the cache");
    site.update(json!({ "introspection": { "issuer": "https://auth.example.com" } }))?;
    site.wait_for("listener_manager.listener_modified", 1)?;
    wait::until("the new configuration", || Ok((site.status("no-issuer")? == 401).then_some(())))?;
    ensure!(site.introspection.count("no-issuer") == 2, "the answer was not asked for again");
    ensure!(site.status("issued")? == 200);
    Ok(())
}

/// Requests wait in every worker while the configuration changes, and others come under the new one.
#[test]
fn an_update_in_mid_flight_harms_nobody_and_admits_nobody_else() -> Result<()> {
    let site = Updatable::start(4)?;
    let claims = json!({ "active": true, "username": "u" });
    site.introspection.learn("mid", Answer { hold: true, ..Answer::json(claims) });
    let address = site.envoy.admin().listener("api")?;
    let request = Request::get("/acme/shop/x").bearer("mid");
    let ask = |count: usize| -> Result<Vec<Connection>> {
        let mut connections = Vec::new();
        for _ in 0..count {
            let mut connection = Connection::open(address)?;
            connection.request(&request)?;
            connections.push(connection);
        }
        Ok(connections)
    };
    let before = ask(40)?;
    site.envoy.admin().wait_for_metric("waiting", 40)?;
    site.update(json!({ "introspection": { "issuer": "https://auth.example.com" } }))?;
    site.wait_for("listener_manager.listener_modified", 1)?;
    wait::until("the new configuration in every worker", || {
        // Only the new configuration refuses this one, and a worker that still has the old one admits it.
        let statuses: Result<Vec<u16>> = (0..20).map(|_| site.status("no-issuer")).collect();
        Ok(statuses?.iter().all(|status| *status == 401).then_some(()))
    })?;
    let after = ask(40)?;
    site.envoy.admin().wait_for_metric("waiting", 80)?;
    ensure!(site.introspection.count("mid") == 2, "{} calls", site.introspection.count("mid"));
    site.introspection.release("mid");
    for (connections, expected) in [(before, 200), (after, 401)] {
        for mut connection in connections {
            let status = connection.response(false)?.context("closed")?.status;
            ensure!(status == expected, "{status} instead of {expected}");
        }
    }
    site.envoy.admin().wait_for_metric("waiting", 0)
}

#[test]
fn a_broken_configuration_changes_nothing() -> Result<()> {
    let site = Updatable::start(1)?;
    ensure!(site.status("alice")? == 200);
    site.update(json!({ "introspection": { "timeout": "soon" } }))?;
    site.wait_for("listener_manager.lds.update_rejected", 1)?;
    ensure!(site.status("alice")? == 200);
    ensure!(site.status("inactive")? == 401);
    ensure!(site.introspection.count("alice") == 1, "the cache is gone");
    Ok(())
}
