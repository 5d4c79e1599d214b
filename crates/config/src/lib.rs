//! The configuration as the filter uses it: typed, complete, checked.
//!
//! [`Config::parse`] is the only way to get one; `docs/configuration.md` describes every key for
//! users. To add a key, give it a row in `keys.rs`, a field in the struct of its section, and a
//! line where that section is read; then `cargo auth schema > docs/config.schema.json`.

#![forbid(unsafe_code)]

// The first two define macros that the rest uses.
#[macro_use]
mod gather;
#[macro_use]
mod words;

mod application_ids;
mod authorization;
mod base_path;
mod claims;
mod client_auth;
mod config;
mod cors;
mod credentials;
mod demands;
mod duration;
mod environment;
mod header_name;
mod identity_headers;
pub mod json;
mod key_spec;
mod keys;
mod notes;
mod problem;
mod profile;
mod protocol;
mod reader;
mod rules;
mod scope;
mod secret;
mod section;
mod sections;
mod server;
mod server_match;
mod shape;
mod sources;
mod spelling;
mod telemetry;
mod upstream;
mod usergrid;
mod verifier;

pub use application_ids::ApplicationIds;
pub use authorization::{Authorization, Tenancy};
pub use claims::ClaimNames;
pub use client_auth::{ClientAuth, client_auth_methods};
pub use config::{Config, OBSERVING};
pub use cors::AllowedOrigins;
pub use credentials::{BasicEncoding, Credentials, OnConflict, TokenFormat};
pub use demands::{GuardEntry, GuardedPrincipal, NeededScopes, ScopeEntry};
pub use header_name::same_to_a_backend;
pub use identity_headers::{
    IdentityForm, IdentityHeader, IdentityPayload, IdentitySource, Overflow,
};
pub use key_spec::{Absent, KeySpec};
pub use keys::KEYS;
pub use problem::{Problem, Problems};
pub use profile::Profile;
pub use protocol::{Management, Protocol, RestrictedUsers, protocols};
pub use scope::is_scope_token;
pub use secret::Secret;
pub use sections::{
    BreakerSettings, CacheSettings, ClaimLimits, ErrorFormat, Errors, Forward, ResourceMetadata,
    Unclear, WELL_KNOWN,
};
pub use server::Server;
pub use server_match::ServerMatch;
pub use shape::{Format, Shape};
pub use telemetry::{Mode, OBSERVED_OUTCOME, StateName, Telemetry};
pub use upstream::{ClientCredentials, Endpoint, Introspection, PairAuth};
pub use usergrid::UsergridSettings;
pub use verifier::TokenVerifier;
