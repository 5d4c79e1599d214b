//! `introspection` and what stands beside it for a server: who verifies which credentials, and what
//! holds for those that it verifies.

use std::rc::Rc;

use crate::authorization::{self, Authorization};
use crate::credentials::{self, TokenFormat};
use crate::notes::{Reported, all};
use crate::problem::quoted;
use crate::protocol::{Management, Protocol};
use crate::reader::Value;
use crate::section::Section;
use crate::server_match::{ServerMatch, server_match};
use crate::upstream::ClientCredentials;
use crate::verifier::{self, TokenVerifier};
use crate::words::Word;

/// The most servers. Each has metrics of its own, and one after the other is tried on a request.
const MOST_SERVERS: usize = 32;

/// The longest name of a server, in bytes.
const LONGEST_NAME: usize = 64;

/// A server that verifies credentials, and what holds for those that it verifies.
#[derive(Debug)]
pub struct Server {
    /// Its place in [`Config::servers`](crate::Config::servers), less than 32.
    pub place: usize,
    /// Its name: letters, digits, `_` and `-`. Only one that is alone may have none.
    pub name: Option<Rc<str>>,
    /// Which requests it is asked about, unless one before it in the list is.
    pub matching: ServerMatch,
    /// How tokens are verified.
    pub verifier: TokenVerifier,
    /// How client pairs are verified; without it they are refused.
    pub client_credentials: Option<Rc<ClientCredentials>>,
    /// What a token must look like before any call.
    pub token: TokenFormat,
    /// What a principal that it verifies may do.
    pub authorization: Authorization,
}

impl Server {
    /// What an operator should know at start, a line each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = match &self.verifier {
            TokenVerifier::Rfc7662(_) => Vec::new(),
            TokenVerifier::Usergrid(settings) => settings.warnings(&self.token),
        };
        let named = |warning: String| match &self.name {
            Some(name) => ["server `", name, "`: ", &warning].concat(),
            None => warning,
        };
        warnings.into_iter().map(named).collect()
    }
}

/// Which keys beside `introspection` some server goes by.
#[derive(Default)]
struct Inherited {
    client_credentials: bool,
    token: bool,
    tenancy: bool,
    roles: bool,
    scopes: bool,
}

/// The servers, at least one, in the order in which they are tried.
pub(crate) fn servers(root: &Section<'_>) -> Result<Vec<Rc<Server>>, Reported> {
    let is_list = root.given("introspection")?.is_some_and(|value| value.is_array());
    let mut list = List::new(root, is_list);
    let servers = root.sections("introspection", |entry| list.server(&entry));
    let of_nobody = match &servers {
        // What would be some server's is told all the same what is wrong with it.
        Err(reported) if list.count == 0 => {
            let protocol = Protocol::Rfc7662;
            let pairs = verifier::client_credentials(root, protocol, &Err(*reported)).map(|_| ());
            pairs.and(credentials::token(root, protocol).map(|_| ()))
        }
        _ => Ok(()),
    };
    list.check(servers.is_ok()).and(of_nobody).and(servers)
}

/// What is known of the servers that were read so far.
struct List<'a> {
    root: &'a Section<'a>,
    /// `authorization`, which holds where an entry says nothing else; `None`: not read yet.
    common: Option<Result<Authorization, Reported>>,
    is_list: bool,
    count: usize,
    earlier: Vec<Rc<Server>>,
    inherited: Inherited,
    protocols: Vec<Protocol>,
}

impl<'a> List<'a> {
    fn new(root: &'a Section<'a>, is_list: bool) -> Self {
        Self {
            root,
            common: None,
            is_list,
            count: 0,
            earlier: Vec::new(),
            inherited: Inherited::default(),
            protocols: Vec::new(),
        }
    }

    fn server(&mut self, entry: &Section<'_>) -> Result<Rc<Server>, Reported> {
        let place = self.count;
        self.count = place.saturating_add(1);
        if place >= MOST_SERVERS {
            return Err(entry.here(&["is one more server than there may be, which is 32"]));
        }
        let (protocol, asked) = verifier::verifier(entry);
        self.protocols.push(protocol);
        let server = Rc::new(gather!(
            entry,
            Server {
                place: Ok(place),
                name: self.name(entry),
                matching: server_match(entry),
                client_credentials: self.client_credentials(entry, protocol, &asked, &matching),
                token: self.token(entry, protocol),
                authorization: self.authorization(entry, protocol),
                verifier: verifier::consistent(entry, asked, &token, &authorization, &matching),
            }
        )?);
        let is_distinct = self.is_distinct(entry, &server);
        self.earlier.push(Rc::clone(&server));
        is_distinct?;
        Ok(server)
    }

    fn name(&self, entry: &Section<'_>) -> Result<Option<Rc<str>>, Reported> {
        let is_label = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        match entry.optional_text("name")? {
            None if self.is_list => Err(entry.problem("name", &["is required in a list"])),
            None => Ok(None),
            Some(name) if name.len() <= LONGEST_NAME && name.bytes().all(is_label) => {
                Ok(Some(Rc::from(name)))
            }
            Some(name) => {
                let message = " is not 1 to 64 letters, digits, `_` or `-`, as metrics need it";
                Err(entry.problem("name", &[&quoted(&name), message]))
            }
        }
    }

