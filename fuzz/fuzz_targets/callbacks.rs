#![no_main]

use std::sync::LazyLock;

use counting_host::callbacks;

/// The module: `cargo build --release --target wasm32-wasip1`, without a fuzzer's flags.
static STARTED: LazyLock<callbacks::Started> = LazyLock::new(|| {
    let path = std::env::var("MODULE").expect("MODULE is the path of usergrid_auth_filter.wasm");
    callbacks::Started::new(&std::fs::read(path).expect("the module")).expect("a module")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    callbacks::hold(&STARTED, bytes).unwrap_or_else(|why| panic!("{why:#}"));
});
