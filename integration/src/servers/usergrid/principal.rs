//! Whoever a request comes from.

/// Organisation and application by name, in lower case.
pub type Key = (String, String);

/// Whoever a request comes from, and whom a token is issued to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody has said.
    Guest,
    /// A user of an application, by the user's UUID.
    User(Key, String),
    /// An application by its client id.
    Application(Key),
    /// An organisation by its client id.
    Organization(String),
    /// An administrator of organisations, by user name.
    Admin(String),
}

impl Principal {
    /// The application `org/app`.
    #[must_use]
    pub fn application(name: &str) -> Self {
        Self::Application(key(name))
    }

    /// The organisation of this name.
    #[must_use]
    pub fn organization(name: &str) -> Self {
        Self::Organization(name.into())
    }

    /// The administrator of this name.
    #[must_use]
    pub fn admin(name: &str) -> Self {
        Self::Admin(name.into())
    }
}

/// `org/app` as a key.
pub(super) fn key(name: &str) -> Key {
    let (organization, application) = name.split_once('/').unwrap_or((name, ""));
    (organization.to_lowercase(), application.to_lowercase())
}
