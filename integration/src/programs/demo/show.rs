//! How the demo looks: plain lines, coloured where a terminal shows them.

use std::io::IsTerminal;
use std::net::SocketAddr;

use serde_json::Value;

use super::curl::curl;
use super::step::{Backend, Step};
use crate::harness::client::Response;
use crate::harness::http::header;
use crate::scenario::check::backend_header;
use crate::servers::stub::backend::{MARK, Seen};

const IDENTITY: [&str; 13] = [
    "x-usergrid-principal",
    "x-usergrid-subject",
    "x-usergrid-username",
    "x-usergrid-client-id",
    "x-usergrid-scope",
    "x-usergrid-organization",
    "x-usergrid-application",
    "x-usergrid-server",
    "x-auth-subject",
    "x-auth-username",
    "x-auth-client-id",
    "x-auth-scope",
    "x-auth-server",
];

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";

/// Where the demo prints.
pub struct Screen {
    coloured: bool,
}

impl Screen {
    /// Standard output.
    pub fn new() -> Self {
        let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { coloured }
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.into() }
    }

    /// What takes a moment.
    pub fn doing(&self, what: &str) {
        println!("{}", self.paint(DIM, &format!("… {what}")));
    }

    pub fn title(&self, text: &str) {
        println!("\n{}\n", self.paint(BOLD, text));
    }

    /// Where the same can be looked at.
    pub fn page(&self, address: SocketAddr) {
        println!("{}\n", self.paint(CYAN, &format!("To look at in a browser: http://{address}/")));
    }

    /// One request and its answer.
    pub fn step(
        &self,
        number: usize,
        step: &Step,
        envoy: SocketAddr,
        response: &Response,
        wrong: &[String],
    ) {
        println!("{} {}", self.paint(BOLD, &format!("{number:2}.")), self.paint(BOLD, step.title));
        println!("    {}", self.paint(CYAN, &format!("$ {}", curl(&step.request, envoy))));
        let body = response.json().unwrap_or_default();
        if response.header(MARK).is_some() {
            println!("    {}", self.paint(GREEN, &response.status.to_string()));
            self.backend(&body);
        } else if matches!(step.backend, Backend::NotAsked) {
            let line = format!("{}, from the verifying server", response.status);
            println!("    {}", self.paint(GREEN, &line));
        } else {
            self.refusal(response, &body);
        }
        println!("    {}", self.paint(DIM, &format!("why: {}", step.why)));
        for text in wrong {
            println!("    {}", self.paint(RED, &format!("NOT AS DOCUMENTED: {text}")));
        }
        println!();
    }

    fn backend(&self, body: &Value) {
        let text =
            |member: &str| body.get(member).and_then(Value::as_str).unwrap_or("?").to_owned();
        println!("    backend saw  {} {}", text("method"), text("path"));
        let authorization =
            backend_header(body, "authorization").unwrap_or_else(|| "(none)".into());
        println!("    {:24} {authorization}", "  authorization");
        for name in IDENTITY {
            if let Some(value) = backend_header(body, name) {
                println!("    {:24} {value}", format!("  {name}"));
            }
        }
    }

    fn refusal(&self, response: &Response, body: &Value) {
        let member = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        let line =
            format!("{} {}: {}", response.status, member("error"), member("error_description"));
        println!("    {}", self.paint(YELLOW, &line));
        for name in ["www-authenticate", "retry-after"] {
            if let Some(value) = response.header(name) {
                println!("      {name}: {value}");
            }
        }
        println!("    backend saw  nothing");
    }

    /// One request to a Usergrid, its answer, what passed the filter and what the filter asked.
    pub fn exchange(
        &self,
        number: usize,
        title: &str,
        line: &str,
        (response, passed, asked): (&Response, Option<&Seen>, &str),
        why: &str,
        wrong: &[String],
    ) {
        println!("{} {}", self.paint(BOLD, &format!("{number:2}.")), self.paint(BOLD, title));
        println!("    {}", self.paint(CYAN, &format!("$ {line}")));
        let body = response.json().unwrap_or_default();
        match passed {
            Some(seen) => {
                let line = format!("{}, from Usergrid", response.status);
                println!("    {}", self.paint(GREEN, &line));
                println!("    Usergrid saw {} {}", seen.method, seen.path);
                for name in ["authorization"].iter().chain(&IDENTITY) {
                    let value = header(&seen.headers, name).map(String::from_utf8_lossy);
                    if let Some(value) = value {
                        println!("    {:24} {value}", format!("  {name}"));
                    }
                }
            }
            None => self.refusal(response, &body),
        }
        println!("    the filter asked: {asked}");
        println!("    {}", self.paint(DIM, &format!("why: {why}")));
        for text in wrong {
            println!("    {}", self.paint(RED, &format!("NOT AS DOCUMENTED: {text}")));
        }
        println!();
    }

    /// What a server was asked in all.
    pub fn account(&self, line: &str, wrong: &[String]) {
        println!("{}", self.paint(BOLD, line));
        for text in wrong {
            println!("    {}", self.paint(RED, &format!("NOT AS DOCUMENTED: {text}")));
        }
    }

    pub fn summary(&self, steps: usize, failed: usize) {
        if failed == 0 {
            let line = format!("all {steps} requests were answered as documented");
            println!("{}", self.paint(GREEN, &line));
        } else {
            let line = format!("{failed} of {steps} requests were not answered as documented");
            println!("{}", self.paint(RED, &line));
        }
    }

    /// What to do next.
    pub fn serving(&self, around: &[(&str, SocketAddr)], lines: &[(String, &str)]) {
        println!();
        for (name, address) in around {
            println!("{:24} http://{address}", format!("{name}:"));
        }
        println!("\nTry it:");
        for (line, what) in lines {
            println!("  {}\n  {}", self.paint(DIM, &format!("# {what}")), self.paint(CYAN, line));
        }
        println!("\nServing until Ctrl-C.");
    }
}
