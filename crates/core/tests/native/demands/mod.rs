//! Rules that demand something match in every spelling of a path.

mod agreement;
mod matching;
mod plurals;
mod properties;

use usergrid_auth_rules::demand::{Agreement, Demand, DemandRule, DemandRules, Methods, Readings};
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::steps::Steps;

const UUID: &str = "b6768a08-b5d5-11e3-a495-11ddb1de66c8";
const OTHER_UUID: &str = "c6768a08-b5d5-11e3-a495-11ddb1de66c8";

fn rules(texts: &[&str]) -> DemandRules {
    let rule = |text: &&str| {
        DemandRule::parse(text).unwrap_or_else(|problem| panic!("`{text}`: {problem}"))
    };
    DemandRules::new(texts.iter().map(rule).collect())
}

/// The readings of `METHOD /path` at a Usergrid.
fn readings(request: &str) -> Readings {
    readings_at(request, true)
}

fn readings_at(request: &str, usergrid: bool) -> Readings {
    let (method, path) = request.split_once(' ').expect("METHOD /path");
    let path = RequestPath::parse(path.as_bytes(), &[]).unwrap_or_else(|_| panic!("{path} broken"));
    Readings::new(Methods::of(method.as_bytes()), &path, usergrid)
}

fn demand(rules: &DemandRules, request: &str) -> Demand {
    rules.demand(&readings(request), &Steps::of_a_request())
}

fn agreement(rules: &DemandRules, request: &str) -> Agreement {
    rules.agreement(&readings(request), &Steps::of_a_request())
}
