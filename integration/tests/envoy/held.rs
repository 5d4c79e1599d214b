//! Nothing of a request reaches the backend before the verdict, however its body arrives.

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{Connection, Request};
use integration::harness::wait;
use integration::servers::stub::answer::Answer;
use integration::site::{Setup, Site};
use serde_json::json;

fn site(allow: Option<bool>) -> Result<Site> {
    let knobs = Knobs { allow_on_headers_stop_iteration: allow, ..Knobs::default() };
    Site::start(&Setup::test("held").knobs(knobs))
}

#[test]
fn bodies_wait_for_the_verdict() -> Result<()> {
    let site = site(None)?;
    bodies(&site)?;
    large(&site)
}

#[test]
fn bodies_wait_where_envoy_would_let_headers_go_on() -> Result<()> {
    // Here Envoy collects what the filter holds back, up to its buffer limit; the usual way has
    // none.
    bodies(&site(Some(true))?)
}

#[test]
fn bodies_wait_where_that_is_switched_off() -> Result<()> {
    let site = site(Some(false))?;
    bodies(&site)?;
    large(&site)
}

fn bodies(site: &Site) -> Result<()> {
    for (index, (name, framing)) in [
        ("empty", Framing::Length(0)),
        ("short", Framing::Length(5)),
        ("in steps", Framing::Chunks),
    ]
    .into_iter()
    .enumerate()
    {
        admitted(site, &format!("held-good-{index}"), framing).context(name)?;
        refused(site, &format!("held-bad-{index}"), framing).context(name)?;
    }
    Ok(())
}

/// More than any buffer on the way.
fn large(site: &Site) -> Result<()> {
    admitted(site, "held-large", Framing::Length(8 * 1024 * 1024))
}

#[derive(Clone, Copy)]
enum Framing {
    Length(usize),
    Chunks,
}

fn admitted(site: &Site, token: &str, framing: Framing) -> Result<()> {
    let held = Answer { hold: true, ..Answer::json(json!({ "active": true, "username": token })) };
    site.introspection.learn(token, held);
    let path = format!("/acme/shop/{token}");
    let mut connection = begin(site, &path, token, framing)?;
    let sender = spread(connection.sender()?, framing);
    site.introspection.wait_for(token)?;
    ensure!(untouched(site, &path), "the backend saw the request before the verdict");
    site.introspection.release(token);
    let response = connection.response(false)?.context("no response")?;
    ensure!(response.status == 200, "status {}", response.status);
    let sent = sender.join().map_err(|_| anyhow::anyhow!("the sender panicked"))??;
    let seen = site.backend.wait_for(&path)?;
    ensure!(seen.complete && seen.body_bytes == sent, "the backend saw {} bytes", seen.body_bytes);
    Ok(())
}

fn refused(site: &Site, token: &str, framing: Framing) -> Result<()> {
    let held = Answer { hold: true, ..Answer::json(json!({ "active": false })) };
    site.introspection.learn(token, held);
    let path = format!("/acme/shop/{token}");
    let mut connection = begin(site, &path, token, framing)?;
    let sender = spread(connection.sender()?, framing);
    site.introspection.wait_for(token)?;
    site.introspection.release(token);
    let response = connection.response(false)?.context("no response")?;
    ensure!(response.status == 401, "status {}", response.status);
    drop(connection);
    let _gone = sender.join();
    ensure!(untouched(site, &path), "the backend saw a refused request");
    // Whatever of it was on its way has been dealt with before a later request is.
    let later = site.send(&Request::get(format!("/acme/sandbox/after-{token}")))?;
    ensure!(later.status == 200 && untouched(site, &path), "the backend saw a refused request");
    Ok(())
}

fn untouched(site: &Site, path: &str) -> bool {
    !site.backend.seen().iter().any(|seen| seen.path.starts_with(path))
}

fn begin(site: &Site, path: &str, token: &str, framing: Framing) -> Result<Connection> {
    let mut connection = Connection::open(site.address())?;
    let request = Request::new("POST", path).bearer(token);
    let request = match framing {
        Framing::Length(length) => request.header("content-length", length.to_string()),
        Framing::Chunks => request.header("transfer-encoding", "chunked"),
    };
    connection.send(&request.head())?;
    Ok(connection)
}

/// Sends the body from a thread of its own: Envoy stops reading one that it holds back.
fn spread(
    mut connection: integration::harness::client::Sender,
    framing: Framing,
) -> std::thread::JoinHandle<Result<usize>> {
    std::thread::spawn(move || match framing {
        Framing::Length(length) => {
            connection.send(&vec![b'x'; length])?;
            Ok(length)
        }
        Framing::Chunks => {
            let mut sent = 0;
            for size in [1, 2, 3000, 1] {
                connection.send_chunk(&vec![b'x'; size])?;
                sent += size;
            }
            connection.send_chunk(b"")?;
            Ok(sent)
        }
    })
}

#[test]
fn bytes_after_the_verdict_flow_as_they_come() -> Result<()> {
    let site = site(None)?;
    let request =
        Request::new("POST", "/acme/sandbox/stream").header("transfer-encoding", "chunked");
    let mut connection = Connection::open(site.address())?;
    connection.send(&request.head())?;
    connection.send_chunk(b"first")?;
    wait::until("the first bytes at the backend", || {
        let seen = site.backend.wait_for("/acme/sandbox/stream")?;
        Ok((seen.body_bytes == 5 && !seen.complete).then_some(()))
    })?;
    connection.send_chunk(b"")?;
    ensure!(connection.response(false)?.context("no response")?.status == 200);
    Ok(())
}

#[test]
fn trailers_wait_too() -> Result<()> {
    let site = site(Some(true))?;
    let request = Request::new("POST", "/acme/shop/trailers")
        .bearer("held")
        .header("te", "trailers")
        .header("transfer-encoding", "chunked");
    let mut connection = Connection::open(site.address())?;
    connection.send(&request.head())?;
    connection.send(b"1\r\nx\r\n0\r\nx-trailer: 1\r\n\r\n")?;
    site.introspection.wait_for("held")?;
    ensure!(site.backend.seen().is_empty(), "the backend saw the request before the verdict");
    site.introspection.release("held");
    ensure!(connection.response(false)?.context("no response")?.status == 200);
    Ok(())
}
