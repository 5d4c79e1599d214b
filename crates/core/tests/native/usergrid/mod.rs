//! The exchange with a stock Usergrid, by script: what is asked about a credential, and what the
//! answers come to.

mod answers;
mod facts;
mod hostile;
mod requests;
mod targets;

use std::rc::Rc;

use usergrid_auth_config::{Config, Secret};
use usergrid_auth_core::principal::Principal;
use usergrid_auth_core::time::UnixMillis;
use usergrid_auth_core::verification::call::{AnswerBody, CallOutcome, CallRequest};
use usergrid_auth_core::verification::verifiers::usergrid::{
    Application, Conclusion, Progress, Target, UsergridExchange, Verdict,
};

use crate::support::{NOW, answered, server};

/// Issued at [`NOW`], good until 2100, and signed with [`SALT`].
const TOKEN: &str = "YWMtBK_AAIM7Ee6SNAEjRWeJqwAAA7ssw9gAtqPsSElvrZs6RO54CNuiSqx-5LI";
const SALT: &[u8] = b"super secret token value";
/// Later than any token of these tests is young.
const LATER: UnixMillis = UnixMillis(NOW.0 + 60_000);

const APPLICATION: &str = "7d1f2c11-833a-11ee-8b11-0242ac120001";
const KIM: &str = "7d1f2c12-833a-11ee-8b11-0242ac120001";
const ADA: &str = "7d1f2c13-833a-11ee-8b11-0242ac120001";

/// What `GET /acme/shop/users/me` answers to kim.
const KIMS_ANSWER: &str = r#"{"action":"get","application":"7d1f2c11-833a-11ee-8b11-0242ac120001","params":{},"path":"/users","uri":"http://localhost:8080/acme/shop/users","entities":[{"uuid":"7d1f2c12-833a-11ee-8b11-0242ac120001","type":"user","name":"Kim","created":1699990000000,"modified":1699990000000,"username":"kim","email":"kim@example.com","activated":true,"metadata":{"path":"/users/7d1f2c12-833a-11ee-8b11-0242ac120001"}}],"timestamp":1700000000000,"duration":9,"organization":"acme","applicationName":"shop"}"#;

/// What `GET /management/me` answers to ada.
const ADAS_ANSWER: &str = r#"{"access_token":"YWMt-of-somebody-else","expires_in":604800000,"passwordChanged":1699000000000,"user":{"applicationId":"b6768a08-b5d5-11e3-a495-11ddb1de66c8","uuid":"7d1f2c13-833a-11ee-8b11-0242ac120001","username":"ada","name":"Ada","activated":true,"confirmed":true,"disabled":false,"adminUser":true,"properties":{},"organizations":{"acme":{"name":"acme","uuid":"7d1f2c14-833a-11ee-8b11-0242ac120001","properties":{},"applications":{"acme/shop":"7d1f2c11-833a-11ee-8b11-0242ac120001"}}}}}"#;

/// A configuration of the protocol with `members` in `introspection`, and `rest` beside it.
fn usergrid(members: &str, rest: &str) -> Rc<Config> {
    let text = format!(
        r#"{{"introspection":{{"protocol":"usergrid","cluster":"usergrid","authority":"api.example.com"{members}}}{rest}}}"#
    );
    let salt = |_: &str| Some(SALT.to_vec());
    Rc::new(Config::parse(text.as_bytes(), &salt).unwrap_or_else(|problems| panic!("{problems}")))
}

fn shop() -> Target {
    Target::Application(Application::named("acme", "shop").expect("two names"))
}

fn about(config: &Rc<Config>, token: &str, target: Target, now: UnixMillis) -> UsergridExchange {
    UsergridExchange::of_token(config, server(config), &Secret::new(token.as_bytes()), target, now)
        .expect("the protocol is configured")
}

fn about_pair(config: &Rc<Config>, target: Target, now: UnixMillis) -> UsergridExchange {
    let (id, secret) = (Secret::new(&b"YXA6id"[..]), Secret::new(&b"s&cret"[..]));
    UsergridExchange::of_pair(config, server(config), &id, &secret, target, now)
        .expect("pairs are verified")
}

/// An error in Usergrid's words.
fn error(word: &str, description: &str) -> String {
    serde_json::json!({
        "error": word, "timestamp": NOW.0, "duration": 0,
        "exception": "org.apache.usergrid.rest.exceptions.SecurityException",
        "error_description": description,
    })
    .to_string()
}

fn too_large(status: u16) -> CallOutcome {
    CallOutcome::Answered { status, body: AnswerBody::TooLarge, headers: Default::default() }
}

/// The end of the exchange, which this answer must bring.
fn ended(exchange: &mut UsergridExchange, outcome: &CallOutcome, now: UnixMillis) -> Conclusion {
    match exchange.read(outcome, now) {
        Progress::Done(conclusion) => conclusion,
        Progress::Ask(_) => panic!("asks again"),
    }
}

/// The next request, which this answer must bring.
fn asked(exchange: &mut UsergridExchange, outcome: &CallOutcome, now: UnixMillis) -> CallRequest {
    match exchange.read(outcome, now) {
        Progress::Ask(call) => call,
        Progress::Done(conclusion) => panic!("ends: {conclusion:?}"),
    }
}

fn principal(conclusion: Conclusion) -> Principal {
    match conclusion.verdict {
        Ok(Verdict::Verified(principal)) => Rc::into_inner(principal).expect("nobody else has it"),
        other => panic!("not verified: {other:?}"),
    }
}

/// The principal of a token about which Usergrid gives this one answer.
fn verified(config: &Rc<Config>, target: Target, body: &str) -> Principal {
    principal(ended(&mut about(config, TOKEN, target, LATER), &answered(200, body), LATER))
}
