//! Takes bytes, gives the bits and the six-bit characters in them. Borrows, never copies; whatever lies
//! beyond the end is `None`, never a zero that nobody sent.

use core::fmt;

use maritime::Text;

use crate::BitData;

/// Bits inside borrowed bytes, the most significant of a byte first, counted from 0.
///
/// ```
/// use alongside_decoder::application::BitView;
///
/// let view = BitView::new(&[0b1010_0001, 0b1000_0000], 1, 8);
/// assert_eq!(view.len(), 8);
/// assert_eq!(view.unsigned(0, 8), Some(0b0100_0011));
/// assert_eq!(view.unsigned(1, 8), None);
/// ```
#[derive(Clone, Copy)]
pub struct BitView<'a> {
    bytes: &'a [u8],
    start: usize,
    bits: usize,
}

impl<'a> BitView<'a> {
    /// `bits` bits of `bytes` from bit `start` on, or as many of them as there are.
    pub fn new(bytes: &'a [u8], start: usize, bits: usize) -> Self {
        let there = (bytes.len() * 8).saturating_sub(start);
        BitView { bytes, start, bits: bits.min(there) }
    }

    /// Number of bits.
    pub fn len(&self) -> usize {
        self.bits
    }

    /// Whether there is no bit.
    pub fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// The bits from `start` on; empty where there are none.
    pub fn rest(&self, start: usize) -> Self {
        self.part(start, usize::MAX)
    }

    /// At most `bits` bits from `start` on.
    pub fn part(&self, start: usize, bits: usize) -> Self {
        let start = start.min(self.bits);
        BitView { bytes: self.bytes, start: self.start + start, bits: bits.min(self.bits - start) }
    }

    /// `width` bits from `start`, unsigned; `None` unless all of them are there and `width` is in
    /// `1..=57`.
    #[inline]
    pub fn unsigned(&self, start: usize, width: usize) -> Option<u64> {
        let end = start.checked_add(width)?;
        if end > self.bits || !(1..=57).contains(&width) {
            return None;
        }
        let at = self.start + start;
        let rest = &self.bytes[at / 8..];
        let window = match rest.first_chunk() {
            Some(eight) => u64::from_be_bytes(*eight),
            None => {
                let mut eight = [0; 8];
                eight[..rest.len()].copy_from_slice(rest);
                u64::from_be_bytes(eight)
            }
        };
        Some((window << (at % 8)) >> (64 - width))
    }

    /// `width` bits from `start`, two's complement; `None` as for [`BitView::unsigned`].
    #[inline]
    pub fn signed(&self, start: usize, width: usize) -> Option<i64> {
        let unsigned = self.unsigned(start, width)?;
        let unused = 64 - width;
        Some(((unsigned << unused) as i64) >> unused)
    }

    /// One bit; `None` beyond the end.
    pub fn flag(&self, at: usize) -> Option<bool> {
        Some(self.unsigned(at, 1)? == 1)
    }

    /// All bits, the first that was sent first.
    pub fn iter(&self) -> impl Iterator<Item = bool> + 'a {
        let view = *self;
        (0..view.bits).filter_map(move |at| view.flag(at))
    }

    /// Eight bits a piece; the last one is filled up with zeros.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + 'a {
        let view = *self;
        (0..view.bits.div_ceil(8)).map(move |at| {
            let width = (view.bits - 8 * at).min(8);
            (view.unsigned_or(8 * at, width, 0) << (8 - width)) as u8
        })
    }

    /// As [`BitView::unsigned`], and `absent` where the message has ended.
    #[inline]
    pub(super) fn unsigned_or(&self, start: usize, width: usize, absent: u64) -> u64 {
        self.unsigned(start, width).unwrap_or(absent)
    }

    /// As [`BitView::signed`], and `absent` where the message has ended.
    #[inline]
    pub(super) fn signed_or(&self, start: usize, width: usize, absent: i64) -> i64 {
        self.signed(start, width).unwrap_or(absent)
    }
}

/// All bits of it.
impl<'a> From<&'a BitData> for BitView<'a> {
    fn from(data: &'a BitData) -> Self {
        BitView::new(data.bytes(), 0, data.len())
    }
}

/// The same bits, wherever they lie.
impl PartialEq for BitView<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits && self.bytes().eq(other.bytes())
    }
}

impl Eq for BitView<'_> {}

/// Number of bits and the bytes in hexadecimal, as in `12:abc0`.
impl fmt::Debug for BitView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.bits)?;
        self.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Six-bit characters inside borrowed bytes (ITU-R M.1371-5, annex 8): the text up to the first `@`,
/// without surrounding blanks. It is what somebody sent: escape it wherever it is shown.
///
/// ```
/// use alongside_decoder::application::{BitView, SixBitView};
///
/// let bytes = [0b001000_00, 0b1001_0000, 0b00_000000];
/// let text = SixBitView::new(BitView::new(&bytes, 0, 24));
/// assert_eq!(text.to_string(), "HI");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SixBitView<'a> {
    bits: BitView<'a>,
}

impl<'a> SixBitView<'a> {
    /// The characters of `bits`; up to five bits that are left over at the end are none.
    pub fn new(bits: BitView<'a>) -> Self {
        SixBitView { bits }
    }

