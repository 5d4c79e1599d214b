//! Answers to U that the stand-in does not give by itself, word by word.

use anyhow::Result;
use integration::servers::usergrid::ADMIN;
use integration::servers::usergrid::calls::Kind;
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;
use serde_json::{Value, json};

use super::{SHOP, books, is, passes, refused, token, unavailable, user};

const UUID: &str = "7d1f2c12-833a-11ee-8b11-0242ac120001";

fn site(name: &str) -> Result<Stock> {
    Stock::start(name, Version::Master, json!({ "breaker": { "failures": 1000 } }))
}

fn answers(site: &Stock, status: u16, body: &Value) {
    site.usergrid.fault(Some(Fault::of(Kind::U, What::Answers(status, body.to_string()))));
}

/// The body of a 200 with `patch` in the entity and in what surrounds it (RFC 7396).
fn found(entity: &Value, around: &Value) -> Value {
    let mut body = json!({
        "action": "get", "path": "/users", "organization": "acme", "applicationName": "shop",
        "entities": [{ "uuid": UUID, "type": "user", "username": "kim", "activated": true }],
    });
    integration::harness::bootstrap::merge(&mut body["entities"][0], entity);
    integration::harness::bootstrap::merge(&mut body, around);
    body
}

#[test]
fn a_user_is_read_strictly() -> Result<()> {
    let site = site("strict")?;
    let next = || user(&site, "tom");
    answers(&site, 200, &found(&json!({}), &json!({})));
    is(&passes(&site, &books(&next()?), (1, 0))?, "username", Some("kim"))?;
    // Names compare without letter case.
    answers(&site, 200, &found(&json!({}), &json!({ "organization": "ACME" })));
    is(&passes(&site, &books(&next()?), (1, 0))?, "organization", Some("acme"))?;
    let one = json!({ "uuid": UUID, "type": "user", "username": "kim" });
    for body in [
        found(&json!({ "type": "book" }), &json!({})),
        found(&json!({ "type": null }), &json!({})),
        found(&json!({ "uuid": "kim" }), &json!({})),
        found(&json!({ "uuid": null }), &json!({})),
        found(&json!({ "username": null }), &json!({})),
        found(&json!({ "username": 7 }), &json!({})),
        found(&json!({ "disabled": "false" }), &json!({})),
        found(&json!({ "activated": 1 }), &json!({})),
        found(&json!({}), &json!({ "organization": "globex" })),
        found(&json!({}), &json!({ "organization": null })),
        found(&json!({}), &json!({ "applicationName": "lab" })),
        found(&json!({}), &json!({ "entities": [] })),
        found(&json!({}), &json!({ "entities": [one, one] })),
        found(&json!({}), &json!({ "entities": one })),
    ] {
        answers(&site, 200, &body);
        unavailable(&site, &books(&next()?), (1, 0))?;
    }
    Ok(())
}

#[test]
fn every_spelling_of_me_is_asked_about() -> Result<()> {
    let site = site("spellings")?;
    for name in ["me", "Me", "ME"] {
        answers(&site, 200, &found(&json!({ "username": name }), &json!({})));
        refused(&site, &books(&user(&site, "tom")?), 401, "unauthorized", (1, 1))?;
        let client = token(&site, &Principal::application(SHOP));
        is(&passes(&site, &books(&client), (1, 1))?, "principal", Some("application"))?;
    }
    Ok(())
}

#[test]
fn every_word_about_a_token_refuses_it() -> Result<()> {
    let site = site("words")?;
    for (status, word, said) in [
        (401, "expired_token", "expired_token"),
        (401, "auth_invalid", "auth_invalid"),
        (401, "authentication", "auth_invalid"),
        (401, "invalid_request", "auth_invalid"),
        (401, "externalssoprovider_unactivated_adminuser", "auth_invalid"),
        (401, "auth_bad_access_token", "auth_invalid"),
        (400, "token", "auth_invalid"),
        (401, "unauthorized", "unauthorized"),
        (404, "organization_application_not_found", "unauthorized"),
    ] {
        let token = user(&site, "tom")?;
        // Descriptions may hold the token; nobody repeats them.
        answers(&site, status, &json!({ "error": word, "error_description": token }));
        refused(&site, &books(&token), 401, said, (1, 0))?;
        let log = site.envoy.log()?;
        anyhow::ensure!(!log.contains(&token), "{word}: the token is in the log");
    }
    Ok(())
}

#[test]
fn the_log_names_the_probe_and_the_status_and_nothing_of_the_answer() -> Result<()> {
    let site = site("log")?;
    answers(&site, 500, &json!({ "error": "runtime", "error_description": "a secret text" }));
    unavailable(&site, &books(&user(&site, "tom")?), (1, 0))?;
    let log = integration::harness::wait::until("the failure in the log", || {
        let log = site.envoy.log()?;
        Ok(log.contains("`GET /{org}/{app}/users/me`").then_some(log))
    })?;
    anyhow::ensure!(log.contains("status 500") && !log.contains("a secret text"), "{log}");
    Ok(())
}

/// Of an administrator nothing is known but what the refusal says of him, read strictly.
#[test]
fn an_administrator_whose_uuid_cannot_be_read_has_no_subject() -> Result<()> {
    let site = site("no-subject")?;
    for description in ["Cannot find entity associated with uuid: nobody", "of another form", ""] {
        let body = json!({ "error": "entity_not_found", "error_description": description });
        answers(&site, 404, &body);
        let root = token(&site, &Principal::admin(ADMIN));
        let seen = passes(&site, &books(&root), (1, 1))?;
        is(&seen, "principal", Some("admin_user"))?;
        is(&seen, "subject", None)?;
    }
    Ok(())
}
