//! What is asked of the figures. A part that was not run, or was run at a smaller size, has no bar.

use crate::module;
use crate::report::{Bar, Curve, InModule, Miss, Report, Row};
use crate::scale::{credentials, rules};
use crate::side_by_side::find;

/// The bars that these figures can tell about.
#[must_use]
pub fn of(report: &Report) -> Vec<Bar> {
    let mut bars = Vec::new();
    side_by_side(&report.side_by_side, &mut bars);
    in_module(&report.module, &mut bars);
    misses(&report.misses, &mut bars);
    scale(&report.curves, &mut bars);
    let kilobytes = crate::run::microseconds(report.stamp.module_bytes);
    bars.push(bar("the module's size", 300.0, kilobytes, "KB"));
    bars
}

fn side_by_side(rows: &[Row], bars: &mut Vec<Bar>) {
    for (id, name, limit) in [
        ("header", "hit by header, over bare Envoy", 1.25),
        ("guest", "guest, over bare Envoy", 1.3),
        ("query", "hit by query, over bare Envoy", 1.3),
        ("public", "public endpoint, over bare Envoy", 1.3),
    ] {
        if let Some(floors) = find(rows, id).and_then(|row| row.of_floor) {
            bars.push(bar(name, limit, floors, "× its host calls made by hand"));
        }
    }
    for (id, other, limit, unit) in [
        ("header", "authz-http", 0.3, "× ext_authz over HTTP"),
        ("one", "lua-cache", 1.5, "× Lua with a table"),
    ] {
        if let (Some(ours), Some(other)) = (find(rows, id), find(rows, other)) {
            let name = match id {
                "one" => "hit with one identity header, over bare Envoy",
                _ => "hit by header, over bare Envoy",
            };
            bars.push(bar(name, limit, ours.added / other.added, unit));
        }
    }
    if let (Some(refusal), Some(bare)) = (find(rows, "refusal"), find(rows, "bare")) {
        let part = refusal.cpu.lower / bare.cpu.lower;
        bars.push(bar("refusal", 1.0, part, "× the round trip to the backend that it saves"));
    }
}

/// The first way is a hit with all its headers.
fn in_module(rows: &[InModule], bars: &mut Vec<Bar>) {
    let Some(hit) = rows.first() else { return };
    let unit = "× a floor with logic";
    if let Some((hot, cold)) = module::in_floors_with_logic(rows, hit) {
        bars.push(bar("hit in V8, hot caches", 2.0, hot, unit));
        bars.push(bar("hit in V8, evicted caches", 2.0, cold, unit));
    }
}

fn misses(misses: &[Miss], bars: &mut Vec<Bar>) {
    let over = |id: &str| misses.iter().find(|miss| miss.id == id && miss.delay == 0);
    if let (Some(ours), Some(authz)) = (over("ours"), over("authz-http")) {
        let name = "a miss with a server that answers at once, over bare Envoy";
        let part = ours.over_bare / authz.over_bare;
        bars.push(bar(name, 1.0, part, "× ext_authz over HTTP"));
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
