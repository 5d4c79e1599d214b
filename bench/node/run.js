// Times requests through modules in V8, for `cargo bench -- module`; started by bench/src/module.rs.
//
//   node --no-liftoff --wasm-enforce-bounds-checks run.js JOB
//
// JOB is a file with what to do (`Job` in module.rs). Prints, for each lane, the nanoseconds of a
// request by slice: with hot caches, and after so many bytes were walked before each request.
'use strict';

const fs = require('node:fs');
const { Host } = require('./host.js');

const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

/** Read and written, a line of the cache at a time, so that nothing else stays in it. */
const walked = new Uint8Array(job.walked);
function walk() {
    for (let place = 0; place < walked.length; place += 64) walked[place] += 1;
}

const modules = new Map();
for (const path of new Set(job.lanes.map((lane) => lane.module))) {
    modules.set(path, new WebAssembly.Module(fs.readFileSync(path)));
}
const lanes = job.lanes.map((lane) => ({
    host: new Host(modules.get(lane.module), lane),
    end: lane.end,
    requests: 0,
    hot: [],
    cold: [],
}));

function request(lane) {
    const end = lane.host.request(lane.requests);
    lane.requests += 1;
    return end;
}

function expected(lane, end) {
    lane.host.expect(end === lane.end, `a request was ${end}, not ${lane.end}`);
}

/** What a reading of the clock costs itself. */
function clock(times) {
    let sum = 0n;
    for (let time = 0; time < times; time += 1) {
        const before = process.hrtime.bigint();
        sum += process.hrtime.bigint() - before;
    }
    return Number(sum) / times;
}

/** So few that a slice is over before a busy machine gives the processor to somebody else. */
const SLICE = 50;

function hot(lane, count) {
    for (let done = 0; done < count; done += SLICE) {
        const before = process.hrtime.bigint();
        for (let some = 0; some < SLICE; some += 1) expected(lane, request(lane));
        lane.hot.push(Number(process.hrtime.bigint() - before) / SLICE);
    }
}

/** Each request is a slice of its own. */
function cold(lane, count) {
    const itself = clock(count);
    for (let done = 0; done < count; done += 1) {
        walk();
        const before = process.hrtime.bigint();
        const end = request(lane);
        lane.cold.push(Number(process.hrtime.bigint() - before) - itself);
        expected(lane, end);
    }
}

/** The same pseudo-random order for the same seed. */
function shuffled(list, random) {
    const left = [...list];
    for (let last = left.length - 1; last > 0; last -= 1) {
        const other = random() % (last + 1);
        [left[last], left[other]] = [left[other], left[last]];
    }
    return left;
}

function xorshift(seed) {
    let state = (seed >>> 0) || 1;
    return () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state = (state ^ (state << 5)) >>> 0;
        return state;
    };
}

for (const lane of lanes) {
    // The first one may have to ask, see module.rs.
    request(lane);
    for (let done = 0; done < job.warm_up; done += 1) expected(lane, request(lane));
    for (const cell of lane.host.counts.values()) cell.count = 0;
    expected(lane, request(lane));
    const counts = [...lane.host.counts].map(([name, cell]) => [name, cell.count]);
    lane.calls = Object.fromEntries(counts.filter(([, count]) => count > 0));
}
const random = xorshift(job.seed);
for (let round = 0; round < job.rounds; round += 1) {
    for (const lane of shuffled(lanes, random)) hot(lane, job.hot);
    for (const lane of shuffled(lanes, random)) cold(lane, job.cold);
}
const results = lanes.map(({ hot, cold, calls }) => ({ hot, cold, calls }));
process.stdout.write(JSON.stringify(results));
