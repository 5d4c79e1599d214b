//! Who a good credential stands for, as Usergrid's answers tell: small enough to hand to other
//! workers, and all that a principal is made of.

use serde_json::{Map, Value};
use usergrid_auth_config::json::Json;
use usergrid_auth_config::{ClaimLimits, Config, Secret};

use super::target::Application;
use crate::credential::is_b64token;
use crate::principal::header_values::{self, HeaderValue};
use crate::principal::{
    AnswerError, ApplicationName, ClaimLimit, Principal, PrincipalKind, members,
};
use crate::time::UnixMillis;

/// What is known of the owner of a good credential.
#[derive(Clone)]
pub(super) struct Facts {
    pub(super) kind: PrincipalKind,
    /// His UUID, in lower case.
    pub(super) subject: Option<String>,
    pub(super) username: Option<String>,
    /// In lower case.
    pub(super) organizations: Vec<String>,
    /// For which it was proved that he may use it; not for administrators, who have more than one.
    pub(super) application: Option<Application>,
    /// The token that was issued for a client pair.
    pub(super) issued_token: Option<Secret>,
    pub(super) expires: Option<UnixMillis>,
}

impl Facts {
    /// The owner of nothing but his rights on `application`.
    pub(super) fn on_application(kind: PrincipalKind, application: &Application) -> Self {
        Self {
            kind,
            subject: None,
            username: None,
            organizations: vec![application.organization().to_owned()],
            application: (kind != PrincipalKind::AdminUser).then(|| application.clone()),
            issued_token: None,
            expires: None,
        }
    }

    /// The owner of rights on `organizations`.
    pub(super) fn on_organizations(
        kind: PrincipalKind,
        organizations: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let organizations = organizations.into_iter().map(Into::into).collect();
        Self {
            kind,
            subject: None,
            username: None,
            organizations,
            application: None,
            issued_token: None,
            expires: None,
        }
    }

    /// The principal; `client_id` is that of the pair, where there is one.
    ///
    /// # Errors
    /// [`AnswerError::Oversized`] where something is longer than a principal may hold.
    pub(super) fn principal(
        &self,
        config: &Config,
        client_id: Option<&[u8]>,
    ) -> Result<Principal, AnswerError> {
        let length: usize =
            self.organizations.iter().map(|name| name.len().saturating_add(1)).sum();
        // Of an administrator they may be many.
        if self.organizations.len() > config.claim_limits.entries {
            return Err(AnswerError::Oversized(ClaimLimit::Entries));
        }
        if length > config.claim_limits.bytes {
            return Err(AnswerError::Oversized(ClaimLimit::Bytes));
        }
        let text =
            |text: &Option<String>| text.as_ref().map(|text| HeaderValue::of_text(text.as_bytes()));
        let names = &config.claims;
        let identity = header_values::headers(config, self.kind, |claim| {
            Ok(if *claim == names.sub {
                text(&self.subject)
            } else if *claim == names.username {
                text(&self.username)
            } else if *claim == names.client_id {
                client_id.map(HeaderValue::of_text)
            } else if *claim == names.organization {
                let listed = self.organizations.iter().cloned().map(Json::String).collect();
                HeaderValue::of_claim(&Json::Array(listed))
            } else if *claim == names.application {
                text(&self.application.as_ref().map(Application::full_name))
            } else {
                None
            })
        })?;
        Ok(Principal {
            kind: self.kind,
            // The subject first: user names change hands.
            user_names: [&self.subject, &self.username].into_iter().flatten().cloned().collect(),
            organizations: Some(self.organizations.clone()),
            applications: self.applications(),
            scopes: Vec::new(),
            rules: None,
            permissions: None,
            aliases: Vec::new(),
            not_before: None,
            expires: self.expires,
            identity,
            issued_token: self.issued_token.clone(),
        })
    }

    /// Silent about those who have whole organisations.
    fn applications(&self) -> Option<Vec<ApplicationName>> {
        match (self.kind, &self.application) {
            (PrincipalKind::ApplicationUser | PrincipalKind::Application, Some(application)) => {
                Some(vec![ApplicationName::Path {
                    organization: application.organization().to_owned(),
                    application: application.name().to_owned(),
                }])
            }
            _ => None,
        }
    }

    /// In the form that [`Self::reread`] reads.
    pub(super) fn record(&self) -> Vec<u8> {
        let mut record = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            record.extend(value.map(|value| (name.to_owned(), value)));
        };
        add("principal", Some(self.kind.word().into()));
        add("sub", self.subject.clone().map(Value::from));
        add("username", self.username.clone().map(Value::from));
        add("organizations", Some(self.organizations.clone().into()));
        add("application", self.application.as_ref().map(|it| it.full_name().into()));
        // What a header may hold is ASCII.
        let issued =
            self.issued_token.as_ref().and_then(|it| std::str::from_utf8(it.expose()).ok());
        add("issued_token", issued.map(Value::from));
        add("expires_ms", self.expires.map(|UnixMillis(at)| at.into()));
        Value::Object(record).to_string().into_bytes()
    }

    /// What another worker recorded; `None` if it is not such a record.
    pub(super) fn reread(record: &[u8], limits: ClaimLimits) -> Option<Self> {
        let record = members::object(record).ok()?;
        let text = |name: &str| members::text(&record, name).ok();
        let kind = kind(text("principal")??)?;
        let application = match text("application")? {
            Some(name) => {
                let (organization, name) = name.split_once('/')?;
                Some(Application::named(organization, name)?)
            }
            None => None,
        };
        let issued_token = match text("issued_token")?.map(str::as_bytes) {
            Some(token) if is_b64token(token) => Some(Secret::new(token)),
            Some(_) => return None,
            None => None,
        };
        let expires = match record.get("expires_ms").ok()? {
            Some(Json::Number(millis)) => Some(UnixMillis(millis.as_u64()?)),
            Some(_) => return None,
            None => None,
        };
        Some(Self {
            kind,
            subject: text("sub")?.map(str::to_owned),
            username: text("username")?.map(str::to_owned),
            organizations: members::list(&record, "organizations", limits).ok()??,
            application,
            issued_token,
            expires,
        })
    }
}

fn kind(word: &str) -> Option<PrincipalKind> {
    use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};
    [ApplicationUser, AdminUser, Application, Organization].into_iter().find(|it| it.word() == word)
}
