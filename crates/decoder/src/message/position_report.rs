//! Messages 1, 2 and 3: position report of a class A vessel (ITU-R M.1371-5, annex 8).

use maritime::Position;

use super::Header;
use super::field::{self, NavigationalStatus, RateOfTurn};
use crate::payload::Payload;

/// Everything but the communication state, which some receivers cut: reports of 163 bits are common.
pub(crate) const BITS_MIN: usize = 149;

/// Where a class A vessel is and how it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PositionReport {
    /// Bits 0-37.
    pub header: Header,
    /// Bits 38-41: navigational status, `0..=15`; 15 is "undefined".
    pub navigational_status_raw: u8,
    /// Bits 42-49: rate of turn, signed; -128 is "not available".
    pub rate_of_turn_raw: i8,
    /// Bits 50-59: speed over ground, 1/10 knot; 1023 is "not available".
    pub speed_raw: u16,
    /// Bit 60: position better than 10 m.
    pub accuracy_high: bool,
    /// Bits 61-88: longitude, signed, 1/10000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 89-115: latitude, signed, 1/10000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
    /// Bits 116-127: course over ground, 1/10 degree; 3600 is "not available".
    pub course_raw: u16,
    /// Bits 128-136: true heading, degrees; 511 is "not available".
    pub heading_raw: u16,
    /// Bits 137-142: second of the UTC minute; 60 is "not available", 61 manual input, 62 dead reckoning,
    /// 63 positioning system inoperative.
    pub second_raw: u8,
    /// Bits 143-144: special manoeuvre; 0 "not available", 1 not engaged, 2 engaged.
    pub manoeuvre_raw: u8,
    /// Bit 148: receiver autonomous integrity monitoring in use.
    pub raim: bool,
    /// Bits 149-167: communication state; bits that were cut are 0.
    pub communication_state: u32,
}

impl PositionReport {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload) -> Self {
        PositionReport {
            header,
            navigational_status_raw: payload.unsigned(38, 4) as u8,
            rate_of_turn_raw: payload.signed(42, 8) as i8,
            speed_raw: payload.unsigned(50, 10) as u16,
            accuracy_high: payload.flag(60),
            longitude_raw: payload.signed(61, 28) as i32,
            latitude_raw: payload.signed(89, 27) as i32,
            course_raw: payload.unsigned(116, 12) as u16,
            heading_raw: payload.unsigned(128, 9) as u16,
            second_raw: payload.unsigned(137, 6) as u8,
            manoeuvre_raw: payload.unsigned(143, 2) as u8,
            raim: payload.flag(148),
            communication_state: payload.unsigned(149, 19) as u32,
        }
    }

    /// What the ship says it is doing.
    pub fn navigational_status(&self) -> Option<NavigationalStatus> {
        NavigationalStatus::from_raw(self.navigational_status_raw)
    }

    /// How fast the bow turns.
    pub fn rate_of_turn(&self) -> Option<RateOfTurn> {
        RateOfTurn::from_raw(self.rate_of_turn_raw)
    }

    /// Over ground, in `[0, 102.2]`; 102.2 means that or more.
    pub fn speed_knots(&self) -> Option<f32> {
        field::speed_knots(self.speed_raw)
    }

    /// Of the antenna.
    pub fn position(&self) -> Option<Position> {
        field::position(self.longitude_raw, self.latitude_raw)
    }

    /// Over ground, clockwise from true north, in `[0, 360)`.
    pub fn course_deg(&self) -> Option<f32> {
        field::course_deg(self.course_raw)
    }

    /// Of the bow, clockwise from true north, in `[0, 360)`.
    pub fn heading_deg(&self) -> Option<f32> {
        field::heading_deg(self.heading_raw)
    }

    /// Second of the UTC minute at which this was so, `0..=59`.
    pub fn second(&self) -> Option<u8> {
        field::second(self.second_raw)
    }
}
