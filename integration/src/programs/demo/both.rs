//! The demo with two verifying servers that others wrote, side by side: which one is asked, and
//! that neither ever sees the other's tokens.

use std::net::SocketAddr;

use anyhow::Result;

use super::curl::curl;
use super::show::Screen;
use super::step::{Backend, Step, refused};
use super::walk::{prepare, walk};
use crate::harness::client::Request;
use crate::servers::oauth::Watched;
use crate::site::Both;

/// Hosts in the configuration: where one server is asked, and where the token's beginning decides.
const PARTNERS: &str = "partners.example.com";
const STAFF: &str = "staff.example.com";
const EITHER: &str = "api.example.com";
/// A client in `servers/clients.json`.
const SHOP: &str = "shop";
const UNKNOWN: &str = "staff_nobody-has-issued-this";
/// Neither server's, by its beginning.
const OTHER: &str = "guest_some-token";

/// Shows everything; then, unless `once`, serves until interrupted. Whether all was as documented.
///
/// # Errors
/// If the module does not build, or Envoy or a server cannot be had; the message says what to do.
pub fn run(once: bool) -> Result<bool> {
    let screen = Screen::new();
    let title = prepare(&screen)?;
    screen.doing("starting oidc-provider and django-oauth-toolkit");
    let mut site = Both::start("demo-both")?;
    screen.doing("asking both for tokens: alice logs in here and there");
    let tokens = Tokens::issue(&site)?;
    screen.title(&format!("{title}, with oidc-provider and django-oauth-toolkit"));

    let steps = steps(&site, &tokens)?;
    let mut failed = walk(&screen, site.envoy.listener(), &steps, 1)?;
    // A token is asked about once, and once more after it was revoked.
    let staff = tokens.staff.as_str();
    let accounts = [
        account("oidc-provider", &site.partners, &tokens, &[&tokens.partner]),
        account("django-oauth-toolkit", &site.staff, &tokens, &[staff, UNKNOWN, staff]),
    ];
    for Account { line, wrong } in &accounts {
        failed += usize::from(!wrong.is_empty());
        screen.account(line, wrong);
    }
    screen.summary(steps.len(), failed);
    if !once {
        serve(&screen, &mut site, &tokens)?;
    }
    Ok(failed == 0)
}

struct Tokens {
    partner: String,
    staff: String,
}

impl Tokens {
    fn issue(site: &Both) -> Result<Self> {
        Ok(Self {
            partner: site.partners.server().user_token("books.read")?,
            staff: site.staff.server().user_token("books.read")?,
        })
    }
}

fn books(host: &str, token: &str) -> Request {
    Request::get("/books").header("host", host).bearer(token)
}

fn steps(site: &Both, tokens: &Tokens) -> Result<Vec<Step>> {
    let Tokens { partner, staff } = tokens;
    let mut steps = admitted(tokens);
    steps.extend([
        elsewhere("A member of staff at the partners' host", PARTNERS, staff),
        elsewhere("A partner at the staff's host", STAFF, partner),
        elsewhere("A token with another beginning", EITHER, OTHER),
        elsewhere("A partner at a host that no server has", "elsewhere.example.com", partner),
        elsewhere("The partners' host with a dot at its end", "partners.example.com.", partner),
        refused(
            "A made-up token with the staff's beginning",
            books(EITHER, UNKNOWN),
            401,
            "invalid_token",
            "django-oauth-toolkit is asked, and says `\"active\": false`; oidc-provider is not tried after it",
        ),
        Step {
            title: "The member of staff's token is revoked",
            request: site.staff.server().revocation(SHOP, staff)?.header("host", STAFF),
            status: 200,
            backend: Backend::NotAsked,
            why: "RFC 7009, through Envoy at the staff's host; `revocation.paths` names the endpoint",
        },
        refused(
            "The revoked token",
            books(EITHER, staff),
            401,
            "invalid_token",
            "what was remembered of this server is forgotten at once, and it is asked again",
        ),
        passes(
            "The partner's token",
            books(EITHER, partner),
            ("partners", "x-auth-subject"),
            "still good, and still from the cache: it is another server's",
        ),
    ]);
    Ok(steps)
}

fn admitted(Tokens { partner, staff }: &Tokens) -> Vec<Step> {
    let by_prefix = "both servers have this host, so the token's beginning decides; from the cache";
    vec![
        passes(
            "A partner at the partners' host",
            books(PARTNERS, partner),
            ("partners", "x-auth-subject"),
            "the host chooses oidc-provider, which issued the token",
        ),
        passes(
            "A member of staff at the staff's host",
            books(STAFF, staff),
            ("staff", "x-auth-username"),
            "the host chooses django-oauth-toolkit, which issued this one",
        ),
        passes(
            "The partner where the token decides",
            books(EITHER, partner),
            ("partners", "x-auth-subject"),
            by_prefix,
        ),
        passes(
            "The member of staff there",
            books(EITHER, staff),
            ("staff", "x-auth-username"),
            by_prefix,
        ),
    ]
}

/// A request that passes as alice, known to this server, by whom in this header.
fn passes(
    title: &'static str,
    request: Request,
    (server, user): (&str, &'static str),
    why: &'static str,
) -> Step {
    let headers =
        vec![("x-auth-server", Some(server.to_owned())), (user, Some("alice".to_owned()))];
    Step { title, request, status: 200, backend: Backend::Sees { path: "/books", headers }, why }
}

/// A request about which no server may be asked.
fn elsewhere(title: &'static str, host: &str, token: &str) -> Step {
    let why = "no `match` holds, so nobody is asked";
    refused(title, books(host, token), 401, "invalid_token", why)
}

/// What a server was asked, and everything that is wrong with it.
struct Account {
    line: String,
    wrong: Vec<String>,
}

/// The server must have been asked about these tokens in this order, and about no other. Whatever
/// else it saw has none of a token that is not its own.
fn account(name: &str, server: &Watched, tokens: &Tokens, expected: &[&str]) -> Account {
    let asked = server.asked();
    let line = format!("tokens that {name} was asked about: {}", asked.join(", "));
    let mut wrong = Vec::new();
    if asked != expected {
        wrong.push(format!("it was asked about {asked:?} instead of {expected:?}"));
    }
    let all = [tokens.partner.as_str(), &tokens.staff, UNKNOWN, OTHER];
    let others = all.iter().filter(|token| !expected.contains(token));
    wrong.extend(
        others.filter(|token| server.saw(token)).map(|token| format!("it has seen {token}")),
    );
    Account { line, wrong }
}

fn serve(screen: &Screen, site: &mut Both, tokens: &Tokens) -> Result<()> {
    let envoy = site.envoy.listener();
    let staff = site.staff.server().user_token("books.read")?;
    let lines: Vec<(String, &'static str)> = [
        (books(PARTNERS, &tokens.partner), "200, by oidc-provider"),
        (books(STAFF, &staff), "200, by django-oauth-toolkit"),
        (books(EITHER, &staff), "200, the same by the token's beginning"),
        (books(PARTNERS, &staff), "401, without a call"),
    ]
    .into_iter()
    .map(|(request, what)| (curl(&request, envoy), what))
    .collect();
    let around: [(&str, SocketAddr); 5] = [
        ("Envoy", envoy),
        ("Envoy's admin interface", site.envoy.admin().address()),
        ("oidc-provider", site.partners.server().address()),
        ("django-oauth-toolkit", site.staff.server().address()),
        ("backend", site.backend.address()),
    ];
    screen.serving(&around, &lines);
    site.envoy.serve()
}
