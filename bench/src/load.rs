//! Load from `h2load`, where every request is the same, and from `wrk`, where each has another
//! token.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// No slice takes as long; a load generator that hangs is an error.
const SECONDS_AT_MOST: &str = "120";
/// For a slice in which nothing happened.
const TRIES: u32 = 5;

/// Requests that are all alike.
#[derive(Clone, Debug)]
pub struct Same<'a> {
    pub address: SocketAddr,
    /// Path and query.
    pub path: &'a str,
    /// `name: value`.
    pub headers: &'a [String],
    /// What every answer must be.
    pub status: u16,
}

/// What `wrk` reports.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Rotated {
    pub requests: u64,
    /// Answers with 400 or above.
    pub refused: u64,
    /// Requests without an answer.
    pub failed: u64,
    /// Microseconds to the answer for half of them.
    pub p50: f64,
}

/// Fails if a tool is missing, and says where to get it.
///
/// # Errors
/// If one is.
pub fn tools() -> Result<()> {
    for (tool, package) in [
        ("wrk", "wrk"),
        ("h2load", "nghttp2-client"),
        ("openssl", "openssl"),
        ("timeout", "coreutils"),
        ("wasm-metadce", "binaryen"),
    ] {
        let found = Command::new(tool).arg("--version").output().is_ok();
        ensure!(found, "`{tool}` cannot be run: apt-get install {package}");
    }
    Ok(())
}

impl Same<'_> {
    /// Sends `count` requests over 8 connections, as fast as they are answered.
    ///
    /// # Errors
    /// If an answer is missing or has another status.
    pub fn send(&self, count: u64) -> Result<()> {
        let output = self.h2load(&["-n", &count.to_string(), "-c", "8"])?;
        self.check(&output, count)
    }

    /// Sends `rate` requests a second for `seconds` and returns the microseconds to each answer.
    ///
    /// # Errors
    /// If an answer is missing or has another status.
    pub fn paced(&self, rate: u64, seconds: u64, scratch: &Path) -> Result<Vec<f64>> {
        const CONNECTIONS: u64 = 4;
        let log = scratch.join("paced.log");
        let _absent = fs::remove_file(&log);
        let count = rate * seconds;
        let (count_text, each) = (count.to_string(), (rate / CONNECTIONS).to_string());
        let connections = CONNECTIONS.to_string();
        let log_file = format!("--log-file={}", log.display());
        let rps = format!("--rps={each}");
        let output = self.h2load(&["-n", &count_text, "-c", &connections, &rps, &log_file])?;
        self.check(&output, count)?;
        let text = fs::read_to_string(&log).context("h2load wrote no log")?;
        let times = text.lines().filter_map(|line| line.split('\t').nth(2)?.parse().ok());
        let times: Vec<f64> = times.collect();
        ensure!(times.len() as u64 == count, "h2load logged {} of {count}", times.len());
        Ok(times)
    }

    fn h2load(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("timeout");
        command.args([SECONDS_AT_MOST, "h2load", "--h1", "-t", "1", "-T", "10", "-N", "10"]);
        command.args(arguments);
        for header in self.headers {
            command.args(["-H", header]);
        }
        command.arg(format!("http://{}{}", self.address, self.path));
        said(&command.output().context("cannot run h2load")?)
    }

    fn check(&self, output: &str, count: u64) -> Result<()> {
        // `status codes: 4000 2xx, 0 3xx, 0 4xx, 0 5xx`
        let class = format!(" {}xx", self.status / 100);
        let line = output.lines().find_map(|line| line.strip_prefix("status codes:"));
        let line = line.context("h2load reports no status codes")?;
        let number = line.split(',').find_map(|part| part.strip_suffix(&class));
        let number: u64 = number.context("h2load reports no such class")?.trim().parse()?;
        ensure!(
            number == count,
            "{} at {} answered {number} of {count} requests with {}: {line}",
            self.path,
            self.address,
            self.status,
        );
        Ok(())
    }
}

/// Tokens that take turns.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// What each begins with.
    pub prefix: &'a str,
    /// The number of the first.
    pub first: u64,
    /// How many, before the first comes again.
    pub count: u64,
    /// For each.
    pub path: &'a str,
}

impl Rotation<'_> {
    /// Sends requests for `seconds` over `connections`; once more if the machine was so busy that
    /// none was answered.
    ///
    /// # Errors
    /// If an answer is missing or is a refusal.
    pub fn send(&self, address: SocketAddr, connections: u32, seconds: u64) -> Result<Rotated> {
        for _ in 0..TRIES {
            let result = self.wrk(address, connections, seconds)?;
            if result.requests > 0 {
                return Ok(result);
            }
        }
        bail!("no request at {address} was answered, in {TRIES} times {seconds} s")
    }

    fn wrk(&self, address: SocketAddr, connections: u32, seconds: u64) -> Result<Rotated> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("lua").join("load.lua");
        let mut command = Command::new("timeout");
        command.args([
            SECONDS_AT_MOST,
            "wrk",
            "--timeout",
            "30s",
            "-t",
            "1",
            "-c",
            &connections.to_string(),
        ]);
        command.arg("-d").arg(format!("{seconds}s")).arg("-s").arg(script);
        command.arg(format!("http://{address}/")).arg("--").arg(self.prefix);
        command.args([self.first.to_string(), self.count.to_string(), self.path.to_owned()]);
        let output = said(&command.output().context("cannot run wrk")?)?;
        let line = output.lines().find(|line| line.starts_with('{'));
        let result: Rotated = serde_json::from_str(line.context("wrk reports nothing")?)?;
        ensure!(
            result.refused == 0 && result.failed == 0,
            "of {} requests at {address} {} were refused and {} failed",
            result.requests,
            result.refused,
            result.failed,
        );
        Ok(result)
    }
}

fn said(output: &Output) -> Result<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    bail!("{}: {text}{}", output.status, String::from_utf8_lossy(&output.stderr))
}
