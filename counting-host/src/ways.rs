//! The ways a request can take through the filter, each with what a floor has to do for it.
//!
//! A floor is `bench/floor` told to make exactly the host calls of the way: what nobody who does
//! the same can fall below.

use anyhow::{Context, Result};
use integration::harness::bootstrap::Bootstrap;
use serde_json::{Value, json};

use crate::host::{Action, Pairs};

/// Eight digits that are other ones in every request of a way with [`End::Answered`].
pub const NUMBER: &str = "00000000";

/// Secrets that the shipped configuration reads.
pub const ENVIRONMENT: [(&str, &str); 1] = [("INTROSPECTION_SECRET", "secret")];

/// What an introspection server says of a Usergrid user; every identity header has its value.
const USER: &str = r#"{"active":true,"sub":"7c1a4f2e-833b-11ee-9234-0123456789ab","username":"alice","client_id":"web-shop","scope":"books.read books.write","exp":1900000000,"principal":"application_user","organization":"acme","application":"acme/shop"}"#;
/// What Usergrid's token endpoint says.
const ISSUED: &str = r#"{"access_token":"YWMtissued","expires_in":604800,"application":"52ce9183-46f4-11e2-ae44-02e81ac5a17b"}"#;
const SHOP: &str = "/acme/shop/books?limit=10";
/// Of the length that opaque tokens and Usergrid's have.
const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA.2YotnFZFEjr1zCsicMWpAA_2YotnFZFEjr1zCsi00000000";
const IDENTITY: [&str; 7] = [
    "x-usergrid-principal",
    "x-usergrid-subject",
    "x-usergrid-username",
    "x-usergrid-client-id",
    "x-usergrid-scope",
    "x-usergrid-organization",
    "x-usergrid-application",
];

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its headers callback lets it go on.
    Continued,
    /// It is refused with this status.
    Refused(u32),
    /// The verifying server is asked, and its answer lets it go on. Every request of the way has
    /// another token.
    Answered,
}

impl End {
    /// Where the counting host has to find the request.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::Continued => Action::Continued,
            Self::Refused(status) => Action::Refused(status),
            Self::Answered => Action::Resumed,
        }
    }
}

/// One way.
#[derive(Clone, Debug)]
pub struct Way {
    /// For tables and the baseline.
    pub name: &'static str,
    /// The plugin's configuration.
    pub config: String,
    /// Of every request; as Envoy hands it over.
    pub head: Pairs,
    /// What the verifying server answers the first request of a known credential, and every one of
    /// an unknown.
    pub answer: &'static str,
    pub end: End,
    /// What `bench/floor` is configured with for the same host calls; nothing where no bar asks for
    /// it.
    pub floor: Option<&'static str>,
}

/// What a floor is configured with, so that its host calls are those of a hit.
pub const FULL_HIT: &str = "properties head time gauge identity7";
/// A hit with one identity header.
pub const ONE_HEADER: &str = "properties head time gauge identity1";
/// A hit by query: its path is set, and its token goes on in a header.
pub const QUERY_HIT: &str = "properties head time gauge path authorization identity7";
/// A guest is told to the backend.
pub const GUEST: &str = "properties head time identity1";
/// Nothing is told of the caller of a public endpoint.
pub const PUBLIC: &str = "properties head time";
/// A hit where routes have no settings and one header holds the whole identity.
pub const LEAN_HIT: &str = "head time gauge payload";
/// The word that has a floor do by hand what a hit needs, too.
pub const LOGIC: &str = "logic";

/// What there is to know about the floor of a way.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Whether it also does by hand what a hit needs.
    pub has_logic: bool,
    /// What it is configured with.
    pub words: String,
}

impl Way {
    /// The floor of this way, and for hits the one with logic.
    #[must_use]
    pub fn floors(&self) -> Vec<Floor> {
        let Some(words) = self.floor else { return Vec::new() };
        let mut floors = vec![Floor { has_logic: false, words: words.to_owned() }];
        // What asks for the signal of revocations has a credential.
        if words.contains("gauge") {
            floors.push(Floor { has_logic: true, words: format!("{words} {LOGIC}") });
        }
        floors
    }
}

