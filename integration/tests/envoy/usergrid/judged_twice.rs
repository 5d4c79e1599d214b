//! What the edge refuses, the backend would have refused by itself; and what one revokes is over at
//! both.

use anyhow::{Context, Result, ensure};
use integration::harness::client::{self, Request};
use integration::servers::usergrid::{ADMIN, APPLICATION_CLIENT, ORGANIZATION_CLIENT};
use serde_json::Value;

use super::{Site, VERIFIERS, Verifier};

const SHOP: &str = "/acme/shop/token";
const MANAGEMENT: &str = "/management/token";

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or_default()
}

#[test]
fn both_refuse_in_the_same_words() -> Result<()> {
    VERIFIERS.into_iter().try_for_each(refused_by)
}

fn refused_by(verifier: Verifier) -> Result<()> {
    let site = Site::start("both", verifier)?;
    let (tom, ann) = (site.login(SHOP, "tom")?, site.login(SHOP, "ann")?);
    let root = site.login(MANAGEMENT, ADMIN)?;
    let id = APPLICATION_CLIENT.0;
    let get = |path: &str| Request::get(path);
    let post = |path: &str| Request::new("POST", path).body(r#"{"name":"emma"}"#);
    let refused = site.passed().len();
    for (request, word) in [
        (get("/acme/shop/books"), "unauthorized"),
        (post("/acme/shop/books"), "unauthorized"),
        // Usergrid tells nobody what she may do, so this one is refused by the backend alone.
        (post("/acme/shop/books").bearer(&ann), "unauthorized"),
        (get("/globex/lab/books").bearer(&tom), "unauthorized"),
        (get("/globex/lab/books").bearer(&root), "unauthorized"),
        (get("/acme/sandbox/books").bearer(&tom), "unauthorized"),
        (get("/acme/sandbox/books").bearer("YWMtBlah"), "auth_unverified_oath"),
        (get(&format!("/acme/shop/books?client_id={id}&client_secret=no")), "invalid_client"),
    ] {
        let edge = site.send(&request)?;
        let backend = client::send(site.backend.address(), &request)?;
        for (who, response) in [("the edge", edge), ("the backend", backend)] {
            let answer = response.json()?;
            let what = client::describe(&request);
            ensure!(response.status == 401, "{who} answers {what} with {}", response.status);
            ensure!(error(&answer) == word, "{who} answers {what} with {answer}, not {word}");
            ensure!(answer["exception"].is_string(), "{who} names no exception: {answer}");
        }
    }
    let (direct, of_ann) = (8, 1);
    let passed = site.passed().len() - refused;
    ensure!(passed == direct + of_ann, "a refused request reached the backend: {passed}");
    Ok(())
}

#[test]
fn both_admit_whom_usergrid_admits() -> Result<()> {
    VERIFIERS.into_iter().try_for_each(admitted_by)
}

fn admitted_by(verifier: Verifier) -> Result<()> {
    let site = Site::start("admitted", verifier)?;
    let (tom, ann) = (site.login(SHOP, "tom")?, site.login(SHOP, "ann")?);
    let root = site.login(MANAGEMENT, ADMIN)?;
    let (organization, secret) = ORGANIZATION_CLIENT;
    for request in [
        Request::get("/acme/shop/books").bearer(&ann),
        Request::get("/acme/shop/users/me").bearer(&tom),
        Request::get("/ACME/Shop/books").bearer(&tom),
        Request::get("/acme/sandbox/books").bearer(&root),
        Request::get("/acme/shop/books").bearer(&root),
        Request::get(format!(
            "/acme/sandbox/books?client_id={organization}&client_secret={secret}"
        )),
        Request::get("/acme/sandbox/users"),
    ] {
        let response = site.send(&request)?;
        let what = client::describe(&request);
        ensure!(response.status == 200, "{what}: {} {:?}", response.status, response.json());
        ensure!(response.json()?["entities"].is_array(), "{what}: no entities");
    }
    Ok(())
}

/// The form and the query of a GET serve as well as JSON at a token endpoint.
#[test]
fn every_way_to_log_in_passes_the_edge() -> Result<()> {
    VERIFIERS.into_iter().try_for_each(logged_in_by)
}

fn logged_in_by(verifier: Verifier) -> Result<()> {
    let site = Site::start("ways", verifier)?;
    let (id, secret) = APPLICATION_CLIENT;
    let user = "grant_type=password&username=tom&password=wonderland";
    let pair = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    for (request, whose) in [
        (Request::new("POST", SHOP).body(user), "user"),
        (Request::get(format!("{SHOP}?{user}")), "user"),
        (Request::new("POST", SHOP).body(&pair), "application"),
        (Request::get(format!("{MANAGEMENT}?{pair}")), "application"),
    ] {
        let answer = site.send(&request)?.json()?;
        ensure!(answer["expires_in"] == 604_800 && !answer[whose].is_null(), "{answer}");
        let token = answer["access_token"].as_str().context("no token")?;
        let used = site.send(&Request::get("/acme/shop/books").bearer(token))?;
        ensure!(used.status == 200, "{}", used.status);
    }
    Ok(())
}

#[test]
fn a_revocation_ends_what_it_names_and_nothing_else() -> Result<()> {
    VERIFIERS.into_iter().try_for_each(revoked_by)
}

fn revoked_by(verifier: Verifier) -> Result<()> {
    let site = Site::start("revocation", verifier)?;
    let root = site.login(MANAGEMENT, ADMIN)?;
    let books = |token: &str, status: u16| -> Result<()> {
        let passed = site.passed().len();
        let response = site.send(&Request::get("/acme/shop/books").bearer(token))?;
        ensure!(response.status == status, "{} instead of {status}", response.status);
        let more = usize::from(status == 200);
        ensure!(site.passed().len() == passed + more, "the edge knew nothing of the revocation");
        Ok(())
    };
    let revoke = |method: &str, path: &str, by: &str| -> Result<u16> {
        Ok(site.send(&Request::new(method, path).bearer(by))?.status)
    };
    let (first, second, ann) =
        (site.login(SHOP, "tom")?, site.login(SHOP, "tom")?, site.login(SHOP, "ann")?);
    for token in [&first, &second, &ann, &root] {
        books(token, 200)?;
    }
    // One token.
    let one = format!("/acme/shop/users/tom/revoketoken?token={first}");
    ensure!(revoke("PUT", &one, &second)? == 200);
    books(&first, 401)?;
    books(&second, 200)?;
    // All of a user.
    ensure!(revoke("PUT", "/acme/shop/users/tom/revoketokens", &ann)? == 401);
    books(&second, 200)?;
    ensure!(revoke("POST", "/acme/shop/users/tom/revoketokens", &root)? == 200);
    books(&second, 401)?;
    books(&ann, 200)?;
    // A user who is no longer one.
    ensure!(revoke("POST", "/acme/shop/users/ann/deactivate", &root)? == 200);
    books(&ann, 401)?;
    // An administrator, by his own hand.
    books(&root, 200)?;
    ensure!(
        revoke("PUT", &format!("/management/users/root/revoketoken?token={root}"), &root)? == 200
    );
    books(&root, 401)?;
    site.envoy.admin().wait_for_metric("revocations_total", 4)
}
