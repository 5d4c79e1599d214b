//! Builds a principal out of the claims of an active token, by the names the configuration gives
//! them. It collects facts; which of them a request needs is decided in `authorization`.

use std::rc::Rc;

use sha2::{Digest, Sha256};
use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_config::{Authorization, ClaimLimits, Config, Server};
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::syntax::is_uuid;

use super::header_values::{self, HeaderValue};
use super::members::{self, Round};
use super::{AnswerError, ApplicationName, ClaimDigest, ClaimLimit, Principal, PrincipalKind};

/// The longest rule in an answer, in bytes.
const LONGEST_RULE: usize = 1024;

/// Reads a list of a claim.
type ReadList = fn(&Object, &str, ClaimLimits) -> Result<Option<Vec<String>>, AnswerError>;

/// The principal of an introspection answer of `server`. Does not ask whether the token is active,
/// ours or still good.
pub(crate) fn from_claims(
    claims: &Object,
    config: &Config,
    server: &Server,
) -> Result<Principal, AnswerError> {
    let (names, limits) = (&config.claims, config.claim_limits);
    let named = |name: &Option<String>| match name {
        Some(name) => claims.get(name),
        None => Ok(None),
    };
    let principal = match named(&names.principal)? {
        Some(Json::String(word)) => kind(word),
        _ => PrincipalKind::ApplicationUser,
    };
    let mut user_names: Vec<String> = Vec::new();
    for name in [&names.username, &names.sub] {
        if let Some(Json::String(user)) = claims.get(name)?
            && !user.is_empty()
            && !user_names.contains(user)
        {
            if user.len() > header_values::LONGEST {
                return Err(AnswerError::Oversized(ClaimLimit::Header));
            }
            user_names.push(user.clone());
        }
    }
    let scopes = members::scopes(claims, &names.scope, limits)?;
    let read = |read: ReadList, name: &Option<String>| match name {
        Some(name) => read(claims, name, limits),
        None => Ok(None),
    };
    let roles = read(members::list, &names.roles)?;
    let permissions = read(members::list, &names.permissions)?;
    let (organizations, applications) = tenants(
        read(members::one_or_list, &names.organization)?,
        read(members::one_or_list, &names.application)?,
    );
    let aliases = aliases(claims, &user_names);
    let (identity, state) = header_values::headers(config, server, principal, |name| {
        let is_scope = *name == names.scope;
        let value = if is_scope { HeaderValue::of_scope } else { HeaderValue::of_claim };
        Ok(claims.get(name)?.and_then(value))
    })?;
    Ok(Principal {
        kind: principal,
        user_names,
        organizations,
        applications,
        rules: collect_rules(
            principal,
            &server.authorization,
            permissions.as_deref(),
            roles.as_deref(),
            scopes.as_deref(),
        )?,
        permissions: permissions.as_deref().map(digest_of_claim),
        aliases,
        scopes: scopes.unwrap_or_default(),
        not_before: members::seconds(claims, "nbf", Round::Up)?,
        expires: members::seconds(claims, "exp", Round::Down)?,
        identity,
        state,
        issued_token: None,
    })
}

/// What else answers call a user by, as far as servers tell: Usergrid's revocations may name any of
/// them.
fn aliases(claims: &Object, known: &[String]) -> Vec<String> {
    let mut aliases = Vec::new();
    for name in ["email", "uuid"] {
        if let Ok(Some(Json::String(alias))) = claims.get(name)
            && !alias.is_empty()
            && alias.len() <= header_values::LONGEST
            && !known.contains(alias)
        {
            aliases.push(alias.clone());
        }
    }
    aliases
}

fn digest_of_claim(rules: &[String]) -> ClaimDigest {
    let mut hash = Sha256::new();
    for rule in rules {
        // The length keeps the ends of rules apart.
        hash.update(u64::try_from(rule.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(rule);
    }
    hash.finalize().into()
}

/// The rules that must allow a request; `None` where the backend decides.
///
/// A claim that is there but grants nothing still gives `Some`: it enforces an empty set of rules.
///
/// # Errors
/// [`AnswerError::Oversized`] if one of the answer's own rules is longer than a principal may hold.
/// All of them together are as long as the list may be.
pub(crate) fn collect_rules(
    principal: PrincipalKind,
    settings: &Authorization,
    permissions: Option<&[String]>,
    roles: Option<&[String]>,
    scopes: Option<&[String]>,
) -> Result<Option<Vec<Rc<[Rule]>>>, AnswerError> {
    if principal != PrincipalKind::ApplicationUser {
        return Ok(None);
    }
    let mut rules: Option<Vec<Rc<[Rule]>>> = None;
    if let Some(permissions) = permissions {
        let mut own = Vec::new();
        for text in permissions {
            if text.len() > LONGEST_RULE {
                return Err(AnswerError::Oversized(ClaimLimit::Rule));
            }
            // A rule that cannot be read grants nothing.
            if let Ok(rule) = Rule::parse(text) {
                own.push(rule);
            }
        }
        rules = Some(vec![own.into()]);
    }
    for (words, mapping) in [(roles, &settings.roles), (scopes, &settings.scopes)] {
        if let (Some(words), Some(mapping)) = (words, mapping) {
            let rules = rules.get_or_insert_with(Vec::new);
            for word in words {
                if let Some(granted) = mapping.get(word) {
                    rules.push(Rc::clone(granted));
                }
            }
        }
    }
    Ok(rules)
}

/// Organisations and applications in lower case. Empty names name nobody, but a member that names
/// nobody is there.
pub(crate) fn tenants(
    organizations: Option<Vec<String>>,
    applications: Option<Vec<String>>,
) -> (Option<Vec<String>>, Option<Vec<ApplicationName>>) {
    let lower = |mut names: Vec<String>| {
        names.retain(|name| !name.is_empty());
        for name in &mut names {
            name.make_ascii_lowercase();
        }
        names
    };
    (
        organizations.map(lower),
        applications.map(|names| lower(names).into_iter().map(application).collect()),
    )
}

/// `org/app` or a UUID. Anything else is the name of an application that no path can be: it must
/// neither match nor count as if no application had been named.
fn application(name: String) -> ApplicationName {
    if is_uuid(&name) {
        return ApplicationName::Uuid(name);
    }
    match name.split_once('/') {
        Some((organization, application))
            if !organization.is_empty()
                && !application.is_empty()
                && !application.contains('/') =>
        {
            ApplicationName::Path {
                organization: organization.to_owned(),
                application: application.to_owned(),
            }
        }
        _ => ApplicationName::Path { organization: String::new(), application: name },
    }
}

fn kind(word: &str) -> PrincipalKind {
    use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};
    [AdminUser, Application, Organization]
        .into_iter()
        .find(|kind| kind.word() == word)
        .unwrap_or(ApplicationUser)
}
