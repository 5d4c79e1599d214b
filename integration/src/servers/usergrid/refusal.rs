//! Answers that refuse something, in Usergrid's words (`docs/usergrid.md`, section Errors).

use serde_json::{Value, json};

use super::clock::now;
use super::token::Flaw;
use super::version::Version;

const SECURITY: &str = "org.apache.usergrid.rest.exceptions.SecurityException";
const UNAUTHORIZED: &str = "org.apache.shiro.authz.UnauthorizedException";
const NO_APPLICATION: &str =
    "org.apache.usergrid.rest.exceptions.OrganizationApplicationNotFoundException";
const NO_RESOURCE: &str =
    "org.apache.usergrid.services.exceptions.ServiceResourceNotFoundException";
const NO_ENTITY: &str = "org.apache.usergrid.persistence.exceptions.EntityNotFoundException";
const MANAGEMENT: &str = "org.apache.usergrid.management.exceptions.ManagementException";
const TOKEN: &str = "org.apache.usergrid.security.tokens.exceptions.TokenException";

/// Why a request gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400, 401, 404 or 500.
    pub status: u16,
    error: &'static str,
    description: Option<String>,
    exception: Option<&'static str>,
}

impl Refusal {
    fn new(
        status: u16,
        error: &'static str,
        description: impl Into<String>,
        exception: &'static str,
    ) -> Self {
        let description = Some(description.into());
        Self { status, error, description, exception: Some(exception) }
    }

    /// By the security layer.
    pub fn security(error: &'static str, description: &str) -> Self {
        Self::new(401, error, description, SECURITY)
    }

    /// The permissions of the path, or an exception of any kind while they were looked up.
    pub fn unauthorized() -> Self {
        Self::security("unauthorized", "Subject does not have permission to access this resource")
    }

    /// The service layer; it names what it would take.
    pub fn permission(missing: &str) -> Self {
        let description = format!("Subject does not have permission [{missing}]");
        Self::new(401, "unauthorized", description, UNAUTHORIZED)
    }

    /// Neither administrator nor client of the application.
    pub fn no_administrator() -> Self {
        let exception = Some(UNAUTHORIZED);
        Self { status: 401, error: "unauthorized", description: None, exception }
    }

    /// A token that says by itself that it is no good.
    pub fn flawed(flaw: Flaw, version: Version) -> Self {
        match (flaw, version) {
            (Flaw::Expired, _) => Self::security(
                "expired_token",
                "Unable to authenticate due to expired access token",
            ),
            (Flaw::Corrupt, Version::Release210) => Self::bad_token(),
            _ => Self::unverified(),
        }
    }

    /// Usergrid could not make out what a token is worth: a bad one, or an outage.
    pub fn unverified() -> Self {
        Self::security("auth_unverified_oath", "Unable to authenticate OAuth credentials")
    }

    /// Whomever the token was issued to is gone, or could not be read.
    pub fn bad_token() -> Self {
        Self::security(
            "auth_bad_access_token",
            "Unable to authenticate due to corrupt access token",
        )
    }

    /// The application that the token was issued for is gone.
    pub fn lost_application(version: Version) -> Self {
        match version {
            Version::Master => Self::bad_token(),
            Version::Release210 => {
                Self::new(400, "token", "Could not find the application of the token", TOKEN)
            }
        }
    }

    /// A user who may not log in.
    pub fn identity(description: &str) -> Self {
        let exception = "org.apache.shiro.authc.AuthenticationException";
        Self::new(401, "authentication", description, exception)
    }

    /// By a token endpoint: OAuth's two members and no more.
    pub fn invalid_grant() -> Self {
        Self::grant("invalid username or password")
    }

    /// The same for another reason.
    pub fn grant(description: &str) -> Self {
        let description = Some(description.into());
        Self { status: 400, error: "invalid_grant", description, exception: None }
    }

    /// What the caller asks for makes no sense.
    pub fn bad_request(error: &'static str, description: String, exception: &'static str) -> Self {
        Self::new(400, error, description, exception)
    }

    /// An organisation or administrator that is not there.
    pub fn management(description: String) -> Self {
        Self::new(400, "management", description, MANAGEMENT)
    }

    /// A token to revoke that is of another kind, or of nobody.
    pub fn no_match(token: &str) -> Self {
        Self::new(400, "token", format!("Could not match token : {token}"), TOKEN)
    }

    /// No such entity or collection.
    pub fn not_found(path: &[&str]) -> Self {
        let description = format!("Service resource not found: /{}", path.join("/"));
        Self::new(404, "service_resource_not_found", description, NO_RESOURCE)
    }

    /// `users/me` of a caller who is no user.
    pub fn nobody() -> Self {
        let description = "Service resource not found";
        Self::new(404, "service_resource_not_found", description, NO_RESOURCE)
    }

    /// `users/me` of a user who is not one of this application.
    pub fn no_entity(uuid: &str) -> Self {
        let description = format!("Cannot find entity associated with uuid: {uuid}");
        Self::new(404, "entity_not_found", description, NO_ENTITY)
    }

    pub fn no_application(organization: &str, application: &str, path: &[&str]) -> Self {
        let description = format!(
            "Could not find application for {organization}/{application} from URI: {}",
            path.join("/")
        );
        Self::new(404, "organization_application_not_found", description, NO_APPLICATION)
    }

    /// Usergrid met what it did not expect.
    pub fn runtime(description: &str) -> Self {
        Self::new(500, "runtime", description, "java.lang.RuntimeException")
    }

    /// The JSON of it.
    pub fn body(&self) -> Value {
        let mut body = json!({ "error": self.error });
        if let Some(description) = &self.description {
            body["error_description"] = description.as_str().into();
        }
        if let Some(exception) = self.exception {
            body["timestamp"] = now().into();
            body["duration"] = 0.into();
            body["exception"] = exception.into();
        }
        body
    }
}
