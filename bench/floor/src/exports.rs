//! The callbacks: those that this project's module exports and a request enters, so that the host
//! enters this one as often.

use crate::logic::{self, Verdict};
use crate::plan::Plan;
use crate::single::Single;
use crate::{arena, host};

/// As long as those of a real answer.
const IDENTITY: [(&[u8], &[u8]); 7] = [
    (b"x-usergrid-principal", b"application_user"),
    (b"x-usergrid-subject", b"7c1a4f2e-833b-11ee-9234-0123456789ab"),
    (b"x-usergrid-username", b"alice"),
    (b"x-usergrid-client-id", b"web-shop"),
    (b"x-usergrid-scope", b"books.read books.write"),
    (b"x-usergrid-organization", b"acme"),
    (b"x-usergrid-application", b"acme/shop"),
];
/// The whole identity in one header: base64url of a JSON object.
const PAYLOAD: &[u8] = b"eyJwcmluY2lwYWwiOiJhcHBsaWNhdGlvbl91c2VyIiwic3ViamVjdCI6IjdjMWE0ZjJlLTgzM2ItMTFlZS05MjM0LTAxMjM0NTY3ODlhYiIsInVzZXJuYW1lIjoiYWxpY2UiLCJjbGllbnRfaWQiOiJ3ZWItc2hvcCIsInNjb3BlIjoiYm9va3MucmVhZCBib29rcy53cml0ZSIsIm9yZ2FuaXphdGlvbiI6ImFjbWUiLCJhcHBsaWNhdGlvbiI6ImFjbWUvc2hvcCJ9";
const PATH: &[u8] = b"/acme/shop/books?limit=10";
const AUTHORIZATION: &[u8] =
    b"Bearer 2YotnFZFEjr1zCsicMWpAA.2YotnFZFEjr1zCsicMWpAA_2YotnFZFEjr1zCsi00000000";

const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;

struct State {
    plan: Plan,
    gauge: u32,
}

static STATE: Single<State> = Single::new(State { plan: Plan::NOTHING, gauge: 0 });

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn _initialize() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    arena::take(size)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(_context: u32, _root: u32) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _size: usize) -> bool {
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(_root: u32, size: usize) -> bool {
    arena::reset();
    let Some(plan) = Plan::parse(host::configuration(size)) else { return false };
    // SAFETY: the only callback that is running.
    let state = unsafe { STATE.lend() };
    state.plan = plan;
    if plan.gauge {
        state.gauge = host::define_gauge(b"floor_gauge");
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(_context: u32, _headers: usize, _end: bool) -> u32 {
    arena::reset();
    // SAFETY: the only callback that is running; the host may ask it for memory, which is not here.
    let State { plan, gauge } = unsafe { STATE.lend() };
    if plan.properties {
        let route = host::property(b"xds\0route_metadata\0filter_metadata\0usergrid.auth");
        let all = host::property(b"xds\0virtual_host_metadata\0filter_metadata\0usergrid.auth");
        if !(route.is_empty() && all.is_empty()) {
            return PAUSE;
        }
    }
    let head = if plan.head { host::head() } else { &[] };
    let now = if plan.time { host::time() } else { 0 };
    if plan.logic {
        match logic::judge(head, now) {
            Verdict::Known | Verdict::Learnt => {}
            Verdict::Refused => {
                host::refuse(401);
                return PAUSE;
            }
        }
    }
    if plan.gauge && host::gauge(*gauge) == u64::MAX {
        return PAUSE;
    }
    if plan.path {
        host::set(b":path", PATH);
    }
    if plan.authorization {
        host::set(b"authorization", AUTHORIZATION);
    }
    for (name, value) in IDENTITY.iter().take(plan.identity) {
        host::set(name, value);
    }
    if plan.payload {
        host::set(b"x-usergrid-payload", PAYLOAD);
    }
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(_context: u32, _size: usize, _end: bool) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(_context: u32, _trailers: usize) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(_context: u32, _headers: usize, _end: bool) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(_context: u32) {}
