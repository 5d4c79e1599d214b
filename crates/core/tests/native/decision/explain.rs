//! The decision as a list of what its steps found: the steps that decide are the ones that explain.

use std::rc::Rc;

use usergrid_auth_core::decision::{Effect, Event, Explainer, Finding, explain};
use usergrid_auth_core::header_map::HeaderMap;
use usergrid_auth_core::route::RouteSettings;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::View;
use usergrid_auth_core::verification::single_flight::StreamId;
use usergrid_auth_core::verification::verdict::{Denial, Verdict};

use crate::support::{NOW, answered, config, introspected};

const SETTINGS: &str = r#""guest":[{"applications":["*/sandbox"],"permissions":["get:/**"]}],
    "public":["post:/*/*/token"],"token":{"format":"usergrid"}"#;

/// Token A of `data/token-vectors.tsv`, good at [`NOW`].
const TOKEN: &str = "Bearer YWMtBK_AAIM7Ee6SNAEjRWeJqwAAAYvz8ewAzNPoN0AYI2IwKBt2Hv3Wh1oxgds";

fn explained(line: &str, authorization: &str, verdict: Option<&Verdict>) -> Vec<String> {
    explained_by(SETTINGS, line, authorization, verdict)
}

fn explained_by(
    settings: &str,
    line: &str,
    authorization: &str,
    verdict: Option<&Verdict>,
) -> Vec<String> {
    let (method, path) = line.split_once(' ').expect("METHOD /path");
    let mut headers = vec![
        (":method".to_owned(), method.as_bytes().to_vec()),
        (":path".to_owned(), path.as_bytes().to_vec()),
    ];
    if !authorization.is_empty() {
        headers.push(("authorization".to_owned(), authorization.as_bytes().to_vec()));
    }
    let headers = HeaderMap::new(headers);
    let route = RouteSettings::default();
    let findings = explain(&config(settings), &headers, &route, verdict, NOW);
    findings.iter().map(Finding::to_string).collect()
}

#[test]
fn a_list_ends_with_the_step_that_decides() {
    assert_eq!(explained("GET /acme/../x", "", None), ["path: broken"]);
    assert_eq!(
        explained("POST /acme/shop/token", TOKEN, None),
        [
            "path: clear, application acme/shop",
            "route: no bypass",
            "preflight: no",
            "public: a rule of `public` matches",
        ]
    );
    assert_eq!(
        explained("GET /acme/sandbox/books", "", None)[3..],
        [
            "public: no rule of `public` matches",
            "credential: none",
            "guest: a rule of `guest` allows it",
        ]
    );
    assert_eq!(
        explained("GET /acme/sandbox//books", "", None)[3..],
        [
            "public: no rule of `public` matches",
            "credential: none",
            "guest: no rule of `guest` allows it",
        ]
    );
    assert_eq!(
        explained("GET /acme/sandbox/x?access_token=abc", "", None)[4..],
        ["credential: token, in the query", "token: malformed or forged, by `token.format`"]
    );
    let pair = "GET /acme/sandbox/x?client_id=a&client_secret=b";
    assert_eq!(
        explained(pair, "", None)[4..],
        [
            "credential: client pair, in the query",
            "credential: no `client_credentials` is configured",
        ]
    );
}

#[test]
fn it_names_the_header_or_cookie_of_a_token() {
    let sources = r#""credentials":{"sources":[{"header":"X-Api-Token"},{"cookie":"session"}]}"#;
    let says = |method: &str, name: &str, value: &str| {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let headers = HeaderMap::new(vec![
            header(":method", method),
            header(":path", "/acme/app/x"),
            header(name, value),
        ]);
        let findings = explain(&config(sources), &headers, &RouteSettings::default(), None, NOW);
        findings[4].to_string()
    };
    assert_eq!(says("GET", "x-api-token", "t"), "credential: token, in the header `x-api-token`");
    assert_eq!(says("GET", "cookie", "session=t"), "credential: token, in the cookie `session`");
    assert_eq!(
        says("POST", "cookie", "session=t"),
        "credential: a cookie that another site may have made a browser send, by `credentials.cookie_origins`"
    );
}

