//! Answers of verifying servers: nobody is verified but by an answer that says so to an independent
//! reader of JSON, and what is kept of it is bounded and fit for headers.

use std::rc::Rc;

use serde_json::Value;
use usergrid_auth_config::Secret;
use usergrid_auth_core::principal::Principal;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, AnswerHeaders, CallOutcome};
use usergrid_auth_core::verification::verdict::Verdict;
use usergrid_auth_core::verification::verifiers::usergrid::{
    Application, Progress, Target, UsergridExchange,
};
use usergrid_auth_core::verification::verifiers::{introspection, token_endpoint};

use crate::bytes::Bytes;
use crate::settings;

/// 2023-11-14T22:13:20Z.
const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
/// Good until 2100.
const TOKEN: &str = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";
const STATUSES: [u16; 12] = [200, 400, 401, 403, 404, 500, 503, 429, 301, 204, 0, 999];

/// Who answers, then for each answer the status and its body up to a NUL.
pub fn hold(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    match bytes.byte() % 5 {
        0 => introspected(&mut bytes, 0),
        1 => introspected(&mut bytes, 2),
        2 => issued(&mut bytes),
        3 => usergrid(&mut bytes, false),
        _ => usergrid(&mut bytes, true),
    }
}

fn answer<'a>(bytes: &mut Bytes<'a>) -> (u16, &'a [u8], CallOutcome) {
    let status = bytes.pick(&STATUSES);
    let kind = bytes.byte();
    let body = bytes.until(0);
    let headers = AnswerHeaders::new(
        (kind & 1 != 0).then_some(body),
        (kind & 2 != 0).then_some(&b"Basic realm=x"[..]),
    );
    let outcome = match kind >> 2 {
        0..=59 => {
            CallOutcome::Answered { status, body: AnswerBody::Complete(body.to_vec()), headers }
        }
        60 => CallOutcome::Answered { status, body: AnswerBody::TooLarge, headers },
        61 => CallOutcome::Reset,
        62 => CallOutcome::TimedOut,
        _ => CallOutcome::NotSent,
    };
    (status, body, outcome)
}

/// The object that another reader makes of it; one byte order mark is skipped.
fn json(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).ok().filter(Value::is_object)
}

fn introspected(bytes: &mut Bytes<'_>, which: usize) {
    let config = settings::config(which);
    let (status, body, outcome) = answer(bytes);
    let verdict = introspection::verdict(&outcome, &config, &config.servers[0], NOW);
    let Ok(Verdict::Verified(principal)) = verdict else { return };
    let shown = body.escape_ascii();
    assert_eq!(status, 200, "{shown}");
    let json = json(body).unwrap_or_else(|| panic!("no object: {shown}"));
    assert_eq!(json["active"], Value::Bool(true), "{shown}");
    if let Some(exp) = json.get("exp").and_then(Value::as_f64) {
        let absent = exp == 0.0 || exp == -1.0;
        assert!(absent || exp > 1_700_000_000.0 - 1.0, "expired: {shown}");
    }
    if which == 2 {
        let has = |member: &str, wanted: &str| match &json[member] {
            Value::String(text) => text.split(' ').any(|word| word == wanted),
            Value::Array(all) => all.iter().any(|one| one == wanted),
            _ => false,
        };
        assert!(has("scope", "read") && has("aud", "api"), "{shown}");
        assert_eq!(json["iss"], "https://auth.example.com", "{shown}");
    }
    assert!(
        json.get("cnf").is_none_or(|cnf| cnf.is_null() || cnf["x5t#S256"].is_string()),
        "{shown}"
    );
    bounded(&principal, body);
}

fn issued(bytes: &mut Bytes<'_>) {
    let config = settings::config(0);
    let (status, body, outcome) = answer(bytes);
    let verdict = token_endpoint::verdict(&outcome, &config, &config.servers[0], b"id", NOW);
    let Ok(Verdict::Verified(principal)) = verdict else { return };
    assert_eq!(status, 200);
    let json = json(body).unwrap_or_else(|| panic!("no object: {}", body.escape_ascii()));
    let token = json["access_token"].as_str().unwrap_or_default();
    let issued = principal.issued_token.as_ref().map(Secret::expose);
    assert_eq!(issued, Some(token.as_bytes()), "{}", body.escape_ascii());
    assert!(!token.is_empty() && token.bytes().all(|byte| (b'!'..=b'~').contains(&byte)));
    bounded(&principal, body);
}

fn usergrid(bytes: &mut Bytes<'_>, pair: bool) {
    let config = settings::config(4);
    let server = Rc::clone(&config.servers[0]);
    let target = match bytes.byte() % 3 {
        0 => Target::Management(None),
        1 => Target::Management(Some("acme".to_owned())),
        _ => Target::Application(Application::named("acme", "shop").unwrap()),
    };
    let exchange = if pair {
        let (id, secret) = (Secret::new(&b"YXA6id"[..]), Secret::new(&b"s&cret"[..]));
        UsergridExchange::of_pair(&config, &server, &id, &secret, target, NOW)
    } else {
        UsergridExchange::of_token(&config, &server, &Secret::new(TOKEN.as_bytes()), target, NOW)
    };
    let mut exchange = exchange.unwrap();
    let mut read = Vec::new();
    for asked in 0.. {
        assert!(asked < 4, "asks again and again");
        let (status, body, outcome) = answer(bytes);
        read.push((status, body));
        match exchange.read(&outcome, NOW) {
            Progress::Ask(call) => {
                let text = String::from_utf8_lossy(&call.body).into_owned();
                assert!(call.headers.iter().all(|(_, value)| value.bytes().all(|b| b >= b' ')));
                assert!(!text.contains("super secret"), "{text}");
            }
            Progress::Done(conclusion) => {
                if let Ok(Verdict::Verified(principal)) = &conclusion.verdict {
                    let says =
                        |(status, body): &(u16, &[u8])| *status == 200 && json(body).is_some();
                    assert!(says(&read[0]), "verified by {:?}", read[0].0);
                    bounded(
                        principal,
                        &read.iter().map(|(_, body)| *body).collect::<Vec<_>>().concat(),
                    );
                }
                if let Some(record) = &conclusion.record {
                    assert!(exchange.reread(record).is_some(), "a record that nobody can read");
                }
                return;
            }
        }
    }
}

fn bounded(principal: &Principal, body: &[u8]) {
    let bytes = principal.heap_bytes();
    assert!(bytes <= 32_768 + 24 * body.len(), "{bytes} bytes of {}", body.len());
    for (name, value) in &principal.identity {
        assert!(value.len() <= 4_096, "{name}: {} bytes", value.len());
        assert!(value.iter().all(|byte| (b' '..=b'~').contains(byte)), "{name}: {value:?}");
        assert!(!value.starts_with(b" ") && !value.ends_with(b" "), "{name}: {value:?}");
    }
    for (_, value) in &principal.state {
        assert!(value.iter().all(|byte| (b' '..=b'~').contains(byte)), "{value:?}");
    }
}
