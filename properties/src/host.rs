//! A host by script, and what every host may rely on: one end for each request, nothing after it,
//! values that a header can carry, secrets in no line, bounds kept.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use usergrid_auth_config::{Config, Mode};
use usergrid_auth_core::decision::{Effect, Event, Filter, HeaderEdit};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::refusal::Response;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, CallOutcome, CallRequest};
use usergrid_auth_core::verification::peers::{QueueId, SharedStore};
use usergrid_auth_core::verification::single_flight::{FlightId, StreamId};

use crate::canary::Canaries;
use crate::settings::SECRET;

/// Tokens, ids and secrets that requests present. Each holds [`MARK`], by which a leak is known.
pub const MARK: &str = "Leaked0";

/// Names and values.
pub type Lines = Vec<(String, Vec<u8>)>;

/// One request as the host knows it.
#[derive(Clone, Debug)]
pub struct Request {
    /// As it came.
    pub head: Lines,
    /// As it has been changed.
    pub now: Lines,
    /// What its route says.
    pub bypass: bool,
    /// Whether something follows its head.
    pub has_body: bool,
    /// Whether it has ended.
    pub ended: bool,
}

impl Request {
    /// The first value of a header, as it came.
    #[must_use]
    pub fn first(&self, name: &str) -> &[u8] {
        let value = self.head.iter().find(|(key, _)| key == name).map(|(_, value)| &value[..]);
        value.unwrap_or_default()
    }

    /// All values, as they came.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.head.iter().filter(move |(key, _)| key == name).map(|(_, value)| &value[..])
    }
}

/// One worker and its host.
pub struct Host {
    config: Rc<Config>,
    filter: Filter,
    /// In milliseconds since 1970.
    pub now: u64,
    next: u32,
    /// All requests that have not gone.
    pub requests: BTreeMap<StreamId, Request>,
    /// Calls without an answer.
    pub calls: Vec<(FlightId, Box<CallRequest>)>,
    /// When each call was made.
    made: BTreeMap<FlightId, u64>,
    /// Messages that nobody has delivered.
    pub outbox: Vec<(QueueId, Vec<u8>)>,
}

impl Host {
    /// A worker that shares `store` with others.
    #[must_use]
    pub fn new(config: &Rc<Config>, store: Rc<dyn SharedStore>, now: u64) -> Self {
        Self {
            config: Rc::clone(config),
            filter: Filter::new(Rc::clone(config), store),
            now,
            next: 1,
            requests: BTreeMap::new(),
            calls: Vec::new(),
            made: BTreeMap::new(),
            outbox: Vec::new(),
        }
    }

    /// A request arrives; `approved` is what some answer was good about.
    pub fn arrive(
        &mut self,
        head: Lines,
        has_body: bool,
        route: RouteSettings,
        approved: &BTreeSet<Vec<u8>>,
    ) -> StreamId {
        let stream = StreamId(self.next);
        self.next += 1;
        let bypass = route.bypass && self.config.route_metadata;
        let now = head.clone();
        let request = Request { head: head.clone(), now, bypass, has_body, ended: false };
        self.requests.insert(stream, request);
        let headers = HeaderMap::new(head);
        self.filter.wants_route(UnixMillis(self.now));
        let event = Event::Request { stream, headers, end_of_stream: !has_body, route };
        self.happen(event, Some(stream), approved);
        stream
    }

    /// Something else happens.
    pub fn event(&mut self, event: Event, approved: &BTreeSet<Vec<u8>>) {
        self.happen(event, None, approved);
    }

    /// A request is gone.
    pub fn gone(&mut self, stream: StreamId, approved: &BTreeSet<Vec<u8>>) {
        self.requests.remove(&stream);
        self.happen(Event::StreamGone(stream), None, approved);
    }

