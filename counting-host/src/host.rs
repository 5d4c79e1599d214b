//! A proxy-wasm host that counts: just enough of one to take requests through the real module.
//!
//! It has no network and no time of its own; the test says when a call is answered, and which worker a request comes to
//! where it has more than one.

use std::collections::{BTreeMap, HashMap, VecDeque};

use anyhow::{Context, Result, ensure};
use wasmi::{
    Engine, Global, Instance, Linker, Module, Store, TypedFunc, Val, WasmParams, WasmResults,
};

use crate::{abi, instrument};

pub(crate) const ROOT: u32 = 1;

/// Of one callback, in units of `wasmi`, of which an instruction takes about one.
const FUEL: u64 = 500_000_000;

/// Bytes in a page of memory.
const PAGE: usize = 65_536;

/// Headers in order.
pub type Pairs = Vec<(String, Vec<u8>)>;

/// Where a request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Its headers callback let it go on.
    #[default]
    Continued,
    /// Its headers callback held it back.
    Paused,
    /// It was held back and let go later.
    Resumed,
    /// It was answered with this status.
    Refused(u32),
}

#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Its head, as changed by the module.
    pub headers: Pairs,
    pub action: Action,
    /// Its headers callback runs.
    pub in_headers: bool,
}

impl Stream {
    /// Whether its head can still be read and changed.
    pub(crate) fn holds_head(&self) -> bool {
        self.in_headers || self.action == Action::Paused
    }
}

/// What no ordinary request meets.
#[derive(Clone, Debug, Default)]
pub struct Odd {
    /// Milliseconds beyond the time at which every host starts.
    pub later: u64,
    /// The trailers, while their callback runs.
    pub trailers: Pairs,
    /// A piece of a request's body, while its callback runs.
    pub body: Vec<u8>,
    /// The head of a response, while its callback runs.
    pub response: Pairs,
    /// The settings of every route, in the host's own form.
    pub metadata: Option<Vec<u8>>,
    /// They cannot be serialised.
    pub unreadable: bool,
    /// No call can be made.
    pub no_calls: bool,
    /// Somebody else overtakes every write of shared data.
    pub overtaken: bool,
    /// Bodies of the calls, by token.
    pub bodies: HashMap<u32, Vec<u8>>,
    /// Which worker has made a call, by token.
    pub callers: HashMap<u32, usize>,
}

/// What the host functions work on.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Calls by name.
    pub counts: BTreeMap<String, u64>,
    /// Allocations, if the module was built to tell them.
    pub allocations: u64,
    /// By context id.
    pub streams: HashMap<u32, Stream>,
    /// The context that calls are about.
    pub effective: u32,
    pub config: Vec<u8>,
    /// `NAME=value`, each with a NUL.
    pub environment: Vec<Vec<u8>>,
    /// The answer to a call, while its callback runs.
    pub answer: (Pairs, Vec<u8>),
    /// Tokens of calls without an answer.
    pub calls: VecDeque<u32>,
    /// What was rung, by queue.
    pub queue: VecDeque<(u32, Vec<u8>)>,
    /// Every message up to now.
    pub messages: Vec<Vec<u8>>,
    /// Which worker has which queue.
    pub owners: HashMap<u32, usize>,
    /// The worker that is running.
    pub worker: usize,
    /// Shared data with its CAS number.
    pub shared: HashMap<Vec<u8>, (Vec<u8>, u32)>,
    /// Counters and gauges by id.
    pub metrics: HashMap<u32, i64>,
    pub next_id: u32,
    pub log: Vec<String>,
    /// What happens beside what a test of costs needs.
    pub odd: Odd,
}

/// A host between two callbacks, from which any number of others go on.
pub struct Snapshot {
    module: Module,
    state: State,
    /// By worker.
    memories: Vec<Vec<u8>>,
    next_stream: u32,
}

