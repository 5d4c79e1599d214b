//! Where, when and of what figures are.

use std::fs;
use std::process::Command;

use anyhow::Result;
use integration::harness::workspace;

use crate::report::Stamp;
use crate::run::Run;

/// At the start of a run.
///
/// # Errors
/// If there is no Envoy.
pub fn new(run: &Run, seed: u64) -> Result<Stamp> {
    let dirty = if said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() {
        ""
    } else {
        "+"
    };
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = name.map_or("unknown processor", |(_, name)| name);
    // Not those that are left to this process.
    let count = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let average = average.split(' ').next().and_then(|average| average.parse().ok());
    Ok(Stamp {
        date: said("date", &["--utc", "+%Y-%m-%d"]),
        revision: format!("{}{dirty}", said("git", &["rev-parse", "--short=10", "HEAD"])),
        envoy: integration::harness::envoy::find()?.version,
        machine: format!("{count} processors {name}"),
        kernel: said("uname", &["-sr"]),
        places: run.places.describe().into(),
        load_average: average.unwrap_or_default(),
        module_bytes: fs::metadata(&run.module)?.len(),
        seed,
        mode: run.effort.name.into(),
        seconds: 0,
    })
}

/// What a program prints, or nothing.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(workspace::root()).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
