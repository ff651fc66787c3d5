//! Takes the times that receivers write beside sentences, gives instants. Never allocates, and never
//! guesses: what has no date is no instant.

use maritime::Timestamp;

/// Reads seconds, milliseconds, microseconds or nanoseconds since 1970, told by the number of digits,
/// seconds also with a fraction. Nothing may follow.
pub(crate) fn parse_epoch(text: &[u8]) -> Option<Timestamp> {
    let (instant, rest) = read_epoch(text)?;
    rest.is_empty().then_some(instant)
}

/// Reads an instant from the start of `text`: an epoch, or `2021-01-01T00:00:00Z` with `/` for `-`, a
/// blank for the `T`, a fraction, an offset, or no zone at all, which is taken as UTC. What follows
/// must be apart from it. `None` for anything else: what stands before a sentence counts as its time only if it is read here.
pub fn read_instant(text: &[u8]) -> Option<Timestamp> {
    let (instant, rest) = read_civil(text).or_else(|| read_epoch(text))?;
    match rest.first() {
        None => Some(instant),
        Some(byte) => (!byte.is_ascii_alphanumeric()).then_some(instant),
    }
}

fn read_epoch(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let mut number: i64 = 0;
    let mut digits = 0;
    while let Some(digit) = text.get(digits).filter(|byte| byte.is_ascii_digit()) {
        number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
        digits += 1;
    }
    let rest = &text[digits..];
    // Nine digits of seconds begin in 1973, ten end in 2286.
    match digits {
        9 | 10 => {
            let (fraction_millis, rest) = read_fraction(rest);
            Some((Timestamp::from_millis(number * 1000 + fraction_millis), rest))
        }
        12 | 13 => Some((Timestamp::from_millis(number), rest)),
        15 | 16 => Some((Timestamp::from_millis(number / 1000), rest)),
        18 | 19 => Some((Timestamp::from_millis(number / 1_000_000), rest)),
        _ => None,
    }
}

fn read_civil(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let date = text.first_chunk::<19>()?;
    let dash = date[4];
    let well_formed = matches!(dash, b'-' | b'/')
        && date[7] == dash
        && matches!(date[10], b'T' | b't' | b' ')
        && date[13] == b':'
        && date[16] == b':';
    if !well_formed {
        return None;
    }
    let number = |from: usize, to: usize| {
        date[from..to].iter().try_fold(0u32, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'))
        })
    };
    let instant = Timestamp::from_civil(
        number(0, 4)? as i32,
        number(5, 7)?,
        number(8, 10)?,
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
    )?;
    let (fraction_millis, rest) = read_fraction(&text[19..]);
    let (offset_millis, rest) = read_offset(rest);
    Some((instant.plus_millis(fraction_millis - offset_millis), rest))
}

/// `.5` as 500; 0 and nothing consumed where there is no fraction.
fn read_fraction(text: &[u8]) -> (i64, &[u8]) {
    let Some((b'.', digits)) = text.split_first() else { return (0, text) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let millis = (0..3).fold(0, |sum, at| {
        let digit = if at < length { digits[at] - b'0' } else { 0 };
        sum * 10 + i64::from(digit)
    });
    (millis, &digits[length..])
}

/// `Z` as 0, `+02:00` and `+0200` as two hours, in milliseconds; 0 where there is none.
fn read_offset(text: &[u8]) -> (i64, &[u8]) {
    let (sign, digits) = match *text {
        [b'Z' | b'z', ref rest @ ..] => return (0, rest),
        [b'+', ref rest @ ..] => (1, rest),
        [b'-', ref rest @ ..] => (-1, rest),
        _ => return (0, text),
    };
    let (tens, ones, minutes, rest) = match *digits {
        [a, b, b':', c, d, ref rest @ ..] | [a, b, c, d, ref rest @ ..]
            if [a, b, c, d].iter().all(u8::is_ascii_digit) =>
        {
            (a, b, [c, d], rest)
        }
        _ => return (0, text),
    };
    let two = |high: u8, low: u8| i64::from(high - b'0') * 10 + i64::from(low - b'0');
    (sign * (two(tens, ones) * 60 + two(minutes[0], minutes[1])) * 60_000, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(read_instant(text.as_bytes()).map(|t| t.to_string()).as_deref(), expected);
    }

    #[test]
    fn every_form_found_beside_sentences_is_read() {
        let new_year = Some("2021-01-01T00:00:00.000Z");
        check("2021-01-01T00:00:00Z", new_year);
        check("2021-01-01 00:00:00", new_year);
        check("2021/01/01 00:00:00 UTC", new_year);
        check("2021-01-01T02:30:00+02:30", new_year);
        check("2020-12-31T22:00:00.000-0200", new_year);
        check("1609459200", new_year);
        check("1609459200000,station", new_year);
        check("1609459200000000", new_year);
        check("1609459200000000000", new_year);
        check("1609459200.25", Some("2021-01-01T00:00:00.250Z"));
        check("2021-01-01T00:00:00.5Z", Some("2021-01-01T00:00:00.500Z"));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in
            ["", "12", "2021-01-01", "2021-02-30T00:00:00Z", "16094592001", "1609459200x", "d-109"]
        {
            check(text, None);
        }
    }
}
