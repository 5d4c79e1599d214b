//! `usergrid-auth`: what can be known about a configuration of usergrid-auth-filter before an Envoy
//! loads it.
//!
//! | module | its one idea |
//! | --- | --- |
//! | [`args`] | the command line |
//! | [`schema`] | the JSON Schema of a configuration, from the table that the reader uses |

pub mod args;
pub mod schema;
