//! Takes the payload characters of sentences, gives their bits. Never allocates: a transmission has
//! at most five slots, so a fixed buffer holds any of them.

use crate::Rejection;

/// The longest payload that is taken, in six-bit characters. Five slots carry fewer than 1200 bits
///; what is longer was not on the air.
pub(crate) const CHARACTERS_MAX: usize = 256;

/// Writes and reads go through windows of eight bytes, so there are as many beyond the last bit.
const BYTES: usize = CHARACTERS_MAX * 6 / 8 + 16;

/// The bits of one message, most significant first.
pub(crate) struct Payload {
    bytes: [u8; BYTES],
    bits: usize,
}

impl Payload {
    pub(crate) fn new() -> Self {
        Payload { bytes: [0; BYTES], bits: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.bits = 0;
    }

    /// Number of bits, fill bits left out.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bits
    }

    /// Un-armours `characters` behind the bits that are there already, and drops the last
    /// `fill_bits` of them (`0..=5`).
    #[inline]
    pub(crate) fn append(&mut self, characters: &[u8], fill_bits: u8) -> Result<(), Rejection> {
        let bits = self.bits + 6 * characters.len();
        if bits > 6 * CHARACTERS_MAX {
            return Err(Rejection::PayloadTooLong { characters: (bits / 6).min(9999) as u16 });
        }
        let mut at = self.bits;
        let mut invalid = 0;
        let (words, last) = characters.as_chunks::<8>();
        for word in words {
            let word = u64::from_be_bytes(*word);
            invalid |= invalid_characters(word);
            self.put_48_bits(at, unarmour(word));
            at += 48;
        }
        if !last.is_empty() {
            let mut word = [b'0'; 8];
            word[..last.len()].copy_from_slice(last);
            let word = u64::from_be_bytes(word);
            invalid |= invalid_characters(word);
            self.put_48_bits(at, unarmour(word));
        }
        if invalid != 0 {
            return Err(bad_character(characters));
        }
        self.bits = bits.saturating_sub(usize::from(fill_bits)).max(self.bits);
        Ok(())
    }

    /// Makes every bit from the end of the message up to `bits` read as zero. The message gets no longer.
    pub(crate) fn pad_with_zeros(&mut self, bits: usize) {
        let bits = bits.min(6 * CHARACTERS_MAX);
        let mut end = self.bits;
        while end < bits {
            self.put_48_bits(end, 0);
            end += 48;
        }
    }

    /// Forgets what lies behind `bits`.
    pub(crate) fn truncate(&mut self, bits: usize) {
        self.bits = self.bits.min(bits);
    }

    /// `bits` zeros.
    pub(crate) fn zeros(bits: usize) -> Self {
        Payload { bits, ..Payload::new() }
    }

    /// Sets `width` bits from `start` to the low ones of `value`; the message reaches at least to there.
    /// `width` in `1..=57`.
    pub(crate) fn put(&mut self, start: usize, width: usize, value: u64) {
        let byte = start / 8;
        let mask = (u64::MAX >> (64 - width)) << (64 - width - start % 8);
        let value = (value << (64 - width)) >> (start % 8);
        let window = self.window(byte) & !mask | value & mask;
        self.bytes[byte..byte + 8].copy_from_slice(&window.to_be_bytes());
        self.bits = self.bits.max(start + width);
    }

    /// Zeros up to a whole number of bytes, in which messages are sent.
    pub(crate) fn fill_last_byte(&mut self) {
        self.bits = self.bits.next_multiple_of(8);
    }

    /// `width` bits from `start`, unsigned. `width` in `1..=57`.
    #[inline(always)]
    pub(crate) fn unsigned(&self, start: usize, width: usize) -> u64 {
        (self.window(start / 8) << (start % 8)) >> (64 - width)
    }

    /// `width` bits from `start`, two's complement. `width` in `1..=57`.
    #[inline(always)]
    pub(crate) fn signed(&self, start: usize, width: usize) -> i64 {
        ((self.window(start / 8) << (start % 8)) as i64) >> (64 - width)
    }

    /// One bit.
    #[inline(always)]
    pub(crate) fn flag(&self, at: usize) -> bool {
        self.bytes[at / 8] & (0x80 >> (at % 8)) != 0
    }

    #[inline(always)]
    fn window(&self, byte: usize) -> u64 {
        let bytes: &[u8; 8] = self.bytes[byte..byte + 8].try_into().expect("eight bytes");
        u64::from_be_bytes(*bytes)
    }

    /// Sets the bits from `at` on to the low 48 of `bits`, and a few behind them to zero.
    #[inline(always)]
    fn put_48_bits(&mut self, at: usize, bits: u64) {
        let (byte, shift) = (at / 8, at % 8);
        let kept = (u64::from(self.bytes[byte]) << 56) & !(u64::MAX >> shift);
        let window = kept | ((bits << 16) >> shift);
        self.bytes[byte..byte + 8].copy_from_slice(&window.to_be_bytes());
    }
}

#[cfg(test)]
impl Payload {
    /// Cut, or with zeros behind.
    pub(crate) fn resized(&self, bits: usize) -> Self {
        let mut copy = Payload { bytes: self.bytes, bits: self.bits.min(bits) };
        copy.pad_with_zeros(bits);
        copy.bits = bits;
        copy
    }
}

