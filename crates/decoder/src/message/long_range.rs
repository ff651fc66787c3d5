//! Message 27: position report for reception by satellite (ITU-R M.1371-5, annex 8, § 3.25).

use maritime::Position;

use super::Length;
use super::field::{self, NavigationalStatus};
use super::layout::layout;

/// Up to the position.
pub(crate) const LENGTH: Length =
    Length { min: 79, full: 96, absent: &[(79, 6, 63), (85, 9, 511)] };

layout! {
    /// Where a vessel is, roughly.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"KkaDpaP0Kq4>N6Ot", 0);
    /// let Ok(Message::LongRange(report)) = message else { panic!("{message:?}") };
    /// assert_eq!(report.position().unwrap().to_string(), "57.70000 11.90000");
    /// assert_eq!((report.speed_knots(), report.course_deg()), (Some(12.0), None));
    /// ```
    pub struct LongRangeReport [96] {
        /// position better than 10 m before it was rounded.
        accuracy_high: bool = 38,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 39,
        /// navigational status, `0..=15`; 15 is "undefined".
        navigational_status_raw: u8 = 40..=43,
        /// longitude, signed, 1/10 minute, east positive; 181° (108600) is "not available".
        longitude_raw: i32 = 44..=61,
        /// latitude, signed, 1/10 minute, north positive; 91° (54600) is "not available".
        latitude_raw: i32 = 62..=78,
        /// speed over ground, knots; 63 is "not available".
        speed_raw: u8 = 79..=84,
        /// course over ground, degrees; 511 is "not available", 360 to 510 should not be used.
        course_raw: u16 = 85..=93,
        /// the position is older than 5 seconds.
        position_latency: bool = 94,
    }
}

impl LongRangeReport {
    /// What the ship says it is doing.
    pub fn navigational_status(&self) -> Option<NavigationalStatus> {
        NavigationalStatus::from_raw(self.navigational_status_raw)
    }

    /// Of the antenna, to 0.1 minute.
    #[inline]
    pub fn position(&self) -> Option<Position> {
        field::position_coarse(self.longitude_raw, self.latitude_raw)
    }

    /// Over ground, whole knots, in `[0, 62]`; 62 means that or more.
    #[inline]
    pub fn speed_knots(&self) -> Option<f32> {
        (self.speed_raw != 63).then(|| f32::from(self.speed_raw))
    }

    /// Over ground, clockwise from true north, whole degrees, in `[0, 360)`.
    #[inline]
    pub fn course_deg(&self) -> Option<f32> {
        (self.course_raw < 360).then(|| f32::from(self.course_raw))
    }
}
