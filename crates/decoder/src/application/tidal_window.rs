//! DAC 1, FI 32: tidal window (IMO SN.1/Circ.289).

use maritime::Position;

use super::{BitView, Moment, position_thousandths};

/// Up to the day.
pub(super) const BITS_MIN: usize = 9;

/// Bits of one [`Tide`].
const TIDE_BITS: usize = 88;

/// At most three are sent.
const TIDES_MAX: usize = 3;

/// When ships can pass, from the shore.
///
/// ```
/// use alongside_decoder::application::{Application, BitView};
///
/// let Application::TidalWindow(window) = Application::decode(1, 32, BitView::new(&[0x2A, 0], 0, 9))
/// else {
///     panic!("not a tidal window");
/// };
/// assert_eq!((window.month(), window.day()), (Some(2), Some(20)));
/// assert_eq!(window.tides().count(), 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TidalWindow<'a> {
    /// Bits 0-3: month in UTC; 0 is "not available".
    pub month_raw: u8,
    /// Bits 4-8: day in UTC; 0 is "not available".
    pub day_raw: u8,
    /// Bits 9-96, 97-184 and 185-272: one to three tides.
    pub tides_raw: BitView<'a>,
}

/// A place, a time and the current predicted for them.
///
/// ```
/// use alongside_decoder::application::Tide;
///
/// let tide = Tide {
///     longitude_raw: 6 * 60_000,
///     latitude_raw: 50 * 60_000,
///     from_hour_raw: 4,
///     from_minute_raw: 30,
///     to_hour_raw: 24,
///     to_minute_raw: 60,
///     current_direction_raw: 180,
///     current_speed_raw: 15,
/// };
/// assert_eq!((tide.starts_at().hour, tide.ends_at().hour), (Some(4), None));
/// assert_eq!(tide.current_speed_knots(), Some(1.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tide {
    /// Bits 0-24: 1/1000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 25-48: 1/1000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
    /// Bits 49-53: hour in UTC from which on it holds; 24 is "not available".
    pub from_hour_raw: u8,
    /// Bits 54-59: minute from which on it holds; 60 is "not available".
    pub from_minute_raw: u8,
    /// Bits 60-64: hour in UTC until which it holds; 24 is "not available".
    pub to_hour_raw: u8,
    /// Bits 65-70: minute until which it holds; 60 is "not available".
    pub to_minute_raw: u8,
    /// Bits 71-79: degrees, where the current sets to; 360 is "not available".
    pub current_direction_raw: u16,
    /// Bits 80-87: 1/10 knot; 251 is 25.1 knots or more, 255 "not available".
    pub current_speed_raw: u8,
}

impl<'a> TidalWindow<'a> {
    pub(super) fn decode(data: BitView<'a>) -> Self {
        TidalWindow {
            month_raw: data.unsigned_or(0, 4, 0) as u8,
            day_raw: data.unsigned_or(4, 5, 0) as u8,
            tides_raw: data.part(9, TIDES_MAX * TIDE_BITS),
        }
    }

    /// In `1..=12`, UTC.
    pub fn month(&self) -> Option<u8> {
        Moment::from_raw(self.month_raw, self.day_raw, 24, 60).month
    }

    /// In `1..=31`, UTC.
    pub fn day(&self) -> Option<u8> {
        Moment::from_raw(self.month_raw, self.day_raw, 24, 60).day
    }

    /// The tides, as many as are sent; the last one may be cut behind its position.
    pub fn tides(&self) -> impl Iterator<Item = Tide> + 'a {
        let all = self.tides_raw;
        (0..TIDES_MAX).map(move |at| all.part(at * TIDE_BITS, TIDE_BITS)).map_while(Tide::decode)
    }
}

impl Tide {
    fn decode(bits: BitView<'_>) -> Option<Self> {
        Some(Tide {
            longitude_raw: bits.signed(0, 25)? as i32,
            latitude_raw: bits.signed(25, 24)? as i32,
            from_hour_raw: bits.unsigned_or(49, 5, 24) as u8,
            from_minute_raw: bits.unsigned_or(54, 6, 60) as u8,
            to_hour_raw: bits.unsigned_or(60, 5, 24) as u8,
            to_minute_raw: bits.unsigned_or(65, 6, 60) as u8,
            current_direction_raw: bits.unsigned_or(71, 9, 360) as u16,
            current_speed_raw: bits.unsigned_or(80, 8, 255) as u8,
        })
    }

    /// Where it holds.
    pub fn position(&self) -> Option<Position> {
        position_thousandths(self.longitude_raw, self.latitude_raw)
    }

    /// From when on it holds, in UTC; the date is that of the whole message.
    pub fn starts_at(&self) -> Moment {
        Moment::from_raw(0, 0, self.from_hour_raw, self.from_minute_raw)
    }

    /// Until when it holds, in UTC; the date is that of the whole message.
    pub fn ends_at(&self) -> Moment {
        Moment::from_raw(0, 0, self.to_hour_raw, self.to_minute_raw)
    }

    /// Where the current sets to, in `[0, 360)`.
    pub fn current_direction_deg(&self) -> Option<f32> {
        (self.current_direction_raw < 360).then(|| f32::from(self.current_direction_raw))
    }

    /// In `[0, 25.1]`; 25.1 is that or more.
    pub fn current_speed_knots(&self) -> Option<f32> {
        (self.current_speed_raw <= 251).then(|| f32::from(self.current_speed_raw) / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::BitWriter;
    use super::*;

    fn encode(window: &TidalWindow<'_>) -> BitWriter {
        let bits = BitWriter::default().number(window.month_raw, 4).number(window.day_raw, 5);
        window.tides().fold(bits, |bits, tide| {
            bits.number(tide.longitude_raw, 25)
                .number(tide.latitude_raw, 24)
                .number(tide.from_hour_raw, 5)
                .number(tide.from_minute_raw, 6)
                .number(tide.to_hour_raw, 5)
                .number(tide.to_minute_raw, 6)
                .number(tide.current_direction_raw, 9)
                .number(tide.current_speed_raw, 8)
        })
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(bytes in prop::collection::vec(any::<u8>(), 35), tides in 0usize..=3) {
            let data = BitView::new(&bytes, 0, 9 + tides * TIDE_BITS);
            let window = TidalWindow::decode(data);
            prop_assert_eq!(window.tides().count(), tides);
            prop_assert_eq!(encode(&window), data);
        }
    }

    #[test]
    fn a_tide_that_is_cut_keeps_its_position() {
        let bits = BitWriter::default()
            .number(3, 4)
            .number(31, 5)
            .number(6 * 60_000, 25)
            .number(50 * 60_000, 24);
        let window = TidalWindow::decode(bits.view());
        let tides: Vec<_> = window.tides().collect();
        let [tide] = tides[..] else { panic!("{tides:?}") };
        assert_eq!(tide.position(), Position::new(50.0, 6.0));
        assert_eq!((tide.current_speed_knots(), tide.current_direction_deg()), (None, None));
        assert_eq!((tide.starts_at().hour, tide.ends_at().minute), (None, None));
    }
}
