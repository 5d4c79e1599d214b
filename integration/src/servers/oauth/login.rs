//! A browser in the hands of the user: follows redirections, keeps cookies, logs in and consents.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};

use super::registry::User;
use crate::harness::client::{self, Request, Response};
use crate::harness::form;

/// More pages than any login has.
const MOST_PAGES: usize = 20;

/// The user's browser, at the server of this address.
pub(super) struct Browser<'a> {
    pub(super) user: &'a User,
    pub(super) address: SocketAddr,
}

impl Browser<'_> {
    /// Walks from `start` until a redirection leads to `end`, and returns that redirection.
    pub(super) fn walk(&self, start: &str, end: &str) -> Result<String> {
        let mut cookies = Cookies::default();
        let mut path = start.to_owned();
        let mut forms = vec![
            form::write(&[("prompt", "consent")]),
            form::write(&[
                ("prompt", "login"),
                ("login", &self.user.name),
                ("password", &self.user.password),
            ]),
        ];
        for _ in 0..MOST_PAGES {
            let mut request = Request::get(&path);
            // Our pages to fill in come one after the other.
            if path.starts_with("/interaction/") {
                let form = forms.pop().context("asked for more than a login and a consent")?;
                request = Request::new("POST", &path)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form);
            }
            let response = send(self.address, &request.header("cookie", cookies.of(&path)))?;
            cookies.keep(&response);
            let Some(location) = response.header("location") else {
                bail!("{path} answered {} without a redirection", response.status);
            };
            if location.starts_with(end) {
                return Ok(location);
            }
            let here = format!("http://{}", self.address);
            path = location.strip_prefix(&here).unwrap_or(&location).to_owned();
        }
        bail!("the login does not end")
    }
}

/// Sends a request. Pages of a login have links to where they were asked for, so the host has to be
/// right.
pub(super) fn send(address: SocketAddr, request: &Request) -> Result<Response> {
    client::send(address, &request.clone().header("host", address.to_string()))
}

/// Path, name and value of each; as much of RFC 6265 as one server needs.
#[derive(Default)]
struct Cookies(Vec<(String, String, String)>);

impl Cookies {
    fn of(&self, path: &str) -> String {
        let fitting = self.0.iter().filter(|(scope, _, _)| path.starts_with(scope.as_str()));
        let pairs: Vec<String> =
            fitting.map(|(_, name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, response: &Response) {
        let set =
            response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, line) in set {
            let line = String::from_utf8_lossy(line);
            let mut parts = line.split("; ");
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let path = parts.find_map(|part| part.strip_prefix("path=")).unwrap_or("/");
            self.0.retain(|(scope, known, _)| scope != path || known != name);
            if !value.is_empty() {
                self.0.push((path.to_owned(), name.to_owned(), value.to_owned()));
            }
        }
    }
}
