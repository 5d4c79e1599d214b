//! The demo with nothing but a stock Usergrid: what the article on authentication in Usergrid's
//! documentation shows, step by step, with what each costs Usergrid.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use serde_json::json;

use super::curl::curl;
use super::show::Screen;
use super::step::basic;
use super::walk::prepare_with;
use crate::harness::client::{Request, Response};
use crate::harness::http::header;
use crate::servers::stub::backend::Seen;
use crate::servers::usergrid::principal::Principal;
use crate::servers::usergrid::version::Version;
use crate::servers::usergrid::{ADMIN, APPLICATION_CLIENT, ORGANIZATION_CLIENT, PASSWORD};
use crate::site::{Setup, Stock};

const SHOP: &str = "acme/shop";
const BOOKS: &str = "/acme/shop/books";

/// What must become of a request.
enum Outcome {
    /// It passes, by this principal's name or as nobody in particular.
    Passes(Option<&'static str>),
    /// It is refused with 401 and this word.
    Refused(&'static str),
}

use Outcome::{Passes, Refused};

/// The walk so far.
struct Walk<'a> {
    screen: &'a Screen,
    site: &'a Stock,
    steps: usize,
    failed: usize,
}

/// Shows everything; then, unless `once`, serves until interrupted. Whether all was as documented.
///
/// # Errors
/// If the module does not build or Envoy cannot be had; the message says what to do.
pub fn run(once: bool) -> Result<bool> {
    let screen = Screen::new();
    let title = prepare_with(&screen, "envoy/stock-usergrid.yaml")?;
    let patience =
        json!({ "introspection": { "timeout": "5s" }, "client_credentials": { "timeout": "5s" } });
    let setup = Setup { name: "demo".into(), patches: vec![patience], ..Setup::default() };
    let mut site = Stock::with(&setup, Version::Master)?;
    screen.title(&format!("{title}, in front of a stock Usergrid"));
    let mut walk = Walk { screen: &screen, site: &site, steps: 0, failed: 0 };
    walk.tokens()?;
    walk.clients()?;
    walk.guests()?;
    walk.ends()?;
    let (steps, failed) = (walk.steps, walk.failed);
    screen.summary(steps, failed);
    if !once {
        serve(&screen, &mut site)?;
    }
    Ok(failed == 0)
}

impl Walk<'_> {
    fn step(
        &mut self,
        title: &str,
        request: &Request,
        (outcome, calls): (Outcome, &str),
        why: &str,
    ) -> Result<Response> {
        self.site.usergrid.forget();
        let response = self.site.send(request)?;
        let passed = self.site.passed().pop();
        let asked = asked(&self.site.asked());
        let mut wrong = deviations(&outcome, &response, passed.as_ref());
        if asked != calls {
            wrong.push(format!("the filter should have asked: {calls}"));
        }
        self.steps += 1;
        self.failed += usize::from(!wrong.is_empty());
        let line = curl(request, self.site.envoy.listener());
        let happened = (&response, passed.as_ref(), asked.as_str());
        self.screen.exchange(self.steps, title, &line, happened, why, &wrong);
        Ok(response)
    }

    fn login(&mut self, title: &str, path: &str, name: &str, why: &str) -> Result<String> {
        let body = json!({ "grant_type": "password", "username": name, "password": PASSWORD });
        let request = Request::new("POST", path)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = self.step(title, &request, (Passes(None), NOTHING), why)?.json()?;
        Ok(answer["access_token"].as_str().context("no token")?.to_owned())
    }

