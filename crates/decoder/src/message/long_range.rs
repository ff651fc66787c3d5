//! Message 27: position report for reception by satellite (ITU-R M.1371-5, annex 8).

use maritime::Position;

use super::Header;
use super::field::NavigationalStatus;
use crate::payload::Payload;

/// All but the spare bit.
pub(crate) const BITS_MIN: usize = 95;

/// Where a vessel is, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongRangeReport {
    /// Bits 0-37.
    pub header: Header,
    /// Bit 38: position better than 10 m before it was rounded.
    pub accuracy_high: bool,
    /// Bit 39: receiver autonomous integrity monitoring in use.
    pub raim: bool,
    /// Bits 40-43: navigational status, `0..=15`; 15 is "undefined".
    pub navigational_status_raw: u8,
    /// Bits 44-61: longitude, signed, 1/10 minute, east positive; 181° (108600) is "not available".
    pub longitude_raw: i32,
    /// Bits 62-78: latitude, signed, 1/10 minute, north positive; 91° (54600) is "not available".
    pub latitude_raw: i32,
    /// Bits 79-84: speed over ground, knots; 63 is "not available".
    pub speed_raw: u8,
    /// Bits 85-93: course over ground, degrees; 511 is "not available", 360 to 510 should not be used.
    pub course_raw: u16,
    /// Bit 94: the position is older than 5 seconds.
    pub position_latency: bool,
}

impl LongRangeReport {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload) -> Self {
        LongRangeReport {
            header,
            accuracy_high: payload.flag(38),
            raim: payload.flag(39),
            navigational_status_raw: payload.unsigned(40, 4) as u8,
            longitude_raw: payload.signed(44, 18) as i32,
            latitude_raw: payload.signed(62, 17) as i32,
            speed_raw: payload.unsigned(79, 6) as u8,
            course_raw: payload.unsigned(85, 9) as u16,
            position_latency: payload.flag(94),
        }
    }

    /// What the ship says it is doing.
    pub fn navigational_status(&self) -> Option<NavigationalStatus> {
        NavigationalStatus::from_raw(self.navigational_status_raw)
    }

    /// Of the antenna, to 0.1 minute.
    pub fn position(&self) -> Option<Position> {
        Position::new(f64::from(self.latitude_raw) / 600.0, f64::from(self.longitude_raw) / 600.0)
    }

    /// Over ground, whole knots, in `[0, 62]`; 62 means that or more.
    pub fn speed_knots(&self) -> Option<f32> {
        (self.speed_raw != 63).then(|| f32::from(self.speed_raw))
    }

    /// Over ground, clockwise from true north, whole degrees, in `[0, 360)`.
    pub fn course_deg(&self) -> Option<f32> {
        (self.course_raw < 360).then(|| f32::from(self.course_raw))
    }
}
