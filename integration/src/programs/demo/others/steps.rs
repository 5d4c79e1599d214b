//! What the demo shows of tokens that a real server has issued.

use anyhow::Result;

use super::super::step::{Backend, Step, basic, refused};
use crate::harness::client::Request;
use crate::servers::oauth::{Kind, Server};

pub(super) const UNKNOWN: &str = "nobody-has-issued-this";
/// Clients in `servers/clients.json`.
pub(super) const READER: &str = "reports";
pub(super) const SHOP: &str = "shop";

/// Whether a server's configuration takes tokens in the `Authorization` header alone, as profile
/// `oauth` does, and no client pairs.
pub(super) fn header_alone(kind: Kind) -> bool {
    matches!(kind, Kind::Authlib | Kind::Glewlwyd)
}

pub(super) struct Tokens {
    pub(super) alice: String,
    pub(super) reader: String,
}

impl Tokens {
    pub(super) fn issue(server: &Server) -> Result<Self> {
        Ok(Self {
            alice: server.user_token("books.read books.write")?,
            reader: server.client_token(READER, "books.read")?,
        })
    }
}

pub(super) fn books(token: &str) -> Request {
    Request::get("/books").bearer(token)
}

/// All steps but the last, which takes a while.
pub(super) fn all(server: &Server, tokens: &Tokens) -> Result<Vec<Step>> {
    let told = Told { tokens, names: Names::of(server.kind()) };
    let mut steps = vec![told.alice(), told.reader(), told.alice_where_a_scope_is_asked_for()];
    if header_alone(server.kind()) {
        steps.push(refused(
            "Alice's token in the query",
            Request::get(format!("/books?access_token={}", tokens.alice)),
            401,
            "unauthorized",
            "RFC 9700 wants no token in a URL, and so profile `oauth` does not look there",
        ));
    } else {
        steps.extend(told.other_places(server)?);
    }
    steps.extend(common_refusals(tokens));
    if !header_alone(server.kind()) {
        steps.extend(other_refusals(tokens));
    }
    steps.extend(revocation(server, tokens)?);
    Ok(steps)
}

/// The identity headers by which the backend is told.
struct Names {
    user: &'static str,
    client: &'static str,
    scope: &'static str,
}

impl Names {
    fn of(kind: Kind) -> Self {
        if header_alone(kind) {
            let (client, scope) = ("x-auth-client-id", "x-auth-scope");
            return Self { user: "x-auth-username", client, scope };
        }
        let (client, scope) = ("x-usergrid-client-id", "x-usergrid-scope");
        Self { user: kind.user_header(), client, scope }
    }
}

/// What the backend is told.
struct Told<'a> {
    tokens: &'a Tokens,
    names: Names,
}

type Identity = Vec<(&'static str, Option<&'static str>)>;

