//! Takes what stands before and after a sentence in its line, gives time and station.
//!
//! Before it: `2021-01-01T00:00:00Z `, `"2021-01-01 00:00:00","`, `1612345678;`. After it:
//! `,d-092,S1234,t050056.00,T56.1,r003669945,1085889680` as the US Coast Guard's network writes it, or
//! `,1327992119173`.

use maritime::Timestamp;

use crate::Station;
use crate::tag_block::station;
use crate::time::{parse_epoch, read_instant};

/// The time in front of a sentence.
pub(crate) fn read_prefix(prefix: &[u8]) -> Option<Timestamp> {
    let start = prefix.iter().position(u8::is_ascii_digit)?;
    // Quotes, brackets and blanks may come first, words may not: their numbers are no times.
    if prefix[..start].iter().any(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    read_instant(&prefix[start..])
}

/// Time and station behind a sentence: the first field that is an epoch, and the first that starts
/// with `r` or `b` as stations do there.
pub(crate) fn read_suffix(suffix: &[u8]) -> (Option<Timestamp>, Option<Station>) {
    let (mut received_at, mut name) = (None, None);
    for field in suffix.split(|&byte| byte == b',') {
        let field = trim_with(field, |byte| byte == b'"' || is_blank(byte));
        match field {
            [b'r' | b'b', _, _, ..] if name.is_none() => name = station(field),
            [b'0'..=b'9', ..] if received_at.is_none() => received_at = parse_epoch(field),
            _ => {}
        }
    }
    (received_at, name)
}

/// The line without blanks and control characters at either end.
#[inline]
pub(crate) fn trim(line: &[u8]) -> &[u8] {
    trim_with(line, is_blank)
}

fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

#[inline]
fn trim_with(mut bytes: &[u8], goes: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && goes(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && goes(*last)
    {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_gives_the_time() {
        let millis = |prefix: &str| read_prefix(prefix.as_bytes()).map(Timestamp::as_millis);
        assert_eq!(millis("2021-01-01T00:00:00Z "), Some(1609459200000));
        assert_eq!(millis("\"2021-01-01 00:00:00\",\""), Some(1609459200000));
        assert_eq!(millis("[2021-01-01 00:00:00] "), Some(1609459200000));
        assert_eq!(millis("1609459200;"), Some(1609459200000));
        assert_eq!(millis("1609459200.5\t"), Some(1609459200500));
        assert_eq!(millis("station1,"), None);
        assert_eq!(millis(""), None);
    }

    #[track_caller]
    fn check(suffix: &str, millis: Option<i64>, name: Option<&str>) {
        let (received_at, station) = read_suffix(suffix.as_bytes());
        assert_eq!(received_at.map(Timestamp::as_millis), millis);
        assert_eq!(station.as_ref().map(Station::as_str), name);
    }

    #[test]
    fn a_suffix_gives_time_and_station() {
        check(",r003669945,1085889680", Some(1085889680000), Some("r003669945"));
        check(
            ",d-109,S2105,t050056.00,T56.13718694,r003669946,1325394060,1325394001",
            Some(1325394060000),
            Some("r003669946"),
        );
        check(",1327992119173", Some(1327992119173), None);
        check(",b003660465", None, Some("b003660465"));
        check(",1daasd4218,,1357134222", Some(1357134222000), None);
        check("\"", None, None);
        check(",x147521,s28320", None, None);
    }
}
