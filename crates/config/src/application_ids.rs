//! `authorization.application_ids`, to be looked up from either side. A principal may have hundreds
//! of applications, a configuration thousands: none of them is searched for.

use std::collections::HashMap;

/// Names of applications, `org/app`, and their UUIDs, one to one and all in lower case.
#[derive(Debug, Default)]
pub struct ApplicationIds {
    uuids: HashMap<String, String>,
    names: HashMap<String, String>,
}

impl ApplicationIds {
    /// Adds an application; neither its name nor its UUID may be known yet.
    pub fn insert(&mut self, name: String, uuid: String) {
        self.names.insert(uuid.clone(), name.clone());
        self.uuids.insert(name, uuid);
    }

    /// Whether no application has a UUID here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The UUID of the application `name`, which is `org/app` in lower case.
    #[must_use]
    pub fn uuid(&self, name: &str) -> Option<&str> {
        self.uuids.get(name).map(String::as_str)
    }

    /// The `org/app` of the application with this UUID, which is in lower case.
    #[must_use]
    pub fn name(&self, uuid: &str) -> Option<&str> {
        self.names.get(uuid).map(String::as_str)
    }
}