/// Whether all characters may stand in a payload.
pub(crate) fn check_characters(characters: &[u8]) -> Result<(), Rejection> {
    if characters.iter().all(|&byte| is_payload_character(byte)) {
        Ok(())
    } else {
        Err(bad_character(characters))
    }
}

fn is_payload_character(byte: u8) -> bool {
    matches!(byte, b'0'..=b'W' | b'`'..=b'w')
}

#[cold]
fn bad_character(characters: &[u8]) -> Rejection {
    let found = characters.iter().copied().find(|&byte| !is_payload_character(byte));
    Rejection::BadPayloadCharacter { found: found.unwrap_or(0) }
}

/// The high bit of each of eight bytes: set where it is neither `0`-`W` nor `` ` ``-`w`.
#[inline(always)]
fn invalid_characters(word: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let low = word & !HIGH;
    let at_least_0 = low + 0x5050_5050_5050_5050;
    let beyond_w = low + 0x0808_0808_0808_0808;
    // `X` to `_` are the eight characters 01011xxx in between.
    let outside_gap =
        ((low & 0x7878_7878_7878_7878) ^ 0x5858_5858_5858_5858) + 0x7878_7878_7878_7878;
    (word | !at_least_0 | beyond_w | !outside_gap) & HIGH
}

/// Eight characters to 48 bits: each less 48, and less 8 more from `` ` `` on; then close up.
#[inline(always)]
fn unarmour(word: u64) -> u64 {
    let second_half = ((word >> 6) & (word >> 5)) & 0x0101_0101_0101_0101;
    let six = word.wrapping_sub(0x3030_3030_3030_3030).wrapping_sub(second_half << 3);
    let six = six & 0x3F3F_3F3F_3F3F_3F3F;
    let twelve = ((six & 0x3F00_3F00_3F00_3F00) >> 2) | (six & 0x003F_003F_003F_003F);
    let twenty_four = ((twelve & 0x0FFF_0000_0FFF_0000) >> 4) | (twelve & 0x0000_0FFF_0000_0FFF);
    ((twenty_four >> 8) & 0x0000_FFFF_FF00_0000) | (twenty_four & 0x00FF_FFFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One character at a time, as IEC 61162-1 tells it.
    fn slowly(characters: &[u8]) -> Option<Vec<bool>> {
        let mut bits = Vec::new();
        for &byte in characters {
            let value = match byte {
                b'0'..=b'W' => byte - 48,
                b'`'..=b'w' => byte - 56,
                _ => return None,
            };
            bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
        }
        Some(bits)
    }

    fn bits_of(payload: &Payload) -> Vec<bool> {
        (0..payload.len()).map(|at| payload.flag(at)).collect()
    }

    #[test]
    fn every_byte_is_judged_as_the_slow_way_does() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut characters = *b"w0W`0123";
                characters[place] = byte;
                let mut payload = Payload::new();
                let got = payload.append(&characters, 0).ok().map(|()| bits_of(&payload));
                assert_eq!(got, slowly(&characters), "byte {byte} at {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn parts_with_fill_bits_are_joined_to_the_bit(
            parts in prop::collection::vec(("[0-W`-w]{1,40}", 0u8..6), 1..5),
        ) {
            // What an earlier message left behind must not shine through.
            let mut payload = Payload::new();
            payload.append(&[b'w'; CHARACTERS_MAX], 0).unwrap();
            payload.clear();
            let mut expected = Vec::new();
            for (characters, fill_bits) in &parts {
                payload.append(characters.as_bytes(), *fill_bits).unwrap();
                expected.extend(slowly(characters.as_bytes()).unwrap());
                expected.truncate(expected.len() - usize::from(*fill_bits));
            }
            prop_assert_eq!(bits_of(&payload), expected.clone());
            payload.pad_with_zeros(expected.len() + 100);
            prop_assert_eq!(payload.len(), expected.len());
            payload.bits += 100;
            expected.resize(payload.len(), false);
            prop_assert_eq!(bits_of(&payload), expected);
        }

        #[test]
        fn numbers_are_read_at_any_place(word in any::<u64>(), start in 0usize..8, width in 1usize..=57) {
            let mut payload = Payload::new();
            payload.bytes[..8].copy_from_slice(&word.to_be_bytes());
            prop_assume!(start + width <= 64);
            let expected = (word >> (64 - start - width)) & ((1 << width) - 1);
            prop_assert_eq!(payload.unsigned(start, width), expected);
            let sign = 1i64 << (width - 1);
            prop_assert_eq!(payload.signed(start, width), (expected as i64 ^ sign) - sign);
            payload.put(start, width, !expected);
            prop_assert_eq!(payload.unsigned(start, width), !expected & (sign as u64 * 2 - 1));
            payload.put(start, width, expected);
            prop_assert_eq!(payload.window(0), word);
        }
    }

    #[test]
    fn the_longest_payload_fits_and_one_more_does_not() {
        let mut payload = Payload::new();
        assert!(payload.append(&[b'w'; CHARACTERS_MAX], 0).is_ok());
        assert_eq!(payload.append(b"w", 0).unwrap_err().name(), "payload_too_long");
    }
}