    /// The bits as they were sent.
    pub fn bits(&self) -> BitView<'a> {
        self.bits
    }

    /// The characters, all of them printable ASCII.
    pub fn chars(&self) -> impl Iterator<Item = char> + 'a {
        let bits = self.bits;
        let (start, end) = self.trimmed();
        (start..end).filter_map(move |at| Some(ascii(bits.unsigned(6 * at, 6)?)))
    }

    /// Whether nothing but blanks was sent.
    pub fn is_empty(&self) -> bool {
        let (start, end) = self.trimmed();
        start == end
    }

    /// The first character that is not blank, and the one after the last that is not.
    fn trimmed(&self) -> (usize, usize) {
        let value = |at| self.bits.unsigned(6 * at, 6).unwrap_or(0);
        let end = (0..self.bits.len() / 6).find(|&at| value(at) == 0);
        let end = end.unwrap_or(self.bits.len() / 6);
        let blank = |at: &usize| value(*at) == 32;
        let start = (0..end).find(|at| !blank(at)).unwrap_or(end);
        let end = (start..end).rev().find(|at| !blank(at)).map_or(start, |last| last + 1);
        (start, end)
    }
}

impl fmt::Display for SixBitView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

impl fmt::Debug for SixBitView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The text of the `N` six-bit characters in the low bits of `raw`, at most nine of them; `None` if
/// nothing is left of it.
pub(super) fn text<const N: usize>(raw: u64) -> Option<Text<N>> {
    const { assert!(N <= 9) };
    let left = raw << (64 - 6 * N);
    let bytes = left.to_be_bytes();
    let view = SixBitView::new(BitView::new(&bytes, 0, 6 * N));
    let mut ascii = [0; N];
    let mut length = 0;
    for letter in view.chars() {
        ascii[length] = letter as u8;
        length += 1;
    }
    Text::new(core::str::from_utf8(&ascii[..length]).ok()?)
}

/// `@` to `_`, then blank to `?`.
fn ascii(six: u64) -> char {
    char::from(if six < 32 { six as u8 + 64 } else { six as u8 })
}

/// The way back, for the tests.
#[cfg(test)]
#[derive(Debug, Clone, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    bits: usize,
}

#[cfg(test)]
impl BitWriter {
    pub(super) fn number(mut self, value: impl Into<i64>, width: usize) -> Self {
        let value = value.into();
        for bit in (0..width).rev() {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= ((value >> bit.min(63) & 1) as u8) << (7 - self.bits % 8);
            self.bits += 1;
        }
        self
    }

    pub(super) fn text(self, text: &str, characters: usize) -> Self {
        let padded = text.bytes().chain(core::iter::repeat(b'@')).take(characters);
        padded.fold(self, |bits, byte| bits.number(byte & 0x3F, 6))
    }

    pub(super) fn append(self, view: BitView<'_>) -> Self {
        view.iter().fold(self, |bits, bit| bits.number(bit, 1))
    }

    pub(super) fn view(&self) -> BitView<'_> {
        BitView::new(&self.bytes, 0, self.bits)
    }
}

#[cfg(test)]
impl PartialEq<BitView<'_>> for BitWriter {
    fn eq(&self, other: &BitView<'_>) -> bool {
        self.view() == *other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_at_any_place(
            bytes in prop::collection::vec(any::<u8>(), 0..24),
            offset in 0usize..70, bits in 0usize..200, start in 0usize..200, width in 0usize..70,
        ) {
            let all: Vec<bool> =
                bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
            let there: Vec<bool> = all.into_iter().skip(offset).take(bits).collect();
            let view = BitView::new(&bytes, offset, bits);
            prop_assert_eq!(view.len(), there.len());
            prop_assert_eq!(view.iter().collect::<Vec<_>>(), &there[..]);
            let expected = (width > 0 && width <= 57)
                .then(|| there.get(start..start + width))
                .flatten()
                .map(|bits| bits.iter().fold(0, |sum, &bit| sum << 1 | u64::from(bit)));
            prop_assert_eq!(view.unsigned(start, width), expected);
            let negative = |value: u64| value >> (width - 1) & 1 == 1;
            let signed = expected
                .map(|value| if negative(value) { value as i64 - (1i64 << width) } else { value as i64 });
            prop_assert_eq!(view.signed(start, width), signed);
            prop_assert_eq!(view.rest(start).iter().collect::<Vec<_>>(), there.get(start..).unwrap_or(&[]));
            prop_assert_eq!(BitWriter::default().append(view), view);
        }
    }

    #[test]
    fn text_ends_at_the_first_at_sign_and_loses_surrounding_blanks() {
        #[track_caller]
        fn check(sent: &str, expected: &str) {
            let bits = BitWriter::default().text(sent, 9);
            let view = SixBitView::new(bits.view());
            assert_eq!(view.to_string(), expected);
            assert_eq!(view.is_empty(), expected.is_empty());
            let short = text::<9>(bits.view().unsigned(0, 54).unwrap());
            assert_eq!(short.map_or_else(String::new, |text| text.to_string()), expected);
        }
        check("  A B ? ", "A B ?");
        check("AB@CD", "AB");
        check("   ", "");
        check("", "");
        check("NINECHARS", "NINECHARS");
    }
}
