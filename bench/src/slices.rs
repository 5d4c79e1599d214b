//! Many short slices in random order. A busy machine disturbs all that is compared alike, and some
//! slices of each not at all: the lower quartile is what a slice costs when little comes in
//! between. What one kind costs more than another is better told by rounds, see [`Rounds::over`].

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What slices of one kind measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// A quarter of the slices are below: the figure that is compared.
    pub lower: f64,
    /// Half of them.
    pub median: f64,
    /// Three quarters.
    pub upper: f64,
    pub slices: usize,
}

impl Spread {
    /// Of these measurements.
    ///
    /// # Errors
    /// If there are none.
    pub fn of(values: &[f64]) -> Result<Self> {
        Ok(Self {
            lower: quantile(values, 0.25)?,
            median: quantile(values, 0.5)?,
            upper: quantile(values, 0.75)?,
            slices: values.len(),
        })
    }
}

/// The value that this part of all values does not exceed.
///
/// # Errors
/// If there are none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into a list that fits into memory"
)]
pub fn quantile(values: &[f64], part: f64) -> Result<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1).context("nothing was measured")?;
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).copied().context("no such part")
}

/// What was measured of each kind in each round.
#[derive(Debug)]
pub struct Rounds(Vec<Vec<f64>>);

impl Rounds {
    /// Of each kind, over all rounds.
    ///
    /// # Errors
    /// If there were none.
    pub fn spreads(&self) -> Result<Vec<Spread>> {
        self.0.iter().map(|values| Spread::of(values)).collect()
    }

    /// How much more one kind took than another, round by round: whatever slows a machine down for
    /// longer than a round is in both.
    ///
    /// # Errors
    /// If there is no such kind.
    pub fn over(&self, kind: usize, base: usize) -> Result<Vec<f64>> {
        let of = |kind| self.0.get(kind).context("no such kind");
        Ok(of(kind)?.iter().zip(of(base)?).map(|(one, other)| one - other).collect())
    }
}

/// Measures each of `count` kinds once a round, every round in another order.
///
/// # Errors
/// The first one of `measure`.
pub fn interleave(
    random: &mut fastrand::Rng,
    rounds: usize,
    count: usize,
    mut measure: impl FnMut(usize) -> Result<f64>,
) -> Result<Rounds> {
    let mut measured = vec![Vec::with_capacity(rounds); count];
    let mut order: Vec<usize> = (0..count).collect();
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &kind in &order {
            let value = measure(kind)?;
            measured.get_mut(kind).context("no such kind")?.push(value);
        }
    }
    Ok(Rounds(measured))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_do_not_depend_on_the_order() {
        let spread = Spread::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!(spread, Spread { lower: 2.0, median: 3.0, upper: 4.0, slices: 5 });
    }

    #[test]
    fn what_slows_a_whole_round_down_is_in_no_difference() {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut measured, mut slow) = (0, 0.0);
        let rounds = interleave(&mut random, 5, 2, |kind| {
            if measured % 2 == 0 {
                slow += 100.0;
            }
            measured += 1;
            Ok(slow + if kind == 0 { 10.0 } else { 13.0 })
        })
        .unwrap();
        assert_eq!(rounds.over(1, 0).unwrap(), [3.0; 5]);
        assert!(rounds.over(2, 0).is_err());
    }

    #[test]
    fn every_round_has_every_kind_once() {
        let mut seen = Vec::new();
        let mut random = fastrand::Rng::with_seed(1);
        let rounds = interleave(&mut random, 3, 4, |kind| {
            seen.push(kind);
            Ok(1.0)
        });
        assert_eq!(rounds.unwrap().spreads().unwrap().len(), 4);
        for round in seen.chunks(4) {
            let mut round = round.to_vec();
            round.sort_unstable();
            assert_eq!(round, [0, 1, 2, 3]);
        }
    }
}
