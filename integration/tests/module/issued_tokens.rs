//! A token that a server issues for a client pair stays in the worker that asked for it.

use anyhow::{Result, ensure};

use crate::host_calls::{get, shipped};
use counting_host::host::{Action, CountingHost};
use properties::canary::Canaries;

const TOKEN: &str = "YWMt-issued-for-the-organization";
const PAIR: &str = "/acme/shop/books?client_id=b3U6&client_secret=the-secret";

#[test]
fn an_issued_token_is_in_no_message_and_not_in_shared_data() -> Result<()> {
    let mut host = shipped()?;
    host.add_worker()?;
    let answer = format!(r#"{{"access_token":"{TOKEN}","expires_in":604800}}"#);
    let pair = get(PAIR, None);

    let leading = host.on(0).request(&pair)?;
    host.ring()?;
    let following = host.on(1).request(&pair)?;
    host.ring()?;
    ensure!(host.calls() == 1, "{} calls while the first is under way", host.calls());
    host.on(0).answer(200, answer.as_bytes())?;
    is(&host, leading, Action::Resumed)?;
    is(&host, following, Action::Paused)?;
    // It hears that there is a verdict which it cannot be told, and asks by itself.
    host.ring()?;
    host.ring()?;
    ensure!(host.calls() == 1, "{} calls of the second worker", host.calls());
    host.on(1).answer(200, answer.as_bytes())?;
    is(&host, following, Action::Resumed)?;
    for (worker, pair) in [(0, &pair), (1, &pair)] {
        let again = host.on(worker).request(pair)?;
        is(&host, again, Action::Continued)?;
    }
    for secret in [TOKEN, "the-secret"] {
        ensure!(!hands_over(&host, secret), "`{secret}` has left the worker");
    }
    Ok(())
}

/// So that the test above would see one.
#[test]
fn an_answer_without_a_credential_is_handed_over() -> Result<()> {
    let mut host = shipped()?;
    let request = host.request(&get("/acme/shop/books", Some("a-token")))?;
    host.ring()?;
    host.answer(200, br#"{"active":true,"username":"carol"}"#)?;
    is(&host, request, Action::Resumed)?;
    ensure!(hands_over(&host, "carol"), "the answer is not in shared data");
    ensure!(!hands_over(&host, "a-token"), "the token is");
    Ok(())
}

/// In whatever form.
fn hands_over(host: &CountingHost, secret: &str) -> bool {
    let canaries = Canaries::new(&[secret]);
    host.handed_over().into_iter().any(|given| canaries.first_in(given).is_some())
}

fn is(host: &CountingHost, request: u32, action: Action) -> Result<()> {
    let found = host.action(request);
    ensure!(found == action, "it is {found:?}, not {action:?}");
    Ok(())
}
