//! The module driven by any callbacks in any order that Envoy can come to, with hostile state: what
//! must hold whatever bytes choose them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};
use integration::harness::workspace;
use properties::bytes::Bytes;
use properties::canary::Canaries;
use properties::decisions::{self, ANSWERS};
use properties::host::{MARK, Request, approves, presented};
use properties::{mutants, settings};
use wasmi::{Config, Engine, Module};

use crate::host::{Action, CountingHost, ROOT, Snapshot};

const MOST_STEPS: usize = 64;
/// Pages that the module may have: its own data and stack, and what so few requests need.
const MOST_PAGES: u64 = 64;
/// Settings of a route: `bypass: true`, a scope, and bytes that are no settings.
const METADATA: [&[u8]; 3] = [
    b"\x01\0\0\0\x06\0\0\0\x01\0\0\0bypass\0\x01\0",
    b"\x01\0\0\0\x0d\0\0\0\x04\0\0\0require_scope\0read\0",
    b"\xff\xff\xff\xff\0",
];

/// The module on two workers, by configuration, as it is before the first request.
pub struct Started(Vec<Snapshot>);

impl Started {
    /// Compiles the module so that what a callback uses is bounded, and starts it.
    ///
    /// # Errors
    /// If it is none, or does not start.
    pub fn new(module: &[u8]) -> Result<Self> {
        let mut config = Config::default();
        config.consume_fuel(true);
        let module = Module::new(&Engine::new(&config), module)?;
        let environment = [("S", settings::SECRET)];
        let snapshots = settings::ALL.iter().map(|setting| {
            let mut host = CountingHost::start_compiled(&module, setting, &environment)?;
            host.add_worker()?;
            host.snapshot()
        });
        Ok(Self(snapshots.collect::<Result<_>>()?))
    }
}

/// One request.
struct Known {
    request: Request,
    /// Whether its route bypasses the filter.
    bypass: bool,
    /// Whether what its route says could not be read.
    unreadable: bool,
    /// Whether its end has been seen.
    is_over: bool,
}

/// Runs the callbacks that `bytes` choose.
///
/// # Errors
/// If the module traps, uses more than it may, lets somebody in without a verdict, or shows a secret.
pub fn hold(started: &Started, bytes: &[u8]) -> Result<()> {
    let mut bytes = Bytes::new(bytes);
    let which = usize::from(bytes.byte()) % settings::ALL.len();
    let mut host = CountingHost::from_snapshot(started.0.get(which).context("no such setting")?)?;
    let mut world = World { which, known: BTreeMap::new(), approved: BTreeSet::new() };
    for _ in 0..MOST_STEPS {
        if bytes.is_empty() {
            break;
        }
        let step = bytes.byte();
        host.on(usize::from(step >> 7));
        world.step(step & 15, &mut host, &mut bytes)?;
        world.check(&mut host)?;
        ensure!(host.pages()? <= MOST_PAGES, "{} pages of memory", host.pages()?);
    }
    for (stream, (worker, _)) in world.known {
        host.on(worker).finish(stream)?;
    }
    nothing_shown(&mut host)
}

/// No secret in shared data, messages and the log, in any form.
fn nothing_shown(host: &mut CountingHost) -> Result<()> {
    static SECRETS: LazyLock<Canaries> = LazyLock::new(|| Canaries::new(&[MARK, settings::SECRET]));
    let shown = |text: &[u8]| SECRETS.first_in(text).map(|form| form.escape_ascii().to_string());
    for given in host.handed_over() {
        let shown = shown(given);
        ensure!(shown.is_none(), "{shown:?} is in shared data or a message");
    }
    let log = &host.state().log;
    let shown = log.iter().find_map(|line| shown(line.as_bytes()));
    ensure!(shown.is_none(), "the log shows {shown:?}: {log:?}");
    Ok(())
}

/// Runs every seed in `counting-host/seeds`, and so many mutants of each.
///
/// # Errors
/// See [`hold`].
pub fn replay(started: &Started, count: usize) -> Result<()> {
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(workspace::root().join("counting-host/seeds"))? {
        let path = entry?.path();
        seeds.push((path.display().to_string(), std::fs::read(path)?));
    }
    seeds.sort();
    ensure!(seeds.len() >= 10, "{} seeds", seeds.len());
    let others = seeds.iter().cycle().skip(1);
    for ((name, seed), (_, other)) in seeds.iter().zip(others) {
        hold(started, seed).with_context(|| name.clone())?;
        for mutant in mutants::of(seed, other, count) {
            let shown = || format!("`{}`, from {name}", mutant.escape_ascii());
            hold(started, &mutant).with_context(shown)?;
        }
    }
    Ok(())
}

