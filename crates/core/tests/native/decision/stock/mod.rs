//! Decisions in front of a stock Usergrid: two questions at most about a credential in an
//! application.

mod denials;
mod interleavings;
mod limits;
mod offline;
mod pairs;
mod probes;
mod revoked;
mod sharing;
mod targets;
mod two_steps;

use std::rc::Rc;

use usergrid_auth_config::Config;
use usergrid_auth_core::verification::call::CallOutcome;
use usergrid_auth_core::verification::peers::memory::Process;
use usergrid_auth_core::verification::single_flight::StreamId;

use crate::decision::worker::{NOON, Worker};
use crate::support::{answered, call_header};

const SALT: &[u8] = b"a salt of our own";
/// Signed with [`SALT`], good until 2100, and issued years before [`NOON`].
const TOKENS: [&str; 5] = [
    "YWMtBK_AAIM7Ee6AAQAAAAAAAQAAA7ssw9gA7G5SMC1eH5N4Z9BUPL8Z6jT7y_M",
    "YWMtBK_AAIM7Ee6AAQAAAAAAAgAAA7ssw9gAFMJv0CXjKfNTTOsRMj_CoHfd3-A",
    "YWMtBK_AAIM7Ee6AAQAAAAAAAwAAA7ssw9gAMjJiOsY9uLHf127G3-yIgBS_No4",
    "YWMtBK_AAIM7Ee6AAQAAAAAABAAAA7ssw9gAGRAohAOR2L1bistyWbsTX2lOiyI",
    "YWMtBK_AAIM7Ee6AAQAAAAAABQAAA7ssw9gAty-scVsYsOqZTlIuDVzXnRaVlp8",
];
const TOKEN: &str = TOKENS[0];
const OTHER: &str = TOKENS[1];
/// The same, issued at [`NOON`].
const YOUNG: &str = "YWMtqXZAABC5EfKAAQAAAAAACQAAA7ssw9gARUxgfNG68ET7V4nb0LKHA-GnmSc";
const KIM: &str = "7d1f2c12-833a-11ee-8b11-0242ac120001";
const ADA: &str = "7d1f2c13-833a-11ee-8b11-0242ac120001";
const APPLICATION: &str = "7d1f2c11-833a-11ee-8b11-0242ac120001";

const U: &str = "GET /acme/shop/users/me";
const K: &str = "HEAD /acme/shop/credentials";

/// The protocol with `members` in `introspection`, and `rest` beside it; signatures are checked.
fn signed(members: &str, rest: &str) -> Rc<Config> {
    config(members, &format!(r#","token":{{"salt_env":"SALT"}}{rest}"#))
}

fn config(members: &str, rest: &str) -> Rc<Config> {
    let text = format!(
        r#"{{"introspection":{{"protocol":"usergrid","cluster":"usergrid","authority":"api.example.com"{members}}}{rest}}}"#
    );
    let salt = |_: &str| Some(SALT.to_vec());
    Rc::new(Config::parse(text.as_bytes(), &salt).unwrap_or_else(|problems| panic!("{problems}")))
}

/// Workers of one process.
fn workers<const N: usize>(config: &Rc<Config>) -> [Worker; N] {
    let process: Rc<Process> = Rc::default();
    std::array::from_fn(|_| Worker::in_process(config, &process))
}

fn one_worker(members: &str, rest: &str) -> Worker {
    let [worker] = workers(&signed(members, rest));
    worker
}

fn ask(worker: &mut Worker, line: &str, token: &str) -> StreamId {
    worker.request(line, &[("authorization", &format!("Bearer {token}"))])
}

/// `METHOD /path` of the calls under way.
fn asked(worker: &Worker) -> Vec<String> {
    let line = |name| move |call| call_header(call, name).concat();
    let (method, path) = (line(":method"), line(":path"));
    worker.calls.iter().map(|(_, call)| format!("{} {}", method(call), path(call))).collect()
}

/// What `GET /{org}/{app}/users/me` answers to the user `name` of `application`.
fn user(application: &str, name: &str) -> String {
    let (org, app) = application.split_once('/').expect("org/app");
    format!(
        r#"{{"organization":"{org}","applicationName":"{app}","entities":[{{"uuid":"{KIM}","type":"user","username":"{name}","activated":true}}]}}"#
    )
}

/// An error in Usergrid's words.
fn error(word: &str) -> String {
    format!(r#"{{"error":"{word}","timestamp":1,"duration":0,"exception":"x"}}"#)
}

/// What a caller is told who is no user of the application: ada's uuid.
fn nobody_here() -> String {
    format!(
        r#"{{"error":"entity_not_found","error_description":"Cannot find entity associated with uuid: {ADA}"}}"#
    )
}

/// The oldest call is one of U, and names kim.
fn kim(worker: &mut Worker) {
    worker.answer(200, &user("acme/shop", "kim"));
}

/// kim comes with `token`, which is verified if it was not before.
fn kim_comes(worker: &mut Worker, token: &str) {
    let stream = ask(worker, "GET /acme/shop/x", token);
    if !worker.calls.is_empty() {
        kim(worker);
    }
    assert_eq!(worker.verdict(stream), "forwarded");
}

/// How a request ends, of whose calls each fails like this.
fn in_vain(worker: &mut Worker, line: &str, token: &str, how: fn() -> CallOutcome) -> String {
    let stream = ask(worker, line, token);
    while !worker.calls.is_empty() {
        worker.end_call(how());
    }
    worker.verdict(stream)
}

fn reset() -> CallOutcome {
    CallOutcome::Reset
}

/// Sets the time of all workers to so many milliseconds after noon.
fn at(workers: &mut [&mut Worker], millis: u64) {
    for worker in workers {
        worker.now = NOON + millis;
    }
}
