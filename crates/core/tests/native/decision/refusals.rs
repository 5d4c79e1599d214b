//! Refusals: every row, in both formats, and what goes with it.

use usergrid_auth_core::log_event::LogEvent;
use usergrid_auth_core::metrics::{Counter, Outcome};
use usergrid_auth_core::refusal::{Refusal, Response};
use usergrid_auth_core::verification::call::CallOutcome;

use crate::decision::worker::{BEARER, NOON, Worker};

/// Makes a request that ends in each row of the table.
fn provoke(
    refusal: Refusal,
    worker: &mut Worker,
) -> usergrid_auth_core::verification::single_flight::StreamId {
    match refusal {
        Refusal::Missing => worker.request("GET /acme/app/x", &[]),
        Refusal::Conflict => worker.request("GET /acme/app/x?access_token=a&access_token=b", &[]),
        Refusal::BadPath => worker.request("GET /acme/./x", &[]),
        Refusal::Malformed => worker.request("GET /acme/app/x", &[("authorization", "Token abc")]),
        Refusal::TooLong => {
            let header = format!("Bearer {}", "a".repeat(16_385));
            worker.request("GET /acme/app/x", &[("authorization", &header)])
        }
        Refusal::CrossSite => worker.request("POST /acme/app/x", &[("cookie", "session=abc")]),
        Refusal::Claims => {
            let sub = format!(r#""sub":"{}""#, "a".repeat(4097));
            worker.with_token("GET /acme/app/x", "abc", &sub)
        }
        Refusal::Expired => {
            worker.with_token("GET /acme/app/x", "abc", &format!(r#""exp":{}"#, NOON / 1000 - 1))
        }
        Refusal::Inactive => {
            let stream = worker.request("GET /acme/app/x", &BEARER);
            worker.answer(200, r#"{"active":false}"#);
            stream
        }
        Refusal::Scope => worker.with_token("GET /acme/app/x", "abc", ""),
        Refusal::ClientQuery => worker.request("GET /acme/app/x?client_id=a&client_secret=b", &[]),
        Refusal::ClientBasic => {
            worker.request("GET /acme/app/x", &[("authorization", "Basic aWQ6c2Vj")])
        }
        Refusal::Forbidden => worker.with_token(
            "GET /acme/app/x",
            "abc",
            r#""scope":"api","application":"acme/other""#,
        ),
        Refusal::Guarded => worker.with_token("GET /acme/app/guarded", "abc", r#""scope":"api""#),
        Refusal::Unavailable => {
            let stream = worker.request("GET /acme/app/x", &BEARER);
            worker.end_call(CallOutcome::TimedOut);
            stream
        }
        Refusal::Overloaded => {
            worker.request("GET /acme/app/x", &BEARER);
            worker.request("GET /acme/app/x", &BEARER)
        }
    }
}

fn worker(format: &str) -> Worker {
    Worker::new(&format!(
        r#""introspection":{{"scope":["api"]}},"limits":{{"max_waiting":1}},
        "credentials":{{"sources":["header","query","client_query","client_basic",{{"cookie":"session"}}]}},
            "guards":[{{"rules":["get:/*/*/guarded"],"principals":["organization"]}}],
            "errors":{{"format":"{format}","realm":"edge"}}"#
    ))
}

#[test]
fn every_row_can_be_reached_and_counts_and_logs_itself() {
    for refusal in Refusal::ALL {
        let mut worker = worker("usergrid");
        let stream = provoke(refusal, &mut worker);
        let row = refusal.row();
        let level = if refusal == Refusal::Claims { log::Level::Warn } else { log::Level::Info };
        assert_eq!(worker.verdict(stream), format!("{} {}", row.status, row.error), "{refusal:?}");
        assert!(worker.counts.contains(&Counter::Requests(Outcome::Refused(refusal))));
        assert!(
            worker.log.iter().any(|event| {
                matches!(event, LogEvent::Refused { refusal: logged, .. } if *logged == refusal)
                    && event.level() == level
            }),
            "{refusal:?}"
        );
    }
}

#[test]
fn the_usergrid_body_has_the_members_its_clients_read() {
    let mut worker = worker("usergrid");
    let stream = provoke(Refusal::Inactive, &mut worker);
    let body: serde_json::Value =
        serde_json::from_str(&worker.head(stream).response().body).unwrap();
    assert_eq!(body["error"], "auth_invalid");
    assert_eq!(body["timestamp"], NOON);
    assert_eq!(body["duration"], 0);
    assert_eq!(body["exception"], "org.apache.usergrid.rest.exceptions.SecurityException");
    assert_eq!(body["error_description"], "Unable to authenticate");
}

#[test]
fn the_oauth_format_drops_them_and_speaks_rfc_6750() {
    for refusal in Refusal::ALL {
        let mut worker = worker("oauth");
        let stream = provoke(refusal, &mut worker);
        let row = refusal.row();
        let verdict = format!("{} {}", row.oauth_status, row.oauth_error);
        assert_eq!(worker.verdict(stream), verdict, "{refusal:?}");
        let body: serde_json::Value =
            serde_json::from_str(&worker.head(stream).response().body).unwrap();
        let members: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["error", "error_description"], "{refusal:?}");
    }
}

#[test]
fn challenges_go_with_401_and_403_and_with_nothing_else() {
    for (format, refusal, challenge) in [
        ("usergrid", Refusal::Missing, Some(r#"Bearer realm="edge""#)),
        ("oauth", Refusal::Missing, Some(r#"Bearer realm="edge""#)),
        ("usergrid", Refusal::Conflict, None),
        ("oauth", Refusal::Conflict, None),
        ("usergrid", Refusal::BadPath, None),
        ("usergrid", Refusal::Malformed, Some(r#"Bearer realm="edge", error="invalid_token""#)),
        ("oauth", Refusal::TooLong, Some(r#"Bearer realm="edge", error="invalid_token""#)),
        ("oauth", Refusal::CrossSite, Some(r#"Bearer realm="edge", error="invalid_token""#)),
        ("usergrid", Refusal::Claims, Some(r#"Bearer realm="edge", error="invalid_token""#)),
        ("oauth", Refusal::Expired, Some(r#"Bearer realm="edge", error="invalid_token""#)),
        ("usergrid", Refusal::Inactive, Some(r#"Bearer realm="edge", error="invalid_token""#)),
        (
            "oauth",
            Refusal::Scope,
            Some(r#"Bearer realm="edge", error="insufficient_scope", scope="api""#),
        ),
        ("usergrid", Refusal::ClientQuery, Some(r#"Bearer realm="edge", error="invalid_client""#)),
        ("usergrid", Refusal::ClientBasic, Some(r#"Basic realm="edge""#)),
        ("oauth", Refusal::Forbidden, Some(r#"Bearer realm="edge", error="insufficient_scope""#)),
        ("usergrid", Refusal::Unavailable, None),
        ("oauth", Refusal::Overloaded, None),
    ] {
        let mut worker = worker(format);
        let stream = provoke(refusal, &mut worker);
        let headers = &worker.head(stream).response().headers;
        let value = headers.iter().find(|(name, _)| *name == "www-authenticate");
        assert_eq!(value.map(|(_, value)| value.as_str()), challenge, "{format} {refusal:?}");
        assert!(headers.contains(&("cache-control", "no-store".to_owned())));
        let retry = headers.iter().any(|(name, _)| *name == "retry-after");
        assert_eq!(retry, worker.head(stream).response().status == 503, "{format} {refusal:?}");
    }
}

#[test]
fn a_grpc_refusal_carries_a_message_and_no_json() {
    let mut worker = worker("usergrid");
    for grpc in ["application/grpc", "application/grpc+proto", "application/grpc;x=y"] {
        let stream = worker.request("POST /acme/app/x", &[("content-type", grpc)]);
        let response = worker.head(stream).response();
        assert_eq!(response.status, 401);
        assert_eq!(response.body, Refusal::Missing.row().description);
        assert!(!response.headers.iter().any(|(name, _)| *name == "content-type"), "{grpc}");
    }
    let stream = worker.request("POST /acme/app/x", &[("content-type", "application/grpc-web")]);
    assert!(worker.head(stream).response().body.starts_with('{'));
}

#[test]
fn nothing_the_client_sent_is_echoed_or_logged() {
    let marker = "s3cr3tmarker";
    for refusal in Refusal::ALL {
        let mut worker = worker("usergrid");
        let line = format!("GET /acme/app/x?{marker}=1&access_token={marker}");
        let stream = worker.request(&line, &[("x-any", marker), ("authorization", "Bearer b")]);
        let more = provoke(refusal, &mut worker);
        for stream in [stream, more] {
            assert!(!format!("{:?}", worker.head(stream).end).contains(marker));
        }
        for event in &worker.log {
            assert!(!event.to_string().contains(marker), "{event}");
            assert!(!event.to_string().contains("abc"), "{event}");
        }
    }
}

#[test]
fn a_refused_credential_is_logged_by_its_fingerprint() {
    let mut worker = worker("usergrid");
    provoke(Refusal::Inactive, &mut worker);
    let line = worker.log.last().unwrap().to_string();
    let (rest, fingerprint) = line.rsplit_once('=').unwrap();
    assert_eq!(rest, "refused: reason=inactive application=acme/app credential");
    assert_eq!(fingerprint.len(), 8);
    assert!(fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn docs_errors_md_says_what_the_table_says() {
    let mut table = String::from(
        "| situation | label | status (`usergrid`) | `error` (`usergrid`) | `error_description` | status, `error` (`oauth`) |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for refusal in Refusal::ALL {
        let row = refusal.row();
        table.push_str(&format!(
            "| {} | `{}` | {} | `{}` | {} | {} `{}` |\n",
            row.situation,
            row.label,
            row.status,
            row.error,
            row.description,
            row.oauth_status,
            row.oauth_error
        ));
    }
    let docs = include_str!("../../../../../docs/errors.md");
    assert!(docs.contains(&table), "docs/errors.md should hold this table:\n{table}");
}

/// The response to a request without a credential.
fn refused(worker: &mut Worker, headers: &[(&str, &str)]) -> Response {
    let stream = worker.request("GET /acme/app/x", headers);
    worker.head(stream).response().clone()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

const CORS: [&str; 3] = ["access-control-allow-origin", "access-control-expose-headers", "vary"];

#[test]
fn a_listed_page_may_read_refusals_and_no_other() {
    let mut worker =
        Worker::new(r#""cors":{"allow_origins":["https://app.example","http://localhost:3000"]}"#);
    for origin in ["https://app.example", "http://localhost:3000"] {
        let response = refused(&mut worker, &[("origin", origin)]);
        let found = CORS.map(|name| header(&response, name));
        assert_eq!(found, [Some(origin), Some("www-authenticate"), Some("origin")]);
        assert_eq!(header(&response, "access-control-allow-credentials"), None);
    }
    for origin in [
        "null",
        "",
        "*",
        "https://app.example.evil.example",
        "https://app.example:8443",
        "http://app.example",
        "https://app.example/",
        "https://APP.example",
        "https://app.example,https://app.example",
        "https://evil-app.example",
        "http://localhost:30000",
    ] {
        let response = refused(&mut worker, &[("origin", origin)]);
        assert_eq!(CORS.map(|name| header(&response, name)), [None; 3], "{origin}");
    }
    let listed = ("origin", "https://app.example");
    for headers in [&[][..], &[listed, listed], &[listed, ("origin", "https://evil.example")]] {
        let response = refused(&mut worker, headers);
        assert_eq!(CORS.map(|name| header(&response, name)), [None; 3], "{headers:?}");
    }
    let waited = worker.request("GET /acme/app/x", &[BEARER[0], listed]);
    worker.answer(200, r#"{"active":false}"#);
    let response = worker.head(waited).response();
    assert_eq!(header(response, CORS[0]), Some("https://app.example"), "a verdict that came later");
}

#[test]
fn all_pages_may_read_refusals_by_a_star() {
    for (origins, origin, allowed) in [
        (r#""*","https://app.example""#, "https://app.example", "https://app.example"),
        (r#""*","https://app.example""#, "null", "*"),
        (r#""*""#, "https://app.example", "*"),
    ] {
        let mut worker = Worker::new(&format!(r#""cors":{{"allow_origins":[{origins}]}}"#));
        let response = refused(&mut worker, &[("origin", origin)]);
        assert_eq!(header(&response, CORS[0]), Some(allowed), "{origins}");
    }
}

#[test]
fn challenges_name_the_metadata_which_is_public() {
    let url = "https://api.example/.well-known/oauth-protected-resource/acme/app?x=1";
    let mut worker = Worker::new(&format!(r#""errors":{{"resource_metadata":"{url}"}}"#));
    let response = refused(&mut worker, &[]);
    assert_eq!(
        header(&response, "www-authenticate"),
        Some(&*format!(r#"Bearer realm="usergrid", resource_metadata="{url}""#))
    );
    let response = refused(&mut worker, &[("authorization", "Basic !")]);
    assert_eq!(
        header(&response, "www-authenticate"),
        Some(&*format!(r#"Basic realm="usergrid", resource_metadata="{url}""#))
    );
    for (line, verdict) in [
        ("GET /.well-known/oauth-protected-resource", "forwarded"),
        ("HEAD /.well-known/oauth-protected-resource?access_token=x", "forwarded"),
        ("GET /.well-known/oauth-protected-resource/acme/app", "forwarded"),
        ("POST /.well-known/oauth-protected-resource", "401 unauthorized"),
        ("GET /.well-known/oauth-protected-resource/", "401 unauthorized"),
        ("GET /.well-known/oauth-protected-resource/acme/other", "401 unauthorized"),
        ("GET /.well-known/oauth-protected-resource/acme/app/x", "401 unauthorized"),
        ("GET /.well-known/oauth-protected-resourcex", "401 unauthorized"),
        ("GET /.well-known//oauth-protected-resource", "401 unauthorized"),
        ("GET /.well-known/oauth-protected-resource;a=b", "401 unauthorized"),
        ("GET /%2ewell-known/oauth-protected-resource", "401 unauthorized"),
        ("GET /.Well-Known/oauth-protected-resource", "401 unauthorized"),
        ("GET /x/../.well-known/oauth-protected-resource", "400 invalid_request"),
    ] {
        let stream = worker.request(line, &[]);
        assert_eq!(worker.verdict(stream), verdict, "{line}");
    }
    let mut worker =
        Worker::new(r#""errors":{"resource_metadata":"https://api.example/elsewhere"}"#);
    for (line, verdict) in [
        ("GET /.well-known/oauth-protected-resource", "forwarded"),
        ("GET /elsewhere", "401 unauthorized"),
    ] {
        let stream = worker.request(line, &[]);
        assert_eq!(worker.verdict(stream), verdict, "{line}");
    }
    let mut worker = Worker::new("");
    let stream = worker.request("GET /.well-known/oauth-protected-resource", &[]);
    assert_eq!(worker.verdict(stream), "401 unauthorized", "only where it is configured");
}

#[test]
fn envoy_is_told_why() {
    for refusal in Refusal::ALL {
        let mut worker = worker("usergrid");
        let stream = provoke(refusal, &mut worker);
        let details = &worker.head(stream).response().details;
        assert_eq!(*details, format!("usergrid_auth_{}", refusal.row().label));
    }
}