    /// A call ends. What it was good about is noted.
    pub fn answer(
        &mut self,
        which: usize,
        status: u16,
        body: &[u8],
        approved: &mut BTreeSet<Vec<u8>>,
    ) {
        if self.calls.is_empty() {
            return;
        }
        let (call, request) = self.calls.remove(which % self.calls.len());
        if status == 200 && approves(body) {
            approved.extend(credentials_of(&request));
        }
        let outcome = match status {
            0 => CallOutcome::Reset,
            1 => CallOutcome::TimedOut,
            2 => CallOutcome::NotSent,
            _ => {
                let body = AnswerBody::Complete(body.to_vec());
                CallOutcome::Answered { status, body, headers: Default::default() }
            }
        };
        self.happen(Event::CallEnded { call, outcome }, None, approved);
    }

    fn happen(&mut self, event: Event, arrived: Option<StreamId>, approved: &BTreeSet<Vec<u8>>) {
        let enforces = self.config.mode == Mode::Enforce;
        let mut effects = self.filter.handle(event, UnixMillis(self.now));
        assert!(effects.len() <= 256 * (1 + self.config.max_waiting), "{} effects", effects.len());
        let (mut admitted, mut refused) = (Vec::new(), 0_usize);
        let (mut forwarded, mut answered) = (Vec::new(), 0_usize);
        for effect in effects.drain(..) {
            match effect {
                Effect::Edit(stream, edit) => {
                    let request = self.open(stream);
                    apply(&mut request.now, &edit);
                }
                Effect::Identify(stream, principal) => {
                    let request = self.open(stream);
                    for (name, value) in &principal.identity {
                        let edit = HeaderEdit::Set(Rc::clone(name), Rc::clone(value));
                        apply(&mut request.now, &edit);
                    }
                }
                Effect::EditTrailers(_, HeaderEdit::Remove(_)) => {}
                Effect::EditTrailers(_, HeaderEdit::Set(_, value) | HeaderEdit::Add(_, value)) => {
                    unmarked(&value, "a trailer");
                }
                Effect::Forward { stream, .. } => {
                    self.open(stream).ended = true;
                    forwarded.push(stream);
                }
                Effect::Refuse(stream, response) => {
                    self.open(stream).ended = true;
                    answered += 1;
                    self.refusal(stream, &response);
                }
                Effect::Wait(stream) => {
                    assert!(enforces && arrived == Some(stream), "{stream:?} waits");
                    assert!(!self.open(stream).ended);
                }
                Effect::Call(call, request) => {
                    assert!(!request.timeout.is_zero());
                    for (name, value) in &request.headers {
                        assert!(value.bytes().all(|byte| byte >= b' '), "{name}: {value:?}");
                    }
                    self.made.insert(call, self.now);
                    self.calls.push((call, request));
                }
                Effect::NotifyPeer(queue, message) => {
                    unmarked(&message, "a message");
                    self.outbox.push((queue, message));
                }
                Effect::Count(Counter::Requests(Outcome::Refused(_))) => refused += 1,
                Effect::Count(Counter::Requests(outcome)) => admitted.push(outcome),
                Effect::Count(_) | Effect::CountOf(..) | Effect::CallTook(..) => {}
                Effect::WriteState { value, property, .. } => {
                    assert!(value.iter().all(|byte| (b' '..=b'~').contains(byte)), "{property}");
                    unmarked(&value, property);
                }
                Effect::Log(event) => unmarked(event.to_string().as_bytes(), "a line of the log"),
            }
        }
        self.filter.recycle(effects);
        if enforces {
            assert_eq!((admitted.len(), refused), (forwarded.len(), answered), "counts and ends");
            for (stream, outcome) in forwarded.into_iter().zip(admitted) {
                self.admitted(stream, outcome, arrived == Some(stream), approved);
            }
        } else {
            assert_eq!((admitted.len(), refused, answered), (0, 0, 0), "enforced");
            assert_eq!(forwarded.first(), arrived.as_ref());
        }
        if let Some(stream) = arrived {
            let request = &self.requests[&stream];
            // Identity is nobody's to claim, whatever becomes of the request.
            let forged = |(name, value): &&(String, Vec<u8>)| {
                self.holds_identity(name) && value.windows(6).any(|window| window == b"forged")
            };
            assert!(!request.now.iter().any(|it| forged(&it)), "{:?}", request.now);
        }
        let most = self.config.max_waiting;
        assert!(self.filter.waiting() <= most, "{} wait", self.filter.waiting());
        let bound = 2 * most + 4 * self.config.servers.len();
        // Envoy has ended those whose time is up.
        let is_under_way = |(call, request): &&(FlightId, Box<CallRequest>)| {
            self.now < self.made[call] + request.timeout.as_millis() as u64
        };
        let under_way = self.calls.iter().filter(is_under_way).count();
        assert!(under_way <= bound, "{under_way} calls");
        let cache = &self.config.cache;
        let bound = cache.max_entries + 2 * cache.max_negative_entries;
        assert!(self.filter.cache_entries() <= bound, "{} entries", self.filter.cache_entries());
    }

