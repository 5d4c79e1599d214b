//! The demo with a verifying server that others wrote: real tokens, their scopes, their end.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::json;

use super::curl::curl;
use super::show::Screen;
use super::step::{Backend, Step, basic, refused};
use super::walk::{prepare, walk};
use crate::harness::bootstrap::{Knobs, Special};
use crate::harness::client::Request;
use crate::harness::wait;
use crate::servers::oauth::{Kind, Server};
use crate::site::Setup;
use crate::site::front::Front;

const UNKNOWN: &str = "nobody-has-issued-this";
/// The clients in `servers/clients.json`.
const READER: &str = "reports";
const SHORT_LIVED: &str = "tickets";
const SHOP: &str = "shop";

/// Shows everything; then, unless `once`, serves until interrupted. Whether all was as documented.
///
/// # Errors
/// If the module does not build, or Envoy or the server cannot be had; the message says what to do.
pub fn run(kind: Kind, once: bool) -> Result<bool> {
    let screen = Screen::new();
    let title = prepare(&screen)?;
    screen.doing(&format!("starting {}", kind.package()));
    let server = Server::start(kind)?;
    let mut front = Front::start(&server, setup())?;
    screen.doing(&format!("asking {} for tokens: alice logs in, two clients come", kind.package()));
    let tokens = Tokens::issue(&server)?;
    let brief = server.client_token(SHORT_LIVED, "books.read")?;
    screen.title(&format!("{title}, with {}", kind.package()));

    let envoy = front.envoy.listener();
    let mut steps = good(&server, &tokens)?;
    steps.extend(bad(&server, &tokens)?);
    let mut failed = walk(&screen, envoy, &steps, 1)?;
    screen.doing("waiting for the end of a token");
    wait::until("the end of the token", || {
        Ok((front.send(&books(&brief))?.status != 200).then_some(()))
    })?;
    let last = [refused(
        "A token whose time is over",
        books(&brief),
        401,
        "invalid_token",
        "the server gave it a few seconds, and no remembered answer outlives its `exp`",
    )];
    failed += walk(&screen, envoy, &last, steps.len() + 1)?;
    screen.summary(steps.len() + last.len(), failed);
    if !once {
        serve(&screen, &server, &mut front)?;
    }
    Ok(failed == 0)
}

/// Longer timeouts than shipped, for slow machines, and a route that asks for more.
fn setup() -> Setup {
    let patience =
        json!({ "introspection": { "timeout": "5s" }, "client_credentials": { "timeout": "5s" } });
    let metadata = json!({ "require_scope": "books.write" });
    let routes = vec![Special { matches: "/inventory".into(), metadata }];
    let knobs = Knobs { routes, ..Knobs::default() };
    Setup { name: "demo".into(), patches: vec![patience], knobs, ..Setup::default() }
}

struct Tokens {
    alice: String,
    reader: String,
}

impl Tokens {
    fn issue(server: &Server) -> Result<Self> {
        Ok(Self {
            alice: server.user_token("books.read books.write")?,
            reader: server.client_token(READER, "books.read")?,
        })
    }
}

fn books(token: &str) -> Request {
    Request::get("/books").bearer(token)
}

