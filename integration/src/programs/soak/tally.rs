//! Counting requests on the clients' side, and comparing with what the filter has counted.

use std::collections::BTreeMap;

use super::traffic::KINDS;

/// By outcome.
pub type Outcomes = BTreeMap<String, u64>;

/// What some clients have sent and what they got.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Complete requests, by place in [`KINDS`].
    pub sent: BTreeMap<usize, u64>,
    pub answered: Outcomes,
    /// Complete requests whose client left before the answer.
    pub left: u64,
    /// Requests whose client left within their head; the filter never sees them.
    pub broken_off: u64,
}

impl Tally {
    pub fn answered(&mut self, kind: usize, outcome: &str) {
        *self.sent.entry(kind).or_default() += 1;
        *self.answered.entry(outcome.into()).or_default() += 1;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.sent {
            *self.sent.entry(*kind).or_default() += count;
        }
        for (outcome, count) in &other.answered {
            *self.answered.entry(outcome.clone()).or_default() += count;
        }
        self.left += other.left;
        self.broken_off += other.broken_off;
    }

    /// All requests of which Envoy has seen the whole head.
    #[must_use]
    pub fn complete(&self) -> u64 {
        self.answered.values().sum::<u64>() + self.left
    }

    /// The requests by kind, for people.
    #[must_use]
    pub fn by_kind(&self) -> String {
        let count = |place: &usize| self.sent.get(place).copied().unwrap_or_default();
        (0..KINDS.len())
            .filter_map(|place| Some((KINDS.get(place)?.name, count(&place))))
            .map(|(name, count)| format!("  {name:32} {count:>9}\n"))
            .collect()
    }
}

/// What the filter counted beyond the answers: requests whose clients had left. `None` if the two
/// do not agree.
///
/// Such a request may count as what it would have got, `possible`, or not at all, if it was gone
/// before its verdict.
#[must_use]
pub fn beyond(counted: &Outcomes, tally: &Tally, possible: &[&str]) -> Option<Outcomes> {
    let names = counted.keys().chain(tally.answered.keys());
    let mut beyond = Outcomes::new();
    for name in names {
        let of = |outcomes: &Outcomes| outcomes.get(name).copied().unwrap_or_default();
        let more = of(counted).checked_sub(of(&tally.answered))?;
        if more > 0 {
            if !possible.contains(&name.as_str()) {
                return None;
            }
            beyond.insert(name.clone(), more);
        }
    }
    (beyond.values().sum::<u64>() <= tally.left).then_some(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(pairs: &[(&str, u64)]) -> Outcomes {
        pairs.iter().map(|(name, count)| ((*name).into(), *count)).collect()
    }

    #[test]
    fn only_those_who_left_may_differ() {
        let mut tally = Tally { left: 2, ..Tally::default() };
        for outcome in ["token", "token", "guest"] {
            tally.answered(0, outcome);
        }
        let beyond = |counted: &[(&str, u64)]| beyond(&outcomes(counted), &tally, &["token"]);
        assert_eq!(beyond(&[("token", 2), ("guest", 1)]), Some(outcomes(&[])));
        assert_eq!(beyond(&[("token", 4), ("guest", 1)]), Some(outcomes(&[("token", 2)])));
        for wrong in [
            [("token", 5), ("guest", 1)],
            [("token", 1), ("guest", 1)],
            [("token", 2), ("guest", 2)],
            [("token", 2), ("guest", 0)],
        ] {
            assert_eq!(beyond(&wrong), None, "{wrong:?}");
        }
    }
}
