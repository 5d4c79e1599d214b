//! The page's own little server. Whatever else runs in the user's browser can reach it, and gets
//! nothing: it answers to its own name alone, and takes requests of its own page alone.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Demo, form};
use crate::harness::http::{Headers, RequestHead, header};
use crate::harness::server::{Exchange, Handler, Limits, Server};

const PAGE: &str = include_str!("page.html");
/// Bytes of what the form sends.
const LONGEST_BODY: usize = 16 * 1024;
/// A page has one connection for events and one or two for requests.
const LIMITS: Limits =
    Limits { connections: 32, head: 16 * 1024, patience: Some(Duration::from_secs(20)) };
/// How often a page is told the counters, if they have changed. The filter writes them as often.
const EVERY: Duration = Duration::from_secs(1);
/// Not for people: it changes for the workers' sake.
const SIGNAL: &str = "revocation_signal";

/// Serves until the result is dropped.
pub fn serve(address: SocketAddr, demo: Arc<Demo>) -> Result<Server> {
    let policy = policy()?;
    Server::start_within(LIMITS, address, Arc::new(Site { demo, policy }))
}

struct Site {
    demo: Arc<Demo>,
    policy: String,
}

impl Handler for Site {
    fn handle(&self, exchange: &mut Exchange) -> Result<bool> {
        if let Err((status, why)) = welcome(&exchange.head) {
            self.answer(exchange, status, "text/plain", why.as_bytes())?;
            // What is left of a body is nobody's next request.
            return Ok(false);
        }
        match (exchange.head.method.as_str(), exchange.head.path.as_str()) {
            ("GET", "/") => {
                self.answer(exchange, 200, "text/html; charset=utf-8", PAGE.as_bytes())?;
                Ok(true)
            }
            ("GET", "/events") => self.events(exchange).map(|()| false),
            ("POST", "/try") => self.try_request(exchange).map(|()| true),
            _ => self.answer(exchange, 404, "text/plain", b"no such page\n").map(|()| false),
        }
    }
}

impl Site {
    fn answer(&self, exchange: &mut Exchange, status: u16, kind: &str, body: &[u8]) -> Result<()> {
        let mut headers = self.headers(kind);
        if status >= 400 {
            headers.push(("connection".into(), b"close".to_vec()));
        }
        exchange.respond(status, &headers, body)
    }

    fn headers(&self, kind: &str) -> Headers {
        let headers = [
            ("content-type", kind),
            ("cache-control", "no-store"),
            ("content-security-policy", &self.policy),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ];
        headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).into()
    }

    /// Server-sent events until the page is gone.
    fn events(&self, exchange: &mut Exchange) -> Result<()> {
        let seen = header(&exchange.head.headers, "last-event-id");
        let seen = seen.and_then(|id| std::str::from_utf8(id).ok()?.parse().ok());
        let mut seen: u64 = seen.unwrap_or_default();
        let mut head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n".to_vec();
        for (name, value) in self.headers("text/event-stream") {
            head.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        exchange.raw(&head)?;
        let title = json!({ "title": self.demo.title });
        exchange.raw(format!("event: demo\ndata: {title}\n\n").as_bytes())?;
        let mut counters = String::new();
        loop {
            // Nobody knows that a page is gone before something is written to it.
            let mut text = String::from(":\n\n");
            for (id, event) in self.demo.events.after(seen, EVERY) {
                text.push_str(&format!("id: {id}\ndata: {event}\n\n"));
                seen = id;
            }
            let mut metrics = self.demo.admin.metrics()?;
            metrics.retain(|name, _| name != SIGNAL);
            let now = json!(metrics).to_string();
            if now != counters {
                text.push_str(&format!("event: counters\ndata: {now}\n\n"));
                counters = now;
            }
            exchange.raw(text.as_bytes())?;
        }
    }

    fn try_request(&self, exchange: &mut Exchange) -> Result<()> {
        let mut body = Vec::new();
        exchange.body(|piece| body.extend_from_slice(piece))?;
        let sent = form::read(&body).and_then(|request| {
            let sent = self.demo.send(&request, json!({ "title": "From the form" }));
            sent.map_err(|_| "Envoy closed the connection without an answer")
        });
        let (status, body) = match sent {
            Ok(response) => (200, json!({ "status": response.status })),
            Err(problem) => (400, json!({ "problem": problem })),
        };
        let body = body.to_string();
        self.answer(exchange, status, "application/json", body.as_bytes())
    }
}

/// Whether a request may be answered; otherwise with what it is refused.
fn welcome(head: &RequestHead) -> Result<(), (u16, &'static str)> {
    let values = |name: &str| {
        let found = head.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice()).collect::<Vec<_>>()
    };
    // A name that somebody has let point to this machine (DNS rebinding) is another one.
    let [host] = values("host")[..] else { return Err((400, "one host, please\n")) };
    let name = host.rsplitn(2, |byte| *byte == b':').last().unwrap_or_default();
    if ![&b"127.0.0.1"[..], b"localhost"].contains(&name) {
        return Err((421, "this is another host\n"));
    }
    let is_read = ["GET", "HEAD"].contains(&head.method.as_str());
    let site = values("sec-fetch-site");
    if site.iter().any(|site| *site != b"same-origin" && !(is_read && *site == b"none")) {
        return Err((403, "this is for its own page alone\n"));
    }
    let has_body = !values("content-length").is_empty() || !values("transfer-encoding").is_empty();
    if is_read {
        return if has_body { Err((400, "no body, please\n")) } else { Ok(()) };
    }
    if values("origin") != [[b"http://", host].concat()] {
        return Err((403, "this is for its own page alone\n"));
    }
    // No form of another page can send this type without asking first.
    if values("content-type") != [b"application/json"] {
        return Err((415, "application/json, please\n"));
    }
    let [length] = values("content-length")[..] else { return Err((411, "a length, please\n")) };
    let length = std::str::from_utf8(length).ok().and_then(|text| text.parse::<usize>().ok());
    match length {
        _ if !values("transfer-encoding").is_empty() => Err((400, "one length, please\n")),
        None => Err((400, "this is no length\n")),
        Some(length) if length > LONGEST_BODY => Err((413, "too long\n")),
        Some(_) => Ok(()),
    }
}

/// The page runs its own script and has its own style, and nothing else; it asks nobody but this
/// server; nobody frames it; and no text of a request ever becomes a part of the page.
fn policy() -> Result<String> {
    let digest = |tag: &str| {
        let (_, rest) = PAGE.split_once(&format!("<{tag}>")).context("not in the page")?;
        let (text, _) = rest.split_once(&format!("</{tag}>")).context("no end in the page")?;
        anyhow::Ok(format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text))))
    };
    Ok(format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        digest("script")?,
        digest("style")?,
    ))
}