struct World {
    which: usize,
    /// With the worker they came to.
    known: BTreeMap<u32, (usize, Known)>,
    /// Credentials that some answer was good about.
    approved: BTreeSet<Vec<u8>>,
}

impl World {
    fn step(&mut self, step: u8, host: &mut CountingHost, bytes: &mut Bytes<'_>) -> Result<()> {
        let worker = host.state().worker;
        match step {
            0..=4 => {
                let (head, has_body) = decisions::head(bytes);
                let request = Request {
                    head: head.clone(),
                    now: head.clone(),
                    bypass: false,
                    has_body,
                    ended: false,
                };
                let unreadable = host.state().odd.unreadable;
                let bypass = host.state().odd.metadata.is_some() && !unreadable;
                let id = host.begin(&head, !has_body)?;
                self.known
                    .insert(id, (worker, Known { request, bypass, unreadable, is_over: false }));
            }
            5 => host.ring()?,
            6 | 7 => self.answer(host, bytes)?,
            8 => {
                host.state().odd.later += 16 << (bytes.byte() % 14);
                host.run::<_, ()>("proxy_on_tick", ROOT)?;
            }
            9 => {
                let Some(id) = self.pick(worker, bytes) else { return Ok(()) };
                let piece = bytes.counted().to_vec();
                let size = u32::try_from(piece.len())?;
                host.state().odd.body = piece;
                let ends = u32::from(bytes.byte() & 1);
                let action: u32 = host.run_in(id, "proxy_on_request_body", (id, size, ends))?;
                host.state().odd.body.clear();
                held(host, id, action)?;
            }
            10 => {
                let Some(id) = self.pick(worker, bytes) else { return Ok(()) };
                let (trailers, _) = decisions::head(bytes);
                let size = u32::try_from(trailers.len())?;
                host.state().odd.trailers = trailers;
                let action: u32 = host.run_in(id, "proxy_on_request_trailers", (id, size))?;
                host.state().odd.trailers.clear();
                held(host, id, action)?;
            }
            11 => {
                let Some(id) = self.pick(worker, bytes) else { return Ok(()) };
                let status = bytes.pick(&["200", "204", "100", "401", "500", "", "\u{ff}"]);
                host.state().odd.response = vec![(":status".into(), status.as_bytes().to_vec())];
                let arguments = (id, 1_u32, u32::from(bytes.byte() & 1));
                let _action: u32 = host.run_in(id, "proxy_on_response_headers", arguments)?;
                host.state().odd.response.clear();
            }
            12 => {
                let Some(id) = self.pick(worker, bytes) else { return Ok(()) };
                host.finish(id)?;
                host.state().streams.remove(&id);
                self.known.remove(&id);
            }
            13 => {
                let message = bytes.counted().to_vec();
                let owners: Vec<u32> = host.state().owners.keys().copied().collect();
                let queue = owners.iter().find(|queue| host.state().owners[*queue] == worker);
                if let Some(queue) = queue {
                    host.state().queue.push_back((*queue, message));
                }
                host.ring()?;
            }
            14 => self.spoil(host, bytes),
            _ => {
                // Of no queue. An answer of no call is not tried: the SDK panics at it, and Envoy has
                // none.
                let queue = 1_000_000 + u32::from(bytes.byte());
                host.run::<_, ()>("proxy_on_queue_ready", (ROOT, queue))?;
            }
        }
        Ok(())
    }

    fn pick(&self, worker: usize, bytes: &mut Bytes<'_>) -> Option<u32> {
        let place = usize::from(bytes.byte());
        let of_worker = |(id, (of, _)): (&u32, &(usize, Known))| (*of == worker).then_some(*id);
        let ids: Vec<u32> = self.known.iter().filter_map(of_worker).collect();
        ids.get(place % ids.len().max(1)).copied()
    }

