//! A credential that the server has refused at one worker is let in nowhere once the server fails, whatever
//! `stale_if_error` allows.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::harness::wait;
use integration::servers::stub::answer::{Answer, Trouble};
use integration::site::workers::Spread;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

use super::{WORKERS, everywhere, get, status};

#[test]
fn with_a_shared_cache() -> Result<()> {
    denials_win(json!({ "negative_ttl": "100ms" }))
}

#[test]
fn without_a_shared_cache() -> Result<()> {
    denials_win(json!({ "negative_ttl": "100ms", "shared": false }))
}

#[test]
fn without_a_negative_ttl() -> Result<()> {
    denials_win(json!({ "negative_ttl": "0s" }))
}

#[test]
fn with_neither() -> Result<()> {
    denials_win(json!({ "negative_ttl": "0s", "shared": false }))
}

/// A credential, and where its good answer can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// In every worker and in shared memory.
    Token,
    /// In the worker that asked alone: it holds the issued token.
    ClientPair,
    /// In every worker, but not in shared memory: it is over 4 KB.
    Large,
    /// In the worker that asked alone: it repeats the token.
    Echo,
}

const KINDS: [Kind; 4] = [Kind::Token, Kind::ClientPair, Kind::Large, Kind::Echo];

impl Kind {
    fn request(self, name: &str) -> Request {
        match self {
            Self::ClientPair => Request::get(format!(
                "/acme/shop/x?client_id={name}&client_secret=secret-of-{name}"
            )),
            _ => get(&self.token(name)),
        }
    }

    fn token(self, name: &str) -> String {
        format!("{self:?}-{name}")
    }

    fn learn(self, site: &Site, name: &str, is_good: bool) {
        let token = self.token(name);
        let claims = match self {
            Self::ClientPair => {
                let answer = if is_good {
                    Answer::json(json!({ "access_token": "issued", "expires_in": 3600 }))
                } else {
                    let refused = json!({ "error": "invalid_client" });
                    Answer { status: Some(401), ..Answer::json(refused) }
                };
                return site
                    .introspection
                    .learn_client(&format!("{name}:secret-of-{name}"), answer);
            }
            Self::Token => json!({ "active": true }),
            Self::Large => json!({ "active": true, "filler": "x".repeat(5_000) }),
            Self::Echo => json!({ "active": true, "echo": token }),
        };
        let claims = if is_good { claims } else { json!({ "active": false }) };
        site.introspection.learn(&token, Answer::json(claims));
    }
}

fn denials_win(cache: Value) -> Result<()> {
    let setup = Setup::test("denials")
        .config(json!({ "cache": { "ttl": "500ms", "stale_if_error": "1h" } }))
        .config(json!({ "cache": cache }))
        .workers(3);
    let site = Site::start(&setup)?;
    let mut spread = Spread::open(&site, WORKERS, 1)?;
    for kind in KINDS {
        for name in ["denied", "kept"] {
            kind.learn(&site, name, true);
            everywhere(&mut spread, &kind.request(name), 200)?;
        }
    }
    for (number, kind) in KINDS.into_iter().enumerate() {
        kind.learn(&site, "denied", false);
        let connection = spread.of(number % WORKERS)?;
        wait::until("the end of `ttl`, and a denial", || {
            let found = status(connection, &kind.request("denied"))?;
            ensure!([200, 401].contains(&found), "{kind:?} gets {found}");
            Ok((found == 401).then_some(()))
        })?;
    }
    let failing = Answer { status: Some(500), ..Answer::default() };
    site.introspection.trouble(Some(Trouble::Answers(Box::new(failing))));
    for kind in KINDS {
        for (worker, connection) in spread.firsts().enumerate() {
            wait::until("the end of `negative_ttl`, and no verdict", || {
                let found = status(connection, &kind.request("denied"))?;
                ensure!([401, 503].contains(&found), "{kind:?} gets {found} on worker {worker}");
                Ok((found == 503).then_some(()))
            })?;
        }
    }
    // What nobody was told is bad goes on; otherwise all this would show nothing.
    wait::until("stale answers of every kind on every worker", || {
        for kind in KINDS {
            everywhere(&mut spread, &kind.request("kept"), 200)?;
        }
        let metrics = site.admin().metrics()?;
        let served = metrics.get("cache_total;result=stale").copied().unwrap_or_default();
        Ok((served >= (WORKERS * KINDS.len()) as u64).then_some(()))
    })?;
    for kind in KINDS {
        everywhere(&mut spread, &kind.request("denied"), 503)?;
    }
    Ok(())
}
