//! The host functions that the module imports, of proxy-wasm ABI 0.2.1 and WASI preview 1.

use wasmi::{AsContext, AsContextMut, Caller, Error, Extern, Func, Memory, Val};

use crate::host::{Action, Pairs, State};

const OK: i32 = 0;
const NOT_FOUND: i32 = 1;
const BAD_ARGUMENT: i32 = 2;
const SERIALIZATION_FAILURE: i32 = 3;
const EMPTY: i32 = 7;
const CAS_MISMATCH: i32 = 8;
const INTERNAL_FAILURE: i32 = 10;
const UNIMPLEMENTED: i32 = 12;

const REQUEST_HEADERS: u32 = 0;
const REQUEST_TRAILERS: u32 = 1;
const RESPONSE_HEADERS: u32 = 2;
const CALL_HEADERS: u32 = 6;
const REQUEST_BODY: u32 = 0;
const CALL_BODY: u32 = 4;
const PLUGIN_CONFIG: u32 = 7;

/// 2026-01-01.
const NOW_SECONDS: u64 = 1_767_225_600;

/// Counts and carries out one call.
pub fn call(name: &str, mut caller: Caller<'_, State>, arguments: &[Val]) -> Result<i32, Error> {
    if name == "count_allocation" {
        caller.data_mut().allocations += 1;
        return Ok(OK);
    }
    // The only 64-bit argument that matters here is what a metric grows by.
    let offset = arguments.iter().find_map(Val::i64).unwrap_or_default();
    let arguments = arguments
        .iter()
        .map(|value| value.i32().map(i32::cast_unsigned).unwrap_or_default())
        .collect();
    let mut host = Host { caller, arguments, offset };
    *host.caller.data_mut().counts.entry(name.to_owned()).or_default() += 1;
    host.dispatch(name)
}

struct Host<'a> {
    caller: Caller<'a, State>,
    arguments: Vec<u32>,
    offset: i64,
}

