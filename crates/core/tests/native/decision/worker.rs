//! One worker with a scripted host: it holds the clock, hands out streams, and writes down what the
//! filter wants.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use usergrid_auth_config::Config;
use usergrid_auth_core::certificate::Connections;
use usergrid_auth_core::decision::{Effect, Event, Filter, HeaderEdit};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::Counter;
use usergrid_auth_core::principal::Principal;
use usergrid_auth_core::refusal::Response;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{CallOutcome, CallRequest};
use usergrid_auth_core::verification::peers::memory::{Process, View};
use usergrid_auth_core::verification::single_flight::{FlightId, StreamId};

use crate::support::{answered, config};

/// The time at which every worker begins, in milliseconds since 1970.
pub const NOON: u64 = 1_800_000_000_000;
/// In milliseconds, as [`Worker::now`].
pub const SECOND: u64 = 1_000;
/// The credential of requests to which any will do.
pub const BEARER: [(&str, &str); 1] = [("authorization", "Bearer abc")];

pub struct Worker {
    filter: Filter,
    shared: Rc<View>,
    pub now: u64,
    next_stream: u32,
    heads: BTreeMap<StreamId, Head>,
    pub calls: Vec<(FlightId, CallRequest)>,
    pub counts: Vec<Counter>,
    /// What was counted of servers, by their places.
    pub counts_of: Vec<(usize, Counter)>,
    pub log: Vec<LogEvent>,
    pub watched: Vec<(StreamId, usize)>,
    /// What was changed about heads, identity headers aside.
    pub edits: Vec<HeaderEdit>,
    pub trailer_edits: Vec<HeaderEdit>,
    /// Whose identity requests were given.
    pub identified: BTreeMap<StreamId, Rc<Principal>>,
    /// Whether something follows the head of the next request.
    pub next_has_body: bool,
    /// What the client of the next request shows, as Envoy has it.
    pub next_certificate: Option<String>,
    shown: Rc<Shown>,
}

/// The certificates of clients whose streams are there, and how often one was asked for.
#[derive(Default)]
struct Shown {
    certificates: RefCell<BTreeMap<StreamId, String>>,
    asked: Cell<usize>,
}

impl Connections for Shown {
    fn client_certificate(&self, stream: StreamId) -> Option<Vec<u8>> {
        self.asked.set(self.asked.get() + 1);
        self.certificates.borrow().get(&stream).map(|digest| digest.clone().into_bytes())
    }
}

/// One request as the host sees it.
#[derive(Clone, Debug, Default)]
pub struct Head {
    headers: Vec<(String, Vec<u8>)>,
    /// Filter state in the order it was written.
    pub state: Vec<(&'static str, String)>,
    pub end: Option<End>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Forwarded,
    Refused(Response),
}

impl Worker {
    /// The only worker of a process, with [`config`].
    pub fn new(overrides: &str) -> Self {
        Self::in_process(&Rc::new(config(overrides)), &Rc::default())
    }

    /// Two workers of one process under one configuration.
    pub fn two(overrides: &str) -> (Rc<Process>, Self, Self) {
        let (config, process) = (Rc::new(config(overrides)), Rc::default());
        let (one, two) = (Self::in_process(&config, &process), Self::in_process(&config, &process));
        (process, one, two)
    }

    /// One more worker of `process`.
    pub fn in_process(config: &Rc<Config>, process: &Rc<Process>) -> Self {
        let shared = Rc::new(View::new(process));
        let shown = Rc::<Shown>::default();
        let filter = Filter::new(Rc::clone(config), Rc::<View>::clone(&shared));
        Self {
            filter: filter.with_connections(Rc::<Shown>::clone(&shown)),
            shared,
            now: NOON,
            next_stream: 1,
            heads: BTreeMap::new(),
            calls: Vec::new(),
            counts: Vec::new(),
            counts_of: Vec::new(),
            log: Vec::new(),
            watched: Vec::new(),
            edits: Vec::new(),
            trailer_edits: Vec::new(),
            identified: BTreeMap::new(),
            next_has_body: false,
            next_certificate: None,
            shown,
        }
    }

