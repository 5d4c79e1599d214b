//! Usergrid's own SDKs through Envoy and the filter, against a backend that judges every request
//! once more.
//!
//! The versions are the last of their line that exist: npm `usergrid` 0.10.11, which puts its token
//! into the query, and 2.0.0-rc.2, which puts it into the header; PyPI `usergrid` 0.2.10, which
//! knows the header only. All three run unmodified on Node.js 20 and Python 3.11. 2.0.0-rc.2 asks
//! for the latest `url-join`, which is an ES module by now and cannot be called as the SDK does;
//! the lock file holds the last one that can.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use integration::harness::client::Request;
use integration::harness::http::header;
use integration::harness::{packages, wait, workspace};
use integration::servers::stub::backend::Seen;
use integration::servers::usergrid::{APPLICATION_CLIENT, Usergrid};
use serde_json::{Value, json};

use super::{Site, VERIFIERS};

/// What a client said of each step.
type Said = BTreeMap<String, Value>;

/// Runs a script against `address`.
fn run(mut client: Command, address: SocketAddr) -> Result<Said> {
    let (id, secret) = APPLICATION_CLIENT;
    let base = format!("http://{address}");
    let output = client.args([&base, id, secret]).output().context("cannot run the client")?;
    let (said, error) =
        (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "the client stopped after\n{said}\n{error}");
    said.lines()
        .map(|line| {
            let step: Value = serde_json::from_str(line)?;
            Ok((step["step"].as_str().context("a step without name")?.to_owned(), step))
        })
        .collect()
}

fn clients(language: &str) -> PathBuf {
    workspace::root().join("integration").join("clients").join(language)
}

fn node(script: &str) -> Result<Command> {
    let modules = packages::node(&clients("node"), "usergrid-node", &[])?.join("node_modules");
    let mut command = Command::new("node");
    command.arg(clients("node").join(script)).env("NODE_PATH", modules);
    Ok(command)
}

fn python(script: &str) -> Result<Command> {
    let mut command = Command::new(packages::python(&clients("python"), "usergrid-python")?);
    // Written into the checkout otherwise.
    command.arg("-B").arg(clients("python").join(script));
    Ok(command)
}

/// What every client must have got, whatever way its credentials took.
fn satisfied(said: &Said, sandbox: &str) -> Result<String> {
    let uuid = said.get("create").and_then(|step| step["uuid"].as_str()).unwrap_or_default();
    let token = said.get("login").and_then(|step| step["token"].as_str()).unwrap_or_default();
    ensure!(token.starts_with("YWMt") && token.len() == 63, "no token of Usergrid's: {said:?}");
    let refused = |error: &str, description: &str| json!({ "refused": true, "error": error, "description": description });
    let forged = refused("auth_unverified_oath", "Unable to authenticate OAuth credentials");
    for (step, expected) in [
        ("wrong password", refused("invalid_grant", "invalid username or password")),
        ("login", json!({ "ok": true, "user": "tom" })),
        ("me", json!({ "ok": true, "user": "tom" })),
        ("create", json!({ "ok": true, "name": "dune", "uuid": uuid })),
        ("list", json!({ "ok": true, "names": ["dune"] })),
        ("update", json!({ "ok": true, "title": "Dune Messiah" })),
        ("delete", json!({ "ok": true })),
        (
            "read deleted",
            refused("service_resource_not_found", "Service resource not found: /books/dune"),
        ),
        ("sandbox", json!({ "ok": true, "name": sandbox })),
        ("bad token", forged.clone()),
        ("bad token in sandbox", forged),
        ("no token", json!({ "refused": true, "status": 401, "error": "unauthorized" })),
        ("client pair", json!({ "ok": true, "entities": 0 })),
        ("revoke", json!({ "ok": true, "action": "revoked user token" })),
        ("revoked", json!({ "refused": true, "status": 401, "error": "auth_invalid" })),
    ] {
        let got = said.get(step).with_context(|| format!("the client never came to `{step}`"))?;
        for (name, value) in expected.as_object().into_iter().flatten() {
            ensure!(got[name.as_str()] == *value, "`{step}`: {got} instead of {expected}");
        }
    }
    Ok(token.to_owned())
}

