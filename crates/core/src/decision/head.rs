//! The steps that the head of a request decides: path, bypass, preflight, public endpoints,
//! credential, guest.
//!
//! Each answers with a [`Finding`]; [`examine`] takes them in order and says where they lead.

use std::rc::Rc;

use usergrid_auth_config::{
    Config, Management, ResourceMetadata, Server, TokenFormat, Unclear, UsergridSettings,
    WELL_KNOWN,
};
use usergrid_auth_rules::demand::Methods;
use usergrid_auth_rules::path::{BrokenPath, RequestPath, SparePath};
use usergrid_auth_rules::steps::Steps;

use super::demands::Demands;
use super::finding::{
    CredentialFinding, Finding, GuestFinding, PreflightFinding, PublicFinding, Trace,
};
use super::forwarding::AUTHORIZATION;
use super::paused_request::CredentialKind;
use super::selection::Choice;
use crate::credential::usergrid_token::{self, TokenProblem};
use crate::credential::{self, Credential, Found, Places, Presented};
use crate::header_map::{HeaderEdit, HeaderMap};
use crate::identity_headers;
use crate::method_override::{self, Override};
use crate::metrics::Outcome;
use crate::refusal::Refusal;
use crate::route::RouteSettings;
use crate::time::UnixMillis;
use crate::verification::verifiers::usergrid::{self, Destination, Target};

/// The head of a request as the steps look at it.
pub(super) struct Head<'a> {
    pub(super) headers: &'a HeaderMap,
    end_of_stream: bool,
    pub(super) method: &'a [u8],
    /// `:path`, query and all.
    pub(super) target: &'a [u8],
}

/// Where the steps lead.
pub(super) enum Step {
    /// The request passes, whatever credential it presents, and counts as this.
    Forward(Outcome),
    /// It passes as a guest.
    AdmitGuest(RequestPath),
    /// It is refused; its path is not there if that is what was broken, nor the server that would be
    /// asked where none would be.
    Refuse(Refusal, Option<RequestPath>, Option<Rc<Server>>),
    /// A server has to judge its credential.
    Verify {
        server: Rc<Server>,
        credential: Credential,
        places: Places,
        path: RequestPath,
        /// What the verdict is for, where that matters.
        target: Option<Target>,
        /// What its path asks of whoever uses it.
        demands: Demands,
    },
}

/// The credentials that leave a request before anything else becomes of it, so that neither a
/// backend nor a log sees them.
pub(super) struct Taken {
    /// `:path` without the credentials of its query, where it holds some that must not stay.
    pub(super) path: Option<Vec<u8>>,
    /// What takes them out of cookies and of headers beside `Authorization`.
    pub(super) edits: Vec<HeaderEdit>,
}

/// What came of a head.
pub(super) struct Examined {
    pub(super) step: Step,
    /// What has to leave the request at once; `None`: all of it stays as it came.
    pub(super) taken: Option<Taken>,
}

impl<'a> Head<'a> {
    /// With `end_of_stream`, nothing follows it.
    pub(super) fn new(headers: &'a HeaderMap, end_of_stream: bool) -> Self {
        Self { headers, end_of_stream, method: headers.method(), target: headers.path() }
    }

    /// Whether Envoy takes the request for gRPC, and will turn a local reply into a gRPC one.
    pub(super) fn is_grpc(&self) -> bool {
        self.headers
            .first("content-type")
            .and_then(|value| value.strip_prefix(b"application/grpc"))
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    }

    /// Every method that a backend may take it for. Some heed such headers, and a parameter of that
    /// name in the query.
    pub(super) fn methods(&self) -> Methods {
        let or = |methods: Methods, asked| match asked {
            Override::Header(value) => methods.or_override(value),
            Override::Query => Methods::EVERY,
        };
        method_override::all(self.headers).fold(Methods::of(self.method), or)
    }

    fn path(&self, config: &Config, spare: &mut SparePath) -> Result<RequestPath, BrokenPath> {
        let before_query = self.target.split(|byte| *byte == b'?').next().unwrap_or_default();
        RequestPath::parse_in(spare, config.profile.routes(), before_query, &config.base_path)
    }

