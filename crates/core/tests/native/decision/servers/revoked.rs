//! A token that is revoked is one of the servers that its beginning fits.

use super::{asks, at};
use crate::decision::worker::Worker;

const BY_BEGINNING: &str = r#""introspection":[
    {"name":"a","cluster":"a","path":"/i","match":{"hosts":["a"],"token_prefixes":["a_"]}},
    {"name":"b","cluster":"b","path":"/i","match":{"hosts":["b"],"token_prefixes":["b_"]}},
    {"name":"c","cluster":"c","path":"/i","match":{"hosts":["c"],"token_prefixes":["a_"]}}]"#;

/// Whoever calls Usergrid's endpoint may do so at another server than the token's.
#[test]
fn a_token_that_none_of_the_callers_backend_can_have_issued_is_revoked_elsewhere() {
    for (token, expected) in [("a_toms", [true, false, false]), ("b_toms", [false, true, false])] {
        let mut worker = Worker::new(BY_BEGINNING);
        let known = [("a", "a_toms"), ("b", "b_toms"), ("c", "a_toms")];
        for (host, token) in known {
            assert!(asks(&mut worker, host, token));
        }
        assert!(asks(&mut worker, "a", "a_admins"));
        let line = format!("POST /acme/app/users/tom/revoketoken?token={token}");
        let headers = [(":authority", "a"), ("authorization", "Bearer a_admins")];
        let stream = worker.request(&line, &headers);
        assert_eq!(worker.verdict(stream), "forwarded");
        worker.respond(stream, 200, "");
        let asked = known.map(|(host, token)| {
            at(&mut worker, host, token);
            !std::mem::take(&mut worker.calls).is_empty()
        });
        assert_eq!(asked, expected, "{token}");
    }
}
