//! Answers that refuse something, in Usergrid's words (`docs/usergrid.md`, section Errors).

use serde_json::{Value, json};

use super::clock::now;

const SECURITY: &str = "org.apache.usergrid.rest.exceptions.SecurityException";

/// Why a request gets nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400, 401 or 404.
    pub status: u16,
    error: &'static str,
    description: String,
    exception: Option<&'static str>,
}

impl Refusal {
    /// By the security layer.
    pub fn security(error: &'static str, description: &str) -> Self {
        Self { status: 401, error, description: description.into(), exception: Some(SECURITY) }
    }

    pub fn unauthorized() -> Self {
        Self::security("unauthorized", "Subject does not have permission to access this resource")
    }

    /// By a token endpoint: OAuth's two members and no more.
    pub fn invalid_grant() -> Self {
        let description = "invalid username or password".into();
        Self { status: 400, error: "invalid_grant", description, exception: None }
    }

    /// By the introspection endpoint.
    pub fn invalid_client() -> Self {
        let description = "client authentication failed".into();
        Self { status: 401, error: "invalid_client", description, exception: None }
    }

    /// What the caller asks for makes no sense.
    pub fn bad_request(error: &'static str, description: String, exception: &'static str) -> Self {
        Self { status: 400, error, description, exception: Some(exception) }
    }

    /// No such entity or collection.
    pub fn not_found(path: &[&str]) -> Self {
        Self {
            status: 404,
            error: "service_resource_not_found",
            description: format!("Service resource not found: /{}", path.join("/")),
            exception: Some(
                "org.apache.usergrid.services.exceptions.ServiceResourceNotFoundException",
            ),
        }
    }

    pub fn no_application(organization: &str, application: &str) -> Self {
        let at = format!("{organization}/{application}");
        Self {
            status: 404,
            error: "organization_application_not_found",
            description: format!("Could not find application for {at} from URI: {at}"),
            exception: Some(
                "org.apache.usergrid.rest.exceptions.OrganizationApplicationNotFoundException",
            ),
        }
    }

    /// The JSON of it.
    pub fn body(&self) -> Value {
        let mut body = json!({ "error": self.error, "error_description": self.description });
        if let Some(exception) = self.exception {
            body["timestamp"] = now().into();
            body["duration"] = 0.into();
            body["exception"] = exception.into();
        }
        body
    }
}