    /// "Authenticating users and application clients": a token, in the header and in the query.
    fn tokens(&mut self) -> Result<()> {
        let public = "public: whoever wants a token does not have one yet";
        let tom =
            self.login("Tom logs in to the application", "/acme/shop/token", "tom", public)?;
        let user = || Passes(Some("application_user"));
        self.step(
            "His token in the Authorization header",
            &Request::get(BOOKS).bearer(&tom),
            (user(), U),
            "Usergrid shows him himself, so he is a user of acme/shop",
        )?;
        self.step(
            "The same token in the query",
            &Request::get(format!("{BOOKS}?limit=5&access_token={tom}")),
            (user(), NOTHING),
            "taken out of the query before anything is logged; from the cache",
        )?;
        let root = self.login("An administrator logs in", "/management/token", ADMIN, public)?;
        self.step(
            "An administrator's token",
            &Request::get(BOOKS).bearer(&root),
            (Passes(Some("admin_user")), BOTH),
            "he is no user of acme/shop, but may see its credentials: HEAD, so nobody else sees them",
        )?;
        self.step(
            "The same in another application",
            &Request::get("/acme/sandbox/books").bearer(&root),
            (Passes(Some("admin_user")), BOTH),
            "a verdict is about a token in an application",
        )?;
        Ok(())
    }

    /// "Authenticating organization and application clients": id and secret.
    fn clients(&mut self) -> Result<()> {
        let query = |(id, secret): (&str, &str)| {
            Request::get(format!("{BOOKS}?client_id={id}&client_secret={secret}"))
        };
        self.step(
            "Client id and secret of the organisation",
            &query(ORGANIZATION_CLIENT),
            (Passes(Some("organization")), PAIR),
            "exchanged for a token, which is all that goes further",
        )?;
        self.step(
            "Client id and secret of the application",
            &query(APPLICATION_CLIENT),
            (Passes(Some("application")), PAIR),
            "the same for one application",
        )?;
        let (id, secret) = APPLICATION_CLIENT;
        self.step(
            "The same in Basic",
            &Request::get(BOOKS).header("Authorization", basic(id, secret)),
            (Passes(Some("application")), NOTHING),
            "one client, one cached answer, whichever place it came from",
        )?;
        self.step(
            "A wrong secret",
            &query((id, "wrong")),
            (Refused("invalid_client"), "POST /management/token"),
            "Usergrid refuses the pair",
        )?;
        Ok(())
    }

    /// "Sandbox": no token at all.
    fn guests(&mut self) -> Result<()> {
        self.step(
            "The sandbox without a token",
            &Request::get("/acme/sandbox/books"),
            (Passes(Some("guest")), NOTHING),
            "the guest rule `*/sandbox`",
        )?;
        self.step(
            "Another application without a token",
            &Request::get(BOOKS),
            (Refused("unauthorized"), NOTHING),
            "no guest rule for acme/shop",
        )?;
        self.step(
            "A bad token in the sandbox",
            &Request::get("/acme/sandbox/books").bearer("YWMt-nobody-has-issued-this"),
            (Refused("auth_unverified_oath"), NOTHING),
            "it is none of Usergrid's by its form, and a bad credential is never a guest",
        )?;
        Ok(())
    }

    /// "Revoking tokens", and how tokens end otherwise.
    fn ends(&mut self) -> Result<()> {
        let usergrid = &self.site.usergrid;
        let tom = usergrid.user(SHOP, "tom")?;
        let (old, foreign) = (
            usergrid.issue(&tom, -1_000),
            usergrid.issue(&usergrid.user("globex/lab", "lea")?, 3_600_000),
        );
        let again = "once more, for the sake of the next steps";
        let token = self.login("Tom logs in again", "/acme/shop/token", "tom", again)?;
        self.step(
            "An expired token",
            &Request::get(BOOKS).bearer(&old),
            (Refused("expired_token"), NOTHING),
            "it says so by itself",
        )?;
        self.step(
            "Another organisation's token",
            &Request::get(BOOKS).bearer(&foreign),
            (Refused("unauthorized"), BOTH),
            "lea is a user of globex/lab; she is none here, and administers nothing",
        )?;
        let path = format!("/acme/shop/users/tom/revoketoken?token={token}");
        self.step(
            "Tom revokes his token",
            &Request::new("PUT", path).bearer(&token),
            (Passes(Some("application_user")), U),
            "it passes through Envoy, and Usergrid says yes",
        )?;
        self.step(
            "The revoked token",
            &Request::get(BOOKS).bearer(&token),
            (Refused("auth_invalid"), U),
            "what was remembered is forgotten at once, and Usergrid is asked again",
        )?;
        Ok(())
    }
}

