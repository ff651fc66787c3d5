//! Numbers and instants as tables write them, read from bytes without a copy.
//!
//! The usual forms are read here by hand, because a row has half a dozen of them; everything else
//! goes to the standard library and to [`Timestamp::parse`], which know more forms.

use maritime::Timestamp;

/// A decimal number: `-94.8597`, `1e3`, or with a decimal comma. `None` for what is no finite number.
pub fn parse_decimal(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    parse_short_decimal(text).or_else(|| parse_long_decimal(text))
}

/// A whole number, which some tables write as `367752440.0`.
pub fn parse_whole(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii();
    if (1..=9).contains(&text.len()) && text.iter().all(u8::is_ascii_digit) {
        return Some(text.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')));
    }
    let number = parse_decimal(text)?;
    let whole = number as u32;
    (f64::from(whole) == number).then_some(whole)
}

/// Which of the two comes first in `03/04/2024`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOrder {
    /// The 3rd of April.
    DayFirst,
    /// The 4th of March.
    MonthFirst,
}

impl DayOrder {
    /// What a date tells of the order in which it is written: something if one of its first two numbers
    /// can be no month.
    pub fn of(text: &[u8]) -> Option<Self> {
        let [a, b, b'/', c, d, b'/', ..] = text.trim_ascii() else { return None };
        match (digits(&[*a, *b])?, digits(&[*c, *d])?) {
            (13..=31, 1..=12) => Some(DayOrder::DayFirst),
            (1..=12, 13..=31) => Some(DayOrder::MonthFirst),
            _ => None,
        }
    }
}

/// An instant: `2024-01-31T23:59:59` or with a blank, with or without a fraction and `Z`;
/// `31/12/2015 23:59:59` if `day_order` says which is the day; or a form that [`Timestamp::parse`]
/// knows. Without a zone it is UTC.
pub fn parse_instant(text: &[u8], day_order: Option<DayOrder>) -> Option<Timestamp> {
    let text = text.trim_ascii();
    parse_usual_instant(text, day_order)
        .or_else(|| Timestamp::parse(std::str::from_utf8(text).ok()?).ok())
}

/// Up to 15 digits and at most one point. Both the digits and the power of ten are then exact in
/// `f64`, so one division rounds correctly: the same bits as the standard library gives.
fn parse_short_decimal(text: &[u8]) -> Option<f64> {
    const POWERS_OF_TEN: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.len() > 16 {
        return None;
    }
    let (mut number, mut count, mut point) = (0_u64, 0, None);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + u64::from(byte - b'0');
                count += 1;
            }
            b'.' | b',' if point.is_none() => point = Some(count),
            _ => return None,
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let number = number as f64 / POWERS_OF_TEN[count - point.unwrap_or(count)];
    Some(if negative { -number } else { number })
}

fn parse_long_decimal(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let number: f64 = match text.parse() {
        Ok(number) => number,
        Err(_) if text.contains(',') && !text.contains('.') => {
            text.replacen(',', ".", 1).parse().ok()?
        }
        Err(_) => return None,
    };
    number.is_finite().then_some(number)
}

fn parse_usual_instant(text: &[u8], day_order: Option<DayOrder>) -> Option<Timestamp> {
    let (date, time) = (text.get(..10)?, text.get(11..19)?);
    let (year, month, day) = match (date, text[10]) {
        (&[_, _, _, _, b'-', _, _, b'-', _, _], b'T' | b' ') => {
            (digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..])?)
        }
        (&[_, _, b'/', _, _, b'/', _, _, _, _], b' ') => {
            let (first, second) = (digits(&date[..2])?, digits(&date[3..5])?);
            let (month, day) = match day_order? {
                DayOrder::DayFirst => (second, first),
                DayOrder::MonthFirst => (first, second),
            };
            (digits(&date[6..])?, month, day)
        }
        _ => return None,
    };
    if time[2] != b':' || time[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (digits(&time[..2])?, digits(&time[3..5])?, digits(&time[6..])?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let millis = parse_fraction_ms(&text[19..])?;
    let secs = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_millis(secs * 1000 + millis))
}