/// The module in its host.
pub struct CountingHost {
    store: Store<State>,
    module: Module,
    linker: Linker<State>,
    /// By worker.
    instances: Vec<Instance>,
    next_stream: u32,
    /// Those of an instrumented module, in order; of the first worker.
    counters: Vec<Global>,
    /// What one callback may use, where the engine of the module counts.
    fuel: Option<u64>,
}

impl CountingHost {
    /// Instantiates and configures the module.
    pub fn start(module: &[u8], config: &str, environment: &[(&str, &str)]) -> Result<Self> {
        Self::start_compiled(&Module::new(&Engine::default(), module)?, config, environment)
    }

    /// The same with a module that has been compiled before.
    pub fn start_compiled(
        module: &Module,
        config: &str,
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        let environment =
            environment.iter().map(|(name, value)| format!("{name}={value}\0").into_bytes());
        let state = State {
            config: config.as_bytes().to_vec(),
            environment: environment.collect(),
            ..State::default()
        };
        let mut host = Self::without_workers(module, state)?;
        host.add_worker()?;
        let first = host.instance()?;
        let counter = |run| first.get_global(&host.store, &instrument::counter(run));
        host.counters = (0..).map_while(counter).collect();
        Ok(host)
    }

    fn without_workers(module: &Module, state: State) -> Result<Self> {
        let module = module.clone();
        let store = Store::new(module.engine(), state);
        let mut linker = Linker::new(module.engine());
        for import in module.imports() {
            let Some(kind) = import.ty().func() else { continue };
            let name = import.name().to_owned();
            linker.func_new(
                import.module(),
                import.name(),
                kind.clone(),
                move |caller, args, results| {
                    let status = abi::call(&name, caller, args)?;
                    if let Some(result) = results.first_mut() {
                        *result = Val::I32(status);
                    }
                    Ok(())
                },
            )?;
        }
        let instances = Vec::new();
        let (next_stream, counters) = (ROOT + 1, Vec::new());
        let fuel = store.get_fuel().is_ok().then_some(FUEL);
        Ok(Self { store, module, linker, instances, next_stream, counters, fuel })
    }

