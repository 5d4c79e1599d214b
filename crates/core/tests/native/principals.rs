//! What the claims of an active token principal: tenants, scopes, rules and identity headers.
//! Looked at through the introspection answer that carries them.

mod headers;
mod pointers;
mod rules;
mod shapes;

use crate::support::introspected as principal;
use usergrid_auth_config::Config;

/// How many rules are enforced; `None`: the backend decides.
fn enforced(config: &Config, members: &str) -> Option<usize> {
    principal(config, members).rules.map(|rules| rules.iter().map(|group| group.len()).sum())
}

/// The keys of the claims of which nothing could be made.
fn unusable(config: &Config, members: &str) -> Vec<&'static str> {
    principal(config, members).unusable.iter().map(|claim| claim.key()).collect()
}
