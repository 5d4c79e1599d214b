//! Rules and configurations of growing size. The request is decided by the last rule.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Plan, number, over_bare};
use crate::filters;
use crate::report::Curve;
use crate::rig::{BARE, Listener, Rig};
use crate::run::Run;
use crate::servers::GOOD;

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];
/// The lines that have a bar.
pub const LINES: [&str; 3] =
    ["guest: applications", "guest: permissions of one application", "public"];

/// Guest and public rules.
///
/// # Errors
/// If Envoy does not take a configuration.
pub fn rules(run: &mut Run) -> Result<Curve> {
    let mut listeners = vec![Listener::bare()];
    let mut plan = Plan::default();
    let base = plan.case(BARE, "/acme/sandbox/books", vec![]);
    let sizes = SIZES.into_iter().filter(|size| *size <= run.effort.most_rules);
    for size in sizes {
        for (index, line) in LINES.into_iter().enumerate() {
            let name = format!("rules-{index}-{size}");
            let filter = filters::ours(&run.module, &name, 0, &with_rules(index, size))?;
            listeners.push(Listener::new(&name, filter));
            let path = if line == "public" { "/open/books/1" } else { "/acme/sandbox/books" };
            let case = plan.case(&name, path, vec![]);
            plan.point(line, number(size), case, base);
        }
    }
    let rig = Rig::start(&listeners, &run.servers, 1, run.places)?;
    let lines = plan.measure(run, &rig)?;
    Ok(over_bare("rules", "Rules: the last of so many decides", "rules", true, lines))
}

fn with_rules(index: usize, size: usize) -> Value {
    let others = 1..size;
    match index {
        0 => {
            let others = others.map(|number| {
                json!({
                    "applications": [format!("org{number}/app{number}")],
                    "permissions": ["get:/**"],
                })
            });
            let last = json!({ "applications": ["*/sandbox"], "permissions": ["get:/**"] });
            json!({ "guest": others.chain([last]).collect::<Vec<_>>() })
        }
        1 => {
            let others = others.map(|number| format!("get:/collection{number}/**"));
            let permissions: Vec<_> = others.chain(["get:/books/**".to_owned()]).collect();
            let rule = json!({ "applications": ["*/sandbox"], "permissions": permissions });
            json!({ "guest": [rule] })
        }
        _ => {
            let others = others.map(|number| format!("get:/place{number}/books/*"));
            json!({ "public": others.chain(["get:/open/books/*".to_owned()]).collect::<Vec<_>>() })
        }
    }
}

/// A configuration that grows by roles which the caller does not have.
///
/// # Errors
/// If Envoy does not take a configuration.
pub fn configuration(run: &mut Run) -> Result<Curve> {
    let mut listeners = vec![Listener::bare()];
    let mut plan = Plan::default();
    let bearer = vec![format!("authorization: Bearer {GOOD}one")];
    let base = plan.case(BARE, "/acme/shop/books", bearer.clone());
    for size in SIZES.into_iter().filter(|size| *size <= run.effort.most_rules) {
        let roles: serde_json::Map<String, Value> = (0..size)
            .map(|number| (format!("role{number}"), json!([format!("get:/part{number}/**")])))
            .collect();
        let patch = json!({ "authorization": { "roles": roles } });
        let bytes = patch.to_string().len();
        let name = format!("configuration-{size}");
        listeners.push(Listener::new(&name, filters::ours(&run.module, &name, 0, &patch)?));
        let case = plan.case(&name, "/acme/shop/books", bearer.clone());
        plan.point("token in the header, known", number(bytes), case, base);
    }
    let rig = Rig::start(&listeners, &run.servers, 1, run.places)?;
    let lines = plan.measure(run, &rig)?;
    let title = "Configuration: roles that do not matter";
    Ok(over_bare("configuration", title, "bytes of roles", true, lines))
}
