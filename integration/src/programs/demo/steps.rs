//! The documented requests, with demo credentials that open nothing anywhere else.

use std::net::SocketAddr;

use super::curl::curl;
use super::step::{Backend, Step, basic, refused};
use crate::harness::client::Request;

/// Known to the verifying server as alice of `acme`; of the shape of a Usergrid access token.
pub const TOKEN: &str = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";
/// From Usergrid's own tests; it expired in 2015.
const EXPIRED: &str = "YWMtL8AQ-ukcEeS2lHs-P-n8wQAAAU0GaCt_Y0cPWeXMJij4x_fW0w_dTMpUH7I";
const UNKNOWN: &str = "YWMt-nobody-has-issued-this";
const SERVER_DOWN: &str = "YWMt-the-verifying-server-breaks-off";
/// The client of Usergrid's documentation.
const ID: &str = "b3U68vghI6FmEeKn9wLoGtzz0A";
const SECRET: &str = "b3U6ZuZ5_U8Y-bOaViJt0OyRkJFES-A";
const ISSUED: &str = "Bearer YWMt-issued-for-the-organization";

const BEARER: &str = "Bearer YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";

fn passes(
    title: &'static str,
    request: Request,
    path: &'static str,
    authorization: Option<&'static str>,
    principal: Option<&'static str>,
    why: &'static str,
) -> Step {
    let headers = vec![
        ("authorization", authorization.map(str::to_owned)),
        ("x-usergrid-principal", principal.map(str::to_owned)),
    ];
    Step { title, request, status: 200, backend: Backend::Sees { path, headers }, why }
}

/// All of them, in the order of the walk.
pub fn all() -> Vec<Step> {
    let mut steps = good();
    steps.extend(bad());
    steps
}

fn good() -> Vec<Step> {
    let user = Some("application_user");
    vec![
        passes(
            "A token in the Authorization header",
            Request::get("/acme/shop/books").bearer(TOKEN),
            "/acme/shop/books",
            Some(BEARER),
            user,
            "introspected once; the answer says who it is, and alice belongs to acme/shop",
        ),
        passes(
            "The same token in the query",
            Request::get(format!("/acme/shop/books?limit=5&access_token={TOKEN}&ql=select")),
            "/acme/shop/books?limit=5&ql=select",
            Some(BEARER),
            user,
            "taken out of the query before anything is logged, and sent on in the header; from the cache",
        ),
        passes(
            "Client id and secret in the query",
            Request::get(format!("/acme/shop/books?client_id={ID}&client_secret={SECRET}")),
            "/acme/shop/books",
            Some(ISSUED),
            Some("organization"),
            "exchanged at the token endpoint; the backend gets the issued token, never the secret",
        ),
        passes(
            "The same client in Basic",
            Request::get("/acme/shop/books").header("Authorization", basic(ID, SECRET)),
            "/acme/shop/books",
            Some(ISSUED),
            Some("organization"),
            "one client, one cached answer, whichever place it came from",
        ),
        passes(
            "The sandbox without a token",
            Request::get("/acme/sandbox/books"),
            "/acme/sandbox/books",
            None,
            Some("guest"),
            "the guest rule `*/sandbox` allows get, post, put and delete on every path",
        ),
        passes(
            "A guest who claims to be somebody",
            Request::get("/acme/sandbox/books").header("X-Usergrid-Principal", "admin_user"),
            "/acme/sandbox/books",
            None,
            Some("guest"),
            "identity headers of clients are cleared on every request",
        ),
        passes(
            "The token endpoint",
            Request::new("POST", "/management/token"),
            "/management/token",
            None,
            None,
            "public: whoever wants a token does not have one yet",
        ),
        passes(
            "A browser's preflight",
            Request::new("OPTIONS", "/acme/shop/books")
                .header("Origin", "https://shop.example.com")
                .header("Access-Control-Request-Method", "PUT"),
            "/acme/shop/books",
            None,
            None,
            "browsers send no credential with it",
        ),
    ]
}

fn bad() -> Vec<Step> {
    vec![
        refused(
            "No token outside the sandbox",
            Request::get("/acme/shop/books"),
            401,
            "unauthorized",
            "no credential, and no guest rule for acme/shop",
        ),
        refused(
            "An unknown token",
            Request::get("/acme/shop/books").bearer(UNKNOWN),
            401,
            "auth_invalid",
            "the verifying server says `\"active\": false`",
        ),
        refused(
            "An expired token",
            Request::get("/acme/shop/books").bearer(EXPIRED),
            401,
            "expired_token",
            "the answer's `exp` lies in 2015",
        ),
        refused(
            "An unknown token on the sandbox",
            Request::get("/acme/sandbox/books").bearer(UNKNOWN),
            401,
            "auth_invalid",
            "a credential that fails never turns into guest access",
        ),
        refused(
            "A good token for another organisation",
            Request::get("/globex/crm/customers").bearer(TOKEN),
            401,
            "unauthorized",
            "the answer names acme/shop and acme/sandbox, not globex/crm",
        ),
        refused(
            "Two credentials at once",
            Request::get(format!("/acme/shop/books?access_token={TOKEN}")).bearer(TOKEN),
            400,
            "invalid_request",
            "RFC 6750 allows one; nobody should have to guess which one counts",
        ),
        refused(
            "A wrong secret in the query",
            Request::get(format!("/acme/shop/books?client_id={ID}&client_secret=wrong")),
            401,
            "invalid_client",
            "the token endpoint refuses the pair",
        ),
        refused(
            "A wrong secret in Basic",
            Request::get("/acme/shop/books").header("Authorization", basic(ID, "wrong")),
            401,
            "auth_invalid_credentials",
            "the same, with a Basic challenge",
        ),
        refused(
            "The verifying server fails",
            Request::get("/acme/shop/books").bearer(SERVER_DOWN),
            503,
            "service_unavailable",
            "without a verdict nobody gets in, and the client learns that it may try again",
        ),
    ]
}

/// Lines for people to try, with what to expect.
pub fn to_paste(envoy: SocketAddr) -> Vec<(String, &'static str)> {
    let lines = [
        (Request::get("/acme/shop/books").bearer(TOKEN), "200, as alice"),
        (Request::get(format!("/acme/shop/books?access_token={TOKEN}")), "200, as alice"),
        (
            Request::get(format!("/acme/shop/books?client_id={ID}&client_secret={SECRET}")),
            "200, as the organisation",
        ),
        (Request::get("/acme/sandbox/books"), "200, as guest"),
        (Request::get("/acme/shop/books"), "401, no credential"),
        (Request::get("/acme/sandbox/books").bearer("nonsense"), "401, never a guest"),
        (Request::get(format!("/acme/shop/books?access_token={TOKEN}")).bearer(TOKEN), "400, two"),
    ];
    lines.into_iter().map(|(request, what)| (curl(&request, envoy), what)).collect()
}
