//! The module as a file: its size, what it asks of a host, and how often.

mod abi;
mod counting_host;

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use counting_host::{Action, CountingHost};
use integration::bootstrap::Bootstrap;
use integration::module;
use integration::stub::answer::Answers;
use serde_json::json;

const MAX_BYTES: usize = 300 * 1024;
/// As the linker leaves it, on a machine without binaryen.
const MAX_BYTES_UNOPTIMISED: usize = 420 * 1024;
const MAX_CALLS: u64 = 12;

const WASI: [&str; 6] =
    ["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

fn bytes() -> Result<Vec<u8>> {
    let path = module::build()?;
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

#[test]
fn the_module_is_small() -> Result<()> {
    let size = bytes()?.len();
    let optimised = Command::new("wasm-opt").arg("--version").output().is_ok();
    let most = if optimised { MAX_BYTES } else { MAX_BYTES_UNOPTIMISED };
    println!("the module has {size} bytes; optimised by binaryen: {optimised}");
    ensure!(size <= most, "the module has {size} bytes, allowed are {most}");
    Ok(())
}

#[test]
fn it_imports_only_what_every_envoy_has() -> Result<()> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, bytes()?)?;
    let strange: BTreeSet<String> = module
        .imports()
        .filter(|import| match import.module() {
            "env" => !import.name().starts_with("proxy_"),
            "wasi_snapshot_preview1" => !WASI.contains(&import.name()),
            _ => true,
        })
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .collect();
    ensure!(strange.is_empty(), "the module imports {strange:?}");
    Ok(())
}

#[test]
fn a_cached_answer_costs_few_host_calls() -> Result<()> {
    let mut host = shipped()?;
    // The first request on a worker starts its timer; the second one makes the call.
    host.request(&get("/acme/sandbox/books", None))?;
    let first = host.request(&get("/acme/shop/books", Some("full")))?;
    ensure!(host.action(first) == Action::Paused, "the first request is not held back");
    host.ring()?;
    host.answer(200, &Answers::shared()?.tokens["full"].body())?;
    ensure!(host.action(first) == Action::Resumed, "the answer does not resume the request");
    ensure!(host.identity(first).len() == 7, "the backend gets {:?}", host.identity(first));

    host.forget_counts();
    let second = host.request(&get("/acme/shop/books", Some("full")))?;
    ensure!(host.action(second) == Action::Continued, "the second request is not answered at once");
    host.finish(second)?;
    ensure!(host.identity(second).len() == 7, "the backend gets {:?}", host.identity(second));
    let calls: u64 = host.counts().values().sum();
    ensure!(calls <= MAX_CALLS, "{calls} host calls instead of {MAX_CALLS}: {:?}", host.counts());
    Ok(())
}

#[test]
fn a_refused_request_costs_few_host_calls() -> Result<()> {
    let mut host = shipped()?;
    host.request(&get("/acme/sandbox/books", None))?;
    host.forget_counts();
    let refused = host.request(&get("/acme/shop/books", None))?;
    ensure!(host.action(refused) == Action::Refused(401), "it is {:?}", host.action(refused));
    let calls: u64 = host.counts().values().sum();
    ensure!(calls <= MAX_CALLS, "{calls} host calls instead of {MAX_CALLS}: {:?}", host.counts());
    Ok(())
}

#[test]
fn an_answer_for_a_request_that_has_gone_harms_nothing() -> Result<()> {
    let mut host = shipped()?;
    let gone = host.request(&get("/acme/shop/books", Some("alice")))?;
    host.ring()?;
    host.finish(gone)?;
    host.answer(200, &Answers::shared()?.tokens["alice"].body())?;
    let next = host.request(&get("/acme/shop/books", Some("alice")))?;
    ensure!(host.action(next) == Action::Continued, "the answer was lost: {:?}", host.action(next));
    Ok(())
}

/// Envoy never frees a key and does not tell what shared data holds; here it can be seen.
#[test]
fn shared_data_has_a_fixed_size() -> Result<()> {
    let mut config = Bootstrap::load()?.configuration()?;
    config["cache"] = json!({ "max_entries": 64 });
    let environment = [("INTROSPECTION_SECRET", "secret")];
    let mut host = CountingHost::start(&bytes()?, &config.to_string(), &environment)?;
    let answers = Answers::shared()?;
    let bodies = [answers.tokens["full"].body(), answers.tokens["inactive"].body()];
    let mut verify = |range: std::ops::Range<usize>| -> Result<(usize, usize)> {
        for number in range {
            let request = host.request(&get("/acme/shop/x", Some(&format!("token-{number}"))))?;
            host.ring()?;
            let body = bodies.get(number % 2).context("no body")?;
            host.answer(200, body)?;
            host.finish(request)?;
        }
        Ok(host.shared())
    };
    // More of each kind than there are places.
    let (keys, full) = verify(0..160)?;
    let (more_keys, more) = verify(160..240)?;
    ensure!(keys == more_keys, "{keys} keys have become {more_keys}");
    ensure!(keys <= 16 + 1, "{keys} keys for 64 answers");
    ensure!(more <= full + full / 4, "{full} bytes have become {more}");
    Ok(())
}

/// The module with the shipped configuration.
fn shipped() -> Result<CountingHost> {
    let config = Bootstrap::load()?.configuration()?.to_string();
    CountingHost::start(&bytes()?, &config, &[("INTROSPECTION_SECRET", "secret")])
}

fn get(path: &str, token: Option<&str>) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<(String, Vec<u8>)> = [
        (":authority", "api.example.com"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "https"),
        ("user-agent", "test"),
        ("accept", "*/*"),
        ("x-request-id", "1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
    .into();
    if let Some(token) = token {
        headers.push(("authorization".into(), format!("Bearer {token}").into_bytes()));
    }
    headers
}
