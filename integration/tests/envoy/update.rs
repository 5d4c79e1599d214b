//! A new configuration in a running Envoy: it holds for the next request, and a broken one changes nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use integration::client::{self, Request};
use integration::process::Process;
use integration::site::Setup;
use integration::stub::answer::Answers;
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
    fn start() -> Result<Self> {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let introspection = Introspection::start(anywhere, Answers::shared()?)?;
        let backend = Backend::start(anywhere)?;
        let directory = Scratch::new("listener")?;
        let file = directory.path().join("listener.json");
        let setup = Setup::test("update");
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
    let site = Updatable::start()?;
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

#[test]
fn a_broken_configuration_changes_nothing() -> Result<()> {
    let site = Updatable::start()?;
    ensure!(site.status("alice")? == 200);
    site.update(json!({ "introspection": { "timeout": "soon" } }))?;
    site.wait_for("listener_manager.lds.update_rejected", 1)?;
    ensure!(site.status("alice")? == 200);
    ensure!(site.status("inactive")? == 401);
    ensure!(site.introspection.count("alice") == 1, "the cache is gone");
    Ok(())
}
