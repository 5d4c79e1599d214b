// A proxy-wasm host around one instance of a module, as small as it can be: what it costs is in
// every figure, so it decodes nothing that it need not, and keeps no more than a request needs.
'use strict';

const OK = 0;
const NOT_FOUND = 1;
const EMPTY = 7;
const CAS_MISMATCH = 8;
const UNIMPLEMENTED = 12;

const ROOT = 1;
const CALL_HEADERS = 6;
const CALL_BODY = 4;
const PLUGIN_CONFIG = 7;

/** 2026-01-01, in nanoseconds: as two halves, since a BigInt would cost an allocation. */
const NOW = 1_767_225_600n * 1_000_000_000n;
const NOW_LOW = Number(NOW & 0xffff_ffffn);
const NOW_HIGH = Number(NOW >> 32n);

const latin1 = (text) => Uint8Array.from(Buffer.from(text, 'latin1'));

/** Headers in the form in which they cross the boundary. */
function serialized(pairs) {
    const texts = pairs.map(([name, value]) => [latin1(name), latin1(value)]);
    const size = texts.reduce((sum, [name, value]) => sum + 10 + name.length + value.length, 4);
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, texts.length, true);
    let [sizes, place] = [4, 4 + 8 * texts.length];
    for (const pair of texts) {
        for (const text of pair) {
            view.setUint32(sizes, text.length, true);
            bytes.set(text, place);
            sizes += 4;
            place += text.length + 1;
        }
    }
    return bytes;
}

class Host {
    /** `lane`: configuration, environment, head, answer and end of a request, see module.rs. */
    constructor(module, lane) {
        this.lane = lane;
        this.config = latin1(lane.config);
        this.environment = lane.environment.map(([name, value]) => latin1(`${name}=${value}\0`));
        this.head = serialized(lane.head);
        this.numberAt = Buffer.from(this.head).indexOf(lane.number, 0, 'latin1');
        this.answer = latin1(lane.answer);
        this.answerHeaders = { ':status': latin1('200'), 'x-envoy-upstream-service-time': latin1('1') };
        this.shared = new Map();
        this.metrics = [];
        this.messages = [];
        this.call = 0;
        this.nextId = ROOT;
        this.nextStream = ROOT + 1;
        this.status = 0;
        this.resumed = false;
        this.counts = new Map();

        const imports = {};
        for (const { module: from, name } of WebAssembly.Module.imports(module)) {
            imports[from] ??= {};
            imports[from][name] = this.counted(name);
        }
        this.exports = new WebAssembly.Instance(module, imports).exports;
        this.allocate = this.exports.proxy_on_memory_allocate;
        this.refresh();
        this.exports._initialize?.();
        this.exports.proxy_on_context_create(ROOT, 0);
        this.expect(this.exports.proxy_on_vm_start(ROOT, 0), 'the module does not start');
        const configured = this.exports.proxy_on_configure(ROOT, this.config.length);
        this.expect(configured, 'the configuration is refused');
    }

    expect(truth, otherwise) {
        if (!truth) throw new Error(`${this.lane.name}: ${otherwise}`);
    }

    /** A host function that counts its calls. */
    counted(name) {
        const carryOut = this[name]?.bind(this) ?? (() => UNIMPLEMENTED);
        const cell = { count: 0 };
        this.counts.set(name, cell);
        return (...values) => {
            cell.count += 1;
            return carryOut(...values);
        };
    }

    /** One request from its beginning to its end. */
    request(number) {
        const { exports, head } = this;
        if (this.numberAt >= 0 && this.lane.end === 'answered') {
            for (let place = this.numberAt + 7, rest = number; place >= this.numberAt; place -= 1) {
                head[place] = 48 + (rest % 10);
                rest = Math.floor(rest / 10);
            }
        }
        const stream = this.nextStream;
        this.nextStream += 1;
        this.status = 0;
        this.resumed = false;
        exports.proxy_on_context_create(stream, ROOT);
        const action = exports.proxy_on_request_headers(stream, this.lane.head.length, 1);
        let asked = false;
        while (this.messages.length > 0) {
            exports.proxy_on_queue_ready(ROOT, this.messages[0][0]);
        }
        if (this.call !== 0) {
            asked = true;
            const token = this.call;
            this.call = 0;
            exports.proxy_on_http_call_response(ROOT, token, 2, this.answer.length, 0);
        }
        exports.proxy_on_response_headers(stream, 1, 0);
        exports.proxy_on_delete(stream);
        if (asked) return this.resumed ? 'answered' : 'lost';
        if (this.status !== 0) return `refused ${this.status}`;
        return action === 0 ? 'continued' : 'paused';
    }

    refresh() {
        this.bytes = new Uint8Array(this.exports.memory.buffer);
        this.view = new DataView(this.exports.memory.buffer);
    }

    /** The memory, which is another object whenever the module has grown it. */
    memory() {
        if (this.bytes.length === 0) this.refresh();
        return this.bytes;
    }