    /// Whether a server has a name of its own, and can be reached at all.
    fn is_distinct(&self, entry: &Section<'_>, server: &Server) -> Result<(), Reported> {
        let named = self.earlier.iter().find(|it| it.name.is_some() && it.name == server.name);
        let name = match (named, &server.name) {
            (Some(_), Some(name)) => {
                Err(entry.problem("name", &[&quoted(name), " is the name of a server before"]))
            }
            _ => Ok(()),
        };
        let before = self.earlier.iter().find(|it| it.matching.covers(&server.matching));
        let reached = match before.and_then(|before| before.name.as_ref()) {
            Some(before) => {
                let message = " before takes every request that meets it";
                Err(entry.problem("match", &["is never reached: ", &quoted(before), message]))
            }
            None => Ok(()),
        };
        name.and(reached)
    }

    fn client_credentials(
        &mut self,
        entry: &Section<'_>,
        protocol: Protocol,
        asked: &Result<TokenVerifier, Reported>,
        matching: &Result<ServerMatch, Reported>,
    ) -> Result<Option<Rc<ClientCredentials>>, Reported> {
        let own = entry.given("client_credentials")?;
        let has_prefixes = matching.as_ref().is_ok_and(|it| !it.token_prefixes.is_empty());
        match own {
            Some(own) if has_prefixes && own.or_null().is_some() => {
                Err(own
                    .problem(&["contradicts `match.token_prefixes`: a client pair has no token"]))
            }
            _ if has_prefixes => Ok(None),
            Some(_) => verifier::client_credentials(entry, protocol, asked),
            None => {
                self.inherited.client_credentials = true;
                verifier::client_credentials(self.root, protocol, asked)
            }
        }
    }

    fn token(&mut self, entry: &Section<'_>, protocol: Protocol) -> Result<TokenFormat, Reported> {
        if entry.given("token")?.is_some() {
            return credentials::token(entry, protocol);
        }
        self.inherited.token = true;
        credentials::token(self.root, protocol)
    }

    fn authorization(
        &mut self,
        entry: &Section<'_>,
        protocol: Protocol,
    ) -> Result<Authorization, Reported> {
        let tenancy = entry.given("tenancy")?.map(|own| own.word());
        let own_roles = authorization::own_rules(entry, "roles");
        let own_scopes = authorization::own_rules(entry, "scopes");
        self.inherited.tenancy |= tenancy.is_none();
        self.inherited.roles |= matches!(own_roles, Ok(None));
        self.inherited.scopes |= matches!(own_scopes, Ok(None));
        let common = self.common()?;
        // Usergrid names neither roles nor scopes.
        let names_rules = protocol == Protocol::Rfc7662;
        Ok(Authorization {
            tenancy: tenancy.unwrap_or(Ok(common.tenancy))?,
            application_ids: common.application_ids,
            roles: own_roles?.unwrap_or(common.roles).filter(|_| names_rules),
            scopes: own_scopes?.unwrap_or(common.scopes).filter(|_| names_rules),
            require_scope: common.require_scope,
        })
    }

    fn common(&mut self) -> Result<Authorization, Reported> {
        let read = || authorization::authorization(self.root);
        self.common.get_or_insert_with(read).as_ref().map_err(|reported| *reported).cloned()
    }

    /// Whether everything that stands beside `introspection` is some server's, as far as the servers
    /// could be read.
    fn check(&mut self, is_known: bool) -> Result<(), Reported> {
        let root = self.root;
        let common = self.common();
        let authorization = root.section("authorization")?;
        let used = [
            (root, "client_credentials", self.inherited.client_credentials),
            (root, "token", self.inherited.token),
            (&authorization, "tenancy", self.inherited.tenancy),
            (&authorization, "roles", self.inherited.roles),
            (&authorization, "scopes", self.inherited.scopes),
        ];
        let unused = used.into_iter().filter(|(_, _, is_used)| is_known && !is_used);
        let mut checks: Vec<Result<(), Reported>> = Vec::new();
        for (section, key, _) in unused {
            if let Some(value) = section.given(key)?.as_ref().and_then(Value::or_null) {
                let message = "is used by no server: each has its own, or takes none";
                checks.push(Err(value.problem(&[message])));
            }
        }
        if self.protocols.iter().all(|protocol| *protocol == Protocol::Usergrid) {
            let protocol = quoted(Protocol::Usergrid.word());
            // Usergrid answers with entities, of which their owners write most members.
            if let Some(claims) = root.given("claims")? {
                checks.push(Err(claims.problem(&["does not go with protocol ", &protocol])));
            }
            checks.push(authorization::goes_with_usergrid(&authorization));
        }
        all(checks.into_iter()).and(common).map(|_| ())
    }
}

/// Whether `management: "pass"` goes with a `match`.
pub(crate) fn passes_unjudged(
    entry: &Section<'_>,
    asked: &TokenVerifier,
    matching: &Result<ServerMatch, Reported>,
) -> Result<(), Reported> {
    let has_prefixes = matching.as_ref().is_ok_and(|it| !it.token_prefixes.is_empty());
    match asked.usergrid() {
        Some(settings) if settings.management == Management::Pass && has_prefixes => {
            let message = "`pass` contradicts `match.token_prefixes`: such paths pass before any \
                           token is looked at";
            Err(entry.problem("management", &[message]))
        }
        _ => Ok(()),
    }
}
