//! `introspection` and what stands beside it for a server: who verifies which credentials, and what
//! holds for those that it verifies.

use std::rc::Rc;

use crate::authorization::{self, Authorization};
use crate::credentials::{self, TokenFormat};
use crate::notes::Reported;
use crate::section::Section;
use crate::upstream::ClientCredentials;
use crate::verifier::{self, TokenVerifier};

/// A server that verifies credentials, and what holds for those that it verifies.
#[derive(Debug)]
pub struct Server {
    /// Its place in [`Config::servers`](crate::Config::servers).
    pub place: usize,
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
        match &self.verifier {
            TokenVerifier::Rfc7662(_) => Vec::new(),
            TokenVerifier::Usergrid(settings) => settings.warnings(&self.token),
        }
    }
}

/// The servers, at least one.
pub(crate) fn servers(root: &Section<'_>) -> Result<Vec<Rc<Server>>, Reported> {
    Ok(vec![Rc::new(server(root)?)])
}

fn server(root: &Section<'_>) -> Result<Server, Reported> {
    let (protocol, asked) = verifier::verifier(root);
    let root = &root.under(protocol);
    gather!(
        root,
        Server {
            place: Ok(0),
            client_credentials: verifier::client_credentials(root, protocol, &asked),
            token: credentials::token(root, protocol),
            authorization: authorization::authorization(root, protocol),
            verifier: verifier::consistent(root, protocol, asked, &token, &authorization),
        }
    )
}
