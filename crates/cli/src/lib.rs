//! `usergrid-auth`: what can be known about a configuration of usergrid-auth-filter before an Envoy
//! loads it.
//!
//! | module | its one idea |
//! | --- | --- |
//! | [`args`], [`run`], [`output`] | the command line, what it leads to, what is printed |
//! | [`node`], [`json`], [`yaml`] | documents that know their lines |
//! | [`found`], [`place`] | the configurations in a file, and the line of a key |
//! | [`check`] | everything that is wrong with them |
//! | [`explain`], [`url`], [`certificate`], [`script`], [`hidden`] | the decision about a request, what servers say meanwhile, what is not shown |
//! | [`token`] | what a Usergrid token says by itself |
//! | [`schema`] | the JSON Schema of a configuration, from the table that the reader uses |

#![forbid(unsafe_code)]

pub mod args;
pub mod certificate;
pub mod check;
pub mod explain;
pub mod found;
pub mod hidden;
pub mod json;
pub mod node;
pub mod output;
pub mod place;
pub mod run;
pub mod schema;
pub mod script;
pub mod token;
pub mod url;
pub mod yaml;