    /// Whether a backend may take a header of this name for one of ours.
    fn holds_identity(&self, name: &str) -> bool {
        let folded = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        self.config.identity.iter().any(|header| folded(&header.name) == folded(name))
    }

    fn open(&mut self, stream: StreamId) -> &mut Request {
        let request = self.requests.get_mut(&stream);
        let request = request.unwrap_or_else(|| panic!("an effect on {stream:?}, which is gone"));
        assert!(!request.ended, "an effect on {stream:?}, which has ended");
        request
    }

    fn refusal(&self, stream: StreamId, response: &Response) {
        let request = &self.requests[&stream];
        let Response { status, details, headers, body } = response;
        assert!((400..=599).contains(status), "{status}");
        let text = format!("{details} {headers:?} {body}");
        unmarked(text.as_bytes(), "a refusal");
        // A query credential is gone even then.
        if self.config.credentials.query {
            let path = request.now.iter().find(|(name, _)| name == ":path");
            let (_, query) = query_of(path.map(|(_, path)| &path[..]).unwrap_or_default());
            let is_token =
                |(name, value): &(String, String)| name == "access_token" && !value.is_empty();
            assert!(!query.iter().any(is_token), "left in a refused request: {query:?}");
        }
    }

    /// Who passes, and why he may.
    fn admitted(
        &self,
        stream: StreamId,
        outcome: Outcome,
        at_once: bool,
        approved: &BTreeSet<Vec<u8>>,
    ) {
        let request = &self.requests[&stream];
        let shown = || format!("{outcome:?}: {request:?}");
        let presented = presented(request, &self.config);
        match outcome {
            Outcome::Token | Outcome::Client => {
                let is_approved = presented.iter().any(|it| approved.contains(it));
                assert!(is_approved, "admitted without a verdict: {}", shown());
            }
            Outcome::Guest => {
                assert!(at_once && presented.is_empty(), "a credential makes a guest: {}", shown());
                assert!(
                    request.first("authorization").is_empty() || !self.config.credentials.header
                );
                let path = request.first(":path").to_ascii_lowercase();
                let (path, _) = query_of(&path);
                let path: Vec<u8> = percent_encoding::percent_decode(path).collect();
                let sandbox = b"/sandbox";
                assert!(path.windows(8).any(|window| window == sandbox), "{}", shown());
                let left = request.now.iter().any(|(name, _)| name == "authorization");
                assert!(!left, "a guest with authorization: {}", shown());
            }
            Outcome::Public => assert!(at_once, "{}", shown()),
            Outcome::Preflight => {
                assert!(at_once && request.first(":method") == b"OPTIONS" && !request.has_body);
                assert!(!request.first("origin").is_empty(), "{}", shown());
                assert!(!request.first("access-control-request-method").is_empty(), "{}", shown());
            }
            Outcome::Bypassed => assert!(at_once && request.bypass, "{}", shown()),
            Outcome::Refused(_) => panic!("refused, and forwarded: {}", shown()),
        }
    }
}

fn apply(head: &mut Lines, edit: &HeaderEdit) {
    let carried = |value: &[u8]| {
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{value:?}");
    };
    match edit {
        HeaderEdit::Set(name, value) => {
            carried(value);
            head.retain(|(key, _)| **key != **name);
            head.push((name.to_string(), value.to_vec()));
        }
        HeaderEdit::Add(name, value) => {
            carried(value);
            head.push((name.to_string(), value.to_vec()));
        }
        HeaderEdit::Remove(name) => head.retain(|(key, _)| **key != **name),
    }
}