#[test]
fn of_several_servers_it_names_the_one_that_is_asked_and_by_what() {
    const LIST: &str = r#""introspection":[
        {"name":"mine","cluster":"a","path":"/i","match":{"paths":["*:/mine/**"],"token_prefixes":["m_"]}},
        {"name":"rest","cluster":"b","path":"/i"}]"#;
    let server = |line: &str, token: &str| {
        let lines = explained_by(LIST, line, token, None);
        lines.into_iter().find(|line| line.starts_with("server: ")).expect("a server")
    };
    let mine = "server: mine, by its `match`: paths and token_prefixes";
    assert_eq!(server("GET /mine/app/x", "Bearer m_1"), mine);
    let rest = "server: rest, by its `match`: for all that is left";
    assert_eq!(server("GET /mine/app/x", "Bearer 1"), rest);
}

#[test]
fn after_a_verdict_it_says_what_the_principal_may_do() {
    let user = |members: &str| Verdict::Verified(Rc::new(introspected(&config(SETTINGS), members)));
    let shop = user(r#""application":"acme/shop","permissions":["get:/books"]"#);
    assert_eq!(
        explained("GET /acme/shop/books", TOKEN, Some(&shop))[4..],
        [
            "credential: token, in the header",
            "token: well formed, by `token.format`",
            "verdict: verified, application_user",
            "scope: what the route requires is there",
            "tenancy: the application is the principal's",
            "permission: a rule of the principal's allows it",
        ]
    );
    let last = |line: &str, verdict: Option<&Verdict>| {
        explained(line, TOKEN, verdict).pop().expect("a finding")
    };
    assert_eq!(
        last("GET /acme/shop/users", Some(&shop)),
        "permission: no rule of the principal's allows it"
    );
    assert_eq!(
        last("GET /acme/other/books", Some(&shop)),
        "tenancy: the application is not the principal's"
    );
    assert_eq!(last("GET /x", None), "verdict: none");
    let denied = Verdict::Denied(Denial::Inactive);
    assert_eq!(last("GET /x", Some(&denied)), "verdict: denied, not active, or not for us");
    let later = user(r#""nbf":1700000060"#);
    assert_eq!(last("GET /x", Some(&later)), "verdict: its `nbf` lies ahead");
}

/// A worker that explains itself decides as any other, and what it says is what the list says.
#[test]
fn a_worker_says_while_it_decides_what_its_steps_find() {
    let headers = || {
        let token = TOKEN.as_bytes().to_vec();
        let head = [(":method", b"GET".to_vec()), (":path", b"/acme/shop/books".to_vec())];
        let head = head.into_iter().chain([("authorization", token)]);
        HeaderMap::new(head.map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let members = r#""application":"acme/shop","permissions":["get:/books"]"#;
    let config = Rc::new(config(SETTINGS));
    let mut worker = Explainer::new(Rc::clone(&config), Rc::new(View::default()));
    let stream = StreamId(1);
    let route = RouteSettings::default();
    let event = Event::Request { stream, headers: headers(), end_of_stream: true, route };
    let effects = worker.handle(event, NOW);
    let call = effects.iter().find_map(|effect| match effect {
        Effect::Call(call, _) => Some(*call),
        _ => None,
    });
    let outcome: CallOutcome = answered(200, format!(r#"{{"active":true,{members}}}"#));
    let effects = worker.handle(Event::CallEnded { call: call.expect("a call"), outcome }, NOW);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Forward { .. })));
    let verdict = Verdict::Verified(Rc::new(introspected(&config, members)));
    let route = RouteSettings::default();
    assert_eq!(worker.findings(), explain(&config, &headers(), &route, Some(&verdict), NOW));
}
