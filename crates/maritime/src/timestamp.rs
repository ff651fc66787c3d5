//! Instants in UTC, to the millisecond.

use core::fmt;
use core::time::Duration;

#[cfg(feature = "std")]
use chrono::NaiveDateTime;
use chrono::{DateTime, Datelike, NaiveDate, Timelike};

/// An instant in UTC, in whole milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Milliseconds in an integer and not a float: sums and differences of them are exact, so a finding
/// does not depend on the order in which its parts were added up.
///
/// ```
/// use alongside_maritime::Timestamp;
///
/// let at = Timestamp::parse("2024-02-29T02:00:00+02:00").unwrap();
/// assert_eq!(at.to_string(), "2024-02-29T00:00:00.000Z");
/// assert_eq!(at.plus_millis(250).millis_since(at), 250);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timestamp(i64);

/// Why a text is not an instant.
///
/// ```
/// use alongside_maritime::Timestamp;
///
/// let error = Timestamp::parse("yesterday").unwrap_err();
/// assert_eq!(error.text, "yesterday");
/// ```
#[cfg(feature = "std")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: expected 2024-01-31T23:59:59Z or seconds since 1970")]
pub struct TimestampError {
    /// The text as it was found.
    pub text: String,
}

impl Timestamp {
    /// Earlier than anything that can be recorded.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// Later than anything that can be recorded.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z.
    #[inline]
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    /// The instant `secs` seconds after 1970-01-01T00:00:00Z.
    #[inline]
    pub const fn from_secs(secs: i64) -> Self {
        Timestamp(secs.saturating_mul(1000))
    }

    /// The instant of a date and a time of day in UTC; `None` if there is no such day or time.
    pub fn from_civil(
        year: i32,
        month: u32,
        day: u32,
        hour: u32,
        minute: u32,
        second: u32,
    ) -> Option<Self> {
        let date_time =
            NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)?;
        Some(Timestamp(date_time.and_utc().timestamp_millis()))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[inline]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 (`2024-01-31T23:59:59.5Z`, `…+02:00`), the same without a zone or with a blank
    /// for the `T` (taken as UTC), without seconds, a bare date, or seconds or milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// Anything else, a day that is not in the calendar included.
    #[cfg(feature = "std")]
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let trimmed = text.trim();
        parse_written(trimmed.as_bytes())
            .or_else(|| parse_epoch(trimmed))
            .or_else(|| parse_civil(trimmed))
            .ok_or_else(|| TimestampError { text: text.into() })
    }

    /// How much later this is than `earlier`, in milliseconds; negative if it is not later.
    #[inline]
    pub const fn millis_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This instant and `span` more, at most [`Timestamp::MAX`].
    #[inline]
    pub fn plus(self, span: Duration) -> Self {
        Timestamp(self.0.saturating_add(millis(span)))
    }

    /// This instant less `span`, at least [`Timestamp::MIN`].
    #[inline]
    pub fn minus(self, span: Duration) -> Self {
        Timestamp(self.0.saturating_sub(millis(span)))
    }

    /// This instant and `millis` milliseconds more, which may be negative.
    #[inline]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Timestamp(self.0.saturating_add(millis))
    }
}

/// `2024-01-31T23:59:59.500Z`; beyond the years that chrono knows, the number of milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_millis(self.0) {
            Some(at) => {
                match at.year() {
                    year @ 0..=9999 => write!(f, "{year:04}")?,
                    year => write!(f, "{year:+05}")?,
                }
                let (month, day) = (at.month(), at.day());
                let (hour, minute, second) = (at.hour(), at.minute(), at.second());
                let millis = self.0.rem_euclid(1000);
                write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
            }
            None => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// `2024-01-31T23:59:59Z`, or with `.500` in it: what we write ourselves, and read a million times. Leap seconds are