static SECRETS: LazyLock<Canaries> = LazyLock::new(|| Canaries::new(&[MARK, SECRET]));

/// Whether something that looks like one of ours is in there.
#[must_use]
pub fn is_marked(bytes: &[u8]) -> bool {
    SECRETS.first_in(bytes).is_some()
}

/// No credential and no secret of ours, in any form.
pub fn unmarked(bytes: &[u8], where_: &str) {
    if let Some(form) = SECRETS.first_in(bytes) {
        panic!("`{}` in {where_}: {}", form.escape_ascii(), bytes.escape_ascii());
    }
}

/// Path and parameters of the query, as an independent reader has them.
#[must_use]
pub fn query_of(target: &[u8]) -> (&[u8], Vec<(String, String)>) {
    let mut halves = target.splitn(2, |byte| *byte == b'?');
    let path = halves.next().unwrap_or_default();
    let query = halves.next().unwrap_or_default();
    (path, form_urlencoded::parse(query).into_owned().collect())
}

/// Whether another reader finds that this answer is good.
#[must_use]
pub fn approves(body: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else { return false };
    json["active"] == true
        || json["access_token"].is_string()
        || json["entities"].is_array()
        || json["user"].is_object()
        || json["data"].is_object()
}

/// The credentials that a call is about: tokens, or pairs as `id:secret`.
fn credentials_of(call: &CallRequest) -> Vec<Vec<u8>> {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&call.body).into_owned().collect();
    let mut all = Vec::new();
    all.extend(form.get("token").map(|token| token.clone().into_bytes()));
    if let (Some(id), Some(secret)) = (form.get("client_id"), form.get("client_secret")) {
        all.push(format!("{id}:{secret}").into_bytes());
    }
    for (name, value) in &call.headers {
        if *name == "authorization"
            && let Some(token) = value.strip_prefix("Bearer ")
        {
            all.push(token.as_bytes().to_vec());
        }
    }
    all
}

/// Every credential that a request presents to anybody: tokens, and pairs as `id:secret`.
#[must_use]
pub fn presented(request: &Request, config: &Config) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let settings = &config.credentials;
    if settings.header || settings.client_basic {
        for line in request.values("authorization") {
            for part in line.split(|byte| *byte == b',') {
                let part = part.trim_ascii();
                let word = part.iter().position(|byte| byte.is_ascii_whitespace());
                let (scheme, rest) = part.split_at(word.unwrap_or(part.len()));
                let rest = rest.trim_ascii();
                if scheme.eq_ignore_ascii_case(b"basic") {
                    use base64::Engine as _;
                    let pair = base64::engine::general_purpose::STANDARD.decode(rest);
                    all.push(pair.unwrap_or_else(|_| rest.to_vec()));
                } else if !part.is_empty() {
                    all.push(rest.to_vec());
                }
            }
        }
    }
    let (_, query) = query_of(request.first(":path"));
    let values = |wanted: &str| {
        let wanted = wanted.to_owned();
        let is = move |(name, value): &&(String, String)| *name == wanted && !value.is_empty();
        query.iter().filter(is).map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    if settings.query {
        all.extend(values("access_token").into_iter().map(String::into_bytes));
    }
    if settings.client_query {
        for id in values("client_id") {
            all.extend(values("client_secret").iter().map(|s| format!("{id}:{s}").into_bytes()));
        }
    }
    for name in &settings.headers {
        all.extend(
            request
                .values(name)
                // A list, of which empty members are none (RFC 9110 section 5.6.1.2).
                .flat_map(|value| value.split(|byte| *byte == b','))
                .map(|value| value.trim_ascii().to_vec())
                .filter(|value| !value.is_empty()),
        );
    }
    for line in request.values("cookie") {
        for pair in line.split(|byte| *byte == b';') {
            let text = String::from_utf8_lossy(pair);
            let (name, value) = text.split_once('=').unwrap_or((&text, ""));
            let value = value.trim().trim_matches('"');
            if settings.cookies.iter().any(|cookie| **cookie == *name.trim()) && !value.is_empty() {
                all.push(value.as_bytes().to_vec());
            }
        }
    }
    all
}
