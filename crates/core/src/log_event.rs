//! What the operator is told, and at which level. Holds no credential and nothing a client wrote
//! but the sanitised name of the application.

use std::fmt;
use std::rc::Rc;

use crate::certificate::CertificateFinding;
use crate::principal::{ClaimKind, ClaimLimit};
use crate::refusal::Refusal;
use crate::verification::key::Fingerprint;
use crate::verification::verdict::ServerFault;

/// One line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// A request was refused.
    Refused {
        /// Why.
        refusal: Refusal,
        /// `org/app`, sanitised, or `-`.
        application: String,
        /// Which credential, if there was one that could be verified.
        credential: Option<Fingerprint>,
        /// The name of the server that judges it, if there is one and it has one.
        server: Option<Rc<str>>,
        /// What the operator could change about it.
        hint: Option<Hint>,
        /// Refusals for the same reason since the last such line.
        suppressed: u64,
    },
    /// A request would have been refused, but `mode` is `observe`.
    Observed(Box<LogEvent>),
    /// `mode` is `observe`, still.
    Observing,
    /// A verifying server gave no verdict.
    ServerFailed {
        /// Envoy's name of the cluster.
        cluster: String,
        /// The server's name, if it has one.
        server: Option<Rc<str>>,
        /// What went wrong.
        fault: ServerFault,
        /// Failures of the same kind since the last such line.
        suppressed: u64,
    },
    /// A server that keeps failing is left alone, or is called again.
    Breaker {
        /// Envoy's name of the cluster.
        cluster: String,
        /// The server's name, if it has one.
        server: Option<Rc<str>>,
        /// Whether calls stop.
        open: bool,
    },
    /// A claim of an answer has a shape or repetition of which nothing can be made, so it grants
    /// nothing.
    UnusableClaim {
        /// Envoy's name of the cluster.
        cluster: String,
        /// The server's name, where there are several.
        server: Option<Rc<str>>,
        /// Which.
        claim: ClaimKind,
        /// Of this claim, since the last such line.
        suppressed: u64,
    },
    /// A credential that nobody could verify admitted a request for what it says by itself, because
    /// the server is down.
    AdmittedOffline {
        /// The server's name, if it has one.
        server: Option<Rc<str>>,
        /// How often since the last such line.
        suppressed: u64,
    },
    /// A route has settings in its metadata, which do not count.
    RouteSettingsIgnored,
    /// A known-good answer past its `ttl` admitted a request, because the server fails.
    ServedStale {
        /// The server's name, if it has one.
        server: Option<Rc<str>>,
        /// How often since the last such line.
        suppressed: u64,
    },
}

/// Which setting a refusal hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A claim of the answer is beyond this limit.
    Limit(ClaimLimit),
    /// The path names its application by another kind of name than the answer, and nothing ties the
    /// two together.
    ApplicationIds,
    /// The token is bound to another certificate than the client's, if that has shown one.
    Certificate(CertificateFinding),
}

impl LogEvent {
    /// The level it is logged at.
    #[must_use]
    pub fn level(&self) -> log::Level {
        match self {
            Self::Observed(event) => event.level(),
            // Nobody who is refused for this can mend it: the operator or the server has to.
            Self::Refused { refusal: Refusal::Claims, .. } => log::Level::Warn,
            Self::Refused { .. } => log::Level::Info,
            // Nothing works until somebody mends the configuration.
            Self::ServerFailed {
                fault: ServerFault::RejectedUs | ServerFault::AcceptsAnything,
                ..
            } => log::Level::Error,
            Self::Observing
            | Self::ServerFailed { .. }
            | Self::Breaker { .. }
            | Self::UnusableClaim { .. }
            | Self::AdmittedOffline { .. }
            | Self::RouteSettingsIgnored
            | Self::ServedStale { .. } => log::Level::Warn,
        }
    }
}

impl fmt::Display for LogEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { refusal, application, credential, server, hint, suppressed } => {
                write!(f, "refused: reason={} application={application}", refusal.row().label)?;
                if let Some(fingerprint) = credential {
                    write!(f, " credential={fingerprint}")?;
                }
                if let Some(server) = server {
                    write!(f, " server={server}")?;
                }
                match hint {
                    Some(Hint::Limit(limit)) => write!(f, " limit={}", limit.key())?,
                    Some(Hint::ApplicationIds) => {
                        f.write_str(" setting=authorization.application_ids")?;
                    }
                    Some(Hint::Certificate(finding)) => {
                        let is_there = *finding != CertificateFinding::None;
                        let which = if is_there { "another" } else { "none" };
                        write!(f, " certificate={which}")?;
                    }
                    None => {
                        if let Some(setting) = refusal.setting() {
                            write!(f, " setting={setting}")?;
                        }
                    }
                }
                more(f, *suppressed)
            }
            Self::Observed(event) => write!(f, "observed only, NOT {event}"),
            Self::Observing => f.write_str(usergrid_auth_config::OBSERVING),
            Self::ServerFailed { cluster, server, fault, suppressed } => {
                write!(f, "{}no verdict from cluster `{cluster}`: {fault}", Named(server))?;
                more(f, *suppressed)
            }
            Self::UnusableClaim { cluster, server, claim, suppressed } => {
                write!(
                    f,
                    "{}an answer of cluster `{cluster}` has a claim of a shape that cannot be used, \
                     which grants nothing: claim={}",
                    Named(server),
                    claim.key()
                )?;
                more(f, *suppressed)
            }
            Self::Breaker { cluster, server, open: true } => {
                let server = Named(server);
                write!(
                    f,
                    "{server}breaker open: cluster `{cluster}` keeps failing and is left alone"
                )
            }
            Self::Breaker { cluster, server, open: false } => {
                write!(f, "{}breaker closed: cluster `{cluster}` answers again", Named(server))
            }
            Self::AdmittedOffline { server, suppressed } => {
                let server = Named(server);
                write!(
                    f,
                    "{server}admitted a signed token that nobody could verify, by `offline_if_error`",
                )?;
                more(f, *suppressed)
            }
            Self::RouteSettingsIgnored => f.write_str(
                "a route has metadata `usergrid.auth`, which `routes.metadata: false` ignores",
            ),
            Self::ServedStale { server, suppressed } => {
                write!(f, "{}served a known-good answer past its `ttl`", Named(server))?;
                more(f, *suppressed)
            }
        }
    }
}

/// Says which server is meant, where they have names.
struct Named<'a>(&'a Option<Rc<str>>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "server `{name}`: "),
            None => Ok(()),
        }
    }
}

fn more(f: &mut fmt::Formatter<'_>, suppressed: u64) -> fmt::Result {
    match suppressed {
        0 => Ok(()),
        more => write!(f, " ({more} more since the last line)"),
    }
}
