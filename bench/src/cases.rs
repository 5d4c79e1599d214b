//! The requests that are compared, each with the listener it goes to and what has to come of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use counting_host::ways;
use integration::harness::client::{self, Request};
use serde_json::{Value, json};

use crate::filters::{self, Noop};
use crate::load::Same;
use crate::rig::{BARE, Listener, Rig};
use crate::servers::VERIFY;

/// The resource that callers are after.
const PATH: &str = "/acme/shop/books";
/// All that the alternatives tell the backend.
const USERNAME: &str = "x-usergrid-username";
const TOKEN: &str = "good-4fa1c2d37be94e0b8f6a";

/// One kind of request.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: String,
    /// For people.
    pub label: String,
    pub listener: String,
    /// Path and query.
    pub path: String,
    /// `name: value`.
    pub headers: Vec<String>,
    pub status: u16,
    /// The name that the backend is told.
    pub user: Option<&'static str>,
    /// The case with the floor under this one.
    pub floor: &'static str,
}

/// The floor of a hit, and of what has none of its own.
pub const FLOOR: &str = "floor";
/// Floors by their case, with the word for people and what the module is told.
const FLOORS: [(&str, &str, &str); 6] = [
    (FLOOR, "a hit", ways::FULL_HIT),
    ("floor-logic", "a hit, with its logic by hand", FLOOR_WITH_LOGIC),
    ("floor-one", "a hit, one identity header", ways::ONE_HEADER),
    ("floor-query", "a hit by query", ways::QUERY_HIT),
    ("floor-guest", "a guest", ways::GUEST),
    ("floor-public", "a public endpoint", ways::PUBLIC),
];
const FLOOR_WITH_LOGIC: &str = "properties head time gauge identity7 logic";

/// Everything that is compared, and the listeners for it.
#[derive(Debug)]
pub struct Field {
    /// In the order of the table.
    pub cases: Vec<Case>,
    /// For [`Rig::start`].
    pub listeners: Vec<Listener>,
}

impl Field {
    /// The filter, its alternatives, and other builds of the filter (name and module).
    ///
    /// # Errors
    /// If a module does not build or a tool fails.
    pub fn new(
        module: &Path,
        noop: &Noop,
        floor: &Path,
        others: &[(String, PathBuf)],
    ) -> Result<Self> {
        let mut field = Self { cases: Vec::new(), listeners: vec![Listener::bare()] };
        field.bearer("bare", "bare Envoy", BARE, TOKEN, None);
        field.listen("noop", filters::noop(&noop.full, "noop")?);
        field.bearer("noop", "wasm filter that does nothing", "noop", TOKEN, None);
        field.listen("noop-trimmed", filters::noop(&noop.trimmed, "noop-trimmed")?);
        let label = "the same with this filter's exports only";
        field.bearer("noop-trimmed", label, "noop-trimmed", TOKEN, None);
        for (id, what, words) in FLOORS {
            field.listen(id, filters::floor(floor, id, words)?);
            let label = format!("floor: the host calls of {what}");
            field.bearer(id, &label, id, TOKEN, None);
        }
        field.listen("floor-lean", filters::floor(floor, "floor-lean", ways::LEAN_HIT)?);
        let label = "floor: the host calls of a hit without route settings, in one header";
        field.bearer("floor-lean", label, "floor-lean", TOKEN, None);
        field.ours("this filter", "filter", module)?;
        for (name, other) in others {
            field.ours(name, name, other)?;
        }
        let (jwt, token) = filters::jwt()?;
        field.listen("jwt", jwt);
        field.bearer("jwt", "jwt_authn, local key", "jwt", &token, Some("alice"));
        let alternatives = [
            ("lua-cache", "Lua, table cache", filters::lua(true, 0)?),
            ("lua", "Lua, introspects each request", filters::lua(false, 0)?),
            ("authz-grpc", "ext_authz over gRPC", filters::authz_grpc(0)),
            ("authz-http", "ext_authz over HTTP", filters::authz_http(0)),
        ];
        for (id, label, filter) in alternatives {
            field.listen(id, filter);
            field.bearer(id, label, id, TOKEN, Some("alice"));
        }
        Ok(field)
    }

    fn listen(&mut self, name: &str, filter: Value) {
        self.listeners.push(Listener::new(name, filter));
    }

    fn bearer(
        &mut self,
        id: &str,
        label: &str,
        listener: &str,
        token: &str,
        user: Option<&'static str>,
    ) {
        let headers = vec![format!("authorization: Bearer {token}")];
        self.case(id, label, listener, PATH, headers, (200, user));
    }