    /// `GET /path` and further headers.
    pub fn request(&mut self, line: &str, headers: &[(&str, &str)]) -> StreamId {
        self.request_on(RouteSettings::default(), line, headers)
    }

    pub fn request_on(
        &mut self,
        route: RouteSettings,
        line: &str,
        headers: &[(&str, &str)],
    ) -> StreamId {
        let (method, path) = line.split_once(' ').expect("METHOD /path");
        let mut all = vec![
            (":method".to_owned(), method.as_bytes().to_vec()),
            (":path".to_owned(), path.as_bytes().to_vec()),
        ];
        if !headers.iter().any(|(name, _)| *name == ":authority") {
            all.push((":authority".to_owned(), b"api.example.com".to_vec()));
        }
        all.extend(
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())),
        );
        let stream = StreamId(self.next_stream);
        self.next_stream += 1;
        self.heads.insert(stream, Head { headers: all.clone(), ..Head::default() });
        if let Some(certificate) = self.next_certificate.take() {
            self.shown.certificates.borrow_mut().insert(stream, certificate);
        }
        let headers = HeaderMap::new(all);
        let end_of_stream = !std::mem::take(&mut self.next_has_body);
        self.happen(Event::Request { stream, headers, end_of_stream, route });
        stream
    }

    pub fn happen(&mut self, event: Event) {
        let mut effects = self.filter.handle(event, UnixMillis(self.now));
        for effect in effects.drain(..) {
            match effect {
                Effect::Edit(stream, edit) => {
                    self.edits.push(edit.clone());
                    self.open(stream).edit(edit);
                }
                Effect::Identify(stream, principal) => {
                    for (name, value) in &principal.identity {
                        let (name, value) = (Rc::clone(name), Rc::clone(value));
                        self.open(stream).edit(HeaderEdit::Set(name, value));
                    }
                    self.identified.insert(stream, principal);
                }
                Effect::EditTrailers(_, edit) => self.trailer_edits.push(edit),
                Effect::Forward { stream, watch_body } => {
                    self.open(stream).end = Some(End::Forwarded);
                    self.watched.extend(watch_body.map(|body| (stream, body)));
                }
                Effect::Refuse(stream, response) => {
                    self.open(stream).end = Some(End::Refused(response));
                }
                Effect::Wait(stream) => assert_eq!(self.open(stream).end, None),
                Effect::Call(call, request) => self.calls.push((call, *request)),
                Effect::NotifyPeer(queue, message) => self.shared.process().send(queue, message),
                Effect::Count(counter) => self.counts.push(counter),
                Effect::CountOf(place, counter) => {
                    self.counts.push(counter);
                    self.counts_of.push((place, counter));
                }
                Effect::CallTook(..) => {}
                Effect::Log(event) => self.log.push(event),
                Effect::WriteState { stream, property, value } => {
                    let value = String::from_utf8(value.to_vec()).expect("ASCII");
                    let head = self.heads.get_mut(&stream).expect("a stream that never was");
                    head.state.push((property, value));
                }
            }
        }
        self.filter.recycle(effects);
    }

    /// A request that may still be touched: nothing follows its end.
    fn open(&mut self, stream: StreamId) -> &mut Head {
        let head = self.heads.get_mut(&stream).expect("an effect on a stream that never was");
        assert_eq!(head.end, None, "an effect on a stream that has ended");
        head
    }

    pub fn head(&self, stream: StreamId) -> &Head {
        &self.heads[&stream]
    }

    /// Takes what other workers have sent.
    pub fn read_queue(&mut self) {
        for message in self.shared.take_messages() {
            self.happen(Event::PeerMessage(message));
        }
    }

    /// What other workers have sent gets lost.
    pub fn lose_queue(&mut self) {
        drop(self.shared.take_messages());
    }

    /// The backend answers a forwarded request.
    pub fn respond(&mut self, stream: StreamId, status: u16, request_body: &str) {
        let request_body = request_body.as_bytes().to_vec();
        self.happen(Event::Response { stream, status, request_body });
    }

    /// The oldest unanswered call ends.
    pub fn end_call(&mut self, outcome: CallOutcome) {
        assert!(!self.calls.is_empty(), "no call is under way");
        let (call, _) = self.calls.remove(0);
        self.happen(Event::CallEnded { call, outcome });
    }

    /// The oldest unanswered call is answered.
    pub fn answer(&mut self, status: u16, body: &str) {
        self.end_call(answered(status, body));
    }

    /// The oldest unanswered call is answered with an active token and these claims.
    pub fn active(&mut self, claims: &str) {
        let comma = if claims.is_empty() { "" } else { "," };
        self.answer(200, &format!(r#"{{"active":true{comma}{claims}}}"#));
    }

    /// `POST …/introspect` bodies of the calls under way.
    pub fn call_bodies(&self) -> Vec<String> {
        self.calls
            .iter()
            .map(|(_, request)| String::from_utf8_lossy(&request.body).into_owned())
            .collect()
    }

    /// How the request ended: `forwarded`, `waiting`, or status and `error`.
    pub fn verdict(&self, stream: StreamId) -> String {
        match &self.head(stream).end {
            None => "waiting".to_owned(),
            Some(End::Forwarded) => "forwarded".to_owned(),
            Some(End::Refused(response)) => {
                let body: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
                format!("{} {}", response.status, body["error"].as_str().expect("a string"))
            }
        }
    }

    /// A request with this token that is verified as `claims` at once, if it was not before.
    pub fn with_token(&mut self, line: &str, token: &str, claims: &str) -> StreamId {
        let stream = self.request(line, &[("authorization", &format!("Bearer {token}"))]);
        if !self.calls.is_empty() {
            self.active(claims);
        }
        stream
    }

    /// Whether the host would be asked for the settings of the next request's route.
    pub fn wants_route(&mut self) -> bool {
        self.filter.wants_route(UnixMillis(self.now))
    }

    /// How often the host was asked for a client's certificate.
    pub fn certificates_asked_for(&self) -> usize {
        self.shown.asked.get()
    }

    /// The stream ends, as far as the host is concerned.
    pub fn forget_certificate(&mut self, stream: StreamId) {
        self.shown.certificates.borrow_mut().remove(&stream);
    }

    pub fn waiting(&self) -> usize {
        self.filter.waiting()
    }

    pub fn breakers_open(&self) -> Vec<usize> {
        self.filter.breakers_open()
    }

    pub fn cache_entries(&self) -> usize {
        self.filter.cache_entries()
    }
}

impl Head {
    fn edit(&mut self, edit: HeaderEdit) {
        match edit {
            HeaderEdit::Set(name, value) => {
                assert!(
                    value.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte >= 0x80),
                    "a header value that the host could not carry"
                );
                self.headers.retain(|(existing, _)| **existing != *name);
                self.headers.push((name.to_string(), value.to_vec()));
            }
            HeaderEdit::Add(name, value) => {
                self.headers.push((name.to_string(), value.to_vec()));
            }
            HeaderEdit::Remove(name) => self.headers.retain(|(existing, _)| **existing != *name),
        }
    }

    /// All values of a header, joined by `|`; empty if there is none.
    pub fn header(&self, name: &str) -> String {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(existing, _)| existing == name)
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect();
        values.join("|")
    }

    /// All of it, to search for what must not be there.
    pub fn text(&self) -> String {
        let line =
            |(name, value): &(String, Vec<u8>)| format!("{name}: {}\n", value.escape_ascii());
        self.headers.iter().map(line).collect()
    }

    pub fn path(&self) -> String {
        self.header(":path")
    }

    pub fn response(&self) -> &Response {
        match &self.end {
            Some(End::Refused(response)) => response,
            other => panic!("not refused: {other:?}"),
        }
    }
}
