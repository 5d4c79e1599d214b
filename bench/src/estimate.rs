//! A figure from slices, and how far another run's may be from it.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::slices::quantile;

/// Resamplings of the rounds, from which an interval comes.
const RESAMPLINGS: usize = 2_000;

/// Where the figure is in 95 of 100 resamplings of the rounds (percentile bootstrap).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The median.
///
/// # Errors
/// If nothing was measured.
pub fn median(values: &[f64]) -> Result<f64> {
    quantile(values, 0.5)
}

/// The ratio of two medians, and its interval. Both lists are by round, and a round is drawn for
/// both.
///
/// # Errors
/// If nothing was measured, or not as often.
pub fn ratio(random: &mut fastrand::Rng, above: &[f64], below: &[f64]) -> Result<(f64, Interval)> {
    let rounds: Vec<(f64, f64)> = above.iter().copied().zip(below.iter().copied()).collect();
    let mut ratios = Vec::with_capacity(RESAMPLINGS);
    for _ in 0..RESAMPLINGS {
        let drawn: Option<Vec<_>> =
            (0..rounds.len()).map(|_| rounds.get(random.usize(..rounds.len())).copied()).collect();
        let (above, below): (Vec<f64>, Vec<f64>) =
            drawn.context("nothing was measured")?.into_iter().unzip();
        ratios.push(median(&above)? / median(&below)?);
    }
    let interval = Interval { low: quantile(&ratios, 0.025)?, high: quantile(&ratios, 0.975)? };
    Ok((median(above)? / median(below)?, interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uniform noise of ten around two costs whose ratio is two.
    fn noisy(rounds: usize) -> (f64, Interval) {
        let mut random = fastrand::Rng::with_seed(7);
        let mut around = |cost: f64| cost + 10.0 * (random.f64() - 0.5);
        let above: Vec<f64> = (0..rounds).map(|_| around(40.0)).collect();
        let below: Vec<f64> = (0..rounds).map(|_| around(20.0)).collect();
        ratio(&mut fastrand::Rng::with_seed(1), &above, &below).unwrap()
    }

    #[test]
    fn an_interval_has_the_ratio_in_it_and_is_narrower_with_more_rounds() {
        let (few, many) = (noisy(10), noisy(1_000));
        for (figure, Interval { low, high }) in [few, many] {
            assert!(low <= 2.0 && 2.0 <= high, "{low} to {high}");
            assert!(low <= figure && figure <= high, "{figure} is not in {low} to {high}");
        }
        assert!((many.1.high - many.1.low) * 4.0 < few.1.high - few.1.low, "{few:?}, {many:?}");
    }

    #[test]
    fn nothing_has_no_ratio() {
        assert!(ratio(&mut fastrand::Rng::with_seed(1), &[], &[]).is_err());
    }
}
