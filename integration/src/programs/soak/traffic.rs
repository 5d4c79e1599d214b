//! What clients send, and what may become of it.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::harness::client::{Request, Response};
use crate::programs::bars::hostile::claims;
use crate::scenario::check::backend_header;
use crate::servers::stub::answer::{Answer, Answers};
use crate::servers::stub::backend::MARK;

/// Users with good tokens, more than the caches of the soak have places for.
const USERS: u64 = 150;
/// Whose rules are hard to match.
const HARD: &str = "hard";
/// Bytes of a body; more than one read of Envoy.
const BODY: usize = 40_000;

/// One kind of request.
#[derive(Debug)]
pub struct Kind {
    /// For the report.
    pub name: &'static str,
    /// How many of a hundred or so.
    weight: usize,
    request: fn(u64) -> Request,
    /// What may become of it while all is well.
    outcomes: &'static [&'static str],
    /// Whether the verifying server has a say.
    asks: bool,
}

const fn kind(
    name: &'static str,
    weight: usize,
    outcomes: &'static [&'static str],
    asks: bool,
    request: fn(u64) -> Request,
) -> Kind {
    Kind { name, weight, request, outcomes, asks }
}

pub const KINDS: [Kind; 26] = [
    kind("token in the header", 24, &["token"], true, |n| get("/acme/shop/x").bearer(&user(n))),
    kind("token in the query", 10, &["token"], true, |n| {
        get(&format!("/acme/shop/x?limit=5&access_token={}", user(n)))
    }),
    kind("token and a body", 5, &["token"], true, |n| {
        Request::new("POST", "/acme/shop/x").bearer(&user(n)).body(vec![b'x'; BODY])
    }),
    kind("unknown token", 6, &["inactive"], true, |n| {
        get("/acme/shop/x").bearer(&format!("unknown-{n}"))
    }),
    kind("the same bad token", 4, &["inactive"], true, |_| get("/acme/shop/x").bearer("inactive")),
    kind("expired token", 3, &["expired"], true, |_| get("/acme/shop/x").bearer("lapsed")),
    kind("no token at all", 2, &["malformed"], false, |_| get("/acme/shop/x").bearer("\u{a7}")),
    kind("guest", 8, &["guest"], false, |_| get("/acme/sandbox/x")),
    kind("guest by some configurations", 3, &["guest", "missing"], false, |_| get("/acme/annex/x")),
    kind("no credential", 3, &["missing"], false, |_| get("/acme/shop/x")),
    kind("public", 3, &["public"], false, |_| Request::new("POST", "/management/token").body("{}")),
    kind("preflight", 3, &["preflight"], false, |_| {
        Request::new("OPTIONS", "/acme/shop/x")
            .header("origin", "https://example.com")
            .header("access-control-request-method", "PUT")
    }),
    kind("bypassed route", 3, &["bypassed"], false, |_| get("/open/x").bearer("inactive")),
    kind("client pair in the query", 2, &["client"], true, |_| {
        get("/globex/crm/x?client_id=globex&client_secret=globex-secret")
    }),
    kind("client pair in Basic", 2, &["client"], true, |_| basic("globex:globex-secret")),
    kind("bad pair in the query", 2, &["client_query"], true, |n| {
        get(&format!("/globex/crm/x?client_id=globex&client_secret=guess-{n}"))
    }),
    kind("bad pair in Basic", 2, &["client_basic"], true, |n| basic(&format!("globex:guess-{n}"))),
    kind("two credentials", 2, &["conflict"], false, |n| {
        get(&format!("/acme/shop/x?access_token={}", user(n))).bearer(&user(n))
    }),
    kind("bad path", 2, &["bad_path"], false, |_| get("/acme/shop/%2e%2e%3b/x")),
    kind("scope missing", 2, &["scope"], true, |n| get("/acme/shop/scoped").bearer(&user(n))),
    kind("another tenant's", 2, &["forbidden"], true, |_| get("/globex/crm/x").bearer("alice")),
    kind("revocation", 1, &["token"], true, |n| {
        let user = user(n);
        Request::new("PUT", format!("/acme/shop/users/{user}/revoketokens")).bearer(&user)
    }),
    // What costs most, by those who mean harm.
    kind("rules that are hard to match", 1, &["forbidden"], true, |_| {
        get(&claims::hard_path()).bearer(HARD)
    }),
    kind("a path of parameters", 1, &["guest"], false, |_| {
        get(&format!("/acme/sandbox/x{}", ";a".repeat(3_000)))
    }),
    kind("a header of commas", 1, &["conflict"], false, |_| {
        get("/acme/shop/x").bearer(&",a".repeat(4_000))
    }),
    kind("a query of empty values", 1, &["missing"], false, |_| {
        get(&format!("/acme/shop/x?{}", "access_token=&".repeat(1_000)))
    }),
];

