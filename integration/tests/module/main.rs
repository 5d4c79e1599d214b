//! The module as a file: its size, what it asks of a host, and how often.

mod callbacks;
mod calls;
mod host_calls;
mod issued_tokens;

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use counting_host::host::Action;
use integration::harness::{module, workspace};
use integration::servers::stub::answer::Answers;
use serde_json::json;

/// What it is, and half a percent; `docs/performance.md` says what was tried to make it smaller.
const MAX_BYTES: usize = 604_500;
/// As the linker leaves it, on a machine without binaryen.
const MAX_BYTES_UNOPTIMISED: usize = 740_000;

const WASI: [&str; 6] =
    ["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

fn bytes() -> Result<Vec<u8>> {
    let path = module::build()?;
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

#[test]
fn the_module_is_small() -> Result<()> {
    let size = bytes()?.len();
    let optimised = Command::new("wasm-opt").arg("--version").output().is_ok();
    let most = if optimised { MAX_BYTES } else { MAX_BYTES_UNOPTIMISED };
    println!("the module has {size} bytes; optimised by binaryen: {optimised}");
    ensure!(size <= most, "the module has {size} bytes, allowed are {most}");
    Ok(())
}

#[test]
fn the_readme_says_how_small() -> Result<()> {
    let readme = std::fs::read_to_string(workspace::root().join("README.md"))?;
    let bound = format!("under {} KB", MAX_BYTES.div_ceil(1000));
    ensure!(readme.contains(&bound), "README.md does not say `{bound}`");
    Ok(())
}

#[test]
fn it_imports_only_what_every_envoy_has() -> Result<()> {
    let engine = wasmi::Engine::default();
    let module = wasmi::Module::new(&engine, bytes()?)?;
    let strange: BTreeSet<String> = module
        .imports()
        .filter(|import| match import.module() {
            "env" => !import.name().starts_with("proxy_"),
            "wasi_snapshot_preview1" => !WASI.contains(&import.name()),
            _ => true,
        })
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .collect();
    ensure!(strange.is_empty(), "the module imports {strange:?}");
    Ok(())
}

/// A panic leaves the name of its file in the module.
#[test]
fn panics_remain_only_where_they_are_explained() -> Result<()> {
    let (module, page) = (bytes()?, include_str!("../../../SECURITY.md"));
    let root = workspace::root();
    let mut folders = vec![root.join("src"), root.join("crates")];
    let mut unexplained = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root)?.to_str().context("a name that is no UTF-8")?;
            if is_named(&module, name) && !page.contains(&format!("`{name}`")) {
                unexplained.push(name.to_owned());
            }
        }
    }
    ensure!(
        unexplained.is_empty(),
        "SECURITY.md does not say why these cannot panic: {unexplained:?}"
    );
    Ok(())
}

/// Whether it is named, and not as the end of a longer path.
fn is_named(module: &[u8], path: &str) -> bool {
    let mut windows = module.windows(path.len() + 1);
    windows.any(|window| {
        window
            .split_first()
            .is_some_and(|(before, rest)| *before != b'/' && rest == path.as_bytes())
    })
}

#[test]
fn an_answer_for_a_request_that_has_gone_harms_nothing() -> Result<()> {
    let mut host = host_calls::shipped()?;
    let gone = host.request(&host_calls::get("/acme/shop/books", Some("alice")))?;
    host.ring()?;
    host.finish(gone)?;
    host.answer(200, &Answers::shared()?.tokens["alice"].body())?;
    let next = host.request(&host_calls::get("/acme/shop/books", Some("alice")))?;
    ensure!(host.action(next) == Action::Continued, "the answer was lost: {:?}", host.action(next));
    Ok(())
}

/// Envoy never frees a key and does not tell what shared data holds; here it can be seen.
#[test]
fn shared_data_has_a_fixed_size() -> Result<()> {
    let mut host = host_calls::start(json!({ "cache": { "max_entries": 64 } }))?;
    let answers = Answers::shared()?;
    let bodies = [answers.tokens["full"].body(), answers.tokens["inactive"].body()];
    let mut verify = |range: std::ops::Range<usize>| -> Result<(usize, usize)> {
        for number in range {
            let request =
                host.request(&host_calls::get("/acme/shop/x", Some(&format!("token-{number}"))))?;
            host.ring()?;
            let body = bodies.get(number % 2).context("no body")?;
            host.answer(200, body)?;
            host.finish(request)?;
        }
        Ok(host.shared())
    };
    // More of each kind than there are places.
    let (keys, full) = verify(0..160)?;
    let (more_keys, more) = verify(160..240)?;
    ensure!(keys == more_keys, "{keys} keys have become {more_keys}");
    ensure!(keys <= 16 + 1, "{keys} keys for 64 answers");
    ensure!(more <= full + full / 4, "{full} bytes have become {more}");
    Ok(())
}
