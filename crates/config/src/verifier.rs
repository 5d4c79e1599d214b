//! Who verifies tokens: `introspection` by its protocol, and what the protocol asks of the rest of
//! the configuration.

use std::rc::Rc;

use crate::authorization::Authorization;
use crate::credentials::TokenFormat;
use crate::notes::Reported;
use crate::problem::quoted;
use crate::profile::Profile;
use crate::protocol::Protocol;
use crate::section::Section;
use crate::server;
use crate::server_match::ServerMatch;
use crate::upstream::{self, ClientCredentials, Endpoint, Introspection};
use crate::usergrid::{self, UsergridSettings};
use crate::words::Word;

/// `introspection`, by its protocol.
#[derive(Debug)]
pub enum TokenVerifier {
    /// An RFC 7662 endpoint.
    Rfc7662(Rc<Introspection>),
    /// A stock Usergrid.
    Usergrid(Rc<UsergridSettings>),
}

impl TokenVerifier {
    /// Where the server is, and how long one token may take it.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Rfc7662(settings) => &settings.endpoint,
            Self::Usergrid(settings) => &settings.endpoint,
        }
    }

    /// The settings of the RFC 7662 endpoint, if it is one.
    #[must_use]
    pub fn introspection(&self) -> Option<&Rc<Introspection>> {
        match self {
            Self::Rfc7662(settings) => Some(settings),
            Self::Usergrid(_) => None,
        }
    }

    /// The settings of the stock Usergrid, if it is one.
    #[must_use]
    pub fn usergrid(&self) -> Option<&Rc<UsergridSettings>> {
        match self {
            Self::Rfc7662(_) => None,
            Self::Usergrid(settings) => Some(settings),
        }
    }

    /// The scopes that every token must have, `introspection.scope`.
    #[must_use]
    pub fn required_scopes(&self) -> &[String] {
        self.introspection().map_or(&[], |settings| &settings.scope)
    }
}

/// What is asked, and its protocol, which is the default where it cannot be told.
pub(crate) fn verifier(section: &Section<'_>) -> (Protocol, Result<TokenVerifier, Reported>) {
    let named = section.word::<Protocol>("protocol");
    let protocol = *named.as_ref().unwrap_or(&Protocol::Rfc7662);
    let section = section.under(protocol);
    // Without a protocol nothing can be said about which keys go with it.
    let verifier = named.and_then(|protocol| {
        let misplaced = misplaced_keys(&section, protocol);
        let verifier = match protocol {
            Protocol::Rfc7662 => {
                upstream::introspection(&section).map(|it| TokenVerifier::Rfc7662(Rc::new(it)))
            }
            Protocol::Usergrid => {
                usergrid::usergrid(&section).map(|it| TokenVerifier::Usergrid(Rc::new(it)))
            }
        };
        misplaced.and(verifier)
    });
    (protocol, verifier)
}

fn misplaced_keys(section: &Section<'_>, protocol: Protocol) -> Result<(), Reported> {
    let default = if section.given("protocol")?.is_none() { ", the default" } else { "" };
    section.only(protocol.keys(), &["protocol ", &quoted(protocol.word()), default])
}

/// The server that verifies client pairs, by the `client_credentials` of `holder`; a stock Usergrid
/// verifies them, too.
pub(crate) fn client_credentials(
    holder: &Section<'_>,
    protocol: Protocol,
    asked: &Result<TokenVerifier, Reported>,
) -> Result<Option<Rc<ClientCredentials>>, Reported> {
    let endpoint = match asked {
        Ok(asked) => Ok(asked.endpoint()),
        Err(reported) => Err(*reported),
    };
    let holder = holder.under(protocol);
    Ok(upstream::client_credentials(&holder, protocol, endpoint)?.map(Rc::new))
}

/// What is asked, if the rest of the server's settings goes with it.
pub(crate) fn consistent(
    entry: &Section<'_>,
    asked: Result<TokenVerifier, Reported>,
    token: &Result<TokenFormat, Reported>,
    authorization: &Result<Authorization, Reported>,
    matching: &Result<ServerMatch, Reported>,
) -> Result<TokenVerifier, Reported> {
    let routes = match (&asked, entry.notes.profile()) {
        // It is asked about the application that a path means by Usergrid's routes.
        (Ok(TokenVerifier::Usergrid(_)), Profile::Oauth) => {
            let protocol = quoted(Protocol::Usergrid.word());
            Err(entry.problem("protocol", &[&protocol, " does not go with profile `oauth`"]))
        }
        _ => Ok(()),
    };
    let asked = asked?;
    let offline = match &asked {
        TokenVerifier::Usergrid(settings) if settings.offline_if_error => {
            usergrid::offline(entry, token, authorization)
        }
        _ => Ok(()),
    };
    server::passes_unjudged(entry, &asked, matching).and(routes).and(offline)?;
    Ok(asked)
}
