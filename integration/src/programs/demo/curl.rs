//! Requests as lines for a shell.

use std::net::SocketAddr;

use crate::harness::client::Request;

/// The request as a line for a shell.
pub fn curl(request: &Request, envoy: SocketAddr) -> String {
    let mut line = String::from("curl");
    if request.method != "GET" {
        line.push_str(" -X ");
        line.push_str(&request.method);
    }
    for (name, value) in &request.headers {
        line.push_str(&format!(" -H '{name}: {}'", String::from_utf8_lossy(value)));
    }
    if !request.body.is_empty() {
        line.push_str(&format!(" -d '{}'", String::from_utf8_lossy(&request.body)));
    }
    line.push_str(&format!(" 'http://{envoy}{}'", String::from_utf8_lossy(&request.path)));
    line
}
