//! `usergrid-auth explain` says what the real Envoy does: every case of every file under
//! `scenarios/` is explained, and the explanation is checked as an answer of Envoy is. That Envoy
//! answers so is what `tests/envoy` proves with the same files.
//!
//! An explanation is of one request in an Envoy that has just started: what is remembered of cases
//! before one changes how many calls it makes, and nothing else of it. It is also of the request as
//! the filter gets it; where Envoy has changed it before, `elsewhere.rs` says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do ends it")]

mod elsewhere;
mod reply;
mod request;
mod server;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use elsewhere::Before;
use integration::harness::bootstrap::Bootstrap;
use integration::harness::gateway::{GATEWAY_SECRET, GATEWAY_TOKEN};
use integration::scenario::check;
use integration::scenario::file::{Case, Scenario};
use integration::servers::usergrid::SALT;
use usergrid_auth::explain::{Explanation, explain};
use usergrid_auth_config::Config;
use usergrid_auth_core::time::UnixMillis;

/// So many cases there are at least.
const MOST_OF_THEM: usize = 300;

/// The configuration that Envoy gets for a file.
fn config(name: &str, scenario: &Scenario) -> Result<Rc<Config>> {
    let mut bootstrap = Bootstrap::load()?;
    scenario.setup(name).change(&mut bootstrap)?;
    let text = bootstrap.configuration()?.to_string();
    let environment = |name: &str| match name {
        "INTROSPECTION_SECRET" => Some(GATEWAY_SECRET.as_bytes().to_vec()),
        "INTROSPECTION_TOKEN" => Some(GATEWAY_TOKEN.as_bytes().to_vec()),
        "USERGRID_TOKEN_SALT" => Some(SALT.as_bytes().to_vec()),
        _ => None,
    };
    match Config::parse(text.as_bytes(), &environment) {
        Ok(config) => Ok(Rc::new(config)),
        Err(problems) => bail!("{name}: {problems}"),
    }
}

fn explained(config: &Rc<Config>, scenario: &Scenario, case: &Case) -> Result<Explanation> {
    let request = request::of(case, &scenario.envoy)?;
    let mut server = server::Stub::new(scenario.envoy.introspection_down)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = UnixMillis(u64::try_from(now)?);
    Ok(explain(config, &request, &mut |call| server.answer(call).ok(), now))
}

/// Everything in which an explanation differs from its case.
fn differences(config: &Rc<Config>, scenario: &Scenario, case: &Case) -> Result<Vec<String>> {
    let explanation = explained(config, scenario, case)?;
    let outcome = explanation.outcome.map_or("open", |outcome| outcome.label());
    let mut wrong = Vec::new();
    if outcome != case.outcome {
        wrong.push(format!("outcome {outcome} instead of {}", case.outcome));
    }
    wrong.extend(check::response(case, &reply::of(case, &explanation)?));
    Ok(wrong)
}

/// The same case with another path.
fn with_path(case: &Case, path: &str) -> Case {
    let method = case.request.split(' ').next().unwrap_or_default();
    Case { request: format!("{method} {path}"), ..case.clone() }
}

#[test]
fn explanations_agree_with_the_real_envoy() -> Result<()> {
    let (mut wrong, mut elsewhere, mut compared) = (Vec::new(), BTreeSet::new(), 0);
    for name in Scenario::names()? {
        let scenario = Scenario::load(&name)?;
        let config = config(&name, &scenario)?;
        for case in &scenario.cases {
            let at = || format!("{name}: {}", case.name);
            let mut found = differences(&config, &scenario, case).with_context(at)?;
            if let Some(before) = elsewhere::before(&name, &case.name) {
                ensure!(!found.is_empty(), "{}: Envoy does nothing to it", at());
                elsewhere.insert((name.clone(), case.name.clone()));
                let Before::Rewrites(path) = before else { continue };
                let case = with_path(case, path);
                found = differences(&config, &scenario, &case).with_context(at)?;
            }
            wrong.extend(found.iter().map(|it| format!("{}: {it}", at())));
            compared += 1;
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, case) in elsewhere::cases() {
        ensure!(elsewhere.contains(&(name.into(), case.into())), "no case {name}: {case}");
    }
    ensure!(compared >= MOST_OF_THEM, "{compared} cases were compared");
    Ok(())
}
