//! The demo with a verifying server that others wrote: real tokens, their scopes, their end.

mod steps;

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::json;

use super::curl::curl;
use super::show::Screen;
use super::walk::{prepare, walk};
use crate::harness::bootstrap::{Knobs, Special};
use crate::harness::client::Request;
use crate::harness::wait;
use crate::servers::oauth::{Kind, Server};
use crate::site::Setup;
use crate::site::front::Front;
use steps::{READER, SHOP, Tokens, UNKNOWN, books, header_alone, is_over};

/// A client in `servers/clients.json` whose tokens live for seconds.
const SHORT_LIVED: &str = "tickets";

/// Shows everything; then, unless `once`, serves until interrupted. Whether all was as documented.
///
/// # Errors
/// If the module does not build, or Envoy or the server cannot be had; the message says what to do.
pub fn run(kind: Kind, once: bool) -> Result<bool> {
    let screen = Screen::new();
    let title = prepare(&screen)?;
    screen.doing(&format!("starting {}", kind.package()));
    let server = Server::start(kind)?;
    let mut front = if header_alone(kind) {
        Front::documented(&server, setup(false))?
    } else {
        Front::start(&server, setup(true))?
    };
    screen.doing(&format!("asking {} for tokens: alice logs in, two clients come", kind.package()));
    let tokens = Tokens::issue(&server)?;
    let brief = server.client_token(SHORT_LIVED, "books.read")?;
    screen.title(&format!("{title}, with {}", kind.package()));

    let envoy = front.envoy.listener();
    let steps = steps::all(&server, &tokens)?;
    let mut failed = walk(&screen, envoy, &steps, 1)?;
    let mut count = steps.len();
    if kind.knows_short_lives() {
        screen.doing("waiting for the end of a token");
        wait::until("the end of the token", || {
            Ok((front.send(&books(&brief))?.status != 200).then_some(()))
        })?;
        failed += walk(&screen, envoy, &[is_over(&brief)], count + 1)?;
        count += 1;
    }
    screen.summary(count, failed);
    if !once {
        serve(&screen, &server, &mut front)?;
    }
    Ok(failed == 0)
}

/// Longer timeouts than usual, for slow machines, and a route that asks for more.
fn setup(takes_pairs: bool) -> Setup {
    let mut patience = json!({ "introspection": { "timeout": "5s" } });
    if takes_pairs {
        patience["client_credentials"] = json!({ "timeout": "5s" });
    }
    let metadata = json!({ "require_scope": "books.write" });
    let routes = vec![Special { matches: "/inventory".into(), metadata }];
    let knobs = Knobs { routes, ..Knobs::default() };
    Setup { name: "demo".into(), patches: vec![patience], knobs, ..Setup::default() }
}

fn serve(screen: &Screen, server: &Server, front: &mut Front) -> Result<()> {
    let tokens = Tokens::issue(server)?;
    let envoy = front.envoy.listener();
    let in_query = match header_alone(server.kind()) {
        true => "401, the header is the only place",
        false => "200, as alice",
    };
    let mut lines: Vec<(String, &'static str)> = [
        (books(&tokens.alice), "200, as alice, for an hour"),
        (Request::get(format!("/books?access_token={}", tokens.alice)), in_query),
        (Request::get("/inventory").bearer(&tokens.reader), "403, a scope is missing"),
        (books(UNKNOWN), "401"),
        (server.revocation(SHOP, &tokens.alice)?, "200, and the first line gets 401 from now on"),
    ]
    .into_iter()
    .map(|(request, what)| (curl(&request, envoy), what))
    .collect();
    let reader = server.registry().client(READER)?;
    let (token, scope) = (server.kind().paths().token, "scope=books.read");
    let ask = format!("curl -u {}:{} -d grant_type=client_credentials", reader.id, reader.secret);
    lines.push((
        format!("{ask} -d {scope} http://{}{token}", server.address()),
        "one more token, from the server itself",
    ));
    let around: [(&str, SocketAddr); 4] = [
        ("Envoy", envoy),
        ("Envoy's admin interface", front.envoy.admin().address()),
        (server.kind().package(), server.address()),
        ("backend", front.backend.address()),
    ];
    screen.serving(&around, &lines);
    front.envoy.serve()
}