/// A request that passes, and identity headers with which it must reach the backend.
fn passes(
    title: &'static str,
    request: Request,
    (path, token): (&'static str, Option<&str>),
    identity: &[(&'static str, Option<&str>)],
    why: &'static str,
) -> Step {
    let own = |value: Option<&str>| value.map(str::to_owned);
    let mut headers: Vec<_> = identity.iter().map(|(name, value)| (*name, own(*value))).collect();
    headers.extend(token.map(|token| ("authorization", Some(format!("Bearer {token}")))));
    Step { title, request, status: 200, backend: Backend::Sees { path, headers }, why }
}

fn good(server: &Server, tokens: &Tokens) -> Result<Vec<Step>> {
    let (alice, reader) = (tokens.alice.as_str(), tokens.reader.as_str());
    let user = server.kind().user_header();
    let of_alice = [
        (user, Some("alice")),
        ("x-usergrid-client-id", Some(SHOP)),
        ("x-usergrid-scope", Some("books.read books.write")),
    ];
    let of_reader = [
        (user, None),
        ("x-usergrid-client-id", Some(READER)),
        ("x-usergrid-scope", Some("books.read")),
    ];
    let pair = server.registry().client(READER)?;
    let of_pair = [("x-usergrid-client-id", Some(READER))];
    Ok(vec![
        passes(
            "Alice's token in the Authorization header",
            books(alice),
            ("/books", Some(alice)),
            &of_alice,
            "she has logged in at the server, which says who she is, by which client, with which scopes",
        ),
        passes(
            "The same token in the query",
            Request::get(format!("/books?limit=5&access_token={alice}")),
            ("/books?limit=5", Some(alice)),
            &of_alice,
            "taken out of the query before anything is logged, and sent on in the header; from the cache",
        ),
        passes(
            "A client's own token",
            books(reader),
            ("/books", Some(reader)),
            &of_reader,
            "issued for client credentials; there is no user behind it",
        ),
        passes(
            "The client's id and secret",
            Request::get(format!("/books?client_id={}&client_secret={}", pair.id, pair.secret)),
            ("/books", None),
            &of_pair,
            "exchanged at the server's token endpoint; the backend gets the issued token, never the secret",
        ),
        passes(
            "The same client in Basic",
            Request::get("/books").header("Authorization", basic(&pair.id, &pair.secret)),
            ("/books", None),
            &of_pair,
            "one client, one cached answer, whichever place it came from",
        ),
        passes(
            "Alice, where a scope is asked for",
            Request::get("/inventory").bearer(alice),
            ("/inventory", Some(alice)),
            &of_alice,
            "the route's metadata has `require_scope: books.write`, and the server says that she has it",
        ),
    ])
}

fn bad(server: &Server, tokens: &Tokens) -> Result<Vec<Step>> {
    let (alice, reader) = (tokens.alice.as_str(), tokens.reader.as_str());
    Ok(vec![
        refused(
            "A client without that scope",
            Request::get("/inventory").bearer(reader),
            403,
            "insufficient_scope",
            "its token is good, but for `books.read` only; the challenge says what is missing",
        ),
        refused(
            "No token",
            Request::get("/books"),
            401,
            "unauthorized",
            "without a credential the challenge names no error (RFC 6750 section 3.1)",
        ),
        refused(
            "An unknown token",
            books(UNKNOWN),
            401,
            "invalid_token",
            "the server says `\"active\": false`",
        ),
        refused(
            "Two credentials at once",
            Request::get(format!("/books?access_token={alice}")).bearer(alice),
            400,
            "invalid_request",
            "RFC 6750 allows one; nobody should have to guess which one counts",
        ),
        refused(
            "A wrong secret",
            Request::get(format!("/books?client_id={READER}&client_secret=wrong")),
            401,
            "invalid_client",
            "the server's token endpoint refuses the pair",
        ),
        Step {
            title: "Alice's token is revoked",
            request: server.revocation(SHOP, alice)?,
            status: 200,
            backend: Backend::NotAsked,
            why: "RFC 7009; it passes through Envoy, and `revocation.paths` names the endpoint",
        },
        refused(
            "The revoked token",
            books(alice),
            401,
            "invalid_token",
            "what was remembered is forgotten at once, and the server is asked again",
        ),
    ])
}

fn serve(screen: &Screen, server: &Server, front: &mut Front) -> Result<()> {
    let tokens = Tokens::issue(server)?;
    let envoy = front.envoy.listener();
    let mut lines: Vec<(String, &'static str)> = [
        (books(&tokens.alice), "200, as alice, for an hour"),
        (Request::get(format!("/books?access_token={}", tokens.alice)), "200, as alice"),
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