/// All of them.
///
/// # Errors
/// If `envoy.yaml` has no configuration.
pub fn all() -> Result<Vec<Way>> {
    let user = (USER, End::Continued);
    let bearer = || Some(("authorization", format!("Bearer {TOKEN}")));
    let query = format!("{SHOP}&access_token={TOKEN}");
    let pair = "/acme/shop/books?limit=10&client_id=b3U6NTJjZTkxODM&client_secret=b3U6c2VjcmV0";
    Ok(vec![
        way("hit, seven identity headers", json!({}), SHOP, bearer(), user, Some(FULL_HIT))?,
        way(
            "hit, one identity header",
            without(&["x-usergrid-username"]),
            SHOP,
            bearer(),
            user,
            Some(ONE_HEADER),
        )?,
        way(
            "hit, no identity header",
            without(&[]),
            SHOP,
            bearer(),
            user,
            Some("properties head time gauge"),
        )?,
        way(
            "hit, the identity in one header, no route settings",
            lean(),
            SHOP,
            bearer(),
            user,
            Some(LEAN_HIT),
        )?,
        way("hit, token in the query", json!({}), &query, None, user, Some(QUERY_HIT))?,
        way("hit, client pair", json!({}), pair, None, (ISSUED, End::Continued), None)?,
        way("guest", json!({}), "/acme/sandbox/books?limit=10", None, user, Some(GUEST))?,
        way(
            "public endpoint",
            json!({}),
            "/acme/shop/token?grant_type=password",
            None,
            user,
            Some(PUBLIC),
        )?,
        way("refusal, no credential", json!({}), SHOP, None, (USER, End::Refused(401)), None)?,
        way("miss and its answer", json!({}), SHOP, bearer(), (USER, End::Answered), None)?,
    ])
}

/// The shipped configuration with changes, and a head of eleven or twelve headers.
fn way(
    name: &'static str,
    overlay: Value,
    path: &str,
    credential: Option<(&str, String)>,
    (answer, end): (&'static str, End),
    floor: Option<&'static str>,
) -> Result<Way> {
    let mut config = Bootstrap::load()?.configuration()?;
    let settings = config.as_object_mut().context("the shipped configuration is no object")?;
    settings.extend(overlay.as_object().cloned().unwrap_or_default());
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
    let head = usual.into_iter().chain(credential);
    let head = head.map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
    Ok(Way { name, config: config.to_string(), head, answer, end, floor })
}

/// Configuration that drops all identity headers but these.
#[must_use]
pub fn without(kept: &[&str]) -> Value {
    let dropped = IDENTITY.iter().filter(|name| !kept.contains(name));
    let dropped: serde_json::Map<String, Value> =
        dropped.map(|name| ((*name).to_owned(), Value::Null)).collect();
    json!({ "identity": { "headers": dropped } })
}

/// Configuration for the fewest host calls that still tell the backend all: one header, and no look
/// at routes.
#[must_use]
pub fn lean() -> Value {
    json!({
        "routes": { "metadata": false },
        "identity": { "payload": "x-usergrid-identity", "headers": null },
    })
}

/// A head with the number of its request in it.
#[must_use]
pub fn numbered(head: &Pairs, number: u32) -> Pairs {
    let text = format!("{number:08}");
    let replace = |value: &Vec<u8>| match String::from_utf8(value.clone()) {
        Ok(value) => value.replace(NUMBER, &text).into_bytes(),
        Err(_) => value.clone(),
    };
    head.iter().map(|(name, value)| (name.clone(), replace(value))).collect()
}

/// What `bench/floor` is configured with.
#[must_use]
pub fn floor_config(words: &str) -> String {
    json!({ "floor": words }).to_string()
}
