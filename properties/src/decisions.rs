//! The whole core under random events: two workers of one process, requests with and without
//! credentials, answers good, bad and broken, messages lost and made up, time that passes.

use std::collections::BTreeSet;
use std::rc::Rc;

use usergrid_auth_core::decision::Event;
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::route::{RequiredScope, RouteSettings};
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::{Process, View};
use usergrid_auth_core::verification::single_flight::{FlightId, StreamId};

use crate::bytes::Bytes;
use crate::host::{Host, Lines, unmarked};
use crate::settings;

const NOON: u64 = 1_800_000_000_000;
const MOST_STEPS: usize = 96;

const METHODS: [&str; 10] =
    ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "get", "", "CONNECT"];
const PATHS: [&str; 28] = [
    "/acme/shop/books",
    "/acme/sandbox/books",
    "/ACME/SandBox/x",
    "/acme/sandbox",
    "/",
    "/management/token",
    "/acme/shop/token",
    "/acme/shop/users/me",
    "/acme/shop/users/ada",
    "/acme/shop/reports/1",
    "/acme/sandbox/reports/1",
    "/acme/sandbox/../shop/x",
    "/acme/sandbox%2f..%2fshop",
    "/acme/shop;x=sandbox/y",
    "/acme/%73andbox/x",
    "/acme//sandbox/x",
    "/acme/shop/open/x",
    "/orgs/acme/apps/shop/x",
    "/acme/shop/x%3fy",
    "/acme/sandbox/a;b/c",
    "/api/acme/sandbox/x",
    "/health",
    "/oauth/revoke",
    "/acme/shop/users/ada/revoketokens",
    "/.well-known/oauth-protected-resource",
    "/acme/sandbox/%ff",
    "/management/users/ada",
    "/7d1f2c11-833a-11ee-8b11-0242ac120001/x",
];
const QUERIES: [&str; 14] = [
    "",
    "",
    "",
    "?a=1",
    "?access_token=tok-Leaked0-a",
    "?access%5Ftoken=tok-Leaked0-b&x",
    "?client_id=id-Leaked0&client_secret=sec-Leaked0",
    "?client_id=id-Leaked0",
    "?client_secret=sec-Leaked0",
    "?access_token=tok-Leaked0-a&access_token=tok-Leaked0-b",
    "?access_token=",
    "?access_token=%zzLeaked0",
    "?token=tok-Leaked0-a",
    "?_method=DELETE",
];
const HEADERS: [(&str, &str); 34] = [
    ("authorization", "Bearer tok-Leaked0-a"),
    ("authorization", "Bearer tok-Leaked0-b"),
    ("authorization", "bearer  one-Leaked0"),
    ("authorization", "Basic aWQtTGVha2VkMDpzZWMtTGVha2VkMA=="),
    ("authorization", "Basic Leaked0!"),
    ("authorization", "Bearer"),
    ("authorization", "Digest Leaked0"),
    ("authorization", "Bearer tok-Leaked0-a, Bearer tok-Leaked0-b"),
    ("authorization", ""),
    ("authorization", "Bearer YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI"),
    ("x-api-token", "tok-Leaked0-a"),
    ("cookie", "session=tok-Leaked0-a; other=1"),
    ("cookie", "a=b;session=\"tok-Leaked0-b\""),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-site", "cross-site"),
    ("origin", "https://app.example"),
    ("access-control-request-method", "POST"),
    ("x-http-method-override", "DELETE"),
    ("content-type", "application/grpc"),
    ("x-envoy-original-url", "/acme/shop/x"),
    ("x-usergrid-principal", "forged"),
    ("x_usergrid-Username", "forged"),
    ("x-auth-subject", "forged"),
    ("x-identity", "forged"),
    ("x-usergrid-application", "guest, forged"),
    ("connection", "x-usergrid-principal, authorization"),
    ("referer", "https://a.example/?access_token=tok-Leaked0-a"),
    ("x-original-url", "/a?access_token=tok-Leaked0-a,/b?client_secret=sec-Leaked0"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("content-length", "3"),
    (":authority", "api.example.com"),
    (":authority", "API.example.com:443"),
    (":authority", ""),
    ("upgrade", "websocket"),
];
/// What verifying servers answer; below 200, how calls end otherwise.
pub const ANSWERS: [(u16, &str); 24] = [
    (200, r#"{"active":true}"#),
    (
        200,
        r#"{"active":true,"sub":"ada","exp":1900000000,"scope":"read reports","aud":"api","iss":"https://auth.example.com"}"#,
    ),
    (
        200,
        r#"{"active":true,"organization":"acme","application":"acme/shop","principal":"application_user"}"#,
    ),
    (200, r#"{"active":true,"principal":"admin_user","organization":["acme"]}"#),
    (200, r#"{"active":true,"exp":1799999999}"#),
    (200, r#"{"active":true,"nbf":1800000002}"#),
    (200, r#"{"active":true,"permissions":["get:/**"],"roles":["reader"]}"#),
    (200, r#"{"active":false}"#),
    (200, r#"{"active":"true"}"#),
    (200, r#"{"active":true,"active":false}"#),
    (200, "<html>Leaked0</html>"),
    (200, ""),
    (401, ""),
    (401, r#"{"active":false}"#),
    (400, r#"{"error":"invalid_grant"}"#),
    (500, "Leaked0"),
    (503, ""),
    (0, ""),
    (1, ""),
    (2, ""),
    (
        200,
        r#"{"access_token":"issued-1","expires_in":3600,"application":"7d1f2c11-833a-11ee-8b11-0242ac120001"}"#,
    ),
    (401, r#"{"error":"expired_token","error_description":"Leaked0"}"#),
    (
        200,
        r#"{"action":"get","application":"7d1f2c11-833a-11ee-8b11-0242ac120001","path":"/users","entities":[{"uuid":"7d1f2c12-833a-11ee-8b11-0242ac120001","type":"user","username":"kim","activated":true}],"organization":"acme","applicationName":"shop"}"#,
    ),
    (200, r#"{"active":true,"scope":["reports",null],"username":"*","organization":null}"#),
];

/// The configuration, then steps.
pub fn hold(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let config = settings::config(usize::from(bytes.byte()));
    let process: Rc<Process> = Rc::default();
    let views = [Rc::new(View::new(&process)), Rc::new(View::new(&process))];
    let mut hosts = views.clone().map(|view| Host::new(&config, view, NOON));
    let mut approved = BTreeSet::new();
    let mut now = NOON;
    for _ in 0..MOST_STEPS {
        if bytes.is_empty() {
            break;
        }
        let step = bytes.byte();
        let which = usize::from(step >> 7);
        let host = &mut hosts[which];
        host.now = now;
        match step & 15 {
            0..=5 => {
                let (head, has_body) = head(&mut bytes);
                host.arrive(head, has_body, route(&mut bytes), &approved);
            }
            6..=8 => {
                let place = usize::from(bytes.byte());
                let (status, body) = bytes.pick(&ANSWERS);
                host.answer(place, status, body.as_bytes(), &mut approved);
            }
            9 => {
                let place = usize::from(bytes.byte());
                let body = bytes.counted().to_vec();
                host.answer(place, 200, &body, &mut approved);
            }
            10 => {
                for message in views[which].take_messages() {
                    host.event(Event::PeerMessage(message), &approved);
                }
            }
            11 => {
                let message = bytes.counted().to_vec();
                host.event(Event::PeerMessage(message), &approved);
            }
            12 => {
                now += 16 << (bytes.byte() % 14);
                host.now = now;
                host.event(Event::Tick, &approved);
            }
            13 => {
                let place = usize::from(bytes.byte());
                let streams: Vec<StreamId> = host.requests.keys().copied().collect();
                if let Some(stream) = streams.get(place % streams.len().max(1)) {
                    host.gone(*stream, &approved);
                }
            }
            14 => {
                let place = usize::from(bytes.byte());
                let streams: Vec<StreamId> = host.requests.keys().copied().collect();
                let stream = streams.get(place % streams.len().max(1)).copied();
                let stream = stream.unwrap_or(StreamId(u32::from(bytes.byte())));
                let status = bytes.pick(&[200, 204, 401, 500]);
                let request_body = bytes.counted().to_vec();
                host.event(Event::Response { stream, status, request_body }, &approved);
            }
            _ => match bytes.byte() % 4 {
                0 => {
                    let (lines, _) = head(&mut bytes);
                    let trailers = HeaderMap::new(lines);
                    host.event(Event::Trailers { stream: StreamId(1), trailers }, &approved);
                }
                1 => drop(views[which].take_messages()),
                2 => process.damage(),
                // An answer to a call that nobody has made.
                _ => {
                    let call = FlightId(u32::from(bytes.byte()));
                    if host.calls.iter().all(|(known, _)| *known != call) {
                        host.event(
                            Event::CallEnded { call, outcome: CallOutcome::Reset },
                            &approved,
                        );
                    }
                }
            },
        }
        for (queue, message) in std::mem::take(&mut hosts[which].outbox) {
            process.send(queue, message);
        }
        unmarked(&process.bytes(), "shared data");
    }
}

/// A head: of the tables, and of any bytes that a header can carry.
pub fn head(bytes: &mut Bytes<'_>) -> (Lines, bool) {
    let method = bytes.pick(&METHODS).as_bytes().to_vec();
    let choice = bytes.byte();
    let path = if choice == 255 {
        carried(bytes.counted())
    } else {
        let path = PATHS[usize::from(choice) % PATHS.len()];
        [path, bytes.pick(&QUERIES)].concat().into_bytes()
    };
    let mut lines: Lines = vec![(":method".to_owned(), method), (":path".to_owned(), path)];
    let count = bytes.byte();
    for _ in 0..count & 7 {
        let choice = bytes.byte();
        let (name, value) = HEADERS[usize::from(choice) % HEADERS.len()];
        let value =
            if choice >= 204 { carried(bytes.counted()) } else { value.as_bytes().to_vec() };
        lines.push((name.to_ascii_lowercase(), value));
    }
    (lines, count & 8 != 0)
}

/// What Envoy lets through.
fn carried(bytes: &[u8]) -> Vec<u8> {
    let fits = |byte: &&u8| **byte == b'\t' || (**byte >= b' ' && **byte != 0x7f);
    let fitting: Vec<u8> = bytes.iter().filter(fits).copied().collect();
    fitting.trim_ascii().to_vec()
}

fn route(bytes: &mut Bytes<'_>) -> RouteSettings {
    let scopes = |scopes: &[&str]| {
        RequiredScope::All(scopes.iter().map(|scope| (*scope).to_owned()).collect())
    };
    match bytes.byte() {
        250 => RouteSettings { bypass: true, ..RouteSettings::default() },
        251 => RouteSettings { bypass: false, require_scope: scopes(&["read"]) },
        252 => RouteSettings { bypass: false, require_scope: RequiredScope::Unusable },
        _ => RouteSettings::default(),
    }
}
