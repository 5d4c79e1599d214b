//! What somebody does who has run `docker compose up`: logs in through Envoy, uses the token, is
//! refused, logs out.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::stack::{Overlay, Stack};
use crate::harness::client::{self, Request};
use crate::harness::workspace;
use crate::servers::usergrid::{APPLICATION_CLIENT, PASSWORD};

/// What the filter says of the token `wrong`, by who verifies.
const TO_INTROSPECTION: &str = "auth_invalid";
const TO_USERGRID: &str = "auth_unverified_oath";
const BOOKS: &str = "/acme/shop/books";
/// Where the documents say that Envoy is.
const DOCUMENTED: &str = "127.0.0.1:8080";

/// Who must answer, and what.
#[derive(Clone, Copy)]
enum From {
    Backend(u16),
    /// The filter, with this word for an error.
    Edge(u16, &'static str),
}

/// Everything, with nothing but `docker-compose.yml`; then the lines that the documents show.
///
/// # Errors
/// If something is not as documented.
pub fn run(stack: &Stack, _: &Overlay) -> Result<()> {
    stack.up_shipped()?;
    for service in ["backend", "introspection"] {
        stack.healthy(service)?;
    }
    let envoy = through(stack, TO_INTROSPECTION)?;
    stack.healthy("backend")?.run(&["stop", "-t", "1"])?;
    let unknown = Request::get(BOOKS).bearer("unknown");
    let away = From::Edge(503, "service_unavailable");
    step(envoy, "a token that nobody can verify, the backend being away", &unknown, away).map(drop)
}

/// The same with `envoy/stock-usergrid.yml`.
///
/// # Errors
/// If something is not as documented.
pub fn stock(stack: &Stack, _: &Overlay) -> Result<()> {
    stack.up_stock()?;
    ensure!(stack.containers("introspection")?.is_empty(), "an introspection service runs");
    let envoy = through(stack, TO_USERGRID)?;
    // One that the filter has not seen yet, and cannot refuse by itself.
    let login = step(envoy, "login", &log_in("ann", PASSWORD), From::Backend(200))?;
    let unseen = login["access_token"].as_str().context("no token")?;
    stack.healthy("backend")?.run(&["stop", "-t", "1"])?;
    let away = From::Edge(503, "service_unavailable");
    let request = Request::get(BOOKS).bearer(unseen);
    step(envoy, "a token that nobody can verify, Usergrid being away", &request, away).map(drop)
}

/// Everything that works while all run; Envoy's address.
fn through(stack: &Stack, bad_token: &'static str) -> Result<SocketAddr> {
    let envoy = stack.healthy("envoy")?.port(8080)?;
    let token = walk(envoy, bad_token)?;
    log_out(envoy, &token)?;
    for file in ["README.md", "docker-compose.yml"] {
        documented(file, envoy).with_context(|| format!("the lines of {file}"))?;
    }
    Ok(envoy)
}

fn log_in(user: &str, password: &str) -> Request {
    let body = json!({ "grant_type": "password", "username": user, "password": password });
    Request::new("POST", "/acme/shop/token").body(body.to_string())
}

/// All but the end of the token.
fn walk(envoy: SocketAddr, bad_token: &'static str) -> Result<String> {
    step(envoy, "login, wrong password", &log_in("tom", "guess"), From::Backend(400))?;
    let login = step(envoy, "login", &log_in("tom", PASSWORD), From::Backend(200))?;
    let token = login["access_token"].as_str().context("no token")?.to_owned();
    let reader = step(envoy, "login of a reader", &log_in("ann", PASSWORD), From::Backend(200))?;
    let reader = reader["access_token"].as_str().context("no token")?;

    let dune = Request::new("POST", BOOKS).body(json!({ "name": "Dune" }).to_string());
    step(envoy, "a new book", &dune.clone().bearer(&token), From::Backend(200))?;
    // Usergrid tells nobody what she may do: it refuses her itself.
    let denied = From::Backend(401);
    step(envoy, "a new book by the reader", &dune.clone().bearer(reader), denied)?;
    let books =
        step(envoy, "books, header", &Request::get(BOOKS).bearer(&token), From::Backend(200))?;
    ensure!(books["entities"][0]["name"] == "Dune", "no book: {books}");
    let query = Request::get(format!("{BOOKS}?limit=3&access_token={token}"));
    let books = step(envoy, "books, query", &query, From::Backend(200))?;
    ensure!(books["params"] == json!({ "limit": ["3"] }), "the backend saw {}", books["params"]);
    println!("    the query that the backend saw: {}", books["params"]);

    let sandbox = Request::new("POST", "/acme/sandbox/books").body(dune.body);
    step(envoy, "sandbox, no token", &sandbox, From::Backend(200))?;
    let none = Request::get(BOOKS);
    step(envoy, "no token", &none, From::Edge(401, "unauthorized"))?;
    let bad = From::Edge(401, bad_token);
    for (about, path) in [("wrong token", BOOKS), ("wrong token, sandbox", "/acme/sandbox/books")] {
        step(envoy, about, &Request::get(path).bearer("wrong"), bad)?;
    }

    let (id, secret) = APPLICATION_CLIENT;
    let pair = |secret: &str| {
        let pair = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        Request::get(BOOKS).header("authorization", format!("Basic {pair}"))
    };
    step(envoy, "client pair", &pair(secret), From::Backend(200))?;
    let in_query = Request::get(format!("{BOOKS}?client_id={id}&client_secret={secret}"));
    let books = step(envoy, "client pair, query", &in_query, From::Backend(200))?;
    ensure!(books["params"] == json!({}), "the backend saw {}", books["params"]);
    step(envoy, "client pair, wrong", &pair("guess"), From::Edge(401, "auth_invalid_credentials"))?;
    Ok(token)
}

fn log_out(envoy: SocketAddr, token: &str) -> Result<()> {
    let path = format!("/acme/shop/users/tom/revoketoken?token={token}");
    let revocation = Request::new("PUT", path).bearer(token);
    step(envoy, "revocation", &revocation, From::Backend(200))?;
    let books = Request::get(BOOKS).bearer(token);
    step(envoy, "the token after it", &books, From::Edge(401, "auth_invalid")).map(drop)
}

/// Sends a request and says what came.
fn step(envoy: SocketAddr, about: &str, request: &Request, from: From) -> Result<Value> {
    let response = client::send(envoy, request).with_context(|| about.to_owned())?;
    let body = response.json().with_context(|| about.to_owned())?;
    // Envoy adds it to what comes from behind.
    let passed = response.header("x-envoy-upstream-service-time").is_some();
    let error = body["error"].as_str().unwrap_or_default();
    let who = if passed { "the backend" } else { "the edge" };
    println!(
        "  {about}: {} {error}{}from {who}",
        response.status,
        if error.is_empty() { "" } else { " " }
    );
    let right = match from {
        From::Backend(status) => passed && response.status == status,
        From::Edge(status, word) => !passed && response.status == status && error == word,
    };
    ensure!(right, "{about}: {} from {who}: {body}", response.status);
    Ok(body)
}

/// Runs the lines with `curl` in a document as they stand but for Envoy's address; the status that
/// each must have is after its `# `.
fn documented(file: &str, envoy: SocketAddr) -> Result<()> {
    let text = std::fs::read_to_string(workspace::root().join(file))?;
    let lines = text.lines().map(|line| line.trim_start_matches(['#', ' ']));
    let lines: Vec<&str> =
        lines.filter(|line| line.starts_with("curl ") || line.starts_with("token=")).collect();
    let mut expected = Vec::new();
    for line in lines.iter().filter(|line| line.starts_with("curl ")) {
        let comment = line.rsplit_once("# ").with_context(|| format!("no status: {line}"))?.1;
        let status = comment.get(..3).context("no status")?;
        expected.push(status.parse::<u16>().with_context(|| format!("no status: {line}"))?);
    }
    ensure!(!expected.is_empty(), "there are none");
    let script = lines.join("\n").replace(DOCUMENTED, &envoy.to_string());
    let output = Command::new("sh")
        .args(["-ec", &script])
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .output()
        .context("cannot run sh")?;
    let answers = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "they need curl, and fail: {answers}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A body may end without a line's end.
    let statuses = answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3));
    let statuses: Vec<u16> = statuses.filter_map(|status| status.parse().ok()).collect();
    ensure!(statuses == expected, "{statuses:?} instead of {expected:?}:\n{answers}");
    println!("  the lines of {file}: {statuses:?}");
    Ok(())
}