/// What the backend must have received: identity, one credential, in the header. `query`: the
/// client put its own there.
fn protected(site: &Site, token: &str, query: bool) -> Result<()> {
    let text = |seen: &Seen, name: &str| {
        header(&seen.headers, name).map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let passed = site.passed();
    let bearer = format!("Bearer {token}");
    let own = |seen: &&Seen| text(seen, "authorization").as_deref() == Some(&bearer);
    ensure!(passed.iter().filter(own).count() >= 7, "the token did not get through: {passed:#?}");
    for seen in &passed {
        for credential in ["access_token", "client_id", "client_secret"] {
            ensure!(!seen.path.contains(credential), "the backend got {}", seen.path);
        }
        let authorization = text(seen, "authorization");
        let expected = if seen.path.starts_with("/acme/sandbox/") {
            ensure!(authorization.is_none(), "a guest with a credential: {seen:?}");
            ("guest", None)
        } else if own(&seen) {
            ("application_user", Some("tom".to_owned()))
        } else {
            ensure!(authorization.is_some(), "no credential, and no guest either: {seen:?}");
            ("application", None)
        };
        ensure!(text(seen, "x-usergrid-principal").as_deref() == Some(expected.0), "{seen:?}");
        ensure!(text(seen, "x-usergrid-username") == expected.1, "{seen:?}");
    }
    let log = log(site)?;
    let forged = token.get(..token.len() - 4).context("a short token")?;
    // Usergrid's way to revoke names the token in the query; by then it is good for nothing.
    for line in log.lines().filter(|line| !line.contains("/revoketoken?token=")) {
        for secret in [forged, APPLICATION_CLIENT.1, "wonderland"] {
            ensure!(!line.contains(secret), "a credential in the log: {line}");
        }
    }
    let guests = passed.iter().filter(|seen| seen.path.starts_with("/acme/sandbox/")).count();
    counted(site, passed.len() - guests, query)
}

/// All that Envoy has logged about the requests up to now.
fn log(site: &Site) -> Result<String> {
    const LAST: &str = "/acme/sandbox/last";
    site.send(&Request::get(LAST))?;
    wait::until("the last line of the access log", || {
        Ok(site.envoy.access_log()?.contains(LAST).then_some(()))
    })?;
    Ok(site.envoy.access_log()? + &site.envoy.log()?)
}

/// The metrics agree with what the backend received; `verified` requests carried a good credential.
fn counted(site: &Site, verified: usize, pairs: bool) -> Result<()> {
    let admin = site.envoy.admin();
    // Of all the bad tokens, only the revoked one was asked about: the others are forged, and their
    // signature says so. A wrong pair is asked about if it came as a credential, and not if it was
    // sent to a token endpoint.
    admin.wait_for_metric("introspections_total;result=inactive", 1 + u64::from(pairs))?;
    admin.wait_for_metric("revocations_total", 1)?;
    // The sandbox, by the client and by the test.
    admin.wait_for_metric("requests_total;outcome=guest", 2)?;
    wait::until("the requests in the metrics", || {
        let metrics = admin.metrics()?;
        let count = |outcome: &str| metrics.get(&format!("requests_total;outcome={outcome}"));
        let sum: u64 = ["token", "client"].into_iter().filter_map(count).sum();
        Ok((sum == verified as u64).then_some(()))
    })
    .with_context(|| format!("{verified} requests at the backend, and {:?}", admin.metrics()))
}

/// Through the filter, a client must see what it sees without.
fn same_as_without_filter(client: Command, through: &Said) -> Result<Vec<Seen>> {
    let backend = Usergrid::start(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let mut direct = run(client, backend.address())?;
    ensure!(through.len() == direct.len(), "{through:?}\n{direct:?}");
    for (name, step) in through {
        let other = direct.get_mut(name).with_context(|| format!("no `{name}` without filter"))?;
        for by_chance in ["token", "uuid"] {
            if other.get(by_chance).is_some() {
                other[by_chance] = step[by_chance].clone();
            }
        }
        ensure!(step == other, "{step}\nwith the filter, and without\n{other}");
    }
    Ok(backend.seen())
}

/// Whether a token is where the SDK is said to put it: in the query, or in the header.
fn sent_in(seen: &[Seen], query: bool) -> bool {
    let (of_query, of_header): (Vec<bool>, Vec<bool>) = seen
        .iter()
        .map(|seen| {
            let header = header(&seen.headers, "authorization").is_some();
            (seen.path.contains("access_token="), header)
        })
        .unzip();
    of_query.contains(&true) == query && of_header.contains(&true) != query
}

fn complete(name: &str, client: impl Fn() -> Result<Command>, query: bool) -> Result<Said> {
    let mut said = Said::new();
    for verifier in VERIFIERS {
        let site = Site::start(name, verifier)?;
        said = run(client()?, site.envoy.listener())?;
        let token = satisfied(&said, name).with_context(|| format!("{verifier:?}"))?;
        protected(&site, &token, query).with_context(|| format!("{verifier:?}"))?;
    }
    let seen = same_as_without_filter(client()?, &said)?;
    ensure!(sent_in(&seen, query), "the token is elsewhere: {seen:#?}");
    Ok(said)
}

#[test]
fn the_first_node_sdk_with_the_token_in_the_query() -> Result<()> {
    let said = complete("node-query", || node("query.js"), true)?;
    let wrong = said.get("wrong pair").context("no `wrong pair`")?;
    ensure!(wrong["status"] == 401 && wrong["error"] == "invalid_client", "{wrong}");
    Ok(())
}

#[test]
fn the_second_node_sdk_with_the_token_in_the_header() -> Result<()> {
    let said = complete("node-header", || node("header.js"), false)?;
    let wrong = said.get("wrong pair").context("no `wrong pair`")?;
    ensure!(wrong["status"] == 400 && wrong["error"] == "invalid_grant", "{wrong}");
    Ok(())
}

#[test]
fn the_python_sdk_with_the_token_in_the_header() -> Result<()> {
    let said = complete("python-header", || python("header.py"), false)?;
    let wrong = said.get("wrong pair").context("no `wrong pair`")?;
    ensure!(wrong["refused"] == true && wrong["error"] == "invalid_grant", "{wrong}");
    Ok(())
}

/// The lock files say what the head of this file says, and name nobody's registry.
#[test]
fn the_versions_are_pinned() -> Result<()> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let lock = read(&clients("node").join("package-lock.json"))?;
    let requirements = read(&clients("python").join("requirements.txt"))?;
    ensure!(!lock.contains("\"resolved\"") && !requirements.contains("://"), "a registry is named");
    let lock: Value = serde_json::from_str(&lock)?;
    let version = |name: &str| lock["packages"][format!("node_modules/{name}")]["version"].clone();
    ensure!(version("usergrid") == "0.10.11" && version("usergrid-2") == "2.0.0-rc.2", "{lock}");
    ensure!(requirements.contains("usergrid==0.2.10"), "{requirements}");
    Ok(())
}
