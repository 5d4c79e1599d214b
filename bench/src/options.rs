//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::run::Effort;

/// What is wrong with a word, and what would be right.
const USAGE: &str = "cargo bench -- [side-by-side] [module] [miss] [scale] [--quick | --smoke] [--seed NUMBER] [--module NAME=FILE]… [--redraw]\n\
    Without a part all are run. `--module` puts another build of the filter beside this one. A full run of everything writes docs/, \
    all others target/bench/. `--redraw` only writes the pictures and pages of docs/bench.json anew.";

/// Parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Filters beside each other.
    SideBySide,
    /// The module in V8, without Envoy.
    Module,
    Miss,
    Scale,
}

#[derive(Debug)]
pub struct Options {
    pub effort: Effort,
    pub parts: Vec<Part>,
    /// Other builds of the filter.
    pub modules: Vec<(String, PathBuf)>,
    /// Where the random order begins.
    pub seed: u64,
    /// Measure nothing; show the last full run again.
    pub redraw: bool,
}

impl Options {
    /// From the words after `--`.
    ///
    /// # Errors
    /// If one of them is unknown; `--help` is one.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            effort: Effort::FULL,
            parts: Vec::new(),
            modules: Vec::new(),
            seed: 1,
            redraw: false,
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "side-by-side" => options.parts.push(Part::SideBySide),
                "module" => options.parts.push(Part::Module),
                "miss" => options.parts.push(Part::Miss),
                "scale" => options.parts.push(Part::Scale),
                "--quick" => options.effort = Effort::QUICK,
                "--smoke" => options.effort = Effort::SMOKE,
                "--redraw" => options.redraw = true,
                "--seed" => {
                    let seed = words.next().and_then(|seed| seed.parse().ok());
                    options.seed = seed.context("`--seed` takes a number")?;
                }
                "--module" => {
                    let module = words.next().context("`--module` takes NAME=FILE")?;
                    let (name, file) =
                        module.split_once('=').context("`--module` takes NAME=FILE")?;
                    let file = PathBuf::from(file);
                    ensure!(file.is_file(), "there is no {}", file.display());
                    let file = file.canonicalize()?;
                    options.modules.push((name.into(), file));
                }
                _ => bail!("`{word}` is not known.\n{USAGE}"),
            }
        }
        Ok(options)
    }

    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// Whether the results are the ones to show.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.effort.name == "full" && self.parts.is_empty() && self.modules.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options> {
        Options::parse(words.iter().map(ToString::to_string))
    }

    #[test]
    fn only_a_full_run_of_everything_is_shown() {
        assert!(parse(&[]).unwrap().is_complete());
        assert!(!parse(&["--quick"]).unwrap().is_complete());
        assert!(!parse(&["miss"]).unwrap().is_complete());
        assert!(!parse(&["miss"]).unwrap().has(Part::Scale));
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error_that_shows_those_that_are() {
        let error = parse(&["--fast"]).unwrap_err().to_string();
        assert!(error.contains("`--fast`") && error.contains("side-by-side"), "{error}");
        assert!(parse(&["--module", "a=/nowhere.wasm"]).is_err());
    }
}
