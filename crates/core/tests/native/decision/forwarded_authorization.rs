//! What becomes of the `Authorization` header of an admitted request.

use usergrid_auth_core::verification::single_flight::StreamId;

use crate::decision::worker::Worker;

/// The owner's own, of a scheme that is not among the places of the test.
const OTHER: (&str, &str) = ("authorization", "Basic cm9vdDpzZWM=");

fn authorization(worker: &Worker, stream: StreamId) -> String {
    worker.head(stream).header("authorization")
}

/// A hit of a plain request costs the host no edit of it.
#[test]
fn a_token_that_stands_as_usergrid_reads_it_is_left_alone() {
    let mut worker = Worker::new("");
    worker.with_token("GET /x", "abc", "");
    for (sent, edits) in
        [("Bearer abc", 0), ("bearer abc", 1), ("Bearer  abc", 1), ("Bearer abc ", 1)]
    {
        worker.edits.clear();
        let stream = worker.request("GET /x", &[("authorization", sent)]);
        assert_eq!(worker.verdict(stream), "forwarded", "{sent}");
        assert_eq!(authorization(&worker, stream), "Bearer abc", "{sent}");
        assert_eq!(worker.edits.len(), edits, "{sent}: {:?}", worker.edits);
    }
}

#[test]
fn of_several_lines_only_the_one_that_counts_goes_on() {
    for (forward, expected) in [("header", "Bearer abc"), ("as_sent", "Bearer abc"), ("remove", "")]
    {
        let mut worker = Worker::new(&format!(
            r#""credentials":{{"on_conflict":"usergrid"}},"forward":{{"credential":"{forward}"}}"#
        ));
        for second in ["Bearer other", "Basic cm9vdDpzZWM=", "Digest x"] {
            let lines = [("authorization", "Bearer abc"), ("authorization", second)];
            let stream = worker.request("GET /x", &lines);
            if !worker.calls.is_empty() {
                worker.active("");
            }
            assert_eq!(worker.verdict(stream), "forwarded", "{forward} {second}");
            assert_eq!(authorization(&worker, stream), expected, "{forward} {second}");
        }
    }
}

#[test]
fn as_sent_keeps_the_spelling_of_the_only_credential() {
    let mut worker = Worker::new(r#""forward":{"credential":"as_sent"}"#);
    worker.with_token("GET /x", "abc", "");
    for sent in ["Bearer abc", "bearer  abc", "BEARER\tabc"] {
        let stream = worker.request("GET /x", &[("authorization", sent)]);
        assert_eq!(worker.verdict(stream), "forwarded", "{sent}");
        assert_eq!(authorization(&worker, stream), sent);
    }
}

/// A place that is not listed is not looked at.
#[test]
fn as_sent_leaves_alone_what_was_not_looked_at_beside_a_token_from_elsewhere() {
    for (line, headers) in
        [("GET /x?access_token=abc", vec![OTHER]), ("GET /x", vec![OTHER, ("x-api-token", "abc")])]
    {
        let mut worker = Worker::new(
            r#""forward":{"credential":"as_sent"},
            "credentials":{"sources":["header","query",{"header":"x-api-token"}]}"#,
        );
        let stream = worker.request(line, &headers);
        worker.active("");
        assert_eq!(worker.verdict(stream), "forwarded", "{line}");
        assert_eq!(authorization(&worker, stream), OTHER.1, "{line}");
    }
}

#[test]
fn remove_also_removes_an_authorization_that_was_not_looked_at() {
    let mut worker =
        Worker::new(r#""forward":{"credential":"remove"},"credentials":{"sources":["query"]}"#);
    let stream = worker.request("GET /x?access_token=abc", &[OTHER]);
    worker.active("");
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(authorization(&worker, stream), "");
}

#[test]
fn as_sent_passes_no_credential_on_that_stood_beside_the_verified_one() {
    let mut worker = Worker::new(
        r#""forward":{"credential":"as_sent"},"credentials":{"on_conflict":"usergrid","sources":["header"]}"#,
    );
    let joined = [("authorization", "Basic cm9vdDpzZWM=,Bearer good")];
    let stream = worker.request("GET /x", &joined);
    worker.active("");
    assert_eq!(worker.verdict(stream), "forwarded");
    assert_eq!(authorization(&worker, stream), "Bearer good");
}
