//! Durations as the configuration writes them: a whole number and a unit.
//! Milliseconds are the unit inside, since no limit of the filter is finer.

/// The milliseconds of `500ms`, `30s`, `5m` or `1h`; `None` for anything else, and beyond `u64`.
pub(super) fn parse_millis(text: &str) -> Option<u64> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The shortest of `1h`, `30s` and `500ms` that says `millis` exactly.
pub(super) fn write_millis(millis: u64) -> String {
    let (number, unit) = if millis > 0 && millis.is_multiple_of(3_600_000) {
        (millis.checked_div(3_600_000), "h")
    } else if millis.is_multiple_of(1_000) {
        (millis.checked_div(1_000), "s")
    } else {
        (Some(millis), "ms")
    };
    let mut text = number.unwrap_or(millis).to_string();
    text.push_str(unit);
    text
}

#[cfg(test)]
mod tests {
    use super::{parse_millis, write_millis};

    #[test]
    fn every_unit_is_read() {
        let units = [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)];
        for (text, millis) in units {
            assert_eq!(parse_millis(text), Some(millis), "{text}");
        }
        assert_eq!(parse_millis("0s"), Some(0));
        assert_eq!(parse_millis("007ms"), Some(7));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "s", "5", "-5s", "+5s", "1.5s", "5 s", " 5s", "5S", "5d", "5s5ms", "1e3ms", "٣s"]
        {
            assert_eq!(parse_millis(text), None, "{text}");
        }
        assert_eq!(parse_millis("18446744073709551615ms"), Some(u64::MAX));
        assert_eq!(parse_millis("18446744073709551616ms"), None);
        assert_eq!(parse_millis("18446744073709551615s"), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        for millis in [0, 1, 500, 1_000, 1_500, 60_000, 3_600_000, 86_400_000] {
            assert_eq!(parse_millis(&write_millis(millis)), Some(millis));
        }
        assert_eq!(write_millis(60_000), "60s");
        assert_eq!(write_millis(86_400_000), "24h");
    }
}