    /// A CORS preflight (Fetch standard): it carries no credential, and its answer holds no data.
    /// Nor has it a body, or what makes another method of it behind the filter; nothing that a
    /// browser asks in this way has.
    fn preflight(&self, config: &Config) -> PreflightFinding {
        if !config.bypass_preflight {
            PreflightFinding::NotLookedFor
        } else if self.method != b"OPTIONS" {
            PreflightFinding::None
        } else {
            self.preflight_by_options()
        }
    }

    #[inline(never)]
    fn preflight_by_options(&self) -> PreflightFinding {
        if !self.has_one("origin") || !self.has_one("access-control-request-method") {
            PreflightFinding::None
        } else if self.has_body() {
            PreflightFinding::WithBody
        } else if method_override::is_in(self.headers) {
            PreflightFinding::MethodOverride
        } else {
            PreflightFinding::Preflight
        }
    }

    /// Whether there is exactly one header `name` with something in it, which Envoy has not joined
    /// out of several.
    fn has_one(&self, name: &str) -> bool {
        let mut values = self.headers.values(name);
        let one = values.next().is_some_and(|value| !value.is_empty() && !value.contains(&b','));
        one && values.next().is_none()
    }

    fn has_body(&self) -> bool {
        !self.end_of_stream
            || self.headers.first("transfer-encoding").is_some()
            || self.headers.values("content-length").any(|length| length != b"0")
    }

    /// What the page that sent the request may be told by a refusal, if it may read one.
    pub(super) fn allowed_origin(&self, config: &Config) -> Option<Rc<str>> {
        if config.allow_origins.is_empty() {
            return None;
        }
        let mut origins = self.headers.values("origin");
        let only = origins.next()?;
        if origins.next().is_some() { None } else { config.allow_origins.get(only) }
    }

    /// Whether it asks for the metadata that challenges name (RFC 9728 section 3.1), in the very
    /// spelling of the configuration.
    #[inline]
    fn is_resource_metadata(&self, config: &Config) -> bool {
        config.errors.resource_metadata.as_ref().is_some_and(|it| self.asks_for(it))
    }

    #[inline(never)]
    fn asks_for(&self, metadata: &ResourceMetadata) -> bool {
        let path = self.target.split(|byte| *byte == b'?').next().unwrap_or_default();
        let own = metadata.path.as_deref().is_some_and(|own| own.as_bytes() == path);
        matches!(self.method, b"GET" | b"HEAD") && (own || path == WELL_KNOWN.as_bytes())
    }

    /// Whether Envoy takes the request through its filters again, after an internal redirect. Envoy
    /// takes this header from whoever comes from outside.
    pub(super) fn is_second_pass(&self) -> bool {
        self.headers.first("x-envoy-original-url").is_some()
    }

    /// Whether this is a second pass, and nothing shows that it was a guest's before: the credential
    /// that it came with may be gone by now.
    fn was_no_guest_before(&self, config: &Config) -> bool {
        self.is_second_pass() && !identity_headers::says_guest(config, self.headers)
    }
}

impl Taken {
    /// Whether there is anything to take out.
    pub(super) fn has_any(&self) -> bool {
        self.path.is_some() || !self.edits.is_empty()
    }

    fn of(found: Found) -> Self {
        Self { path: found.clean_path, edits: found.taken }
    }

    /// A browser repeats the URL in a preflight, token and all. Any other credential is none of a
    /// browser's, and nobody verifies it.
    fn of_preflight(head: &Head<'_>, config: &Config) -> Self {
        let mut taken = Self::of(credential::find(head.headers, &config.credentials));
        if head.headers.first(AUTHORIZATION).is_some() {
            taken.edits.push(HeaderEdit::remove(AUTHORIZATION));
        }
        taken
    }
}