    /// The oldest call ends, in any way that Envoy can report.
    fn answer(&mut self, host: &mut CountingHost, bytes: &mut Bytes<'_>) -> Result<()> {
        let choice = bytes.byte();
        let (status, body) = ANSWERS[usize::from(choice) % ANSWERS.len()];
        let body = if choice >= 240 { bytes.counted() } else { body.as_bytes() };
        let Some(token) = host.state().calls.pop_front() else { return Ok(()) };
        let call = host.state().odd.bodies.remove(&token).unwrap_or_default();
        if status == 200 && approves(body) {
            let form = String::from_utf8_lossy(&call).into_owned();
            self.approved.insert(form.into_bytes());
        }
        let owner = host.owner_of(token);
        host.on(owner);
        let mut headers = Vec::new();
        if status > 2 {
            headers.push((":status".to_owned(), status.to_string().into_bytes()));
            headers.push(("retry-after".to_owned(), body.iter().copied().take(4).collect()));
            // As many as there are, in any order; what this one says is no challenge at times.
            let challenges = [&b"Basic realm=\"u\""[..], b"Bearer error=\"invalid_token\"", body];
            for challenge in
                challenges.iter().cycle().skip(usize::from(choice)).take(usize::from(choice % 4))
            {
                headers.push(("www-authenticate".to_owned(), challenge.to_vec()));
            }
        }
        let count = u32::try_from(headers.len())?;
        let size = u32::try_from(body.len())?;
        host.state().answer = (headers, body.to_vec());
        host.run::<_, ()>("proxy_on_http_call_response", (ROOT, token, count, size, 0_u32))?;
        host.state().answer = Default::default();
        Ok(())
    }

    /// Whatever the host has is spoilt.
    fn spoil(&mut self, host: &mut CountingHost, bytes: &mut Bytes<'_>) {
        let choice = bytes.byte();
        let garbage = bytes.counted().to_vec();
        let state = host.state();
        match choice % 6 {
            0 => {
                let values = state.shared.values_mut();
                values.for_each(|(value, _)| value.clone_from(&garbage));
            }
            1 => {
                for (value, _) in state.shared.values_mut() {
                    value.truncate(value.len() / 2);
                }
            }
            2 => state.odd.overtaken = !state.odd.overtaken,
            3 => state.odd.no_calls = !state.odd.no_calls,
            4 => {
                state.odd.metadata = None;
                state.odd.unreadable = choice >= 128;
            }
            _ => {
                let which = usize::from(choice) / 6 % METADATA.len();
                state.odd.metadata = Some(METADATA[which].to_vec());
            }
        }
    }

    /// Who has got through, and why he may.
    fn check(&mut self, host: &mut CountingHost) -> Result<()> {
        let config = settings::config(self.which);
        let observes = config.mode == usergrid_auth_config::Mode::Observe;
        for (id, (_, known)) in &mut self.known {
            let through = matches!(host.action(*id), Action::Continued | Action::Resumed);
            if known.is_over || !through || observes {
                continue;
            }
            known.is_over = true;
            let request = &known.request;
            let credentials = presented(request, &config);
            let path = String::from_utf8_lossy(request.first(":path")).into_owned();
            let open =
                ["token", "open", "health", "oauth-protected-resource", "revoke", "management"];
            let is_open = open.iter().any(|word| path.contains(word));
            let is_preflight = request.first(":method") == b"OPTIONS";
            if known.bypass || is_open || is_preflight {
                continue;
            }
            // Such a route may ask for anything.
            let is_ruled_out = known.unreadable && config.route_metadata;
            ensure!(!is_ruled_out, "its route cannot be read: {request:?}");
            if credentials.is_empty() {
                let is_sandbox = path.to_ascii_lowercase().contains("andbox");
                ensure!(is_sandbox, "nobody gets through: {request:?}");
                continue;
            }
            let is_approved = self.approved.iter().any(|call| is_about(call, &credentials));
            // A stock Usergrid is asked by a header, which is not kept here.
            ensure!(is_approved || self.which == 4, "no verdict, and through: {request:?}");
        }
        Ok(())
    }
}

/// What is held back stays so until it is decided.
fn held(host: &CountingHost, id: u32, action: u32) -> Result<()> {
    let decided = matches!(host.action(id), Action::Continued | Action::Resumed);
    ensure!(
        decided == (action == 0),
        "{:?}, and its body or trailers get {action}",
        host.action(id)
    );
    Ok(())
}

fn is_about(call: &[u8], credentials: &[Vec<u8>]) -> bool {
    let text = String::from_utf8_lossy(call);
    let value = |name: &str| {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
        values.next()
    };
    let pair = value("client_id").zip(value("client_secret"));
    let pair = pair.map(|(id, secret)| format!("{id}:{secret}"));
    let subjects = value("token").into_iter().chain(pair);
    subjects
        .into_iter()
        .any(|subject| credentials.iter().any(|it| encoded(it) == encoded(subject.as_bytes())))
}

/// Alike for what is encoded and what is not: letters and digits alone.
fn encoded(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).into_owned();
    let text = text.replace("%3A", ":").replace("%2D", "-").replace("%20", " ");
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}
