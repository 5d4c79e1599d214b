//! What can become of a request in the core, each case ready to be run again and again.

use std::rc::Rc;

use anyhow::{Result, anyhow, ensure};
use usergrid_auth_config::Config;
use usergrid_auth_core::decision::{Effect, Event, Filter};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, CallOutcome};
use usergrid_auth_core::verification::peers::memory::View;
use usergrid_auth_core::verification::single_flight::{FlightId, StreamId};

/// A moment before the token of [`USERGRID_TOKEN`] expires.
const NOON: UnixMillis = UnixMillis(1_700_000_000_000);

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA.2YotnFZFEjr1zCsicMWpAA_2YotnFZFEjr1zCsicMWp";

/// What an introspection server says of a Usergrid user.
const ANSWER: &str = r#"{"active":true,"sub":"0e5d6a5e-6f0f-11ee-8000-0242ac120002","username":"alice",
    "client_id":"web","scope":"books.read books.write","exp":1900000000,"principal":"application_user",
    "organization":"acme","application":"acme/shop"}"#;

/// What a stock Usergrid says of the user of [`USERGRID_TOKEN`] at `/acme/shop/users/me`.
const ENTITY: &str = r#"{"action":"get","application":"7d1f2c11-833a-11ee-8b11-0242ac120001","path":"/users",
    "entities":[{"uuid":"0e5d6a5e-6f0f-11ee-8000-0242ac120002","type":"user","username":"alice",
    "email":"alice@example.com","activated":true}],"organization":"acme","applicationName":"shop"}"#;

const ISSUED: &str = r#"{"access_token":"YWMtissued","expires_in":604800,
    "application":"0e5d6a5e-6f0f-11ee-8000-0242ac120002"}"#;

pub struct Scenario {
    pub name: &'static str,
    /// Makes a worker that stands where the scenario begins.
    pub prepare: fn() -> Result<Fixture>,
}

/// A worker with the head of a request, and what becomes of it.
pub struct Fixture {
    filter: Filter,
    head: Vec<(String, Vec<u8>)>,
    end: End,
    streams: u32,
}

/// How a request is to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Forwarded,
    Refused,
    /// A call is made, and its answer lets the request go on.
    Answered,
}

pub const ALL: &[Scenario] = &[
    Scenario { name: "hit, header", prepare: || hit("", SHOP, &[bearer()], ANSWER) },
    Scenario {
        name: "hit, header, one identity header",
        prepare: || hit(ONE_IDENTITY_HEADER, SHOP, &[bearer()], ANSWER),
    },
    Scenario { name: "hit, query", prepare: || hit("", &in_query(TOKEN), &[], ANSWER) },
    Scenario {
        name: "hit, token of Usergrid's format, signature checked",
        prepare: || hit(USERGRID_FORMAT, SHOP, &[usergrid_bearer()], ANSWER),
    },
    Scenario {
        name: "hit, token of Usergrid's format, a stock Usergrid",
        prepare: || hit(STOCK, SHOP, &[usergrid_bearer()], ENTITY),
    },
    Scenario { name: "hit, client pair", prepare: || hit(CLIENT, PAIR, &[], ISSUED) },
    Scenario { name: "guest, 1 rule", prepare: || guest(1) },
    Scenario { name: "guest, 10000 rules", prepare: || guest(10_000) },
    Scenario { name: "public, 1 rule", prepare: || public(1) },
    Scenario { name: "public, 10000 rules", prepare: || public(10_000) },
    Scenario {
        name: "hit, header, 10000 guest and public rules",
        prepare: || hit(&both(10_000), SHOP, &[bearer()], ANSWER),
    },
    Scenario { name: "preflight", prepare: preflight },
    Scenario { name: "refusal, no credential", prepare: || fixture("", SHOP, &[], End::Refused) },
    Scenario { name: "miss and answer", prepare: miss },
];

const SHOP: &str = "/acme/shop/books?limit=10";
const PAIR: &str = "/acme/shop/books?client_id=b3U6&client_secret=secret";
const CLIENT: &str = r#""client_credentials":{"cluster":"introspection","path":"/token"},
    "authorization":{"application_ids":{"acme/shop":"0e5d6a5e-6f0f-11ee-8000-0242ac120002"}}"#;
const USERGRID_FORMAT: &str = r#""token":{"format":"usergrid","salt_env":"SALT"}"#;
const STOCK: &str = r#""introspection":{"protocol":"usergrid","cluster":"usergrid","authority":"api.example.com"},
    "token":{"salt_env":"SALT"}"#;
const ONE_IDENTITY_HEADER: &str = r#""identity":{"headers":{"x-usergrid-principal":null,
    "x-usergrid-username":null,"x-usergrid-client-id":null,"x-usergrid-scope":null,
    "x-usergrid-organization":null,"x-usergrid-application":null}}"#;
/// Token A of `crates/core/tests/data/token-vectors.tsv`.
const USERGRID_TOKEN: &str = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAAYvz8ewAzNPoN0AYI2IwKBt2Hv3Wh1oxgds";

fn bearer() -> (&'static str, String) {
    ("authorization", format!("Bearer {TOKEN}"))
}

fn usergrid_bearer() -> (&'static str, String) {
    ("authorization", format!("Bearer {USERGRID_TOKEN}"))
}

fn in_query(token: &str) -> String {
    format!("/acme/shop/books?limit=10&access_token={token}")
}

