//! Which server is asked about a credential: the first in the list whose `match` holds, by the
//! request alone. No credential is ever tried at another one after that.

use std::rc::Rc;

use usergrid_auth_config::{Config, Profile, Server, ServerMatch};
use usergrid_auth_rules::demand::{Agreement, Readings};
use usergrid_auth_rules::host;
use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::steps::Steps;

use super::finding::{Finding, NoServer, Trace};
use super::head::Head;
use crate::credential::Credential;

/// What of a request chooses.
pub(super) struct Choice<'a> {
    pub(super) config: &'a Config,
    pub(super) head: &'a Head<'a>,
    pub(super) path: &'a RequestPath,
    pub(super) steps: &'a Steps,
}

impl<'a> Choice<'a> {
    /// The server that is asked about `credential`, if any is.
    pub(super) fn for_credential(
        &self,
        credential: &Credential,
        trace: &mut impl Trace,
    ) -> Option<&'a Rc<Server>> {
        match self.only() {
            Some(only) => Some(only),
            None => self.among_several(credential, trace),
        }
    }

    #[inline(never)]
    fn among_several(
        &self,
        credential: &Credential,
        trace: &mut impl Trace,
    ) -> Option<&'a Rc<Server>> {
        let token = match credential {
            Credential::Token { token, .. } => Some(token.expose()),
            Credential::Client { .. } => None,
        };
        let begins =
            |prefix: &String| token.is_some_and(|token| token.starts_with(prefix.as_bytes()));
        let found = self.first(|matching| {
            matching.token_prefixes.is_empty() || matching.token_prefixes.iter().any(begins)
        });
        trace.note(|| {
            Finding::Server(match found {
                Ok(server) => Ok(named(server)),
                Err(why) => Err(why),
            })
        });
        found.ok()
    }

    /// The server to whose requests this one belongs, whatever credential it has.
    pub(super) fn for_place(&self) -> Option<&'a Rc<Server>> {
        self.only().or_else(|| self.first(|_| true).ok())
    }

    /// The server that is asked about everything, where there is no choice.
    fn only(&self) -> Option<&'a Rc<Server>> {
        match self.config.servers.as_slice() {
            [only] if only.matching.is_any() => Some(only),
            _ => None,
        }
    }

    /// The first whose `match` holds, as far as tokens go by `has_token`.
    fn first(&self, has_token: impl Fn(&ServerMatch) -> bool) -> Result<&'a Rc<Server>, NoServer> {
        let any = |test: fn(&ServerMatch) -> bool| {
            self.config.servers.iter().any(|it| test(&it.matching))
        };
        let host = self.head.host();
        // Another way to write a host or a path does not choose another server.
        if host.is_none() && any(|matching| !matching.hosts.is_empty()) {
            return Err(NoServer::UnclearHost);
        }
        if !self.path.is_clear() && any(|matching| !matching.paths.is_empty()) {
            return Err(NoServer::UnclearPath);
        }
        let is_usergrid = self.config.profile == Profile::Usergrid;
        let mut readings = None;
        for server in &self.config.servers {
            let matching = &server.matching;
            let has_host = matching.hosts.is_empty()
                || host.is_some_and(|host| matching.hosts.iter().any(|it| it.matches(host)));
            if !has_host || !has_token(matching) {
                continue;
            }
            if matching.paths.is_empty() {
                return Ok(server);
            }
            let readings = readings
                .get_or_insert_with(|| Readings::new(self.head.methods(), self.path, is_usergrid));
            match matching.paths.agreement(readings, self.steps) {
                Agreement::Every => return Ok(server),
                Agreement::None => {}
                Agreement::Disagree => return Err(NoServer::UnclearPath),
            }
        }
        Err(NoServer::NoMatch)
    }
}

/// Its name, and what it was chosen by, for people.
fn named(server: &Server) -> String {
    let ServerMatch { hosts, paths, token_prefixes, .. } = &server.matching;
    let name = server.name.as_deref().unwrap_or("the only one");
    let conditions = [
        ("hosts", hosts.is_empty()),
        ("paths", paths.is_empty()),
        ("token_prefixes", token_prefixes.is_empty()),
    ];
    let given = conditions.into_iter().filter(|(_, is_empty)| !is_empty);
    let by: Vec<&str> = given.map(|(key, _)| key).collect();
    let by = if by.is_empty() { "for all that is left".to_owned() } else { by.join(" and ") };
    [name, ", by its `match`: ", &by].concat()
}

impl<'a> Head<'a> {
    /// The host that the request is for, without its port; `None` if there is none, several, or one
    /// that is not clear.
    pub(super) fn host(&self) -> Option<&'a [u8]> {
        let mut values = self.headers.values(":authority").chain(self.headers.values("host"));
        let only = values.next().filter(|_| values.next().is_none())?;
        host::host(only)
    }
}
