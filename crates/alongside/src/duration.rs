//! Spans of time as people write them: `10m`, `1h30m`, `90s`, `2d`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A [`Duration`] that is read and written as people do, on the command line and in the
/// configuration. Whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(pub Duration);

/// Why a text is not a span of time; with the text as it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It is something else.
    #[error(
        "{0:?} is not a duration: expected a number and ms, s, m, h or d, such as 90s, 10m or 1h30m"
    )]
    Form(String),
    /// Nobody lives to see it.
    #[error("{0:?} is too long: expected at most 36525d, a hundred years")]
    TooLong(String),
}

/// Longest first, so that a span is written with the units that fit. 100 years are enough for anyone
/// and keep sums far from the end of a 64-bit number.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
const MILLIS_MAX: u64 = 36_525 * 86_400_000;

impl Span {
    /// Reads `10m`, `1h30m`, `0.5h`, `250ms`; a bare `0` is the only number without a unit.
    ///
    /// # Errors
    ///
    /// Anything else, and more than a hundred years.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let millis = parse_millis(text.trim()).ok_or_else(|| SpanError::Form(text.into()))?;
        if millis > MILLIS_MAX {
            return Err(SpanError::TooLong(text.into()));
        }
        Ok(Span(Duration::from_millis(millis)))
    }
}

/// However many they are; at most `u64::MAX`.
fn parse_millis(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let &(_, unit_millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let millis = number.parse::<f64>().ok()? * unit_millis as f64;
        total = total.saturating_add(millis.round() as u64);
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// `1h30m`, `0s`: what [`Span::parse`] reads.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_millis() as u64;
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, unit_millis) in UNITS {
            if rest >= unit_millis {
                write!(f, "{}{unit}", rest / unit_millis)?;
                rest %= unit_millis;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Span::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, millis: Option<u64>, written: &str) {
        let span = Span::parse(text).ok();
        assert_eq!(span, millis.map(|millis| Span(Duration::from_millis(millis))));
        if let Some(span) = span {
            assert_eq!(span.to_string(), written);
        }
    }

    #[test]
    fn usual_forms_are_read_and_written() {
        check("10m", Some(600_000), "10m");
        check("90s", Some(90_000), "1m30s");
        check("1h30m", Some(5_400_000), "1h30m");
        check("0.5h", Some(1_800_000), "30m");
        check("1d", Some(86_400_000), "1d");
        check("250ms", Some(250), "250ms");
        check("0", Some(0), "0s");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "10", "m", "-5m", "10 minutes", "1e9d", "999999d", "1.2.3s"] {
            check(text, None, "");
        }
    }

    #[test]
    fn what_is_too_long_is_told_from_what_is_no_span() {
        for text in ["36526d", "99999999d", "99999999999999999999999999d", "36525d1ms"] {
            assert_eq!(Span::parse(text), Err(SpanError::TooLong(text.into())));
        }
        assert!(Span::parse("36525d").is_ok());
        assert_eq!(Span::parse("1x"), Err(SpanError::Form("1x".into())));
    }
}