const NOTHING: &str = "nothing";
const U: &str = "GET /acme/shop/users/me";
const BOTH: &str = "GET …/users/me, HEAD …/credentials";
const PAIR: &str = "POST /management/token, HEAD /acme/shop/credentials";

/// What the filter has asked, for people.
fn asked(seen: &[Seen]) -> String {
    let line = |seen: &Seen| format!("{} {}", seen.method, seen.path);
    match seen {
        [] => NOTHING.into(),
        [user, keys] if user.path.ends_with("/users/me") && keys.path.ends_with("/credentials") => {
            BOTH.into()
        }
        _ => seen.iter().map(line).collect::<Vec<_>>().join(", "),
    }
}

fn deviations(outcome: &Outcome, response: &Response, passed: Option<&Seen>) -> Vec<String> {
    let mut wrong = Vec::new();
    match (outcome, passed) {
        (Passes(_), None) => wrong.push("the request did not reach Usergrid".into()),
        (Passes(principal), Some(seen)) => {
            if response.status != 200 {
                wrong.push(format!("status {} instead of 200", response.status));
            }
            let found = header(&seen.headers, "x-usergrid-principal").map(String::from_utf8_lossy);
            if found.as_deref() != *principal {
                wrong.push(format!("the principal is {found:?} instead of {principal:?}"));
            }
            if ["access_token=", "client_secret="].iter().any(|it| seen.path.contains(it)) {
                wrong.push("Usergrid got a credential in the query".into());
            }
        }
        (Refused(_), Some(_)) => wrong.push("the request reached Usergrid".into()),
        (Refused(word), None) => {
            let answer = response.json().unwrap_or_default();
            if response.status != 401 || answer["error"] != *word {
                wrong
                    .push(format!("{} {} instead of 401 {word}", response.status, answer["error"]));
            }
        }
    }
    wrong
}

fn serve(screen: &Screen, site: &mut Stock) -> Result<()> {
    let issue = |principal: &Principal| site.usergrid.issue(principal, 3_600_000);
    let tom = issue(&site.usergrid.user(SHOP, "tom")?);
    let root = issue(&Principal::admin(ADMIN));
    let envoy = site.envoy.listener();
    let (id, secret) = ORGANIZATION_CLIENT;
    let lines: Vec<(String, &'static str)> = [
        (Request::get(BOOKS).bearer(&tom), "200, as tom, for an hour"),
        (Request::get(format!("{BOOKS}?access_token={tom}")), "200, as tom"),
        (Request::get(BOOKS).bearer(&root), "200, as an administrator"),
        (
            Request::get(format!("{BOOKS}?client_id={id}&client_secret={secret}")),
            "200, as the organisation",
        ),
        (Request::get("/acme/sandbox/books"), "200, as guest"),
        (Request::get("/globex/lab/books").bearer(&tom), "401, another organisation"),
        (
            Request::new("PUT", format!("/acme/shop/users/tom/revoketoken?token={tom}"))
                .bearer(&tom),
            "200, and the first line gets 401 from now on",
        ),
    ]
    .into_iter()
    .map(|(request, what)| (curl(&request, envoy), what))
    .collect();
    let around: [(&str, SocketAddr); 3] = [
        ("Envoy", envoy),
        ("Envoy's admin interface", site.envoy.admin().address()),
        ("Usergrid's stand-in", site.usergrid.address()),
    ];
    screen.serving(&around, &lines);
    site.envoy.serve()
}