impl Host<'_> {
    fn dispatch(&mut self, name: &str) -> Result<i32, Error> {
        match name {
            "proxy_log" => {
                let line = String::from_utf8_lossy(&self.bytes(1)?).into_owned();
                self.state().log.push(line);
                Ok(OK)
            }
            // Warnings and worse.
            "proxy_get_log_level" => self.set(0, &3_u32.to_le_bytes()),
            "proxy_get_current_time_nanoseconds" => {
                let now = NOW_SECONDS * 1_000_000_000 + self.state().odd.later * 1_000_000;
                self.set(0, &now.to_le_bytes())
            }
            "proxy_get_buffer_bytes" => self.buffer(),
            "proxy_get_header_map_pairs" => {
                let Some(map) = self.map() else { return Ok(BAD_ARGUMENT) };
                self.give(1, &serialized(map))
            }
            "proxy_get_header_map_value" => {
                let name = self.text(1)?;
                let Some(map) = self.map() else { return Ok(BAD_ARGUMENT) };
                let value =
                    map.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
                value.map_or(Ok(NOT_FOUND), |value| self.give(3, &value))
            }
            "proxy_replace_header_map_value" | "proxy_remove_header_map_value" => {
                self.change(name == "proxy_replace_header_map_value")
            }
            "proxy_add_header_map_value" => self.add(),
            // As Envoy answers for what it does not know.
            "proxy_call_foreign_function" => Ok(NOT_FOUND),
            "proxy_set_property" => Ok(OK),
            "proxy_get_property" if self.state().odd.unreadable => Ok(SERIALIZATION_FAILURE),
            "proxy_get_property" => match self.state().odd.metadata.clone() {
                Some(metadata) => self.give(2, &metadata),
                None => Ok(NOT_FOUND),
            },
            "proxy_get_shared_data" => self.shared(),
            "proxy_set_shared_data" => self.share(),
            "proxy_register_shared_queue" | "proxy_define_metric" => {
                let id = self.next_id();
                if name == "proxy_register_shared_queue" {
                    let worker = self.state().worker;
                    self.state().owners.insert(id, worker);
                }
                self.set(if name == "proxy_define_metric" { 3 } else { 2 }, &id.to_le_bytes())
            }
            "proxy_enqueue_shared_queue" => {
                let message = self.bytes(1)?;
                let queue = self.argument(0);
                self.state().messages.push(message.clone());
                self.state().queue.push_back((queue, message));
                Ok(OK)
            }
            "proxy_dequeue_shared_queue" => {
                let queue = self.argument(0);
                let waiting = &mut self.state().queue;
                let place = waiting.iter().position(|(of, _)| *of == queue);
                let message = place.and_then(|place| waiting.remove(place));
                message.map_or(Ok(EMPTY), |(_, message)| self.give(1, &message))
            }
            "proxy_http_call" => {
                if self.state().odd.no_calls {
                    return Ok(INTERNAL_FAILURE);
                }
                let token = self.next_id();
                let body = self.bytes(4)?;
                let worker = self.state().worker;
                self.state().odd.callers.insert(token, worker);
                self.state().odd.bodies.insert(token, body);
                self.state().calls.push_back(token);
                self.set(9, &token.to_le_bytes())
            }
            "proxy_set_effective_context" => {
                let context = self.argument(0);
                let state = self.state();
                if context != 1 && !state.streams.contains_key(&context) {
                    return Ok(BAD_ARGUMENT);
                }
                state.effective = context;
                Ok(OK)
            }
            "proxy_continue_stream" => Ok(self.stand(Action::Resumed)),
            "proxy_send_local_response" => {
                let status = self.argument(0);
                Ok(self.stand(Action::Refused(status)))
            }
            "proxy_increment_metric" => {
                let (metric, offset) = (self.argument(0), self.offset);
                *self.state().metrics.entry(metric).or_default() += offset;
                Ok(OK)
            }
            "proxy_get_metric" => {
                let metric = self.argument(0);
                let value = self.state().metrics.get(&metric).copied().unwrap_or_default();
                self.set(1, &value.to_le_bytes())
            }
            "proxy_set_tick_period_milliseconds" | "proxy_record_metric" => Ok(OK),
            "random_get" => {
                let zeros = vec![7; self.argument(1) as usize];
                self.set(0, &zeros)
            }
            "environ_sizes_get" => {
                let environment = self.state().environment.clone();
                let bytes: usize = environment.iter().map(Vec::len).sum();
                self.set(0, &u32_of(environment.len()).to_le_bytes())?;
                self.set(1, &u32_of(bytes).to_le_bytes())
            }
            "environ_get" => self.environment(),
            "clock_time_get" => self.set(2, &(NOW_SECONDS * 1_000_000_000).to_le_bytes()),
            "proc_exit" => Err(Error::new("the module exits")),
            // Nothing else is needed; what the module makes of that shows in the test.
            _ => Ok(UNIMPLEMENTED),
        }
    }

    fn buffer(&mut self) -> Result<i32, Error> {
        let (start, limit) = (self.argument(1) as usize, self.argument(2) as usize);
        let bytes = match self.argument(0) {
            CALL_BODY => self.state().answer.1.clone(),
            PLUGIN_CONFIG => self.state().config.clone(),
            REQUEST_BODY => self.state().odd.body.clone(),
            _ => return Ok(NOT_FOUND),
        };
        let part: Vec<u8> = bytes.into_iter().skip(start).take(limit).collect();
        self.give(3, &part)
    }

    /// A header map; `None` where there is none, as Envoy has it: a request's head until it goes
    /// on or is answered, the others within their callbacks.
    fn map(&mut self) -> Option<Pairs> {
        let kind = self.argument(0);
        let state = self.state();
        let map = match kind {
            REQUEST_HEADERS => {
                let stream = state.streams.get(&state.effective);
                return Some(stream.filter(|stream| stream.holds_head())?.headers.clone());
            }
            REQUEST_TRAILERS => &state.odd.trailers,
            RESPONSE_HEADERS => &state.odd.response,
            CALL_HEADERS => &state.answer.0,
            _ => return None,
        };
        (!map.is_empty()).then(|| map.clone())
    }

    /// The map that is to be changed.
    fn changed(&mut self) -> Option<&mut Pairs> {
        let kind = self.argument(0);
        let state = self.state();
        match kind {
            REQUEST_HEADERS => {
                let stream = state.streams.get_mut(&state.effective);
                Some(&mut stream.filter(|stream| stream.holds_head())?.headers)
            }
            REQUEST_TRAILERS => Some(&mut state.odd.trailers),
            _ => None,
        }
    }

    fn change(&mut self, replace: bool) -> Result<i32, Error> {
        let name = self.text(1)?;
        let value = if replace { Some(self.bytes(3)?) } else { None };
        let Some(map) = self.changed() else { return Ok(BAD_ARGUMENT) };
        map.retain(|(key, _)| *key != name);
        map.extend(value.map(|value| (name, value)));
        Ok(OK)
    }

    fn add(&mut self) -> Result<i32, Error> {
        let (name, value) = (self.text(1)?, self.bytes(3)?);
        let Some(map) = self.changed() else { return Ok(BAD_ARGUMENT) };
        map.push((name, value));
        Ok(OK)
    }

    fn shared(&mut self) -> Result<i32, Error> {
        let key = self.bytes(0)?;
        let Some((value, cas)) = self.state().shared.get(&key).cloned() else {
            return Ok(NOT_FOUND);
        };
        self.set(4, &cas.to_le_bytes())?;
        self.give(2, &value)
    }

    fn share(&mut self) -> Result<i32, Error> {
        let (key, value, cas) = (self.bytes(0)?, self.bytes(2)?, self.argument(4));
        let next = self.next_id();
        if self.state().odd.overtaken {
            return Ok(CAS_MISMATCH);
        }
        let shared = &mut self.state().shared;
        if cas != 0 && shared.get(&key).is_some_and(|(_, current)| *current != cas) {
            return Ok(CAS_MISMATCH);
        }
        shared.insert(key, (value, next));
        Ok(OK)
    }

    fn stand(&mut self, action: Action) -> i32 {
        let state = self.state();
        let Some(stream) = state.streams.get_mut(&state.effective) else { return BAD_ARGUMENT };
        stream.action = action;
        OK
    }

    fn environment(&mut self) -> Result<i32, Error> {
        let (mut pointers, mut place) = (self.argument(0), self.argument(1));
        for variable in self.state().environment.clone() {
            self.write(pointers, &place.to_le_bytes())?;
            self.write(place, &variable)?;
            pointers += 4;
            place += u32_of(variable.len());
        }
        Ok(OK)
    }

    fn state(&mut self) -> &mut State {
        self.caller.data_mut()
    }

    fn next_id(&mut self) -> u32 {
        let state = self.state();
        state.next_id += 1;
        state.next_id
    }

    fn argument(&self, index: usize) -> u32 {
        self.arguments.get(index).copied().unwrap_or_default()
    }

    fn memory(&self) -> Result<Memory, Error> {
        let memory = self.caller.get_export("memory").and_then(Extern::into_memory);
        memory.ok_or_else(|| Error::new("the module exports no memory"))
    }

    /// What the pair of arguments at `index` (address, length) points to.
    fn bytes(&self, index: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; self.argument(index + 1) as usize];
        let from = self.argument(index) as usize;
        self.memory()?
            .read(self.caller.as_context(), from, &mut bytes)
            .map_err(|error| Error::new(error.to_string()))?;
        Ok(bytes)
    }

    fn text(&self, index: usize) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.bytes(index)?).into_owned())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Error> {
        self.memory()?
            .write(self.caller.as_context_mut(), at as usize, bytes)
            .map_err(|error| Error::new(error.to_string()))
    }

    /// Writes to where the argument at `index` points.
    fn set(&mut self, index: usize, bytes: &[u8]) -> Result<i32, Error> {
        self.write(self.argument(index), bytes)?;
        Ok(OK)
    }

    /// Hands data over in memory that the module gives, and its place through the arguments at
    /// `index`.
    fn give(&mut self, index: usize, bytes: &[u8]) -> Result<i32, Error> {
        let allocate = ["proxy_on_memory_allocate", "malloc"]
            .iter()
            .find_map(|name| self.caller.get_export(name).and_then(Extern::into_func))
            .ok_or_else(|| Error::new("the module exports no allocator"))?;
        let place = if bytes.is_empty() { 0 } else { self.allocate(allocate, bytes.len())? };
        self.write(place, bytes)?;
        self.set(index, &place.to_le_bytes())?;
        self.set(index + 1, &u32_of(bytes.len()).to_le_bytes())
    }

    fn allocate(&mut self, allocate: Func, size: usize) -> Result<u32, Error> {
        let allocate = allocate.typed::<u32, u32>(self.caller.as_context())?;
        allocate.call(self.caller.as_context_mut(), u32_of(size))
    }
}

fn u32_of(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// The form in which header maps cross the boundary.
fn serialized(pairs: Pairs) -> Vec<u8> {
    let mut bytes = u32_of(pairs.len()).to_le_bytes().to_vec();
    for (name, value) in &pairs {
        bytes.extend_from_slice(&u32_of(name.len()).to_le_bytes());
        bytes.extend_from_slice(&u32_of(value.len()).to_le_bytes());
    }
    for (name, value) in &pairs {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value);
        bytes.push(0);
    }
    bytes
}
