//! What operators see of decisions beside metrics: lines of the access log with filter state and
//! response code details, trace headers on calls; and a filter that only observes.

use anyhow::{Result, ensure};
use integration::harness::client::Request;
use integration::harness::wait;
use integration::servers::stub::backend::LOCATION;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

/// What a line of the access log shows.
const FORMAT: &str = "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% \
    %FILTER_STATE(wasm.usergrid_auth_outcome:PLAIN)% %FILTER_STATE(wasm.usergrid_auth_principal:PLAIN)% \
    %FILTER_STATE(wasm.usergrid_auth_username:PLAIN)% %FILTER_STATE(wasm.usergrid_auth_application:PLAIN)% \
    %FILTER_STATE(wasm.usergrid_auth_observed_outcome:PLAIN)%";

fn start(name: &str, patch: Value) -> Result<Site> {
    let setup = Setup::test(name).config(patch);
    Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?;
        bootstrap.follow_redirects()?;
        bootstrap.access_log(FORMAT)?;
        Ok(bootstrap)
    })
}

/// The lines of the access log, once there are so many.
fn lines(site: &Site, count: usize) -> Result<Vec<String>> {
    wait::until("all lines of the access log", || {
        let lines: Vec<String> = site.envoy.access_log()?.lines().map(str::to_owned).collect();
        Ok((lines.len() >= count).then_some(lines))
    })
}

#[test]
fn access_log_lines_say_who_came_and_how_it_ended() -> Result<()> {
    let all =
        ["outcome", "principal", "subject", "username", "client_id", "application", "fingerprint"];
    let site = start("state", json!({ "telemetry": { "filter_state": all } }))?;
    let requests = [
        Request::get("/acme/shop/a").bearer("alice"),
        Request::get("/acme/shop/b").bearer("alice"),
        Request::get("/acme/sandbox/c"),
        Request::new("POST", "/acme/shop/token"),
        Request::get("/acme/shop/d"),
        Request::get("/acme/shop/e").bearer("inactive"),
        Request::get("/globex/crm/f").bearer("alice"),
        Request::get("/acme/shop/g").bearer("YWMt-the-verifying-server-breaks-off"),
        Request::get("/acme/shop/h").header("content-type", "application/grpc"),
        Request::get("/acme/..%3b/i"),
    ];
    for request in &requests {
        site.send(request)?;
    }
    let expected = [
        "/acme/shop/a 200 via_upstream token application_user alice acme/shop -",
        "/acme/shop/b 200 via_upstream token application_user alice acme/shop -",
        "/acme/sandbox/c 200 via_upstream guest guest - acme/sandbox -",
        "/acme/shop/token 200 via_upstream public - - - -",
        "/acme/shop/d 401 usergrid_auth_missing missing - - acme/shop -",
        "/acme/shop/e 401 usergrid_auth_inactive inactive - - acme/shop -",
        "/globex/crm/f 401 usergrid_auth_forbidden forbidden - - globex/crm -",
        "/acme/shop/g 503 usergrid_auth_unavailable unavailable - - acme/shop -",
        "/acme/shop/h 200 usergrid_auth_missing missing - - acme/shop -",
        "/acme/..%3b/i 400 usergrid_auth_bad_path bad_path - - - -",
    ];
    let found = lines(&site, expected.len())?;
    ensure!(found == expected, "{found:#?}");
    Ok(())
}

/// Filter state lives as long as the request, so what the first pass wrote is emptied.
#[test]
fn a_second_pass_leaves_no_caller_of_the_first_in_filter_state() -> Result<()> {
    let state = json!({ "telemetry": { "filter_state": ["outcome", "username"] } });
    let site = start("state-redirected", state)?;
    let caller = Request::get("/acme/shop/x").bearer("alice");
    let redirected = caller.header(LOCATION, "http://api.example.com/acme/shop/token");
    ensure!(site.send(&redirected)?.status == 200);
    // Envoy writes a line for each pass.
    let found = lines(&site, 2)?;
    let last = found.last().map(String::as_str);
    ensure!(last == Some("/acme/shop/token 200 via_upstream public -  - -"), "{found:#?}");
    Ok(())
}

