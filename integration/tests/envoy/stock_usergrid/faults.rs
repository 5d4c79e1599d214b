//! Answers that are not Usergrid's: nobody gets in, nobody is called bad.

use anyhow::Result;
use integration::servers::usergrid::ADMIN;
use integration::servers::usergrid::calls::Kind;
use integration::servers::usergrid::fault::{Fault, What};
use integration::servers::usergrid::principal::Principal;
use integration::site::Stock;
use serde_json::json;

use super::{VERSIONS, books, passes, refused, token, unavailable, user};

/// None of them says anything about a token, whatever was asked.
fn broken() -> Vec<What> {
    let answers = |status: u16, body: &str| What::Answers(status, body.into());
    vec![
        What::Html(200),
        What::Html(401),
        What::Html(404),
        What::Html(502),
        What::Redirect,
        What::Status(429),
        What::Status(500),
        What::Status(503),
        What::Reset,
        What::ResetAfterHeaders,
        answers(200, "[]"),
        answers(200, r#"{"entities":[]}"#),
        answers(200, "{"),
        answers(401, r#"{"message":"not ours"}"#),
        answers(401, r#"{"error":"invalid_token"}"#),
        answers(404, r#"{"error":"not_found"}"#),
        answers(400, r#"{"error":"illegal_argument"}"#),
    ]
}

#[test]
fn whatever_answers_u_decides_nothing_unless_it_is_usergrid() -> Result<()> {
    // What a client can bring about never opens the breaker; here the server does it.
    let patient = json!({ "breaker": { "failures": 1000 } });
    for version in VERSIONS {
        let site = Stock::start("broken-u", version, patient.clone())?;
        for what in broken() {
            site.usergrid.fault(Some(Fault::of(Kind::U, what)));
            unavailable(&site, &books(&user(&site, "tom")?), (1, 0))?;
        }
        site.usergrid.fault(None);
        passes(&site, &books(&user(&site, "tom")?), (1, 0))?;
    }
    Ok(())
}

/// K has no body, so its status decides alone.
#[test]
fn nor_does_whatever_answers_k() -> Result<()> {
    let patient = json!({ "breaker": { "failures": 1000 } });
    for version in VERSIONS {
        let site = Stock::start("broken-k", version, patient.clone())?;
        let root = || token(&site, &Principal::admin(ADMIN));
        for what in [
            What::Html(404),
            What::Html(502),
            What::Redirect,
            What::Status(403),
            What::Status(429),
            What::Status(500),
            What::Reset,
        ] {
            site.usergrid.fault(Some(Fault::of(Kind::K, what)));
            unavailable(&site, &books(&root()), (1, 1))?;
        }
        site.usergrid.fault(Some(Fault::of(Kind::K, What::Status(401))));
        refused(&site, &books(&root()), 401, "unauthorized", (1, 1))?;
        site.usergrid.fault(None);
        passes(&site, &books(&root()), (1, 1))?;
    }
    Ok(())
}

/// A proxy in between that takes `Authorization` away makes guests of all, and U finds none of
/// them; K opens to no guest.
#[test]
fn a_proxy_that_strips_the_token_lets_nobody_in() -> Result<()> {
    for version in VERSIONS {
        let site = Stock::start("stripped", version, json!({}))?;
        site.usergrid.fault(Some(Fault::of_all(What::StripAuthorization)));
        for token in [user(&site, "tom")?, token(&site, &Principal::admin(ADMIN))] {
            refused(&site, &books(&token), 401, "unauthorized", (1, 1))?;
        }
    }
    Ok(())
}

/// One timeout for both probes.
#[test]
fn a_slow_usergrid_is_waited_for_once() -> Result<()> {
    let hasty = json!({ "introspection": { "timeout": "400ms" } });
    for version in VERSIONS {
        let site = Stock::start("slow", version, hasty.clone())?;
        let root = token(&site, &Principal::admin(ADMIN));
        // Either is in time by itself.
        site.usergrid.fault(Some(Fault::of_all(What::Slow(250))));
        unavailable(&site, &books(&root), (1, 1))?;
        site.usergrid.fault(Some(Fault::of(Kind::U, What::Hang)));
        unavailable(&site, &books(&user(&site, "tom")?), (1, 0))?;
        site.usergrid.fault(Some(Fault::of(Kind::K, What::Hang)));
        unavailable(&site, &books(&token(&site, &Principal::admin("vera"))), (1, 1))?;
    }
    Ok(())
}
