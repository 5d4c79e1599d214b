//! Who a good credential stands for, as Usergrid's answers tell: small enough to hand to other
//! workers, and all that a principal is made of.

use usergrid_auth_config::json::Json;
use usergrid_auth_config::{ClaimLimits, Config, Secret, Server};

use super::target::Application;
use crate::credential::is_token;
use crate::json_text;
use crate::principal::UnusableClaims;
use crate::principal::header_values::{self, HeaderValue};
use crate::principal::members::{Entries, Writing};
use crate::principal::{
    AnswerError, ApplicationName, ClaimLimit, Principal, PrincipalKind, members,
};
use crate::revocation::watch;
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
        server: &Server,
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
        let names = &config.claims;
        let application = self.application.as_ref().map(Application::full_name);
        let (identity, state) = header_values::headers(config, server, self.kind, &|claim| {
            Ok(if *claim == names.sub {
                text(self.subject.as_ref())
            } else if *claim == names.username {
                text(self.username.as_ref())
            } else if *claim == names.client_id {
                client_id.map(HeaderValue::of_text)
            } else if Some(claim) == names.organization.as_ref() {
                Some(HeaderValue::of_texts(self.organizations.iter().map(String::as_str)))
            } else if Some(claim) == names.application.as_ref() {
                application
                    .as_ref()
                    .map(|name| HeaderValue::of_texts(std::iter::once(name.as_str())))
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
            aliases: self.unknown_name().map(str::to_owned).into_iter().collect(),
            certificate: None,
            not_before: None,
            expires: self.expires,
            identity,
            state,
            issued_token: self.issued_token.clone(),
            unusable: UnusableClaims::default(),
        })
    }

    /// What a revocation by name means that cannot be told to be somebody else's.
    /// An e-mail address is in none of the answers that are read.
    fn unknown_name(&self) -> Option<&'static str> {
        let is_administrator = match self.kind {
            PrincipalKind::AdminUser => true,
            PrincipalKind::ApplicationUser => false,
            PrincipalKind::Application | PrincipalKind::Organization => return None,
        };
        let of_unknown = match self.username {
            Some(_) => watch::without_email,
            None => watch::nameless,
        };
        Some(of_unknown(is_administrator))
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

    /// In the form that [`Self::reread`] reads: one JSON object. Written by hand, since what
    /// serde_json would bring along for these seven members is a fiftieth of the module.
    pub(super) fn record(&self) -> Vec<u8> {
        let mut record = Writer(Vec::new());
        record.member("principal", self.kind.word());
        if let Some(subject) = &self.subject {
            record.member("sub", subject);
        }
        if let Some(username) = &self.username {
            record.member("username", username);
        }
        record.name("organizations");
        record.0.push(b'[');
        for (place, organization) in self.organizations.iter().enumerate() {
            if place > 0 {
                record.0.push(b',');
            }
            record.text(organization);
        }
        record.0.push(b']');
        if let Some(application) = &self.application {
            record.member("application", &application.full_name());
        }
        // What a header may hold is ASCII.
        let issued =
            self.issued_token.as_ref().and_then(|it| std::str::from_utf8(it.expose()).ok());
        if let Some(issued) = issued {
            record.member("issued_token", issued);
        }
        if let Some(UnixMillis(at)) = self.expires {
            record.name("expires_ms");
            record.0.extend_from_slice(at.to_string().as_bytes());
        }
        record.0.push(b'}');
        record.0
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
            Some(token) if is_token(token) => Some(Secret::new(token)),
            Some(_) => return None,
            None => None,
        };
        let expires = match record.get("expires_ms").ok()? {
            Some(Json::Number(millis)) => Some(UnixMillis(millis.as_u64()?)),
            Some(_) => return None,
            None => None,
        };
        let organizations = record.get("organizations").ok()?;
        let organizations = match members::entries(organizations, Writing::Words, limits).ok()? {
            Entries::Are(organizations) => organizations,
            Entries::Absent | Entries::Unusable => return None,
        };
        Some(Self {
            kind,
            subject: text("sub")?.map(str::to_owned),
            username: text("username")?.map(str::to_owned),
            organizations,
            application,
            issued_token,
            expires,
        })
    }
}

fn text(text: Option<&String>) -> Option<HeaderValue<'_>> {
    text.map(|text| HeaderValue::of_text(text.as_bytes()))
}

/// A JSON object in the making.
struct Writer(Vec<u8>);

impl Writer {
    fn member(&mut self, name: &str, text: &str) {
        self.name(name);
        self.text(text);
    }

    /// `name` needs no escape.
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.text(name);
        self.0.push(b':');
    }

    fn text(&mut self, text: &str) {
        json_text::push(&mut self.0, text);
    }
}

fn kind(word: &str) -> Option<PrincipalKind> {
    use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};
    [ApplicationUser, AdminUser, Application, Organization].into_iter().find(|it| it.word() == word)
}
