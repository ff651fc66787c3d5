//! Takes the fields of a message one by one, under the names of gpsd's JSON; what they become is for
//! [`Json`](super::json::Json) and [`Csv`](super::csv::Csv) to say.

/// Where the fields of a message go.
pub trait Fields {
    /// Whether this is a table, in which a name can only mean one thing. Then the data of binary messages
    /// stays bits, and what the receiver says of itself is left out.
    const IS_TABLE: bool;

    /// Begins the fields of an object of a class.
    fn begin(&mut self, class: &'static str);

    /// The object is complete.
    fn end(&mut self);

    /// What is written and not yet taken away.
    fn written(&mut self) -> &mut Vec<u8>;

    /// A whole number.
    fn integer(&mut self, key: Key, value: i64);

    /// A number with as many decimals as it says.
    fn decimal(&mut self, key: Key, value: Decimal);

    /// Yes or no.
    fn flag(&mut self, key: Key, value: bool);

    /// A text of our own, in which nothing needs to be escaped.
    fn word(&mut self, key: Key, value: &str);

    /// A text that somebody sent, byte by byte, none of them beyond ASCII.
    fn text(&mut self, key: Key, value: impl Iterator<Item = u8>);

    /// A text of any characters.
    fn any_text(&mut self, key: Key, value: &str);

    /// Lines as they came.
    fn lines<'a>(&mut self, key: Key, lines: impl Iterator<Item = &'a [u8]>);

    /// Bits, as `<how many>:<their bytes in hexadecimal>`.
    fn bits(&mut self, key: Key, count: usize, bytes: impl Iterator<Item = u8>);

    /// What follows is a list, whose items begin each with [`Fields::item`], up to [`Fields::end_list`].
    fn list(&mut self, key: Key);

    /// The fields of an item of a list follow.
    fn item(&mut self);

    /// The list is complete.
    fn end_list(&mut self);
}

/// The name of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(&'static str);

impl Key {
    /// From `,"name":`, which the macro [`key`] makes.
    pub const fn new(in_json: &'static str) -> Self {
        Key(in_json)
    }

    /// `,"name":`, so that it is written in one piece.
    #[inline(always)]
    pub fn in_json(self) -> &'static str {
        self.0
    }

    /// `name`
    pub fn name(self) -> &'static str {
        &self.0[2..self.0.len() - 2]
    }
}

/// Names a field.
macro_rules! key {
    ($name:literal) => {
        const { $crate::fields::Key::new(concat!(",\"", $name, "\":")) }
    };
}

pub(crate) use key;

/// A number in units of its last decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    units: i64,
    decimals: u32,
}

impl Decimal {
    /// `units` of the last of `decimals` decimals, at most 9 of them.
    #[inline(always)]
    pub const fn new(units: i64, decimals: u32) -> Self {
        Decimal { units, decimals }
    }

    /// `raw * numerator / denominator` units of the last of `decimals` decimals, rounded to the nearest.
    /// `denominator` is positive.
    #[inline(always)]
    pub const fn scaled(raw: i64, numerator: i64, denominator: i64, decimals: u32) -> Self {
        let twice = 2 * raw * numerator;
        let half_away = if twice < 0 { -denominator } else { denominator };
        Decimal { units: (twice + half_away) / (2 * denominator), decimals }
    }

    /// Degrees to six decimals from 1/10000 minute.
    #[inline(always)]
    pub const fn degrees_fine(raw: i32) -> Self {
        Decimal::scaled(raw as i64, 5, 3, 6)
    }

    /// Degrees to six decimals from 1/1000 minute.
    #[inline(always)]
    pub const fn degrees_middling(raw: i32) -> Self {
        Decimal::scaled(raw as i64, 50, 3, 6)
    }

    /// Degrees to six decimals from 1/10 minute.
    #[inline(always)]
    pub const fn degrees_coarse(raw: i32) -> Self {
        Decimal::scaled(raw as i64, 5000, 3, 6)
    }

    /// Puts its digits behind what `out` holds.
    #[inline]
    pub fn write(self, out: &mut Vec<u8>) {
        let magnitude = self.units.unsigned_abs();
        let unit = 10_u64.pow(self.decimals);
        if self.units < 0 {
            out.push(b'-');
        }
        write_integer(out, magnitude / unit);
        let mut digits = [b'.'; 10];
        let mut rest = magnitude % unit;
        let length = self.decimals as usize + 1;
        for digit in digits[1..length].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits[..length]);
    }
}

/// Puts the digits of `value` behind what `out` holds.
#[inline]
pub fn write_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Puts `<count>:<hexadecimal>` behind what `out` holds.
pub fn write_bits(out: &mut Vec<u8>, count: usize, bytes: impl Iterator<Item = u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    write_integer(out, count);
    out.push(b':');
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(decimal: Decimal, expected: &str) {
        let mut out = Vec::new();
        decimal.write(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn decimals_keep_their_zeros_and_their_sign() {
        check(Decimal::new(0, 1), "0.0");
        check(Decimal::new(-5, 1), "-0.5");
        check(Decimal::new(1023, 1), "102.3");
        check(Decimal::new(-7, 6), "-0.000007");
        check(Decimal::new(123, 2), "1.23");
    }

    #[test]
    fn degrees_are_rounded_to_the_nearest() {
        for raw in [-108_600_000, -44_467_951, -3, -2, -1, 0, 1, 2, 3, 28_752_371, 54_600_000] {
            check(Decimal::degrees_fine(raw), &format!("{:.6}", f64::from(raw) / 600_000.0));
            check(
                Decimal::degrees_middling(raw / 10),
                &format!("{:.6}", f64::from(raw / 10) / 60_000.0),
            );
            check(
                Decimal::degrees_coarse(raw / 1000),
                &format!("{:.6}", f64::from(raw / 1000) / 600.0),
            );
        }
    }

    #[test]
    fn a_key_knows_its_name() {
        assert_eq!((key!("lon").name(), key!("lon").in_json()), ("lon", ",\"lon\":"));
    }
}
