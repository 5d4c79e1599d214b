//! A control plane that speaks aggregated discovery (ADS) over gRPC, state of the world, as istiod
//! and Envoy Gateway do, and that notes how a proxy takes what it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use integration::harness::server::lock;
use integration::harness::wait;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::protobuf::{Message, fields};

pub const CLUSTERS: &str = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
pub const LISTENERS: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
pub const EXTENSIONS: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

const PATH: &str =
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";

/// Runs until it is dropped.
pub struct Ads {
    pub address: SocketAddr,
    state: Arc<State>,
    /// Its end is heard by the thread.
    running: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    world: Mutex<World>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct World {
    /// By type: the version, and the resources by name.
    kinds: BTreeMap<&'static str, (u64, BTreeMap<String, Vec<u8>>)>,
    verdicts: Vec<Verdict>,
}

/// What a proxy said of a version of the resources of one type.
#[derive(Clone, Debug)]
struct Verdict {
    type_url: String,
    version: u64,
    /// The message of a refusal (NACK).
    error: Option<String>,
}

impl Ads {
    pub fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (changed, _) = watch::channel(());
        let state = Arc::new(State { world: Mutex::default(), changed });
        let (running, stopped) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let shared = state.clone();
        let thread =
            std::thread::spawn(move || runtime.block_on(listen(listener, shared, stopped)));
        Ok(Self { address, state, running: Some(running), thread: Some(thread) })
    }

    /// Replaces all resources of a type: the new version.
    pub fn set(&self, type_url: &'static str, resources: Vec<(String, Message)>) -> u64 {
        let named = resources.into_iter().map(|(name, it)| (name, it.into_bytes())).collect();
        let mut world = lock(&self.state.world);
        let kind = world.kinds.entry(type_url).or_default();
        *kind = (kind.0 + 1, named);
        self.state.changed.send_replace(());
        kind.0
    }

    /// Waits for the proxy's word on a version: nothing if it is taken (ACK), or the message of the
    /// refusal (NACK).
    pub fn verdict(&self, type_url: &str, version: u64) -> Result<Option<String>> {
        wait::until(&format!("a word on version {version} of {type_url}"), || {
            let world = lock(&self.state.world);
            let mut said = world.verdicts.iter().rev();
            let found = said.find(|it| it.type_url == type_url && it.version == version);
            Ok(found.map(|verdict| verdict.error.clone()))
        })
    }

    /// Waits until the proxy has taken a version.
    pub fn taken(&self, type_url: &str, version: u64) -> Result<()> {
        let error = self.verdict(type_url, version)?;
        ensure!(error.is_none(), "version {version} of {type_url} is refused: {error:?}");
        Ok(())
    }

    /// Waits until the proxy has refused a version, and returns its message.
    pub fn refused(&self, type_url: &str, version: u64) -> Result<String> {
        let error = self.verdict(type_url, version)?;
        error.with_context(|| format!("version {version} of {type_url} is taken"))
    }
}

impl Drop for Ads {
    fn drop(&mut self) {
        self.running.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Takes connections until the sender of `stopped` is gone. What runs then ends with the runtime.
async fn listen(
    listener: std::net::TcpListener,
    state: Arc<State>,
    mut stopped: watch::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            Ok((socket, _)) = listener.accept() => { tokio::spawn(connection(socket, state.clone())); }
        }
    }
}

async fn connection(socket: TcpStream, state: Arc<State>) -> Result<()> {
    let mut connection = h2::server::handshake(socket).await?;
    while let Some(call) = connection.accept().await {
        let (request, mut respond): (Request<RecvStream>, _) = call?;
        ensure!(request.uri().path() == PATH, "{} is asked for", request.uri());
        let head = Response::builder().header("content-type", "application/grpc").body(())?;
        let out = respond.send_response(head, false)?;
        tokio::spawn(stream(request.into_body(), out, state.clone()));
    }
    Ok(())
}

/// What a proxy has subscribed to of one type, and what it got.
#[derive(Default)]
struct Subscription {
    /// None: everything.
    names: BTreeSet<String>,
    sent: Option<u64>,
}

async fn stream(mut body: RecvStream, mut out: SendStream<Bytes>, state: Arc<State>) -> Result<()> {
    let mut changed = state.changed.subscribe();
    let mut buffer: Vec<u8> = Vec::new();
    let mut subscriptions: BTreeMap<String, Subscription> = BTreeMap::new();
    loop {
        tokio::select! {
            piece = body.data() => {
                let Some(piece) = piece else { return Ok(()) };
                let piece = piece?;
                body.flow_control().release_capacity(piece.len())?;
                buffer.extend(piece);
            }
            _ = changed.changed() => {}
        }
        // A flag and a length of four bytes, then the message.
        while let Some(&[_, a, b, c, d]) = buffer.first_chunk() {
            let end = 5 + usize::try_from(u32::from_be_bytes([a, b, c, d]))?;
            let Some(request) = buffer.get(5..end) else { break };
            heard(request, &state, &mut subscriptions)?;
            buffer.drain(..end);
        }
        for (type_url, subscription) in &mut subscriptions {
            if let Some(response) = due(type_url, subscription, &state) {
                let mut frame = vec![0];
                frame.extend(u32::try_from(response.len())?.to_be_bytes());
                frame.extend(response);
                out.send_data(frame.into(), false)?;
            }
        }
    }
}

/// A `DiscoveryRequest`: a subscription, a word on what was sent, or both.
fn heard(
    request: &[u8],
    state: &State,
    subscriptions: &mut BTreeMap<String, Subscription>,
) -> Result<()> {
    let (mut type_url, mut nonce, mut error) = (String::new(), String::new(), None);
    let mut names = BTreeSet::new();
    for (field, bytes) in fields(request)? {
        let text = || String::from_utf8_lossy(bytes).into_owned();
        match field {
            3 => _ = names.insert(text()),
            4 => type_url = text(),
            5 => nonce = text(),
            // `google.rpc.Status`, whose second field is the message.
            6 => {
                let status = fields(bytes)?;
                let message = status.iter().find(|(field, _)| *field == 2).map(|(_, it)| *it);
                error = Some(String::from_utf8_lossy(message.unwrap_or_default()).into_owned());
            }
            _ => {}
        }
    }
    // The nonce is the version.
    if let Ok(version) = nonce.parse() {
        let verdict = Verdict { type_url: type_url.clone(), version, error };
        lock(&state.world).verdicts.push(verdict);
    }
    let subscription = subscriptions.entry(type_url).or_default();
    if subscription.names != names {
        *subscription = Subscription { names, sent: None };
    }
    Ok(())
}

/// A `DiscoveryResponse`, if there is something that the proxy has not got. What it asks for by
/// name and is not there yet it goes on waiting for.
fn due(type_url: &str, subscription: &mut Subscription, state: &State) -> Option<Vec<u8>> {
    let world = lock(&state.world);
    let (version, resources) = world.kinds.get(type_url)?;
    if subscription.sent == Some(*version) {
        return None;
    }
    let wanted = |name: &str| subscription.names.is_empty() || subscription.names.contains(name);
    let chosen: Vec<_> = resources.iter().filter(|(name, _)| wanted(name)).collect();
    if chosen.is_empty() {
        return None;
    }
    subscription.sent = Some(*version);
    let version = version.to_string();
    let mut response = Message::new().text(1, &version).text(4, type_url).text(5, &version);
    for (_, resource) in chosen {
        response = response.message(2, &crate::protobuf::any(type_url, resource));
    }
    Some(response.into_bytes())
}
