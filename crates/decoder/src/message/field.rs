//! Fields that several messages share.

use maritime::{Dimensions, Position, Text};

use super::layout::Field;
use crate::payload::Payload;

/// `N` six-bit characters, at most 20, as they were sent.
///
/// ```
/// use alongside_decoder::SixBitText;
///
/// let name = SixBitText::<20>::new("Ever Diadem");
/// assert_eq!(name.text().unwrap().as_str(), "EVER DIADEM");
/// assert_eq!(SixBitText::<20>::ABSENT.text(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SixBitText<const N: usize>(u128);

impl<const N: usize> SixBitText<N> {
    /// All `@`, which is "not available".
    pub const ABSENT: Self = SixBitText(0);

    /// The text in six bits, cut to `N` characters. Small letters are sent as capitals, and what six bits
    /// cannot tell as `?`.
    pub fn new(text: &str) -> Self {
        const { assert!(N <= 20) };
        let mut bits = 0;
        let mut characters = text.chars();
        for _ in 0..N {
            bits = bits << 6 | characters.next().map_or(0, |c| u128::from(six_bits(c)));
        }
        SixBitText(bits)
    }

    /// The raw bits, first character highest.
    pub fn raw(&self) -> u128 {
        self.0
    }

    /// The text up to the first `@`, without surrounding blanks (annex 8); `None` if nothing
    /// is left. It is what somebody sent: escape it wherever it is shown.
    pub fn text(&self) -> Option<Text<N>> {
        ascii(self.six_bits())
    }

    /// How many characters there are before nothing but `@` follows.
    pub(crate) fn len(&self) -> usize {
        N - (self.0.trailing_zeros() as usize / 6).min(N)
    }

    /// All characters as they were sent.
    pub(crate) fn six_bits(self) -> impl Iterator<Item = u8> {
        (0..N).rev().map(move |place| (self.0 >> (6 * place)) as u8 & 0x3F)
    }
}

impl<const N: usize> Field for SixBitText<N> {
    #[inline(always)]
    fn read(payload: &Payload, start: usize, _: usize) -> Self {
        const { assert!(N <= 20) };
        let mut bits = 0;
        let mut done = 0;
        while done < N {
            let characters = if N - done < 7 { N - done } else { 7 };
            let piece = payload.unsigned(start + 6 * done, 6 * characters);
            bits = bits << (6 * characters) | u128::from(piece);
            done += characters;
        }
        SixBitText(bits)
    }

    fn write(&self, payload: &mut Payload, start: usize, _: usize) {
        for (at, six) in self.six_bits().enumerate() {
            payload.put(start + 6 * at, 6, u64::from(six));
        }
    }
}

/// The text of six-bit characters up to the first `@` (annex 8).
pub(crate) fn ascii<const N: usize>(six_bits: impl Iterator<Item = u8>) -> Option<Text<N>> {
    let mut ascii = [0; N];
    let mut length = 0;
    for (byte, six) in ascii.iter_mut().zip(six_bits) {
        *byte = match six {
            0 => break,
            letter @ 1..32 => letter + 64,
            other => other,
        };
        length += 1;
    }
    Text::new(core::str::from_utf8(&ascii[..length]).ok()?)
}

/// The way back of one character.
pub(crate) fn six_bits(character: char) -> u8 {
    match character.to_ascii_uppercase() {
        letter @ '@'..='_' => letter as u8 - 64,
        other @ ' '..='?' => other as u8,
        _ => b'?',
    }
}

/// How fast the bow turns (annex 8).
///
/// ```
/// use alongside_decoder::RateOfTurn;
///
/// assert_eq!(RateOfTurn::from_raw(0), Some(RateOfTurn::DegreesPerMinute(0.0)));
/// assert_eq!(RateOfTurn::from_raw(-127), Some(RateOfTurn::FastLeft));
/// assert_eq!(RateOfTurn::from_raw(-128), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RateOfTurn {
    /// Degrees per minute, right (starboard) positive, in `[-709, 709]`: (raw / 4.733)², signed.
    DegreesPerMinute(f32),
    /// More than 5° in 30 s to the left; there is no turn indicator. Raw -127.
    FastLeft,
    /// More than 5° in 30 s to the right; there is no turn indicator. Raw 127.
    FastRight,
}

impl RateOfTurn {
    /// From the eight bits sent; `None` for -128, "not available".
    pub fn from_raw(raw: i8) -> Option<Self> {
        Some(match raw {
            -128 => return None,
            -127 => RateOfTurn::FastLeft,
            127 => RateOfTurn::FastRight,
            _ => {
                let root = f32::from(raw) / 4.733;
                RateOfTurn::DegreesPerMinute(root * root.abs())
            }
        })
    }
}

/// What a ship says it is doing (annex 8).
///
/// ```
/// use alongside_decoder::NavigationalStatus;
///
/// assert_eq!(NavigationalStatus::from_raw(5), Some(NavigationalStatus::Moored));
/// assert_eq!(NavigationalStatus::from_raw(15), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NavigationalStatus {
    /// 0
    UnderWayUsingEngine,
    /// 1
    AtAnchor,
    /// 2
    NotUnderCommand,
    /// 3
    RestrictedManoeuvrability,
    /// 4
    ConstrainedByDraught,
    /// 5
    Moored,
    /// 6
    Aground,
    /// 7
    Fishing,
    /// 8
    UnderWaySailing,
    /// 11
    TowingAstern,
    /// 12
    PushingAheadOrTowingAlongside,
    /// 14: AIS-SART, man overboard or EPIRB, active
    DistressActive,
    /// 9, 10, 13
    Reserved(u8),
}

