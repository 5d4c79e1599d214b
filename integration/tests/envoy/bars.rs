//! The bars of `cargo bars`, at a size for every run.

use anyhow::Result;
use integration::programs::bars::{Scale, crowd, flood, hostile, outage, spread_load};

#[test]
fn a_crowd_makes_one_call_whatever_the_number_of_workers() -> Result<()> {
    crowd::with(1, 100)?;
    crowd::with(2, 200)?;
    crowd::run(Scale::Test)
}

#[test]
fn a_hundred_tokens_cost_a_hundred_calls() -> Result<()> {
    spread_load::run(Scale::Test)
}

#[test]
fn an_outage_keeps_known_tokens_in_and_unknown_ones_out() -> Result<()> {
    outage::run(Scale::Test)
}

#[test]
fn a_flood_of_bad_tokens_costs_no_memory_and_no_good_answer() -> Result<()> {
    flood::run(Scale::Test)
}

#[test]
fn hostile_callers_are_nothing_to_those_who_are_known() -> Result<()> {
    hostile::run(Scale::Test)
}
