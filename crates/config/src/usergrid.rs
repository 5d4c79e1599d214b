//! `introspection` with protocol `usergrid`: a stock Usergrid is asked by its own API.

use usergrid_auth_rules::path::RequestPath;
use usergrid_auth_rules::syntax::{are_short, is_uuid};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::authorization::{Authorization, Tenancy, is_application};
use crate::credentials::TokenFormat;
use crate::notes::Reported;
use crate::problem::quoted;
use crate::protocol::{Management, RestrictedUsers};
use crate::section::Section;
use crate::upstream::{self, Endpoint};

/// The salt of a Usergrid that nobody gave one (`usergrid.auth.token_secret_salt`). It is public.
pub(crate) const DEFAULT_SALT: &[u8] = b"super secret token value";

/// `introspection` with protocol `usergrid`.
#[derive(Debug)]
pub struct UsergridSettings {
    /// Where and for how long it is asked; its path is the root of the API, `/`.
    pub endpoint: Endpoint,
    /// Tries after the first one, all within the endpoint's timeout.
    pub retries: u32,
    /// The most bytes of an answer; a longer one is a fault of the server.
    pub max_response_bytes: usize,
    /// What becomes of paths under `/management`.
    pub management: Management,
    /// What becomes of users whose roles hide their own record from them.
    pub restricted_users: RestrictedUsers,
    /// Whether the signature alone admits a token while the server fails.
    pub offline_if_error: bool,
    /// Organisation and application, in lower case, that the filter may ask about a token of its
    /// own to see whether the server lives.
    pub probe_application: Option<(String, String)>,
}

impl UsergridSettings {
    pub(crate) fn warnings(&self, token: &TokenFormat) -> Vec<String> {
        let mut warnings = Vec::new();
        if token.salt().is_none() {
            warnings.push(
                "without `token.salt_env` signatures are not checked, and while Usergrid's \
                 database fails, good tokens are refused like bad ones"
                    .to_owned(),
            );
            if self.restricted_users == RestrictedUsers::Accept {
                warnings.push(
                    "`introspection.restricted_users` `accept` admits nobody without \
                     `token.salt_env`"
                        .to_owned(),
                );
            }
        }
        if self.management == Management::Me {
            warnings.push(
                "`introspection.management` is `me`: Usergrid up to 2.1.1 issues a token of one \
                 second whenever it is asked so"
                    .to_owned(),
            );
        }
        if self.offline_if_error && self.probe_application.is_none() {
            warnings.push(
                "`introspection.offline_if_error` without `introspection.probe_application`: \
                 what callers ask about has a say in when Usergrid counts as down"
                    .to_owned(),
            );
        }
        warnings
    }
}

pub(crate) fn usergrid(section: &Section<'_>) -> Result<UsergridSettings, Reported> {
    gather!(
        section,
        UsergridSettings {
            endpoint: endpoint(section),
            retries: section.whole_number("retries"),
            max_response_bytes: section.size("max_response_bytes"),
            management: section.word("management"),
            restricted_users: section.word("restricted_users"),
            offline_if_error: section.boolean("offline_if_error"),
            probe_application: probe_application(section),
        }
    )
}

fn endpoint(section: &Section<'_>) -> Result<Endpoint, Reported> {
    gather!(
        section,
        Endpoint {
            cluster: section.text("cluster"),
            authority: authority(section, &cluster),
            path: Ok("/".to_owned()),
            timeout: section.duration("timeout"),
        }
    )
}

/// Usergrid can be told to accept its system administrator from `localhost` alone, and goes by this
/// header then: with it a caller's token would count as one of the machine's own.
fn authority(
    section: &Section<'_>,
    cluster: &Result<String, Reported>,
) -> Result<String, Reported> {
    let authority = upstream::authority(section, cluster)?;
    let host = authority.split(':').next().unwrap_or_default();
    if host.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
        let message = " is a name by which Usergrid trusts the caller more, give another one";
        return Err(section.problem("authority", &[&quoted(&authority), message]));
    }
    Ok(authority)
}

/// An application by names alone, of the plain shape, which is what is asked about.
fn probe_application(section: &Section<'_>) -> Result<Option<(String, String)>, Reported> {
    let Some(given) = section.optional_text("probe_application")? else { return Ok(None) };
    match plain_application(&given) {
        Some(names) => Ok(Some(names)),
        None => {
            let message = " is not the name `org/app` of an application";
            Err(section.problem("probe_application", &[&quoted(&given), message]))
        }
    }
}

fn plain_application(name: &str) -> Option<(String, String)> {
    let name = name.to_ascii_lowercase();
    let (org, app) = name.split_once('/').filter(|_| is_application(&name))?;
    let [encoded_org, encoded_app] = [org, app].map(|it| utf8_percent_encode(it, NON_ALPHANUMERIC));
    let path = RequestPath::parse(format!("/{encoded_org}/{encoded_app}/").as_bytes(), &[]).ok()?;
    let is_plain =
        path.guest_application() == Some((org, app)) && !is_uuid(org) && are_short(&[org, app]);
    is_plain.then(|| (org.to_owned(), app.to_owned()))
}

/// Whether `offline_if_error` goes with the rest of the configuration.
pub(crate) fn offline(
    section: &Section<'_>,
    token: &Result<TokenFormat, Reported>,
    authorization: &Result<Authorization, Reported>,
) -> Result<(), Reported> {
    let problem = |message: &str| section.problem("offline_if_error", &[message]);
    let signed = match token {
        Ok(TokenFormat::Opaque) => {
            Err(problem("contradicts `token.format` `opaque`, which checks no signatures"))
        }
        Ok(token) => match token.salt() {
            None => Err(problem("needs `token.salt_env`, for it goes by the signature alone")),
            Some(salt) if salt.expose() == DEFAULT_SALT => Err(problem(
                "contradicts `token.salt_env`, whose value is Usergrid's public default",
            )),
            Some(_) => Ok(()),
        },
        Err(reported) => Err(*reported),
    };
    let silent = match authorization {
        Ok(Authorization { tenancy: Tenancy::Require, .. }) => {
            let message = "contradicts `authorization.tenancy` `require`, for a signature names no \
                           tenant";
            Err(problem(message))
        }
        Ok(_) => Ok(()),
        Err(reported) => Err(*reported),
    };
    signed.and(silent)
}
