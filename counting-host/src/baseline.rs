//! `baseline.tsv`: what each way cost when somebody last said that this is fine.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// By how many percent instructions and bytes may grow: what binaryen does differs a little by version.
pub const TOLERANCE: u64 = 3;

const HEADER: &str = "\
# What one request costs in the shipped module, by way. Written by `cargo count --accept`.
# Instructions and bytes of code that are executed are those of WebAssembly and hold for the compiler in rust-toolchain.toml and for binaryen.
# way\tinstructions\tbytes of code\tallocations\thost calls
";

/// A line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub way: String,
    pub instructions: u64,
    pub code_bytes: u64,
    pub allocations: u64,
    /// `name` or `number × name`, by name.
    pub host_calls: String,
}

/// Reads the file.
///
/// # Errors
/// If it is missing or not of its form.
pub fn read() -> Result<Vec<Line>> {
    let path = path();
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| parse(line).with_context(|| format!("`{line}` is no line of a baseline")))
        .collect()
}

fn parse(line: &str) -> Option<Line> {
    let mut fields = line.split('\t');
    let line = Line {
        way: fields.next()?.to_owned(),
        instructions: fields.next()?.parse().ok()?,
        code_bytes: fields.next()?.parse().ok()?,
        allocations: fields.next()?.parse().ok()?,
        host_calls: fields.next()?.to_owned(),
    };
    fields.next().is_none().then_some(line)
}

/// Writes the file.
///
/// # Errors
/// If the file system refuses.
pub fn write(lines: &[Line]) -> Result<()> {
    let lines = lines.iter().map(|line| {
        let Line { way, instructions, code_bytes, allocations, host_calls } = line;
        format!("{way}\t{instructions}\t{code_bytes}\t{allocations}\t{host_calls}\n")
    });
    let text: String = std::iter::once(HEADER.to_owned()).chain(lines).collect();
    let path = path();
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "baseline.tsv"].iter().collect()
}

/// What `now` has over `before`, in words; nothing if that is no more than is allowed. A way without
/// a line is one thing too many.
#[must_use]
pub fn excess(before: Option<&Line>, now: &Line) -> Vec<String> {
    let Some(before) = before else { return vec!["not in the baseline".to_owned()] };
    let mut excess = Vec::new();
    for (what, before, now) in [
        ("instructions", before.instructions, now.instructions),
        ("bytes of code", before.code_bytes, now.code_bytes),
    ] {
        if now * 100 > before * (100 + TOLERANCE) {
            excess.push(format!("{now} {what} instead of {before}"));
        }
    }
    if now.allocations > before.allocations {
        excess.push(format!("{} allocations instead of {}", now.allocations, before.allocations));
    }
    // Fewer calls are told as well: the floor has to make the same ones.
    if now.host_calls != before.host_calls {
        excess.push(format!("host calls were: {}", before.host_calls));
    }
    excess
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(instructions: u64, allocations: u64, host_calls: &str) -> Line {
        let host_calls = host_calls.to_owned();
        Line { way: "hit".into(), instructions, code_bytes: 100, allocations, host_calls }
    }

    #[test]
    fn growth_is_told() {
        let before = line(1000, 10, "time");
        assert!(excess(Some(&before), &line(1030, 10, "time")).is_empty());
        assert!(excess(Some(&before), &line(900, 9, "time")).is_empty());
        assert_eq!(excess(Some(&before), &line(1031, 10, "time")).len(), 1);
        assert_eq!(excess(Some(&before), &line(1000, 11, "time")).len(), 1);
        assert_eq!(excess(Some(&before), &line(1000, 10, "2 × time")).len(), 1);
        assert_eq!(excess(None, &before).len(), 1);
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        assert_eq!(parse("hit\t1000\t100\t10\ttime"), Some(line(1000, 10, "time")));
        assert_eq!(parse("hit\t1000\t100\t10"), None);
        assert_eq!(parse("hit\t1000\t100\t10\ttime\tmore"), None);
    }

    /// The committed file is of its form.
    #[test]
    fn the_baseline_can_be_read() {
        assert!(read().unwrap().len() > 5);
    }
}
