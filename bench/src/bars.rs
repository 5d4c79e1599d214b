//! What is asked of the figures. A part that was not run, or was run at a smaller size, has no bar.

use crate::report::{Bar, Curve, Miss, Row};
use crate::scale::{credentials, rules};
use crate::side_by_side::find;

/// The bars that these figures can tell about.
#[must_use]
pub fn of(rows: &[Row], misses: &[Miss], curves: &[Curve], module_bytes: u64) -> Vec<Bar> {
    let mut bars = Vec::new();
    side_by_side(rows, &mut bars);
    scale(curves, &mut bars);
    if let Some(miss) = misses.iter().find(|miss| miss.id == "ours" && miss.delay == 0) {
        let name = "a miss with a server that answers at once, over bare Envoy";
        bars.push(bar(name, 0.3, miss.over_bare / 1e3, "ms"));
    }
    let kilobytes = crate::run::microseconds(module_bytes);
    bars.push(bar("the module's size", 250.0, kilobytes, "KB"));
    bars
}

fn side_by_side(rows: &[Row], bars: &mut Vec<Bar>) {
    for (id, name, limit) in [
        ("header", "hit by header, over bare Envoy", 1.5),
        ("guest", "guest, over bare Envoy", 1.3),
        ("query", "hit by query, over bare Envoy", 2.0),
    ] {
        if let Some(row) = find(rows, id) {
            bars.push(bar(name, limit, row.of_noop, "× a filter that does nothing"));
        }
    }
    if let (Some(header), Some(authz)) = (find(rows, "header"), find(rows, "authz-http")) {
        let part = header.added / authz.added;
        bars.push(bar("hit by header, over bare Envoy", 0.2, part, "× ext_authz over HTTP"));
    }
    if let (Some(refusal), Some(bare)) = (find(rows, "refusal"), find(rows, "bare")) {
        let part = refusal.cpu.lower / bare.cpu.lower;
        bars.push(bar("refusal", 1.0, part, "× the round trip to the backend that it saves"));
    }
}

fn scale(curves: &[Curve], bars: &mut Vec<Bar>) {
    for (id, lines, most, limit, name) in [
        ("credentials", credentials::LINES.as_slice(), 1e6, 1.1, "hit with 1,000,000 seen"),
        ("rules", rules::LINES.as_slice(), 1e4, 1.2, "10,000 rules"),
    ] {
        let Some(curve) = curves.iter().find(|curve| curve.id == id) else { continue };
        for line in lines {
            if let (Some(one), Some(many)) = (curve.at(line, 1.0), curve.at(line, most)) {
                bars.push(bar(&format!("{name} ({line})"), limit, many / one, "× one"));
            }
        }
    }
}

fn bar(name: &str, limit: f64, measured: f64, unit: &str) -> Bar {
    Bar { name: name.into(), limit, measured, unit: unit.into() }
}