/// What follows the seconds: nothing, `Z`, `.5`, `.250000Z`.
fn parse_fraction_ms(text: &[u8]) -> Option<i64> {
    let text = text.strip_suffix(b"Z").unwrap_or(text);
    let Some(fraction) = text.strip_prefix(b".") else {
        return text.is_empty().then_some(0);
    };
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let thousandths = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(3);
    Some(thousandths.fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0')))
}

fn digits(text: &[u8]) -> Option<i64> {
    let mut number = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Years begin in March here, so that the leap day is the last of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0.5",
            "33.60716",
            "-117.91483",
            "28.0338696648333",
            "23.663818595419293",
            "5.",
            ".5",
            "1e2",
            "123456789012345",
            "-94.85970",
            "511.0",
            "999999999999999",
            "0.1",
        ] {
            assert_eq!(parse_decimal(text.as_bytes()), Some(text.parse().unwrap()), "{text}");
        }
        for i in 0..100_000_u32 {
            let number = f64::from(i.wrapping_mul(2_654_435_761)) / 1e7;
            let text = format!("{number}");
            assert_eq!(parse_decimal(text.as_bytes()), Some(number), "{text}");
        }
        assert_eq!(parse_decimal(b"55,735305"), Some(55.735305));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "abc", "1.2.3", "1,234.5", "NaN", "inf", "\u{e9}", "1 2"] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_may_have_a_point() {
        assert_eq!(parse_whole(b"367752440"), Some(367_752_440));
        assert_eq!(parse_whole(b" 367752440.0 "), Some(367_752_440));
        assert_eq!(parse_whole(b"003669945"), Some(3_669_945));
        for text in ["", "1.5", "-1", "99999999999", "x"] {
            assert_eq!(parse_whole(text.as_bytes()), None, "{text}");
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let day_order = Some(DayOrder::DayFirst);
        let found = parse_instant(text.as_bytes(), day_order).map(|at| at.to_string());
        assert_eq!(found.as_deref(), (!expected.is_empty()).then_some(expected), "{text}");
    }

    #[test]
    fn every_usual_instant_is_read() {
        check("2024-02-29T23:59:59", "2024-02-29T23:59:59.000Z");
        check("2024-02-29 23:59:59", "2024-02-29T23:59:59.000Z");
        check("2016-01-12 13:02:11.218", "2016-01-12T13:02:11.218Z");
        check("2016-01-12T13:02:11.218999Z", "2016-01-12T13:02:11.218Z");
        check("31/12/2015 23:59:59", "2015-12-31T23:59:59.000Z");
        check("2024-02-29T02:00:00+02:00", "2024-02-29T00:00:00.000Z");
        check("1709164800", "2024-02-29T00:00:00.000Z");
        check("1969-12-31T23:59:59", "1969-12-31T23:59:59.000Z");
    }

    #[test]
    fn a_date_with_strokes_needs_to_be_known() {
        let at =
            |day_order| parse_instant(b"03/04/2024 00:00:00", day_order).map(|at| at.to_string());
        assert_eq!(at(Some(DayOrder::DayFirst)).as_deref(), Some("2024-04-03T00:00:00.000Z"));
        assert_eq!(at(Some(DayOrder::MonthFirst)).as_deref(), Some("2024-03-04T00:00:00.000Z"));
        assert_eq!(at(None), None);
        assert_eq!(DayOrder::of(b" 31/12/2024 00:00:00"), Some(DayOrder::DayFirst));
        assert_eq!(DayOrder::of(b"02/28/2024 22:30:00"), Some(DayOrder::MonthFirst));
        for text in ["03/04/2024", "13/13/2024", "32/01/2024", "2024-02-28", "1/2", "", "ab/cd/ef"]
        {
            assert_eq!(DayOrder::of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_day_that_is_not_in_the_calendar_is_refused() {
        for text in
            ["2023-02-29T00:00:00", "12/31/2015 00:00:00", "2023-04-31 00:00:00", "soon", ""]
        {
            check(text, "");
        }
    }

    #[test]
    fn every_day_is_the_calendars() {
        for day in -30_000..60_000_i64 {
            let at = Timestamp::from_secs(day * 86_400 + 3_661);
            let text = at.to_string();
            assert_eq!(parse_usual_instant(text.as_bytes(), None), Some(at), "{text}");
        }
    }
}