/// So many rules, of which the last one matches.
fn guest_rules(count: usize) -> String {
    let rule = |application: String| {
        format!(r#"{{"applications":["{application}"],"permissions":["get,post:/**"]}}"#)
    };
    let others = (1..count).map(|number| rule(format!("org{number}/app{number}")));
    let rules: Vec<String> = others.chain([rule("*/sandbox".to_owned())]).collect();
    format!(r#""guest":[{}]"#, rules.join(","))
}

fn public_rules(count: usize) -> String {
    let others = (1..count).map(|number| format!(r#""get:/org{number}/app{number}/status""#));
    let rules: Vec<String> = others.chain([r#""get,post:/*/*/token""#.to_owned()]).collect();
    format!(r#""public":[{}]"#, rules.join(","))
}

fn both(count: usize) -> String {
    format!("{},{}", guest_rules(count), public_rules(count))
}

fn guest(rules: usize) -> Result<Fixture> {
    fixture(&guest_rules(rules), "/acme/sandbox/books?limit=10", &[], End::Forwarded)
}

fn public(rules: usize) -> Result<Fixture> {
    fixture(&public_rules(rules), "/acme/shop/token?grant_type=password", &[], End::Forwarded)
}

fn preflight() -> Result<Fixture> {
    let headers = [
        ("origin", "https://shop.example.com".to_owned()),
        ("access-control-request-method", "POST".to_owned()),
    ];
    let mut fixture = fixture("", SHOP, &headers, End::Forwarded)?;
    fixture.set(":method", b"OPTIONS");
    Ok(fixture)
}

fn miss() -> Result<Fixture> {
    fixture("", SHOP, &[bearer()], End::Answered)
}

/// A worker that knows the answer already.
fn hit(
    settings: &str,
    path: &str,
    headers: &[(&str, String)],
    answer: &'static str,
) -> Result<Fixture> {
    let mut fixture = fixture(settings, path, headers, End::Forwarded)?;
    fixture.step_with(answer, End::Answered)?;
    Ok(fixture)
}

fn fixture(settings: &str, path: &str, headers: &[(&str, String)], end: End) -> Result<Fixture> {
    let introspection = r#""introspection":{"cluster":"introspection","path":"/introspect"}"#;
    let text = match settings {
        "" => format!("{{{introspection}}}"),
        STOCK => format!("{{{STOCK}}}"),
        settings => format!("{{{introspection},{settings}}}"),
    };
    let config = Config::parse(text.as_bytes(), &environment).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("the configuration is refused: {}", lines.join("; "))
    })?;
    let usual = [
        (":authority", "api.example.com"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "https"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("accept", "application/json"),
        ("accept-language", "en-US,en;q=0.5"),
        ("accept-encoding", "gzip, deflate, br"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "7b5cf3a5-6a9c-4b2e-9a76-0c2f4d0e8a11"),
    ];
    let usual = usual.map(|(name, value)| (name, value.to_owned()));
    let head = usual
        .iter()
        .chain(headers)
        .map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes()));
    let filter = Filter::new(Rc::new(config), Rc::new(View::default()));
    Ok(Fixture { filter, head: head.collect(), end, streams: 0 })
}

impl Fixture {
    fn set(&mut self, name: &str, value: &[u8]) {
        for (key, old) in &mut self.head {
            if key == name {
                *old = value.to_vec();
            }
        }
    }

    /// The next request's head.
    pub fn head(&mut self) -> HeaderMap {
        if self.end == End::Answered {
            // A token that nobody knows yet.
            let token = format!("Bearer {TOKEN}{:08}", self.streams);
            self.set("authorization", token.as_bytes());
        }
        HeaderMap::new(self.head.clone())
    }

    /// Takes a request to its end. What the host would do with the effects is not counted.
    ///
    /// # Errors
    /// If it does not end as it should.
    pub fn step(&mut self, head: HeaderMap) -> Result<()> {
        self.take(head, ANSWER, self.end)
    }

    fn step_with(&mut self, answer: &'static str, end: End) -> Result<()> {
        let head = HeaderMap::new(self.head.clone());
        self.take(head, answer, end)
    }

    fn take(&mut self, headers: HeaderMap, answer: &'static str, end: End) -> Result<()> {
        self.streams += 1;
        let stream = StreamId(self.streams);
        let route = RouteSettings::default();
        let event = Event::Request { stream, headers, end_of_stream: true, route };
        let mut effects = self.filter.handle(event, NOON);
        if let Some(call) = called(&effects) {
            ensure!(end == End::Answered, "a call was made");
            let body = AnswerBody::Complete(answer.as_bytes().to_vec());
            let outcome = CallOutcome::Answered { status: 200, body, headers: Default::default() };
            effects = self.filter.handle(Event::CallEnded { call, outcome }, NOON);
        }
        let ended = effects.iter().find_map(|effect| match effect {
            Effect::Forward { .. } => Some(true),
            Effect::Refuse(..) => Some(false),
            _ => None,
        });
        ensure!(ended == Some(end != End::Refused), "the request does not end as it should");
        Ok(())
    }
}

fn called(effects: &[Effect]) -> Option<FlightId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Call(call, _) => Some(*call),
        _ => None,
    })
}

/// The salt that [`USERGRID_TOKEN`] is signed with.
fn environment(name: &str) -> Option<Vec<u8>> {
    (name == "SALT").then(|| b"super secret token value".to_vec())
}
