//! Input that is meant to break things leaves the worker's VM alive and lets nobody in.

use anyhow::{Context, Result, ensure};
use integration::harness::bootstrap::Knobs;
use integration::harness::client::{self, Request};
use integration::servers::stub::backend::MARK;
use integration::site::vms::Vms;
use integration::site::{Setup, Site};

#[test]
fn hostile_requests_leave_the_vm_alive() -> Result<()> {
    survives(Knobs::default())
}

#[test]
fn hostile_requests_leave_the_vm_alive_on_raw_paths() -> Result<()> {
    survives(Knobs { raw_paths: true, ..Knobs::default() })
}

fn survives(knobs: Knobs) -> Result<()> {
    let site = Site::start(&Setup::test("hostile").knobs(knobs))?;
    let vms = Vms::of(&site)?;
    for bytes in requests() {
        let shown = String::from_utf8_lossy(&bytes).chars().take(120).collect::<String>();
        let response = client::send_raw(site.address(), &bytes).with_context(|| shown.clone())?;
        // Envoy itself may hang up on what is no request at all.
        if let Some(response) = response {
            ensure!(response.header(MARK).is_none(), "reached the backend: {shown:?}");
            ensure!((400..500).contains(&response.status), "{} to {shown:?}", response.status);
        }
        let good = site.send(&Request::get("/acme/shop/x").bearer("alice"))?;
        ensure!(good.status == 200, "after {shown:?} a good request gets {}", good.status);
    }
    vms.still_live(&site)
}

/// Each without a valid credential, on a path that is not the sandbox.
fn requests() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut get = |path: &[u8], headers: &[&[u8]]| {
        let mut bytes = b"GET ".to_vec();
        bytes.extend_from_slice(path);
        bytes.extend_from_slice(b" HTTP/1.1\r\nhost: api.example.com\r\n");
        for header in headers {
            bytes.extend_from_slice(header);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        all.push(bytes);
    };
    let plain = b"/acme/shop/x";
    // Values that are no UTF-8, in headers that the filter reads and in others.
    get(plain, &[b"authorization: Bearer \xff\xfe"]);
    get(plain, &[b"authorization: \xff Bearer alice"]);
    get(plain, &[b"authorization: Basic \xc3\x28"]);
    get(plain, &[b"authorization: Bearer \xf0\x9f\x92\xa9"]);
    get(plain, &[b"x-usergrid-username: \xff", b"x-usergrid-principal: \x80\x81"]);
    get(plain, &[b"x-other: \xff\xfe\xfd", b"cookie: \xc0\xaf"]);
    get(plain, &[b"content-type: application/\xff"]);
    get(plain, &[b"origin: \xff", b"access-control-request-method: \xff"]);
    get(plain, &[b"host: \xff"]);
    // Odd credentials.
    get(plain, &[b"authorization:"]);
    get(plain, &[b"authorization: ,"]);
    get(plain, &[b"authorization: ,,,,"]);
    get(plain, &[b"authorization: Bearer ,"]);
    get(plain, &[b"authorization: Bearer ="]);
    get(plain, &[b"authorization: Bearer alice\x01"]);
    get(plain, &[b"authorization: Basic Og=="]);
    get(plain, &[b"authorization: Basic ////"]);
    get(plain, &[b"authorization: Basic 4pyTOuKckw"]);
    get(plain, &[b"authorization: Bearer alice", b"authorization: Bearer alice"]);
    get(plain, &[b"authorization: Bearer alice\r\n authorization: Bearer alice"]);
    let long = [b"authorization: Bearer ".as_slice(), &[b'a'; 40_000]].concat();
    get(plain, &[&long]);
    let long = [b"authorization: Basic ".as_slice(), &[b'A'; 40_000]].concat();
    get(plain, &[&long]);
    // Odd queries.
    for query in [
        "?",
        "?&",
        "?&&&&",
        "?=",
        "?=&=",
        "?access_token",
        "?access_token=%",
        "?access_token=%f",
        "?access_token=%ff",
        "?access_token=%00",
        "?access_token=%0d%0a",
        "?%=1",
        "?%zz=%zz",
        "?access_token=a&access_token",
        "?access_token=+",
        "?access_token=%20alice",
        "?client_id=%ff&client_secret=%ff",
        "?client_id=a&client_secret=%",
        "?client_id=a&client_secret",
        "?client_id=%00&client_secret=%00",
        "??access_token=x%3F",
        "?access_token=inactive?x",
        "?access_token=alice#x",
        "?a=1;access_token=alice",
    ] {
        get([plain.as_slice(), query.as_bytes()].concat().as_slice(), &[]);
    }
    get([plain.as_slice(), b"?", &b"access_token=&".repeat(3000)].concat().as_slice(), &[]);
    get([plain.as_slice(), b"?", &b"a=b&".repeat(10_000)].concat().as_slice(), &[]);
    get([plain.as_slice(), b"?access_token=", &[b'a'; 40_000]].concat().as_slice(), &[]);
    get([plain.as_slice(), b"?access_token=", &b"%61".repeat(10_000)].concat().as_slice(), &[]);
    // Odd paths.
    for path in [
        "/",
        "//",
        "///",
        "/%",
        "/%2",
        "/%2f",
        "/%00",
        "/%ff/%fe",
        "/.",
        "/..",
        "/./.",
        "/;",
        "/;/;",
        "/%3b",
        "/acme/shop/%c0%ae%c0%ae/x",
        "/acme/shop/%252e%252e/x",
        "/acme/%u002e/x",
        "/acme/shop/\u{1}",
        "*",
        "acme/shop",
        "http://",
        "http://x",
        "http://x/acme/shop",
        "/acme/shop/{}[]|^`<>\"",
        "/ACME/SHOP/\u{fc}",
        "/-/-/-",
        "/%e2%98%83/%e2%98%83",
        "/acme/shop#sandbox",
    ] {
        get(path.as_bytes(), &[]);
    }
    get(b"/acme/shop/\xff\xfe", &[]);
    get([b"/".as_slice(), &b"a/".repeat(10_000)].concat().as_slice(), &[]);
    get([b"/".as_slice(), &b"%61".repeat(10_000)].concat().as_slice(), &[]);
    get([b"/acme/shop".as_slice(), &b"/..".repeat(5_000)].concat().as_slice(), &[]);
    // Many headers; methods; no request at all.
    let many: Vec<Vec<u8>> = (0..90).map(|n| format!("x-h-{n}: {n}").into_bytes()).collect();
    get(plain, &many.iter().map(Vec::as_slice).collect::<Vec<_>>());
    get(plain, &[b"x-usergrid-username: a".as_slice(); 60]);
    for line in [
        "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
        "CONNECT acme:443 HTTP/1.1\r\nhost: a\r\n\r\n",
        "PROPFIND /acme/shop/x HTTP/1.1\r\nhost: a\r\n\r\n",
        "get /acme/shop/x HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /acme/shop/x HTTP/1.0\r\n\r\n",
        "GET /acme/shop/x HTTP/1.1\r\n\r\n",
        "GET /acme/shop/x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n",
        "GET /acme/shop/x HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        "\r\nGET\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        all.push(line.as_bytes().to_vec());
    }
    all
}