/// Takes the steps in their order. The path is read in the memory of an earlier one.
pub(super) fn examine(
    head: &Head<'_>,
    route: &RouteSettings,
    config: &Config,
    now: UnixMillis,
    spare: &mut SparePath,
    trace: &mut impl Trace,
) -> Examined {
    let path = match head.path(config, spare) {
        Ok(path) => path,
        Err(BrokenPath) => {
            trace.note(|| Finding::BrokenPath);
            return broken(head, config);
        }
    };
    trace.note(|| Finding::path(&path));
    if config.unclear_paths == Unclear::Reject && (!path.is_clear() || path.has_parameters()) {
        trace.note(|| Finding::RejectedPath);
        return broken(head, config);
    }
    let steps = Steps::of_a_request();
    let untouched = untouched(head, route, config, &path, &steps, trace);
    if let Some(outcome @ (Outcome::Bypassed | Outcome::Preflight)) = untouched {
        let taken = (outcome == Outcome::Preflight).then(|| Taken::of_preflight(head, config));
        *spare = path.into_spare();
        return Examined { step: Step::Forward(outcome), taken };
    }
    let demands = Demands::of(head, &path, config);
    let guard = demands.guard();
    if !config.guards.is_empty() {
        trace.note(|| Finding::Guard(guard));
    }
    if let Some(outcome) = untouched.filter(|_| guard.is_open()) {
        *spare = path.into_spare();
        return Examined { step: Step::Forward(outcome), taken: None };
    }
    let Found { presented, clean_path, taken, places } =
        credential::find(head.headers, &config.credentials);
    trace.note(|| Finding::Credential(CredentialFinding::of(&presented)));
    let step = match presented {
        Presented::One(_) if !guard.may_admit() => Step::Refuse(Refusal::Guarded, Some(path), None),
        Presented::One(_) if demands.scopes_are_too_costly() => {
            Step::Refuse(Refusal::Scope, Some(path), None)
        }
        Presented::One(credential) => {
            let choice = Choice { config, head, path: &path, steps: &steps };
            match choice.for_credential(&credential, trace) {
                None => Step::Refuse(Refusal::Malformed, Some(path), None),
                Some(server) => {
                    let server = Rc::clone(server);
                    let judged = judged_here(&credential, &server, now, trace);
                    match judged.and_then(|()| target(&server, &path, trace)) {
                        Ok(target) => {
                            Step::Verify { server, credential, places, path, target, demands }
                        }
                        Err(refusal) => Step::Refuse(refusal, Some(path), Some(server)),
                    }
                }
            }
        }
        Presented::Bad(bad) => Step::Refuse(bad.into(), Some(path), None),
        Presented::Nothing => {
            let guest = guest(head, route, config, &path, &demands, &steps);
            trace.note(|| Finding::Guest(guest));
            match guest {
                GuestFinding::Admitted if guard.is_open() => Step::AdmitGuest(path),
                // But for the guard it would have passed.
                _ if untouched.is_some() || guest == GuestFinding::Admitted => {
                    Step::Refuse(Refusal::Guarded, Some(path), None)
                }
                _ => Step::Refuse(Refusal::Missing, Some(path), None),
            }
        }
    };
    Examined { step, taken: Some(Taken { path: clean_path, edits: taken }) }
}

/// Even then no credential may stay in the query, where logs would show it.
#[cold]
fn broken(head: &Head<'_>, config: &Config) -> Examined {
    let taken = Taken::of(credential::find(head.headers, &config.credentials));
    Examined { step: Step::Refuse(Refusal::BadPath, None, None), taken: Some(taken) }
}

/// Whether the request passes without a look at its credentials, and as what.
fn untouched(
    head: &Head<'_>,
    route: &RouteSettings,
    config: &Config,
    path: &RequestPath,
    steps: &Steps,
    trace: &mut impl Trace,
) -> Option<Outcome> {
    trace.note(|| Finding::Bypass(route.bypass));
    if route.bypass {
        return Some(Outcome::Bypassed);
    }
    let preflight = head.preflight(config);
    trace.note(|| Finding::Preflight(preflight));
    if preflight == PreflightFinding::Preflight {
        return Some(Outcome::Preflight);
    }
    if path.is_clear() && head.is_resource_metadata(config) {
        trace.note(|| Finding::Public(PublicFinding::ResourceMetadata));
        return Some(Outcome::Public);
    }
    let is_public = config.public.admits(head.method, path, steps);
    trace.note(|| {
        Finding::Public(if is_public {
            PublicFinding::Admitted
        } else if steps.are_used_up() {
            PublicFinding::TooCostly
        } else {
            PublicFinding::NoRule
        })
    });
    if is_public {
        return Some(Outcome::Public);
    }
    if config.servers.iter().any(|server| leaves_them(server)) {
        left_to_usergrid(head, config, path, steps, trace)
    } else {
        None
    }
}

