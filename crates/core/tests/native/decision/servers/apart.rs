//! What is remembered of a token is remembered of it at one server.

use super::asks;
use crate::decision::worker::Worker;

/// Also where each has been asked about it so often that its digests are remembered.
#[test]
fn one_token_at_three_servers_has_three_verdicts() {
    let list = r#""introspection":[
        {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"]}},
        {"name":"b","cluster":"b","path":"/i","match":{"hosts":["b"]}},
        {"name":"c","cluster":"c","path":"/i","match":{"hosts":["c"]}}]"#;
    let mut worker = Worker::new(list);
    for host in ["a", "b", "c"] {
        assert!(asks(&mut worker, host, "toms"), "{host}");
        for _ in 0..2 {
            assert!(!asks(&mut worker, host, "toms"), "{host}");
        }
    }
}
