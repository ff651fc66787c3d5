//! DAC 1, FI 16: number of persons on board (IMO SN/Circ.236 and SN.1/Circ.289).

use super::BitView;

/// Up to the number. Circ.236 sends three spare bits behind it, Circ.289 thirty-five.
pub(super) const BITS_MIN: usize = 13;

/// Circ.289 with its spare bits, filled up to whole bytes. Shore stations send radar targets under the
/// same id, in pieces of 120 bits, as earlier editions allowed.
pub(super) const BITS_MAX: usize = 55;

/// How many people a ship says it has on board. Both editions start with the number; gpsd's table of
/// Circ.236 has it one bit early and one bit longer, over the end of the application id.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let Application::PersonsOnBoard(count) = Application::decode(1, 16, BitView::new(&[0, 0xB8], 0, 16))
/// else {
///     panic!("not a number of persons");
/// };
/// assert_eq!(count.persons(), Some(23));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PersonsOnBoard {
    /// Bits 0-12: 0 is "not available", 8191 that or more.
    pub persons_raw: u16,
}

impl PersonsOnBoard {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        PersonsOnBoard { persons_raw: data.unsigned_or(0, 13, 0) as u16 }
    }

    /// In `1..=8191`; 8191 is that or more.
    pub fn persons(&self) -> Option<u16> {
        (self.persons_raw != 0).then_some(self.persons_raw)
    }
}