    /// What this host is now. Not inside a callback: the stack of a worker is not kept, and beside it a module by
    /// rustc has nothing but its memory.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let memories = self.instances.iter().map(|instance| {
            let memory = instance.get_memory(&self.store, "memory").context("no memory")?;
            Ok(memory.data(&self.store).to_vec())
        });
        Ok(Snapshot {
            module: self.module.clone(),
            state: self.store.data().clone(),
            memories: memories.collect::<Result<_>>()?,
            next_stream: self.next_stream,
        })
    }

    /// A host that goes on from there; it counts no runs of instructions.
    pub fn from_snapshot(snapshot: &Snapshot) -> Result<Self> {
        let mut host = Self::without_workers(&snapshot.module, snapshot.state.clone())?;
        host.next_stream = snapshot.next_stream;
        for bytes in &snapshot.memories {
            let instance = host.linker.instantiate_and_start(&mut host.store, &host.module)?;
            let memory = instance.get_memory(&host.store, "memory").context("no memory")?;
            let has = memory.data_size(&host.store);
            let pages = bytes.len().saturating_sub(has).div_ceil(PAGE);
            memory.grow(&mut host.store, u64::try_from(pages)?)?;
            memory.write(&mut host.store, 0, bytes)?;
            host.instances.push(instance);
        }
        Ok(host)
    }

    /// Instantiates and configures the module once more, for another worker; what follows happens there.
    pub fn add_worker(&mut self) -> Result<()> {
        let instance = self.linker.instantiate_and_start(&mut self.store, &self.module)?;
        self.store.data_mut().worker = self.instances.len();
        self.instances.push(instance);
        self.run::<(), ()>("_initialize", ())?;
        self.run::<_, ()>("proxy_on_context_create", (ROOT, 0))?;
        let started: u32 = self.run("proxy_on_vm_start", (ROOT, 0))?;
        ensure!(started != 0, "the module does not start: {:?}", self.store.data().log);
        let size = u32::try_from(self.store.data().config.len())?;
        let configured: u32 = self.run("proxy_on_configure", (ROOT, size))?;
        ensure!(configured != 0, "the configuration is refused: {:?}", self.store.data().log);
        Ok(())
    }

    /// What follows happens on this worker.
    pub fn on(&mut self, worker: usize) -> &mut Self {
        self.store.data_mut().worker = worker;
        self
    }

    /// A request without a body, up to the end of its headers callback.
    pub fn request(&mut self, headers: &Pairs) -> Result<u32> {
        self.begin(headers, true)
    }

    /// A request up to the end of its headers callback.
    pub fn begin(&mut self, headers: &Pairs, ends: bool) -> Result<u32> {
        let id = self.next_stream;
        self.next_stream += 1;
        let headers = headers.clone();
        let stream = Stream { headers, in_headers: true, ..Stream::default() };
        self.store.data_mut().streams.insert(id, stream);
        self.run::<_, ()>("proxy_on_context_create", (id, ROOT))?;
        let stream = self.store.data_mut().streams.get_mut(&id).context("no stream")?;
        let size = u32::try_from(stream.headers.len())?;
        let arguments = (id, size, u32::from(ends));
        let action: u32 = self.run_in(id, "proxy_on_request_headers", arguments)?;
        let stream = self.store.data_mut().streams.get_mut(&id).context("no stream")?;
        stream.in_headers = false;
        if action != 0 && stream.action == Action::Continued {
            stream.action = Action::Paused;
        }
        Ok(id)
    }

    /// Delivers what was rung to the root context.
    pub fn ring(&mut self) -> Result<()> {
        let queues: Vec<u32> = self.store.data().queue.iter().map(|(queue, _)| *queue).collect();
        let worker = self.store.data().worker;
        for queue in queues {
            let owner = self.store.data().owners.get(&queue).copied().unwrap_or_default();
            self.on(owner).run::<_, ()>("proxy_on_queue_ready", (ROOT, queue))?;
        }
        self.on(worker);
        Ok(())
    }

    /// The timer of the root context, so many milliseconds after what came last.
    pub fn tick(&mut self, after: u64) -> Result<()> {
        self.store.data_mut().odd.later += after;
        self.run("proxy_on_tick", ROOT)
    }

    /// Answers the oldest call.
    pub fn answer(&mut self, status: u16, body: &[u8]) -> Result<()> {
        self.answer_with(status, &[], body)
    }

    /// The same with further headers.
    pub fn answer_with(
        &mut self,
        status: u16,
        further: &[(&str, &str)],
        body: &[u8],
    ) -> Result<()> {
        let token = self.store.data_mut().calls.pop_front().context("no call was made")?;
        let mut headers: Pairs = vec![
            (":status".into(), status.to_string().into_bytes()),
            ("x-envoy-upstream-service-time".into(), b"1".to_vec()),
        ];
        let further = further.iter();
        headers.extend(further.map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())));
        let sizes = (u32::try_from(headers.len())?, u32::try_from(body.len())?);
        self.store.data_mut().answer = (headers, body.to_vec());
        let arguments = (ROOT, token, sizes.0, sizes.1, 0_u32);
        self.run::<_, ()>("proxy_on_http_call_response", arguments)?;
        self.store.data_mut().answer = Default::default();
        Ok(())
    }

    /// The head of the response of a request that was let go on, or of our own answer.
    pub fn respond(&mut self, id: u32) -> Result<()> {
        let headers = 1_u32;
        let _action: u32 = self.run_in(id, "proxy_on_response_headers", (id, headers, 0_u32))?;
        Ok(())
    }

    /// The end of a stream.
    pub fn finish(&mut self, id: u32) -> Result<()> {
        // Envoy calls what the module exports; binaryen takes these two out.
        let instance = self.instance()?;
        if instance.get_func(&self.store, "proxy_on_log").is_some() {
            self.run_in::<_, ()>(id, "proxy_on_log", id)?;
        }
        if instance.get_func(&self.store, "proxy_on_done").is_some() {
            let _done: u32 = self.run_in(id, "proxy_on_done", id)?;
        }
        self.run_in::<_, ()>(id, "proxy_on_delete", id)
    }

    /// Where a request stands.
    pub fn action(&self, id: u32) -> Action {
        self.store.data().streams.get(&id).map(|stream| stream.action).unwrap_or_default()
    }

    /// The identity headers of a request.
    pub fn identity(&self, id: u32) -> Pairs {
        let stream = self.store.data().streams.get(&id);
        let headers = stream.into_iter().flat_map(|stream| stream.headers.iter().cloned());
        headers.filter(|(name, _)| name.starts_with("x-usergrid-")).collect()
    }

    /// How many keys shared data has, and how many bytes are under them.
    pub fn shared(&self) -> (usize, usize) {
        let shared = &self.store.data().shared;
        (shared.len(), shared.values().map(|(value, _)| value.len()).sum())
    }

    /// What this worker and others are given: shared data with its keys, and every message up to
    /// now.
    pub fn handed_over(&self) -> Vec<&[u8]> {
        let state = self.store.data();
        let keys = state.shared.keys().map(Vec::as_slice);
        let values = state.shared.values().map(|(value, _)| &value[..]);
        keys.chain(values).chain(state.messages.iter().map(Vec::as_slice)).collect()
    }

    /// Whether a root context has been rung for.
    pub fn rung(&self) -> bool {
        !self.store.data().queue.is_empty()
    }

    /// How many calls have no answer yet.
    pub fn calls(&self) -> usize {
        self.store.data().calls.len()
    }

    /// Calls by name since [`CountingHost::forget_counts`].
    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.store.data().counts
    }

    /// How often each run of an instrumented module was entered since
    /// [`CountingHost::forget_counts`], see `instrument.rs`; of the first worker.
    pub fn runs(&self) -> Vec<u64> {
        let count = |counter: &Global| counter.get(&self.store).i64().map(i64::cast_unsigned);
        self.counters.iter().map(|counter| count(counter).unwrap_or_default()).collect()
    }

    /// Allocations since then, if the module was built with `count-allocations`; otherwise none.
    pub fn allocations(&self) -> u64 {
        self.store.data().allocations
    }

    /// Counts from here on.
    pub fn forget_counts(&mut self) -> Result<()> {
        let state = self.store.data_mut();
        state.counts.clear();
        state.allocations = 0;
        for counter in &self.counters {
            counter.set(&mut self.store, Val::I64(0))?;
        }
        Ok(())
    }

    /// What the host functions work on.
    pub fn state(&mut self) -> &mut State {
        self.store.data_mut()
    }

    /// The worker that has made a call.
    pub fn owner_of(&self, token: u32) -> usize {
        self.store.data().odd.callers.get(&token).copied().unwrap_or_default()
    }

    /// Pages of memory that a worker's module has, of 64 KiB.
    pub fn pages(&self) -> Result<u64> {
        let memory = self.instance()?.get_memory(&self.store, "memory").context("no memory")?;
        Ok(memory.size(&self.store))
    }

    pub(crate) fn run<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &str,
        arguments: P,
    ) -> Result<R> {
        self.run_in(ROOT, name, arguments)
    }

    fn instance(&self) -> Result<Instance> {
        self.instances.get(self.store.data().worker).copied().context("no such worker")
    }

    pub(crate) fn run_in<P: WasmParams, R: WasmResults>(
        &mut self,
        context: u32,
        name: &str,
        arguments: P,
    ) -> Result<R> {
        self.store.data_mut().effective = context;
        if let Some(fuel) = self.fuel {
            self.store.set_fuel(fuel)?;
        }
        let function: TypedFunc<P, R> = self.instance()?.get_typed_func(&self.store, name)?;
        function
            .call(&mut self.store, arguments)
            .with_context(|| format!("{name} failed: {:?}", self.store.data().log))
    }
}
