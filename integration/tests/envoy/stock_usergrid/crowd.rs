//! The bar `cargo bars stock`, at a size for every run.

use anyhow::Result;
use integration::programs::bars::{Scale, stock};

#[test]
fn a_crowd_costs_what_one_request_costs() -> Result<()> {
    stock::run(Scale::Test)
}