/// `introspection.management: "pass"` leaves these paths to Usergrid.
fn leaves_them(server: &Server) -> bool {
    server.verifier.usergrid().is_some_and(|it| it.management == Management::Pass)
}

#[inline(never)]
fn left_to_usergrid(
    head: &Head<'_>,
    config: &Config,
    path: &RequestPath,
    steps: &Steps,
    trace: &mut impl Trace,
) -> Option<Outcome> {
    let choice = Choice { config, head, path, steps };
    let server = choice.for_place().filter(|server| leaves_them(server))?;
    let settings = server.verifier.usergrid()?;
    let destination = usergrid::destination(path, settings, &server.authorization.application_ids);
    (destination == Destination::Pass).then(|| {
        trace.note(|| Finding::LeftToUsergrid);
        Outcome::Public
    })
}

/// What the verdict is for, where verdicts depend on that.
fn target(
    server: &Server,
    path: &RequestPath,
    trace: &mut impl Trace,
) -> Result<Option<Target>, Refusal> {
    match server.verifier.usergrid() {
        None => Ok(None),
        Some(settings) => target_of_usergrid(server, settings, path, trace).map(Some),
    }
}

#[inline(never)]
fn target_of_usergrid(
    server: &Server,
    settings: &UsergridSettings,
    path: &RequestPath,
    trace: &mut impl Trace,
) -> Result<Target, Refusal> {
    let ids = &server.authorization.application_ids;
    match usergrid::destination(path, settings, ids) {
        Destination::Ask(target) => {
            trace.note(|| Finding::Target(Ok(target.key())));
            Ok(target)
        }
        Destination::Refuse(why) => {
            trace.note(|| Finding::Target(Err(why)));
            Err(Refusal::Forbidden)
        }
        // Such a request has passed already, unless a guard wants to know whose it is, which nobody
        // can tell.
        Destination::Pass => Err(Refusal::Guarded),
    }
}

/// Refuses what needs no server to be refused.
fn judged_here(
    credential: &Credential,
    server: &Server,
    now: UnixMillis,
    trace: &mut impl Trace,
) -> Result<(), Refusal> {
    let Credential::Token { token, .. } = credential else {
        // Without a token endpoint nobody could ever verify it.
        return match server.client_credentials {
            Some(_) => Ok(()),
            None => {
                trace.note(|| Finding::Unjudged);
                Err(CredentialKind::of(credential).unjudged())
            }
        };
    };
    let salt = match &server.token {
        TokenFormat::Usergrid { salt } => salt,
        TokenFormat::Mixed { salt } if usergrid_token::has_category(token.expose()) => salt,
        TokenFormat::Opaque | TokenFormat::Mixed { .. } => return Ok(()),
    };
    let checked = usergrid_token::check(token.expose(), salt.as_ref(), now);
    trace.note(|| Finding::TokenFormat(checked));
    checked.map_err(|problem| match problem {
        TokenProblem::Malformed => Refusal::Malformed,
        TokenProblem::Expired => Refusal::Expired,
    })
}

/// Whether a caller without any credential goes on.
fn guest(
    head: &Head<'_>,
    route: &RouteSettings,
    config: &Config,
    path: &RequestPath,
    demands: &Demands,
    steps: &Steps,
) -> GuestFinding {
    if head.was_no_guest_before(config) {
        GuestFinding::SecondPass
    } else if !route.require_scope.is_empty() {
        // A guest has no scopes, so a route that asks for one has no guests.
        GuestFinding::ScopeRequired
    } else if demands.demands_scopes() {
        GuestFinding::ScopeDemanded
    } else if config.guest.admits(head.method, path, steps) {
        GuestFinding::Admitted
    } else if steps.are_used_up() {
        GuestFinding::TooCostly
    } else {
        GuestFinding::NoRule
    }
}