fn get(path: &str) -> Request {
    Request::get(path)
}

fn basic(pair: &str) -> Request {
    let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
    get("/globex/crm/x").header("authorization", value)
}

fn user(number: u64) -> String {
    format!("user-{}", number % USERS)
}

/// What the verifying servers say.
///
/// # Errors
/// If the shared answers cannot be read.
pub fn answers() -> Result<Answers> {
    let mut answers = Answers::shared()?;
    for number in 0..USERS {
        answers.tokens.insert(user(number), Answer::user(&user(number)));
    }
    answers.tokens.insert(HARD.into(), Answer::json(claims::hard_to_match()));
    Ok(answers)
}

/// Which kind comes as number `number`. All come again and again, in an order without long runs of
/// one.
#[must_use]
pub fn pick(number: u64) -> usize {
    let total: usize = KINDS.iter().map(|kind| kind.weight).sum();
    // A step that has no divisor in common with any total below it visits every place once a turn.
    let place = usize::try_from(number).unwrap_or_default().wrapping_mul(7919) % total;
    let mut end = 0;
    let reached = KINDS.iter().position(|kind| {
        end += kind.weight;
        place < end
    });
    reached.unwrap_or_default()
}

impl Kind {
    #[must_use]
    pub fn request(&self, number: u64) -> Request {
        (self.request)(number)
    }

    /// The outcome by which the filter should have counted this answer.
    ///
    /// # Errors
    /// If a request of this kind must not get this answer, or not while `all_is_well`.
    pub fn outcome(
        &self,
        number: u64,
        answer: &Response,
        all_is_well: bool,
    ) -> Result<&'static str> {
        let outcome = if answer.header(MARK).is_some() {
            self.admitted(number, answer)
        } else {
            refused(answer)
        };
        let outcome = outcome.with_context(|| format!("{}: {}", self.name, describe(answer)))?;
        // Few may wait, so that some find no place at any time.
        let excused =
            self.asks && (outcome == "overloaded" || outcome == "unavailable" && !all_is_well);
        ensure!(
            excused || self.outcomes.contains(&outcome),
            "{}: `{outcome}`{}",
            self.name,
            if all_is_well { " while all was well" } else { "" }
        );
        Ok(outcome)
    }

    /// The backend has answered: as whom did the request come?
    fn admitted(&self, number: u64, answer: &Response) -> Result<&'static str> {
        ensure!(answer.status == 200, "the backend says 200 only");
        let seen = answer.json()?;
        let who = backend_header(&seen, "x-usergrid-username");
        let principal = backend_header(&seen, "x-usergrid-principal");
        let outcome = *self.outcomes.first().context("no outcome")?;
        match outcome {
            "token" => ensure!(who == Some(user(number)), "it was taken for {who:?}"),
            "guest" => ensure!(principal.as_deref() == Some("guest"), "as {principal:?}"),
            "client" => ensure!(principal.is_some() && who.is_none(), "as {principal:?} {who:?}"),
            "public" | "preflight" | "bypassed" => {
                ensure!(principal.is_none() && who.is_none(), "as {principal:?} {who:?}");
            }
            _ => anyhow::bail!("it must not reach the backend"),
        }
        let length = seen.get("body_bytes").and_then(Value::as_u64);
        let sent = u64::try_from(self.request(number).body.len())?;
        ensure!(length == Some(sent), "{length:?} of {sent} bytes arrived");
        Ok(outcome)
    }
}

/// A refusal of the filter, by its words.
fn refused(answer: &Response) -> Result<&'static str> {
    let body = answer.json()?;
    let word = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    let row = (answer.status, word("error"), word("error_description"));
    let scope = challenge.contains("scope=");
    let insufficient = challenge.contains("insufficient_scope");
    Ok(match (row.0, row.1.as_str()) {
        (401, "unauthorized") if scope => "scope",
        (401, "unauthorized") if insufficient => "forbidden",
        (401, "unauthorized") => "missing",
        (401, "auth_unverified_oath") => "malformed",
        (401, "expired_token") => "expired",
        (401, "auth_invalid") => "inactive",
        (401, "invalid_client") => "client_query",
        (401, "auth_invalid_credentials") => "client_basic",
        (400, "invalid_request") if row.2.contains("more than one") => "conflict",
        (400, "invalid_request") => "bad_path",
        (503, "service_unavailable") if row.2.contains("Too many") => "overloaded",
        (503, "service_unavailable") => "unavailable",
        _ => anyhow::bail!("no refusal of the filter"),
    })
}

fn describe(answer: &Response) -> String {
    format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_share() {
        let total: usize = KINDS.iter().map(|kind| kind.weight).sum();
        let mut found = vec![0; KINDS.len()];
        for number in 0..u64::try_from(total).unwrap() {
            found[pick(number)] += 1;
        }
        assert!(KINDS.iter().map(|kind| kind.weight).eq(found));
    }
}