/// left to chrono, as is whatever else looks different.
#[cfg(feature = "std")]
fn parse_written(text: &[u8]) -> Option<Timestamp> {
    let (seconds, millis) = match text.strip_suffix(b"Z")? {
        [seconds @ .., b'.', a, b, c] if seconds.len() == 19 => (seconds, digits(&[*a, *b, *c])?),
        seconds => (seconds, 0),
    };
    let (date, time) = (seconds.get(..10)?, seconds.get(10..)?);
    let (
        &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2],
        &[b'T', h1, h2, b':', n1, n2, b':', s1, s2],
    ) = (date, time)
    else {
        return None;
    };
    let (year, month, day) = (digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?);
    let (hour, minute, second) = (digits(&[h1, h2])?, digits(&[n1, n2])?, digits(&[s1, s2])?);
    let at = Timestamp::from_civil(year as i32, month, day, hour, minute, second)?;
    Some(at.plus_millis(i64::from(millis)))
}

/// At most nine.
#[cfg(feature = "std")]
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(10 * number + u32::from(digit - b'0')),
        _ => None,
    })
}

/// Seconds or milliseconds since 1970, with or without a fraction.
#[cfg(feature = "std")]
fn parse_epoch(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') || text.len() < 9 {
        return None;
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    // Ten digits of seconds last until 2286; twelve or more can only be milliseconds.
    match whole.len() {
        9..=11 => {
            let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
            Some(Timestamp(number * 1000 + thousandths.parse::<i64>().ok()?))
        }
        12..=14 => Some(Timestamp(number)),
        _ => None,
    }
}

#[cfg(feature = "std")]
fn parse_civil(text: &str) -> Option<Timestamp> {
    if let Ok(date_time) = DateTime::parse_from_rfc3339(text) {
        return Some(Timestamp(date_time.timestamp_millis()));
    }
    let text = text.strip_suffix(" UTC").unwrap_or(text).trim_end_matches('Z');
    for form in [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y/%m/%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ] {
        if let Ok(date_time) = NaiveDateTime::parse_from_str(text, form) {
            return Some(Timestamp(date_time.and_utc().timestamp_millis()));
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(Timestamp(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Timestamp::parse(text).ok().map(|t| t.to_string()).as_deref(), expected);
    }

    #[test]
    fn every_usual_form_is_read() {
        let midnight = Some("2024-02-29T00:00:00.000Z");
        check("2024-02-29T00:00:00Z", midnight);
        check("2024-02-29T02:00:00+02:00", midnight);
        check("2024-02-29 00:00:00", midnight);
        check("2024-02-29 00:00:00 UTC", midnight);
        check("2024-02-29T00:00Z", midnight);
        check("2024-02-29 00:00", midnight);
        check("2024-02-29", midnight);
        check("1709164800", midnight);
        check("1709164800000", midnight);
        check("1709164800.25", Some("2024-02-29T00:00:00.250Z"));
        check("2016-01-12 13:02:11.218", Some("2016-01-12T13:02:11.218Z"));
    }

    #[test]
    fn every_instant_is_written_as_chrono_writes_it() {
        for millis in [0, -1, 253_402_300_800_000, -62_167_219_200_001, 1_709_164_800_250] {
            let expected = DateTime::from_timestamp_millis(millis).unwrap();
            let expected = expected.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            assert_eq!(Timestamp::from_millis(millis).to_string(), expected);
        }
        assert_eq!(Timestamp::MAX.to_string(), "9223372036854775807ms");
    }

    #[test]
    fn what_we_write_is_read_as_chrono_reads_it() {
        for text in [
            "2024-02-29T23:59:59.999Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T00:00:00.001Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.500Z",
            "2024-01-01T00:00:00.5Z",
            "2024-01-01T00:00:00.123456Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-13-01T00:00:00.000Z",
            "2024-01-01T00:00:0:.000Z",
            "2024-01-01t00:00:00.000Z",
            "+024-01-01T00:00:00.000Z",
            "\u{e9}24-01-01T00:00:00.000Z",
        ] {
            let quickly = parse_written(text.as_bytes());
            let expected = parse_civil(text);
            assert!(quickly.is_none() || quickly == expected, "{text}: {quickly:?}");
            assert_eq!(Timestamp::parse(text).ok(), expected, "{text}");
        }
        assert!(parse_written(b"2024-02-29T23:59:59.999Z").is_some());
        assert!(parse_written(b"2024-02-29T23:59:59Z").is_some());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "2023-02-29T00:00:00Z", "12", "2024-01-01T25:00:00Z"] {
            check(text, None);
        }
    }
}
