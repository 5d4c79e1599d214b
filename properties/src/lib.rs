//! What must hold of the filter whatever bytes come in, as functions of bytes.
//!
//! They know nothing of a fuzzer: `fuzz/` hands them what cargo-fuzz makes up, `tests/replay.rs`
//! the committed seeds and mutants of them. A property that does not hold panics. Each uses the
//! public surface of the crates alone, and an independent reader wherever there is one.

pub mod answers;
pub mod bytes;
pub mod canary;
pub mod configuration;
pub mod credentials;
pub mod decisions;
pub mod host;
pub mod mutants;
pub mod paths;
pub mod routes;
pub mod rules;
pub mod settings;
pub mod shared;
pub mod tokens;

/// A property: it panics if it does not hold of these bytes.
pub type Property = fn(&[u8]);

/// All of them, by the names of their fuzz targets and of their folders of seeds.
pub const ALL: [(&str, Property); 11] = [
    ("paths", paths::hold),
    ("query", credentials::query),
    ("authorization", credentials::authorization),
    ("cookies", credentials::cookies),
    ("rules", rules::hold),
    ("tokens", tokens::hold),
    ("answers", answers::hold),
    ("configuration", configuration::hold),
    ("routes", routes::hold),
    ("shared", shared::hold),
    ("decisions", decisions::hold),
];
