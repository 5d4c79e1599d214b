//! The filter with verifying servers that others wrote: the same must hold with all of them.
//!
//! glewlwyd comes from Debian alone, and has no part here: `cargo demo --server glewlwyd` shows it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::{Context, Result, ensure};
use integration::harness::client::{Request, Response};
use integration::harness::wait;
use integration::scenario::check::backend_header;
use integration::servers::oauth::{ALL, Kind, Server};
use integration::servers::stub::backend::MARK;
use integration::site::Setup;
use integration::site::front::Front;
use serde_json::{Value, json};

/// Where several matter.
const WORKERS: u32 = 3;

/// Each of these functions, as a test with each server.
macro_rules! with_each {
    ($($name:ident,)*) => {
        mod oidc_provider {
            $(#[test] fn $name() -> anyhow::Result<()> { super::$name(super::Kind::OidcProvider) })*
        }
        mod django_oauth_toolkit {
            $(#[test] fn $name() -> anyhow::Result<()> { super::$name(super::Kind::Django) })*
        }
        mod authlib {
            $(#[test] fn $name() -> anyhow::Result<()> { super::$name(super::Kind::Authlib) })*
        }
    };
}

with_each![
    what_the_documentation_shows_is_enough,
    tokens_are_admitted_and_the_backend_is_told_whose_they_are,
    nobody_else_is_admitted,
    scopes_and_audience_are_as_the_server_says,
    a_revocation_that_passes_by_takes_effect_at_once,
    a_revocation_elsewhere_takes_effect_when_the_answer_lapses,
    a_token_that_expires_is_refused,
    the_server_takes_our_id_and_secret_whatever_is_in_them,
    a_wrong_secret_of_ours_is_nobody_elses_fault,
    a_stopped_server_leaves_what_is_known,
    client_pairs_are_exchanged,
    a_refresh_token_is_no_access_token,
];

/// The server of this kind that tests which run at the same time share.
fn shared(kind: Kind) -> Result<Arc<Server>> {
    static SERVERS: [Mutex<Weak<Server>>; ALL.len()] =
        [const { Mutex::new(Weak::new()) }; ALL.len()];
    let place = &SERVERS[kind as usize];
    let mut running = place.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return Ok(server);
    }
    let server = Arc::new(Server::start(kind)?);
    *running = Arc::downgrade(&server);
    Ok(server)
}

fn front(server: &Server, name: &str, config: Value) -> Result<Front> {
    Front::start(server, setup(server, name, config))
}

fn setup(server: &Server, name: &str, config: Value) -> Setup {
    // One more try, as shipped: these servers close idle connections, which may cross a call.
    Setup::test(&format!("oauth-{}-{name}", server.kind().word()))
        .config(json!({ "introspection": { "retries": 1 } }))
        .config(config)
}

fn books(token: &str) -> Request {
    Request::get("/books").bearer(token)
}

/// What the backend saw of a request that reached it.
fn admitted(response: &Response) -> Result<Value> {
    let body = String::from_utf8_lossy(&response.body);
    ensure!(response.header(MARK).is_some(), "refused: {} {body}", response.status);
    response.json()
}

fn refused(response: &Response, status: u16, error: &str) -> Result<()> {
    ensure!(response.header(MARK).is_none(), "the request reached the backend");
    let body = response.json()?;
    ensure!(response.status == status && body["error"] == error, "{} {body}", response.status);
    Ok(())
}

fn refused_as_invalid(response: &Response) -> Result<()> {
    refused(response, 401, "invalid_token")?;
    let challenge = response.header("www-authenticate").context("no challenge")?;
    ensure!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    Ok(())
}

/// `docs/servers.md`, with time for slow machines.
fn what_the_documentation_shows_is_enough(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let patience = json!({ "introspection": { "timeout": "20s" } });
    let name = format!("documented-{}", kind.word());
    let front =
        Front::documented(&server, Setup { name, patches: vec![patience], ..Setup::default() })?;
    let issued = server.user_tokens("books.read")?;
    let body = admitted(&front.send(&books(&issued.access))?)?;
    let user = kind.user_header().replace("x-usergrid-", "x-auth-");
    for (name, value) in
        [(user.as_str(), "alice"), ("x-auth-client-id", "shop"), ("x-auth-scope", "books.read")]
    {
        let seen = backend_header(&body, name);
        // One server adds the scopes of a login.
        ensure!(seen.as_deref().is_some_and(|seen| seen.contains(value)), "{name}: {seen:?}");
    }
    refused_as_invalid(&front.send(&books(&issued.refresh.context("no refresh token")?))?)?;
    refused_as_invalid(&front.send(&books("nonsense"))?)?;
    let response = front.send(&server.revocation("shop", &issued.access)?)?;
    ensure!(response.status == 200 && response.header(MARK).is_none(), "{}", response.status);
    refused_as_invalid(&front.send(&books(&issued.access))?)
}

fn tokens_are_admitted_and_the_backend_is_told_whose_they_are(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let front = front(&server, "admitted", json!({}))?;
    let user = server.user_token("books.read books.write")?;
    let client = server.client_token("reports", "books.read")?;
    let bearer = format!("Bearer {user}");
    for request in [books(&user), Request::get(format!("/books?access_token={user}&limit=5"))] {
        let forged = request.header("x-usergrid-client-id", "forged");
        let body = admitted(&front.send(&forged)?)?;
        for (name, value) in [
            ("authorization", bearer.as_str()),
            (kind.user_header(), "alice"),
            ("x-usergrid-client-id", "shop"),
            ("x-usergrid-scope", "books.read books.write"),
        ] {
            let seen = backend_header(&body, name);
            ensure!(seen.as_deref() == Some(value), "{name}: {seen:?}");
        }
        ensure!(!body["path"].to_string().contains(&user), "{}", body["path"]);
    }
    let body = admitted(&front.send(&books(&client))?)?;
    for (name, value) in [
        ("x-usergrid-client-id", Some("reports")),
        ("x-usergrid-scope", Some("books.read")),
        (kind.user_header(), None),
    ] {
        let seen = backend_header(&body, name);
        ensure!(seen.as_deref() == value, "{name}: {seen:?}");
    }
    front.envoy.admin().wait_for_metric("introspections_total;result=active", 2)
}

fn nobody_else_is_admitted(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let front = front(&server, "refused", json!({ "cache": { "negative_ttl": "1h" } }))?;
    let token = server.client_token("reports", "books.read")?;
    let cut = &token[..token.len() - 1];
    for request in [
        books("nonsense"),
        books(cut),
        books(&format!("{token}A")),
        Request::get(format!("/books?access_token={cut}")),
    ] {
        refused_as_invalid(&front.send(&request)?)?;
    }
    refused(&front.send(&Request::get("/books"))?, 401, "unauthorized")?;
    front.envoy.admin().wait_for_metric("introspections_total;result=inactive", 3)?;
    admitted(&front.send(&books(&token))?).map(drop)
}

fn scopes_and_audience_are_as_the_server_says(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let mut setup = json!({ "introspection": { "scope": ["books.write"] } });
    let all = server.user_token("books.read books.write")?;
    let some = server.user_token("books.read")?;
    {
        let front = front(&server, "scope", setup.clone())?;
        admitted(&front.send(&books(&all))?)?;
        let response = front.send(&books(&some))?;
        refused(&response, 403, "insufficient_scope")?;
        let challenge = response.header("www-authenticate").context("no challenge")?;
        ensure!(challenge.contains(r#"scope="books.write""#), "{challenge}");
    }
    let in_array = server.introspect(&all)?["aud"].is_array();
    ensure!(
        in_array == (kind == Kind::Django),
        "the server has changed: `aud` in an array is {in_array}"
    );
    for (audience, meant) in [(server.registry().audience.as_str(), true), ("other", false)] {
        setup["introspection"]["audience"] = audience.into();
        let front = front(&server, "audience", setup.clone())?;
        let response = front.send(&books(&all))?;
        if meant {
            admitted(&response)?;
        } else {
            refused_as_invalid(&response)?;
        }
    }
    Ok(())
}

fn a_revocation_that_passes_by_takes_effect_at_once(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let setup = setup(&server, "revoked", json!({ "cache": { "ttl": "1h" } })).workers(WORKERS);
    let front = Front::start(&server, setup)?;
    let token = server.client_token("reports", "books.read")?;
    let other = server.client_token("reports", "books.read")?;
    for token in [&token, &other] {
        admitted(&front.send(&books(token))?)?;
    }
    // Another client's token: one server answers 400, the other 200 and does nothing.
    front.send(&server.revocation("tickets", &token)?)?;
    admitted(&front.send(&books(&token))?)?;

    let response = front.send(&server.revocation("reports", &token)?)?;
    ensure!(response.status == 200 && response.header(MARK).is_none(), "{}", response.status);
    // Whichever workers these come to.
    for _ in 0..4 * WORKERS {
        refused_as_invalid(&front.send(&books(&token))?)?;
    }
    admitted(&front.send(&books(&other))?).map(drop)
}

fn a_revocation_elsewhere_takes_effect_when_the_answer_lapses(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let front = front(&server, "lapsed", json!({ "cache": { "ttl": "1s" } }))?;
    let token = server.user_token("books.read")?;
    admitted(&front.send(&books(&token))?)?;
    let response = server.send(&server.revocation("shop", &token)?)?;
    ensure!(response.status == 200, "{}", response.status);
    wait::until("the refusal", || {
        let response = front.send(&books(&token))?;
        Ok((response.status != 200).then_some(response))
    })
    .and_then(|response| refused_as_invalid(&response))
}

fn a_token_that_expires_is_refused(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let front = front(&server, "expired", json!({ "cache": { "ttl": "1h" } }))?;
    // On a busy machine one may be over before it is first used.
    let token = wait::until("a token in its lifetime", || {
        let token = server.client_token("tickets", "books.read")?;
        Ok((front.send(&books(&token))?.status == 200).then_some(token))
    })?;
    let response = wait::until("its end", || {
        let response = front.send(&books(&token))?;
        Ok((response.status != 200).then_some(response))
    })?;
    refused_as_invalid(&response)?;
    refused_as_invalid(&front.send(&books(&token))?)
}

/// RFC 6749 section 2.3.1 and appendix B: colons, blanks, plus and percent signs survive both ways.
fn the_server_takes_our_id_and_secret_whatever_is_in_them(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let token = server.client_token("reports", "books.read")?;
    let ours = server.registry().clients.iter().filter(|client| client.grant == "none");
    let mut methods = Vec::new();
    for client in ours {
        let config = json!({ "introspection": { "client_auth": client.client_auth() } });
        let front = front(&server, "ourselves", config)?;
        admitted(&front.send(&books(&token))?).with_context(|| client.id.clone())?;
        methods.push((client.auth.as_str(), client.secret.contains([':', '+', '%', ' '])));
    }
    methods.sort_unstable();
    let both = ["client_secret_basic", "client_secret_post"];
    let all: Vec<_> = both.iter().flat_map(|method| [(*method, false), (*method, true)]).collect();
    ensure!(methods == all, "not all was tried: {methods:?}");
    Ok(())
}

fn a_wrong_secret_of_ours_is_nobody_elses_fault(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let token = server.client_token("reports", "books.read")?;
    for id in ["gateway", "gateway-post"] {
        let mut auth = server.registry().client(id)?.client_auth();
        auth["client_secret"] = "wrong".into();
        let front =
            front(&server, "rejected", json!({ "introspection": { "client_auth": auth } }))?;
        let response = front.send(&books(&token))?;
        refused(&response, 503, "temporarily_unavailable").context(id)?;
        ensure!(response.header("retry-after").is_some(), "no Retry-After");
        front.envoy.admin().wait_for_metric("introspections_total;result=rejected_us", 1)?;
    }
    Ok(())
}

fn a_stopped_server_leaves_what_is_known(kind: Kind) -> Result<()> {
    let server = Server::start(kind)?;
    let front = front(&server, "stopped", json!({ "cache": { "ttl": "1h" } }))?;
    let known = server.user_token("books.read")?;
    let unknown = server.client_token("reports", "books.read")?;
    admitted(&front.send(&books(&known))?)?;
    drop(server);
    for _ in 0..2 {
        refused(&front.send(&books(&unknown))?, 503, "temporarily_unavailable")?;
        admitted(&front.send(&books(&known))?)?;
    }
    Ok(())
}

fn client_pairs_are_exchanged(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    for (method, id) in [("client_secret_post", "reports-post"), ("client_secret_basic", "reports")]
    {
        let config = json!({ "client_credentials": { "client_auth": method } });
        let front = front(&server, "pair", config)?;
        let client = server.registry().client(id)?;
        let query = |secret: &str| {
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
            };
            let pair = format!("client_id={}&client_secret={}", encode(id), encode(secret));
            Request::get(format!("/books?{pair}"))
        };
        let body = admitted(&front.send(&query(&client.secret))?)?;
        ensure!(body["path"] == "/books", "{}", body["path"]);
        ensure!(backend_header(&body, "x-usergrid-client-id").as_deref() == Some(id));
        // What the backend got is good there, too.
        let issued = backend_header(&body, "authorization").context("no token")?;
        let request = Request::get("/books").header("authorization", issued);
        let body = admitted(&front.send(&request)?)?;
        ensure!(backend_header(&body, "x-usergrid-client-id").as_deref() == Some(id));

        refused(&front.send(&query("wrong"))?, 401, "invalid_client")?;
        let nobody = Request::get("/books?client_id=nobody&client_secret=wrong");
        refused(&front.send(&nobody)?, 401, "invalid_client")?;

        // A good secret, but not for this grant. All but one have the standard's word for that; its
        // own, `invalid_request`, may as well mean us.
        let shop = server.registry().client("shop")?;
        let other = Request::get(format!("/books?client_id=shop&client_secret={}", shop.secret));
        let (status, error) = match kind {
            Kind::OidcProvider => (503, "temporarily_unavailable"),
            Kind::Django | Kind::Authlib | Kind::Glewlwyd => (401, "invalid_client"),
        };
        refused(&front.send(&other)?, status, error)?;
    }
    Ok(())
}

/// To `oidc-provider` a refresh token is active, without a word about what it is; it just has no
/// `aud`. To Authlib it is, too, unless it is asked about access tokens.
fn a_refresh_token_is_no_access_token(kind: Kind) -> Result<()> {
    let server = shared(kind)?;
    let issued = server.user_tokens("books.read")?;
    let refresh = issued.refresh.context("no refresh token")?;
    let active = server.introspect(&refresh)?["active"] == true;
    ensure!(active == (kind != Kind::Django), "the server has changed: active is {active}");
    let config = json!({ "introspection": { "audience": server.registry().audience } });
    let front = front(&server, "refresh", config)?;
    admitted(&front.send(&books(&issued.access))?)?;
    refused_as_invalid(&front.send(&books(&refresh))?)
}
