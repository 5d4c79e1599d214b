//! `usergrid-auth explain` and `token`, as their users run them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "what a test cannot do ends it")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const CONFIG: &str = "envoy/envoy.yaml";

/// Token A of the core's vectors, of November 2023, signed with Usergrid's default salt.
const TOKEN: &str = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAAYvz8ewAzNPoN0AYI2IwKBt2Hv3Wh1oxgds";
const ITS_TIME: &str = "1700000000";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usergrid-auth"));
    command
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_clear();
    command
}

fn auth(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A file with an answer.
fn answer(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn explained(arguments: &[&str]) -> String {
    let output = auth(&[&["explain", CONFIG], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    text(&output)
}

fn lines<'t>(told: &'t str, start: &str) -> Vec<&'t str> {
    told.lines().map(str::trim).filter(|line| line.starts_with(start)).collect()
}

#[test]
fn an_admitted_token_is_told_step_by_step() {
    let alice = r#"{"active":true,"username":"alice","application":"acme/shop"}"#;
    let answer = answer("alice.json", alice);
    let told = explained(&[
        "GET",
        "/acme/shop/books?access_token=TOPSECRET&limit=2",
        "--answer",
        answer.to_str().unwrap(),
    ]);
    for line in [
        "path: clear, application acme/shop",
        "read as `/books`",
        "public[1] `get,post:/*/*/token`: it is about other paths",
        "credential: token, in the query",
        "something stands in `query`",
        "verdict: verified, application_user",
        "tenancy: the application is the principal's",
        "POST auth.example.com/oauth2/introspect (cluster introspection): answered with 200",
        "admitted, outcome token",
        ":path: /acme/shop/books?limit=2",
        "authorization: Bearer ***",
        "x-usergrid-username: alice",
    ] {
        assert_eq!(lines(&told, line).len(), 1, "`{line}` in\n{told}");
    }
    assert!(!told.contains("TOPSECRET"), "{told}");
}

#[test]
fn each_refusal_names_the_rule_or_the_step() {
    let told = explained(&["PATCH", "https://api.example.com/acme/sandbox/books"]);
    assert!(
        told.contains(
            "guest[0].permissions[0] `get,post,put,delete:/**`: it is about other methods"
        ),
        "{told}"
    );
    assert!(told.contains("refused, outcome missing"), "{told}");
    assert!(told.contains("www-authenticate: Bearer realm=\"usergrid\""), "{told}");
    let told = explained(&["GET", "/acme/shop/books"]);
    assert!(told.contains("it is about other applications"), "{told}");
    let told = explained(&["GET", "/acme/sandbox//books"]);
    assert!(told.contains("the path can be read in several ways"), "{told}");
    let two = [
        "GET",
        "/acme/shop/x?access_token=TOPSECRET",
        "-H",
        "authorization: Basic VE9QU0VDUkVUOng=",
    ];
    let told = explained(&two);
    assert_eq!(
        lines(&told, "something stands in"),
        ["something stands in `query`", "something stands in `client_basic`"]
    );
    assert!(
        told.contains("outcome conflict") && !told.contains("TOPSECRET") && !told.contains("VE9Q"),
        "{told}"
    );
    let told = explained(&["GET", "/internal/x", "--bypass"]);
    assert!(told.contains("outcome bypassed"), "{told}");
    let told = explained(&["GET", "/acme/sandbox/x", "--require-scope", "books.read"]);
    assert!(told.contains("guest: never where the route requires a scope"), "{told}");
}

#[test]
fn servers_answer_as_the_files_say() {
    let told = explained(&["GET", "/acme/shop/x", "-H", "Authorization: Bearer TOPSECRET"]);
    assert!(told.contains("\nopen: a server has to answer"), "{told}");
    for fault in ["timeout", "reset", "unreachable"] {
        let told = explained(&[
            "GET",
            "/acme/shop/x",
            "-H",
            "Authorization: Bearer TOPSECRET",
            "--fault",
            fault,
        ]);
        assert!(
            told.contains("refused, outcome unavailable") && told.contains("retry-after: 1"),
            "{told}"
        );
    }
    let whole =
        answer("403.http", "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\n\r\nno\r\n");
    let told = explained(&[
        "GET",
        "/acme/shop/x",
        "-H",
        "Authorization: Bearer TOPSECRET",
        "--answer",
        whole.to_str().unwrap(),
    ]);
    assert!(told.contains("answered with 403") && told.contains("outcome unavailable"), "{told}");
    let pair = answer(
        "pair.json",
        r#"{"access_token":"ISSUED-SECRET","expires_in":60,"organization":{"name":"acme"}}"#,
    );
    let told = explained(&[
        "GET",
        "/acme/shop/x?client_id=TOPSECRET-id&client_secret=TOPSECRET",
        "--answer",
        pair.to_str().unwrap(),
    ]);
    assert!(told.contains("admitted, outcome client") && !told.contains("SECRET"), "{told}");
}

/// A stock Usergrid is asked below the application that the path names.
#[test]
fn a_stock_usergrid_answers_by_application() {
    let user = concat!(
        r#"{"organization":"acme","applicationName":"shop","#,
        r#""entities":[{"uuid":"7c1a4f2e-833b-11ee-9234-0123456789ab","type":"user","#,
        r#""username":"alice","activated":true}]}"#
    );
    let user = answer("user.json", user);
    let of = format!("acme/shop={}", user.display());
    let header = format!("authorization: Bearer {TOKEN}");
    let explain = ["explain", "envoy/stock-usergrid.yaml", "GET", "/acme/shop/books"];
    let given = ["-H", &header, "--answer-of", &of, "--at", ITS_TIME];
    let arguments = [&explain[..], &given].concat();
    let told = text(&auth(&arguments));
    // Something stands in for the salt, so the token is not signed with it.
    assert!(told.contains("token: malformed or forged, by `token.format`"), "{told}");
    let output = command(&[&arguments[..], &["--strict-env"]].concat())
        .env("USERGRID_TOKEN_SALT", "super secret token value")
        .output()
        .unwrap();
    let told = text(&output);
    assert!(
        told.contains("GET ")
            && told.contains("/acme/shop/users/me (cluster usergrid): answered with 200"),
        "{told}"
    );
    assert!(told.contains("admitted, outcome token"), "{told}");
}

#[test]
fn programs_get_json() {
    let told = explained(&["GET", "/acme/sandbox/books", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["outcome"], "guest");
    assert_eq!(told["client"], Value::Null);
    let headers = told["backend"].as_array().unwrap();
    assert!(headers.contains(&serde_json::json!(["x-usergrid-principal", "guest"])), "{told}");
    assert!(told["steps"].as_array().unwrap().iter().any(|step| step["step"] == "guest"));
}

/// Whatever is wrong with the arguments, what may be a credential is not repeated.
#[test]
fn wrong_arguments_are_not_repeated() {
    for arguments in [
        &["explain", CONFIG, "GET", "TOPSECRET"][..],
        &["explain", CONFIG, "GET", "/x", "-H", "TOPSECRET"],
        &["explain", CONFIG, "GET", "/x", "-H", "authorization:", "Bearer", "TOPSECRET"],
        &["explain", CONFIG, "GET", "/x", "--fault", "TOPSECRET"],
        &["explain", CONFIG, "GET", "/x", "--TOPSECRET"],
        &["token", "a", "TOPSECRET"],
    ] {
        let output = auth(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let told = text(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("TOPSECRET") && !told.is_empty(), "{told}");
    }
    let output = auth(&["explain", "crates/cli/tests/broken/bare.json", "GET", "/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains(":4: problem: `introspection.pat`: unknown key"));
}

fn token(arguments: &[&str], input: &str, salt: Option<&str>) -> (String, Option<i32>) {
    let mut command = command(&[&["token"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(salt) = salt {
        command.env("SALT", salt);
    }
    let mut child = command.spawn().unwrap();
    // It may have ended before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (text(&output), output.status.code())
}

#[test]
fn a_token_tells_what_it_says_and_stays_secret() {
    let default = "super secret token value";
    let at = ["--at", ITS_TIME];
    let (told, code) = token(&at, &format!("{TOKEN}\n"), None);
    assert!(
        told.contains("issued:    2023-11-14T22:13:20Z")
            && told.contains("expires:   2023-11-21T22:13:20Z\n"),
        "{told}"
    );
    assert!(
        told.contains("not checked") && code == Some(0) && !told.contains(&TOKEN[4..20]),
        "{told}"
    );
    let salted = ["--at", ITS_TIME, "--salt-env", "SALT"];
    let (told, code) = token(&salted, &format!("Authorization: Bearer {TOKEN}"), Some(default));
    assert!(told.contains("made with this salt") && code == Some(0), "{told}");
    let (told, code) = token(&salted, TOKEN, Some("another"));
    assert!(told.contains("not made with this salt") && code == Some(1), "{told}");
    assert_eq!(token(&salted, TOKEN, None).1, Some(2));
    let (told, code) = token(&[], TOKEN, None);
    assert!(told.contains("which has passed") && code == Some(1), "{told}");
    for (text, word) in [
        ("opaque", "no token of Usergrid"),
        ("ZW0tAAAA", "e-mail"),
        ("YWMtAAAA", "malformed"),
        ("", "no token"),
    ] {
        let (told, code) = token(&at, text, None);
        assert!(told.contains(word) && code == Some(1), "{text}: {told}");
    }
    let (told, _) = token(&["--at", ITS_TIME, "--json"], TOKEN, None);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (told["category"].as_str(), told["expires"].as_u64()),
        (Some("access"), Some(1_700_604_800_001))
    );
}

/// RFC 8705, appendix A: a certificate, and its `x5t#S256`.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
";
const THUMBPRINT: &str = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
const OTHER: &str = "-----BEGIN CERTIFICATE-----\nQW5vdGhlciBvbmU=\n-----END CERTIFICATE-----\n";

/// What becomes of a token that is bound to the certificate of the RFC.
fn bound(certificate: &[&str]) -> String {
    let bound = format!(
        r#"{{"active":true,"application":"acme/shop","cnf":{{"x5t#S256":"{THUMBPRINT}"}}}}"#
    );
    let answer = answer("bound.json", &bound);
    let request = ["GET", "/acme/shop/books", "-H", "Authorization: Bearer some-token"];
    let answer = ["--answer", answer.to_str().unwrap()];
    explained(&[&request[..], &answer, certificate].concat())
}

#[test]
fn a_bound_token_needs_its_certificate() {
    let shown = |name: &str, pem: &str| {
        let file = answer(name, pem);
        bound(&["--client-certificate", file.to_str().unwrap()])
    };
    // A key and those that vouch for it change nothing, nor do the line ends of Windows.
    let key = "-----BEGIN PRIVATE KEY-----\nVE9QU0VDUkVU\n-----END PRIVATE KEY-----\n";
    let chain = format!("{key}{CERTIFICATE}{OTHER}").replace('\n', "\r\n");
    for told in [shown("client.pem", CERTIFICATE), shown("chain.pem", &chain)] {
        let same = "certificate: the client's is the one that the token is bound to";
        assert_eq!(lines(&told, same).len(), 1, "{told}");
        assert_eq!(lines(&told, "admitted, outcome token").len(), 1, "{told}");
    }
    let other = shown("other.pem", &format!("{OTHER}{CERTIFICATE}"));
    assert_eq!(lines(&other, "certificate: the token is bound to another").len(), 1, "{other}");
    let none = bound(&[]);
    assert_eq!(lines(&none, "certificate: the token is bound to one, and").len(), 1, "{none}");
    for told in [other, none] {
        assert_eq!(lines(&told, "refused, outcome inactive").len(), 1, "{told}");
    }
}

#[test]
fn what_is_no_certificate_is_named_and_not_repeated() {
    let key = "-----BEGIN PRIVATE KEY-----\nVE9QU0VDUkVU\n-----END PRIVATE KEY-----\n";
    let begun = "-----BEGIN CERTIFICATE-----\nVE9QU0VDUkVU\n";
    let broken = "-----BEGIN CERTIFICATE-----\nTOPSECRET!\n-----END CERTIFICATE-----\n";
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    for (at, text) in ["", key, begun, broken, empty].iter().enumerate() {
        let file = answer(&format!("no-certificate-{at}.pem"), text);
        let path = file.to_str().unwrap();
        let output = auth(&["explain", CONFIG, "GET", "/", "--client-certificate", path]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(path) && said.contains("certificate"), "{said}");
        assert!(!said.contains("SECRET") && !said.contains("VE9Q"), "{said}");
    }
}