    fn case(
        &mut self,
        id: &str,
        label: &str,
        listener: &str,
        path: &str,
        headers: Vec<String>,
        (status, user): (u16, Option<&'static str>),
    ) {
        let (id, label, listener) = (id.into(), label.into(), listener.into());
        let path = path.into();
        let floor = FLOOR;
        self.cases.push(Case { id, label, listener, path, headers, status, user, floor });
    }

    /// The case that was added last has another floor than that of a hit.
    fn over(&mut self, floor: &'static str) {
        if let Some(case) = self.cases.last_mut() {
            case.floor = floor;
        }
    }

    /// All kinds of requests to one build of this filter; the ids of another build end with its
    /// name.
    fn ours(&mut self, name: &str, listener: &str, module: &Path) -> Result<()> {
        self.listen(listener, filters::ours(module, listener, 0, &json!({}))?);
        let own = listener == "filter";
        let id = |id: &str| if own { id.to_owned() } else { format!("{id}@{listener}") };
        let label = |what: &str| format!("{name}: {what}");
        let alice = Some("alice");
        let bearer = vec![format!("authorization: Bearer {TOKEN}")];
        let known = label("token in the header, known");
        self.case(&id("header"), &known, listener, PATH, bearer, (200, alice));
        let query = format!("{PATH}?limit=10&access_token={TOKEN}&order=asc");
        let known = label("token in the query, known");
        self.case(&id("query"), &known, listener, &query, vec![], (200, alice));
        self.over("floor-query");
        let pair = vec!["authorization: Basic d2ViLXNob3A6c2VjcmV0".to_owned()];
        let known = label("client pair, known");
        self.case(&id("client"), &known, listener, PATH, pair, (200, None));
        let guest = "/acme/sandbox/books";
        self.case(&id("guest"), &label("guest"), listener, guest, vec![], (200, None));
        self.over("floor-guest");
        let public = "/acme/shop/token";
        let endpoint = label("public endpoint");
        self.case(&id("public"), &endpoint, listener, public, vec![], (200, None));
        self.over("floor-public");
        let refused = label("no credential, refused");
        self.case(&id("refusal"), &refused, listener, PATH, vec![], (401, None));
        let lean = format!("{listener}-one");
        self.listen(&lean, filters::ours(module, &lean, 0, &ways::without(&[USERNAME]))?);
        let known = label("token in the header, known, one identity header");
        self.bearer(&id("one"), &known, &lean, TOKEN, alice);
        self.over("floor-one");
        // Builds from before its keys were there refuse the configuration.
        if !own {
            return Ok(());
        }
        let lean = format!("{listener}-lean");
        self.listen(&lean, filters::ours(module, &lean, 0, &ways::lean())?);
        let known = label("token in the header, known, all in one header, no route settings");
        self.bearer(&id("lean"), &known, &lean, TOKEN, None);
        self.over("floor-lean");
        Ok(())
    }
}

impl Case {
    /// For the load generator.
    ///
    /// # Errors
    /// If its listener is not there.
    pub fn load<'a>(&'a self, rig: &Rig) -> Result<Same<'a>> {
        let address = rig.address(&self.listener)?;
        Ok(Same { address, path: &self.path, headers: &self.headers, status: self.status })
    }

    /// Sends one request and looks at what came of it, with the credential and, where one is asked
    /// for, with a wrong one.
    ///
    /// # Errors
    /// If it is not what it should be: then the listener measures something else.
    pub fn check(&self, rig: &Rig) -> Result<()> {
        let address = rig.address(&self.listener)?;
        let mut request = Request::get(&self.path).header(VERIFY, "1");
        for header in &self.headers {
            let (name, value) = header.split_once(": ").context("a header without colon")?;
            request = request.header(name, value);
        }
        let response = client::send(address, &request)?;
        let body = String::from_utf8_lossy(&response.body);
        ensure!(response.status == self.status, "{}: {} {body}", self.id, response.status);
        if self.status == 200 {
            let seen = response.json()?;
            let user = seen.get("user").and_then(Value::as_str);
            let expected = self.user;
            ensure!(user == expected || expected.is_none(), "{}: backend saw {seen}", self.id);
            let path = seen.get("path").and_then(Value::as_str).context("no path")?;
            ensure!(!path.contains("access_token"), "{}: the backend saw {path}", self.id);
        }
        if self.user.is_some() && !self.headers.is_empty() {
            let wrong = Request::get(&self.path).bearer("wrong.wrong.wrong");
            let status = client::send(address, &wrong)?.status;
            ensure!(
                matches!(status, 401 | 403),
                "{}: a wrong token was answered with {status}",
                self.id
            );
        }
        Ok(())
    }
}