impl NavigationalStatus {
    /// From the four bits sent; `None` for 15, "undefined", and for what does not fit four bits.
    pub fn from_raw(raw: u8) -> Option<Self> {
        use NavigationalStatus::*;
        Some(match raw {
            0 => UnderWayUsingEngine,
            1 => AtAnchor,
            2 => NotUnderCommand,
            3 => RestrictedManoeuvrability,
            4 => ConstrainedByDraught,
            5 => Moored,
            6 => Aground,
            7 => Fishing,
            8 => UnderWaySailing,
            11 => TowingAstern,
            12 => PushingAheadOrTowingAlongside,
            14 => DistressActive,
            9 | 10 | 13 => Reserved(raw),
            _ => return None,
        })
    }
}

/// Estimated time of arrival in UTC; the year is not sent.
///
/// ```
/// use alongside_decoder::Message;
///
/// let message = Message::decode(b"55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp888888888880", 2);
/// let Ok(Message::StaticVoyage(voyage)) = message else { panic!("{message:?}") };
/// let eta = voyage.eta().unwrap();
/// assert_eq!((eta.month, eta.day, eta.hour, eta.minute), (5, 15, Some(14), Some(0)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Eta {
    /// `1..=12`
    pub month: u8,
    /// `1..=31`
    pub day: u8,
    /// `0..=23`; `None` when the vessel sent "not available".
    pub hour: Option<u8>,
    /// `0..=59`; `None` when the vessel sent "not available".
    pub minute: Option<u8>,
}

/// Longitude and latitude in 1/10000 minute; 181° and 91° are "not available".
#[inline]
pub(crate) fn position(longitude_raw: i32, latitude_raw: i32) -> Option<Position> {
    Position::new(f64::from(latitude_raw) / 600_000.0, f64::from(longitude_raw) / 600_000.0)
}

/// Longitude and latitude in 1/10 minute; 181° and 91° are "not available".
#[inline]
pub(crate) fn position_coarse(longitude_raw: i32, latitude_raw: i32) -> Option<Position> {
    Position::new(f64::from(latitude_raw) / 600.0, f64::from(longitude_raw) / 600.0)
}

/// Speed in 1/10 knot: 1023 is "not available", 1022 is 102.2 knots or more.
#[inline]
pub(crate) fn speed_knots(raw: u16) -> Option<f32> {
    (raw != 1023).then(|| f32::from(raw) / 10.0)
}

/// Course in 1/10 degree: 3600 is "not available", more should not be used.
#[inline]
pub(crate) fn course_deg(raw: u16) -> Option<f32> {
    (raw < 3600).then(|| f32::from(raw) / 10.0)
}

/// Heading in degrees: 511 is "not available", 360 to 510 mean nothing.
#[inline]
pub(crate) fn heading_deg(raw: u16) -> Option<f32> {
    (raw < 360).then(|| f32::from(raw))
}

/// Second of the minute: 60 is "not available", 61 to 63 say how the position was found instead.
#[inline]
pub(crate) fn second(raw: u8) -> Option<u8> {
    (raw < 60).then_some(raw)
}

/// The four sides of the hull; all zero is "not available".
#[inline]
pub(crate) fn dimensions(
    bow_m: u16,
    stern_m: u16,
    port_m: u8,
    starboard_m: u8,
) -> Option<Dimensions> {
    let dimensions = Dimensions {
        bow_m,
        stern_m,
        port_m: u16::from(port_m),
        starboard_m: u16::from(starboard_m),
    };
    (dimensions.length_m() != 0 || dimensions.beam_m() != 0).then_some(dimensions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_of_turn_keeps_its_sign() {
        let degrees = |raw| match RateOfTurn::from_raw(raw) {
            Some(RateOfTurn::DegreesPerMinute(degrees)) => (degrees * 10.0).round() / 10.0,
            other => panic!("{other:?}"),
        };
        assert_eq!(degrees(0), 0.0);
        assert_eq!(degrees(-20), -17.9);
        assert_eq!(degrees(20), 17.9);
        assert_eq!(degrees(126), 708.7);
        assert_eq!(RateOfTurn::from_raw(-127), Some(RateOfTurn::FastLeft));
        assert_eq!(RateOfTurn::from_raw(127), Some(RateOfTurn::FastRight));
        assert_eq!(RateOfTurn::from_raw(-128), None);
    }

    #[test]
    fn sentinels_are_none() {
        assert_eq!(position(181 * 600_000, 91 * 600_000), None);
        assert!(position(-180 * 600_000, 90 * 600_000).is_some());
        assert_eq!((speed_knots(1023), speed_knots(1022)), (None, Some(102.2)));
        assert_eq!((course_deg(3600), course_deg(3599)), (None, Some(359.9)));
        assert_eq!(
            (heading_deg(511), heading_deg(360), heading_deg(359)),
            (None, None, Some(359.0))
        );
        assert_eq!((second(60), second(63), second(59)), (None, None, Some(59)));
        assert_eq!(dimensions(0, 0, 0, 0), None);
        assert!(dimensions(0, 0, 3, 0).is_some());
    }
}