impl Told<'_> {
    fn of_alice(&self) -> Identity {
        let Names { user, client, scope } = self.names;
        vec![(user, Some("alice")), (client, Some(SHOP)), (scope, Some("books.read books.write"))]
    }

    fn alice(&self) -> Step {
        let alice = self.tokens.alice.as_str();
        passes(
            "Alice's token in the Authorization header",
            books(alice),
            ("/books", Some(alice)),
            &self.of_alice(),
            "she has logged in at the server, which says who she is, by which client, with which scopes",
        )
    }

    fn reader(&self) -> Step {
        let reader = self.tokens.reader.as_str();
        let Names { user, client, scope } = self.names;
        passes(
            "A client's own token",
            books(reader),
            ("/books", Some(reader)),
            &[(user, None), (client, Some(READER)), (scope, Some("books.read"))],
            "issued for client credentials; there is no user behind it",
        )
    }

    fn alice_where_a_scope_is_asked_for(&self) -> Step {
        let alice = self.tokens.alice.as_str();
        passes(
            "Alice, where a scope is asked for",
            Request::get("/inventory").bearer(alice),
            ("/inventory", Some(alice)),
            &self.of_alice(),
            "the route's metadata has `require_scope: books.write`, and the server says that she has it",
        )
    }

    /// In the query, and as a client's id and secret.
    fn other_places(&self, server: &Server) -> Result<[Step; 3]> {
        let alice = self.tokens.alice.as_str();
        let pair = server.registry().client(READER)?;
        let of_pair = [(self.names.client, Some(READER))];
        Ok([
            passes(
                "Alice's token in the query",
                Request::get(format!("/books?limit=5&access_token={alice}")),
                ("/books?limit=5", Some(alice)),
                &self.of_alice(),
                "taken out of the query before anything is logged, and sent on in the header; from the cache",
            ),
            passes(
                "The client's id and secret",
                Request::get(format!("/books?client_id={}&client_secret={}", pair.id, pair.secret)),
                ("/books", None),
                &of_pair,
                "exchanged at the server's token endpoint; the backend gets the issued token, never the secret",
            ),
            passes(
                "The same client in Basic",
                Request::get("/books").header("Authorization", basic(&pair.id, &pair.secret)),
                ("/books", None),
                &of_pair,
                "one client, one cached answer, whichever place it came from",
            ),
        ])
    }
}

/// A request that passes, and identity headers with which it must reach the backend.
fn passes(
    title: &'static str,
    request: Request,
    (path, token): (&'static str, Option<&str>),
    identity: &[(&'static str, Option<&str>)],
    why: &'static str,
) -> Step {
    let own = |value: Option<&str>| value.map(str::to_owned);
    let mut headers: Vec<_> = identity.iter().map(|(name, value)| (*name, own(*value))).collect();
    headers.extend(token.map(|token| ("authorization", Some(format!("Bearer {token}")))));
    Step { title, request, status: 200, backend: Backend::Sees { path, headers }, why }
}

fn common_refusals(tokens: &Tokens) -> [Step; 3] {
    [
        refused(
            "A client without that scope",
            Request::get("/inventory").bearer(&tokens.reader),
            403,
            "insufficient_scope",
            "its token is good, but for `books.read` only; the challenge says what is missing",
        ),
        refused(
            "No token",
            Request::get("/books"),
            401,
            "unauthorized",
            "without a credential the challenge names no error (RFC 6750 section 3.1)",
        ),
        refused(
            "An unknown token",
            books(UNKNOWN),
            401,
            "invalid_token",
            "the server says `\"active\": false`",
        ),
    ]
}

fn other_refusals(tokens: &Tokens) -> [Step; 2] {
    let alice = tokens.alice.as_str();
    [
        refused(
            "Two credentials at once",
            Request::get(format!("/books?access_token={alice}")).bearer(alice),
            400,
            "invalid_request",
            "RFC 6750 allows one; nobody should have to guess which one counts",
        ),
        refused(
            "A wrong secret",
            Request::get(format!("/books?client_id={READER}&client_secret=wrong")),
            401,
            "invalid_client",
            "the server's token endpoint refuses the pair",
        ),
    ]
}

fn revocation(server: &Server, tokens: &Tokens) -> Result<[Step; 2]> {
    Ok([
        Step {
            title: "Alice's token is revoked",
            request: server.revocation(SHOP, &tokens.alice)?,
            status: 200,
            backend: Backend::NotAsked,
            why: "RFC 7009; it passes through Envoy, and `revocation.paths` names the endpoint",
        },
        refused(
            "The revoked token",
            books(&tokens.alice),
            401,
            "invalid_token",
            "what was remembered is forgotten at once, and the server is asked again",
        ),
    ])
}

/// Once its time is over.
pub(super) fn is_over(token: &str) -> Step {
    refused(
        "A token whose time is over",
        books(token),
        401,
        "invalid_token",
        "the server gave it a few seconds, and no remembered answer outlives its `exp`",
    )
}
