//! The module under hostile callbacks and hostile state: every seed. `cargo count --callbacks` tries
//! mutants of them, too, and a fuzzer more, as `fuzz/README.md` says.

use anyhow::Result;
use counting_host::callbacks;

#[test]
fn no_order_of_callbacks_and_no_state_traps_the_module() -> Result<()> {
    callbacks::replay(&callbacks::compile(&super::bytes()?)?, 0)
}
