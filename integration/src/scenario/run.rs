//! Runs a scenario's cases in order and reports everything that is wrong, not only the first.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::check;
use super::file::{Case, Scenario};
use super::target::Target;
use crate::harness::client::{self, Request};
use crate::harness::http::header;
use crate::harness::wait;

/// Runs all cases against a target that has the scenario's configuration.
///
/// # Errors
/// All deviations, one a line.
pub fn run(scenario: &Scenario, target: &dyn Target) -> Result<()> {
    let scenario =
        &target.version().map_or_else(|| scenario.clone(), |version| scenario.at(version));
    let before = requests(target)?;
    let mut wrong = Vec::new();
    for case in &scenario.cases {
        let found = run_case(case, target).unwrap_or_else(|error| vec![format!("{error:#}")]);
        wrong.extend(found.into_iter().map(|text| format!("- {}: {text}", case.name)));
    }
    // After a deviation the counts would be waited for in vain.
    if wrong.is_empty()
        && let Err(error) = metrics(scenario, target, &before)
    {
        wrong.push(format!("- afterwards: {error:#}"));
    }
    if let Err(error) = access_log(scenario, target) {
        wrong.push(format!("- afterwards: {error:#}"));
    }
    if !wrong.is_empty() {
        bail!("{}\n{}", scenario.about, wrong.join("\n"));
    }
    Ok(())
}

/// Runs all files that need nothing but `envoy/envoy.yaml` as it is, and returns what became of
/// each.
///
/// # Errors
/// If nobody answers there.
pub fn smoke(target: &dyn Target) -> Result<Vec<(String, Result<()>)>> {
    wait::until(&format!("an answer from {}", target.address()), || {
        Ok(client::send(target.address(), &Request::get("/")).ok())
    })?;
    let mut results = Vec::new();
    for name in Scenario::names()? {
        let scenario = Scenario::load(&name)?;
        if scenario.runs_anywhere() {
            results.push((name, run(&scenario, target)));
        }
    }
    Ok(results)
}

fn run_case(case: &Case, target: &dyn Target) -> Result<Vec<String>> {
    let calls = target.calls()?;
    let requests = target.backend_requests()?;
    let mut request = case.to_request()?;
    if let Some(host) = target.host().filter(|_| header(&request.headers, "host").is_none()) {
        request = request.header("host", host);
    }
    let response = client::send(target.address(), &request)?;
    let mut case = case.clone();
    // Left over where nobody knows the version: it is one or the other.
    if let Some(older) = case.older.take_if(|older| older.status == response.status) {
        case.become_older(&older);
    }
    let case = &case;
    let mut wrong = check::response(case, &response);
    if let (Some(expected), Some(before), Some(after)) = (case.calls, calls, target.calls()?)
        && after - before != expected
    {
        wrong.push(format!("{} calls to the verifying server, not {expected}", after - before));
    }
    if let (Some(before), Some(after)) = (requests, target.backend_requests()?) {
        let expected = usize::from(case.passes());
        if after - before != expected {
            wrong.push(format!("{} requests at the backend, not {expected}", after - before));
        }
    }
    if !wrong.is_empty() && !case.passes() {
        wrong.push(format!("the reply was {}", String::from_utf8_lossy(&response.body).trim()));
    }
    Ok(wrong)
}

/// Every case has counted under its outcome and under no other.
fn metrics(scenario: &Scenario, target: &dyn Target, before: &BTreeMap<String, u64>) -> Result<()> {
    if target.metrics()?.is_none() {
        return Ok(());
    }
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for case in scenario.cases.iter().filter(|case| case.outcome != "none") {
        *expected.entry(format!("requests_total;outcome={}", case.outcome)).or_default() += 1;
    }
    let mut actual = BTreeMap::new();
    let reached = wait::until("the counts", || {
        actual = requests(target)?;
        for (name, value) in &mut actual {
            *value -= before.get(name).copied().unwrap_or_default();
        }
        actual.retain(|_, value| *value > 0);
        Ok((actual == expected).then_some(()))
    });
    reached
        .with_context(|| format!("requests were counted as {actual:?}, expected {expected:?}"))?;
    // Written together with the counts above.
    let all = target.metrics()?.unwrap_or_default();
    for (name, expected) in &scenario.metrics {
        let actual = all.get(name).copied().unwrap_or_default();
        if actual != *expected {
            bail!("metric {name} is {actual} instead of {expected}");
        }
    }
    Ok(())
}

fn requests(target: &dyn Target) -> Result<BTreeMap<String, u64>> {
    let mut metrics = target.metrics()?.unwrap_or_default();
    metrics.retain(|name, _| name.starts_with("requests_total;"));
    Ok(metrics)
}

/// No credential from a query is in the access log, whatever became of the request.
fn access_log(scenario: &Scenario, target: &dyn Target) -> Result<()> {
    let Some(log) = target.access_log()? else { return Ok(()) };
    for case in scenario.cases.iter().filter(|case| !case.untouched && case.outcome != "none") {
        for secret in case.query_secrets() {
            if secret.len() > 3 && log.contains(&format!("={secret}")) {
                bail!("the access log shows the credential of `{}`", case.name);
            }
        }
    }
    Ok(())
}