#[test]
fn calls_carry_trace_headers_and_no_baggage() -> Result<()> {
    let site = Site::start(&Setup::test("trace"))?;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let pair = Request::get("/globex/crm/x?client_id=globex&client_secret=globex-secret");
    for request in [Request::get("/acme/shop/x").bearer("alice"), pair] {
        let traced = request
            .header("traceparent", trace)
            .header("tracestate", "a=1,b=2")
            .header("b3", "a".repeat(513))
            .header("baggage", "who=alice");
        ensure!(site.send(&traced)?.status == 200);
    }
    let calls = site.introspection.calls();
    ensure!(calls.len() == 2, "{} calls", calls.len());
    for call in calls {
        let header = |name: &str| {
            let value = integration::harness::http::header(&call.headers, name);
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        ensure!(header("traceparent").as_deref() == Some(trace), "{:?}", call.headers);
        ensure!(header("tracestate").as_deref() == Some("a=1,b=2"), "{:?}", call.headers);
        ensure!(header("x-request-id").is_some(), "{:?}", call.headers);
        ensure!(header("b3").is_none() && header("baggage").is_none(), "{:?}", call.headers);
    }
    Ok(())
}

#[test]
fn a_filter_that_observes_enforces_nothing() -> Result<()> {
    let patch =
        json!({ "mode": "observe", "telemetry": { "filter_state": ["outcome", "username"] } });
    let site = start("observe", patch)?;
    site.introspection.learn(
        "slow",
        integration::servers::stub::answer::Answer {
            fault: Some(integration::servers::stub::answer::Fault::Hang),
            ..Default::default()
        },
    );
    let requests = [
        Request::get("/acme/shop/a"),
        Request::get("/acme/shop/b?access_token=a&access_token=b"),
        Request::get("/acme/..%3b/c"),
        Request::get("/acme/shop/d").bearer("slow"),
        Request::get("/acme/shop/e").header("authorization", "Digest x"),
    ];
    for request in requests {
        let forged = request.clone().header("x-usergrid-principal", "admin_user");
        ensure!(site.send(&forged)?.status == 200, "{request:?}");
        let seen = site.backend.seen().pop();
        let seen = seen.ok_or_else(|| anyhow::anyhow!("nothing at the backend"))?;
        ensure!(seen.path.as_bytes() == request.path, "{seen:?}");
        let header = |name: &str| integration::harness::http::header(&seen.headers, name);
        ensure!(header("x-usergrid-principal").is_none(), "{seen:?}");
        let sent = integration::harness::http::header(&request.headers, "authorization");
        ensure!(header("authorization") == sent, "{seen:?}");
    }
    // A verdict comes when the request has long gone on.
    let request = Request::get("/acme/shop/f").bearer("inactive");
    ensure!(site.send(&request)?.status == 200);
    let admin = site.admin();
    for label in ["missing", "conflict", "bad_path", "malformed", "inactive"] {
        admin.wait_for_metric(&format!("requests_total;outcome={label};mode=observe"), 1)?;
    }
    admin.wait_for_metric("observing", 1)?;
    let scrape = admin.prometheus()?;
    for line in [
        r#"usergrid_auth_requests_total{outcome="missing",mode="observe"} 1"#,
        r#"usergrid_auth_requests_total{outcome="missing"} 0"#,
        "usergrid_auth_observing{} 1",
    ] {
        let ours = scrape.lines().filter(|line| line.contains("usergrid_auth_requests"));
        ensure!(scrape.contains(line), "no `{line}` in\n{}", ours.collect::<Vec<_>>().join("\n"));
    }
    let log = site.envoy.log()?;
    ensure!(log.contains("NOTHING IS ENFORCED"), "{log}");
    ensure!(log.contains("observed only, NOT refused: reason=missing"), "{log}");
    let found = lines(&site, 1)?;
    let first = found.first().map(String::as_str);
    ensure!(first == Some("/acme/shop/a 200 via_upstream - - - - missing"), "{found:#?}");
    Ok(())
}
