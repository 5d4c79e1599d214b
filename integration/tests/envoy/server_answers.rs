//! The answers that real servers give, in Envoy: every row that the core's own test takes, with one
//! Envoy for each configuration among them.

#[path = "../../../crates/core/tests/native/server_answers/row.rs"]
mod row;

use std::fmt::Debug;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::{Bootstrap, Knobs, merge};
use integration::harness::client::{Request, Response};
use integration::harness::gateway::GATEWAY_SECRET;
use integration::harness::http::header;
use integration::harness::wait;
use integration::servers::stub::answer::Answer;
use integration::servers::stub::backend::MARK;
use integration::site::{Setup, Site};
use row::{Pairs, Row};
use serde_json::{Value, json};

#[test]
fn every_row_comes_out_as_it_says() -> Result<()> {
    let rows = row::all().map_err(anyhow::Error::msg)?;
    let mut groups: Vec<(&Value, Vec<&Row>)> = Vec::new();
    for row in &rows {
        match groups.iter_mut().find(|(config, _)| **config == row.config) {
            Some((_, group)) => group.push(row),
            None => groups.push((&row.config, vec![row])),
        }
    }
    let mut wrong = Vec::new();
    for (config, group) in groups {
        let site = start(config).with_context(|| config.to_string())?;
        for row in group {
            let found = deviations(&site, row).with_context(|| row.name.clone())?;
            wrong.extend(found.into_iter().map(|what| format!("- {}: {what}", row.name)));
        }
    }
    ensure!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    Ok(())
}

/// An Envoy with this configuration and what the stub asks of its caller, behind another proxy: the
/// first one takes from strangers what only a proxy may say, such as the path before a rewrite.
fn start(config: &Value) -> Result<Site> {
    let mut config = config.clone();
    let gateway = json!({
        "method": "client_secret_basic",
        "client_id": "gateway",
        "client_secret": GATEWAY_SECRET,
    });
    merge(&mut config, &json!({ "introspection": { "timeout": "20s", "client_auth": gateway } }));
    if config.get("client_credentials").is_some() {
        merge(&mut config, &json!({ "client_credentials": { "timeout": "20s" } }));
    }
    let setup = Setup { name: "server-answers".into(), ..Setup::default() };
    Site::build(&setup.name, &Knobs::default(), |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.set_configuration(&config.to_string())?;
        let mut bootstrap = bootstrap.json().clone();
        let manager = bootstrap
            .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config");
        manager.context("no connection manager")?["use_remote_address"] = false.into();
        Ok(Bootstrap::from(bootstrap))
    })
}

/// What is not as the row says.
fn deviations(site: &Site, row: &Row) -> Result<Vec<String>> {
    let expect = &row.expect;
    let subject = learn(site, row)?;
    let (seen, logged) = (site.backend.seen().len(), lines(site)?);
    let response = site.send(&request(row))?;
    let mut wrong = Vec::new();
    let mut compare = |what: &str, found: &dyn Debug, wanted: &dyn Debug| {
        let (found, wanted) = (format!("{found:?}"), format!("{wanted:?}"));
        if found != wanted {
            wrong.push(format!("{what} is {found} instead of {wanted}"));
        }
    };
    compare("status", &response.status, &expect.status);
    compare("reached", &response.header(MARK).is_some(), &(expect.status == 200));
    if let Some(error) = &expect.error {
        compare("error", &response.json()?["error"].as_str(), &Some(error));
    }
    if let Some(wanted) = &expect.retry_after {
        compare("retry-after", &response.header("retry-after"), &Some(wanted));
    }
    let reached: Vec<_> = site.backend.seen().into_iter().skip(seen).collect();
    compare("requests at the backend", &reached.len(), &usize::from(expect.status == 200));
    if let Some(request) = reached.first() {
        for (name, wanted) in &expect.backend {
            let value = header(&request.headers, name);
            let found = match name.as_str() {
                "path" => Some(request.path.clone()),
                _ => value.map(|value| String::from_utf8_lossy(value).into_owned()),
            };
            compare(name, &found, wanted);
        }
    }
    if let Some(token) = &expect.introspected {
        let asked = site.introspection.calls().into_iter().any(|call| call.subject == *token);
        compare("introspected", &asked, &true);
    }
    let calls = || subject.as_ref().map_or(0, |subject| site.introspection.count(subject));
    if let Some(wanted) = expect.calls {
        compare("calls", &calls(), &wanted);
    }
    if let Some(wanted) = expect.calls_for_two_requests {
        site.send(&request(row))?;
        compare("calls for two requests", &calls(), &wanted);
    }
    for secret in &expect.nowhere {
        compare(&format!("`{secret}` shown"), &shown(site, &response, logged, secret)?, &false);
    }
    Ok(wrong)
}

/// Teaches the stub the row's answer; returns what it is about.
fn learn(site: &Site, row: &Row) -> Result<Option<String>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let answer = Answer {
        status: Some(row.answer.status),
        headers: row.answer.headers.iter().cloned().collect(),
        text: Some(String::from_utf8(row.answer.body(now))?),
        ..Answer::default()
    };
    if let Some(token) = row.token() {
        site.introspection.learn(token, answer);
        return Ok(Some(token.to_owned()));
    }
    let pair = row.pair();
    if let Some(pair) = &pair {
        site.introspection.learn_client(pair, answer);
    }
    Ok(pair)
}

fn request(row: &Row) -> Request {
    let headers = |request: Request, headers: &Pairs| {
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    headers(Request::new(&row.method, &row.path), &row.headers)
}

fn lines(site: &Site) -> Result<usize> {
    Ok(site.envoy.access_log()?.lines().count())
}

/// Whether anybody but the verifying server was shown this text.
fn shown(site: &Site, response: &Response, logged: usize, text: &str) -> Result<bool> {
    wait::until("the line in the access log", || Ok((lines(site)? > logged).then_some(())))?;
    let backend = site.backend.seen().into_iter().any(|seen| {
        let body = String::from_utf8_lossy(&seen.body).contains(text);
        let mut values = seen.headers.iter().map(|(_, value)| String::from_utf8_lossy(value));
        seen.path.contains(text) || body || values.any(|value| value.contains(text))
    });
    let mut values = response.headers.iter().map(|(_, value)| String::from_utf8_lossy(value));
    let reply = String::from_utf8_lossy(&response.body).contains(text)
        || values.any(|value| value.contains(text));
    let logs = site.envoy.log()?.contains(text) || site.envoy.access_log()?.contains(text);
    Ok(backend || reply || logs)
}