    set32(at, value) {
        if (this.bytes.length === 0) this.refresh();
        this.view.setUint32(at, value, true);
        return OK;
    }

    set64(at, low, high) {
        this.set32(at, low);
        return this.set32(at + 4, high);
    }

    text(at, size) {
        return Buffer.from(this.memory().buffer, at, size).toString('latin1');
    }

    /** Hands data over in memory that the module gives. */
    give(data, at, sizeAt) {
        const place = data.length === 0 ? 0 : this.allocate(data.length);
        this.memory().set(data, place);
        this.set32(at, place);
        return this.set32(sizeAt, data.length);
    }

    proxy_log(level, at, size) {
        if (level >= 3) process.stderr.write(`${this.lane.name}: ${this.text(at, size)}\n`);
        return OK;
    }

    proxy_get_log_level(at) {
        return this.set32(at, 3);
    }

    proxy_get_current_time_nanoseconds(at) {
        return this.set64(at, NOW_LOW, NOW_HIGH);
    }

    proxy_get_buffer_bytes(kind, start, most, at, sizeAt) {
        if (kind !== CALL_BODY && kind !== PLUGIN_CONFIG) return NOT_FOUND;
        const bytes = kind === CALL_BODY ? this.answer : this.config;
        // Numbers come signed.
        return this.give(bytes.subarray(start, start + (most >>> 0)), at, sizeAt);
    }

    proxy_get_header_map_pairs(map, at, sizeAt) {
        return this.give(this.head, at, sizeAt);
    }

    proxy_get_header_map_value(map, name, size, at, sizeAt) {
        const value = map === CALL_HEADERS ? this.answerHeaders[this.text(name, size)] : undefined;
        return value === undefined ? NOT_FOUND : this.give(value, at, sizeAt);
    }

    proxy_replace_header_map_value() {
        return OK;
    }

    proxy_remove_header_map_value() {
        return OK;
    }

    proxy_get_property() {
        return NOT_FOUND;
    }

    proxy_set_property() {
        return OK;
    }

    proxy_get_shared_data(key, size, at, sizeAt, casAt) {
        const found = this.shared.get(this.text(key, size));
        if (found === undefined) return NOT_FOUND;
        this.set32(casAt, found.cas);
        return this.give(found.value, at, sizeAt);
    }

    proxy_set_shared_data(key, size, at, valueSize, cas) {
        const name = this.text(key, size);
        const found = this.shared.get(name);
        if (cas !== 0 && found !== undefined && found.cas !== cas) return CAS_MISMATCH;
        this.nextId += 1;
        const value = this.memory().slice(at, at + valueSize);
        this.shared.set(name, { value, cas: this.nextId });
        return OK;
    }

    proxy_register_shared_queue(name, size, at) {
        this.nextId += 1;
        return this.set32(at, this.nextId);
    }

    proxy_enqueue_shared_queue(queue, at, size) {
        this.messages.push([queue, this.memory().slice(at, at + size)]);
        return OK;
    }

    proxy_dequeue_shared_queue(queue, at, sizeAt) {
        const message = this.messages.shift();
        return message === undefined ? EMPTY : this.give(message[1], at, sizeAt);
    }

    proxy_define_metric(kind, name, size, at) {
        this.metrics.push(0);
        return this.set32(at, this.metrics.length - 1);
    }

    proxy_increment_metric(metric, offset) {
        this.metrics[metric] += Number(offset);
        return OK;
    }

    proxy_record_metric() {
        return OK;
    }

    proxy_get_metric(metric, at) {
        return this.set64(at, this.metrics[metric], 0);
    }

    proxy_http_call(...values) {
        this.nextId += 1;
        this.call = this.nextId;
        return this.set32(values[9], this.call);
    }

    proxy_set_effective_context() {
        return OK;
    }

    proxy_set_tick_period_milliseconds() {
        return OK;
    }

    proxy_continue_stream() {
        this.resumed = true;
        return OK;
    }

    proxy_send_local_response(status) {
        this.status = status;
        return OK;
    }

    random_get(at, size) {
        this.memory().fill(7, at, at + size);
        return OK;
    }

    clock_time_get(clock, precision, at) {
        return this.set64(at, NOW_LOW, NOW_HIGH);
    }

    environ_sizes_get(countAt, sizeAt) {
        this.set32(countAt, this.environment.length);
        return this.set32(sizeAt, this.environment.reduce((sum, bytes) => sum + bytes.length, 0));
    }

    environ_get(pointers, at) {
        let [pointer, place] = [pointers, at];
        for (const variable of this.environment) {
            this.set32(pointer, place);
            this.memory().set(variable, place);
            pointer += 4;
            place += variable.length;
        }
        return OK;
    }

    proc_exit() {
        throw new Error(`${this.lane.name}: the module exits`);
    }
}

module.exports = { Host };
