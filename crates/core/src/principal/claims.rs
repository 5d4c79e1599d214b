//! Builds a principal out of the claims of an active token, by the names the configuration gives them.
//! It collects facts; which of them a request needs is decided in `authorization`.

use std::rc::Rc;

use super::members::{self, Round};
use super::{AnswerError, ApplicationName, Principal, PrincipalKind, header_values};
use usergrid_auth_config::json::{Json, Object};
use usergrid_auth_config::{Authorization, Config};
use usergrid_auth_rules::permission::Rule;
use usergrid_auth_rules::syntax::is_uuid;

/// The longest rule in an answer, in bytes.
const LONGEST_RULE: usize = 1024;
/// All rules of an answer together.
const LONGEST_RULES: usize = 8192;

/// The principal of an introspection answer. Does not ask whether the token is active, ours or still good.
pub(crate) fn from_claims(claims: &Object, config: &Config) -> Result<Principal, AnswerError> {
    let names = &config.claims;
    let principal = match claims.get(&names.principal)? {
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
                return Err(AnswerError::Oversized);
            }
            user_names.push(user.clone());
        }
    }
    let scopes = members::scopes(claims, &names.scope)?;
    let roles = members::list(claims, &names.roles)?;
    let permissions = members::list(claims, &names.permissions)?;
    let (organizations, applications) = tenants(
        members::one_or_list(claims, &names.organization)?,
        members::one_or_list(claims, &names.application)?,
    );
    let identity = header_values::headers(&config.identity, principal, |name| {
        Ok(claims.get(name)?.and_then(header_values::value))
    })?;
    Ok(Principal {
        kind: principal,
        user_names,
        organizations,
        applications,
        rules: collect_rules(
            principal,
            &config.authorization,
            permissions.as_deref(),
            roles.as_deref(),
            scopes.as_deref(),
        )?,
        scopes: scopes.unwrap_or_default(),
        not_before: members::seconds(claims, "nbf", Round::Up)?,
        expires: members::seconds(claims, "exp", Round::Down)?,
        identity,
        issued_token: None,
    })
}

/// The rules that must allow a request; `None` where the backend decides.
///
/// A claim that is there but grants nothing still gives `Some`: it enforces an empty set of rules.
///
/// # Errors
/// [`AnswerError::Oversized`] if the answer's own rules are longer than a principal may hold.
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
        let mut bytes: usize = 0;
        for text in permissions {
            bytes = bytes.saturating_add(text.len());
            if text.len() > LONGEST_RULE || bytes > LONGEST_RULES {
                return Err(AnswerError::Oversized);
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

/// Organisations and applications in lower case. Empty names name nobody, but a member that names nobody is there.
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

/// `org/app` or a UUID. Anything else is the name of an application that no path can be: it must neither match nor
/// count as if no application had been named.
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
