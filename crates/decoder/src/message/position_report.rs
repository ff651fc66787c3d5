//! Messages 1, 2 and 3: position report of a class A vessel (ITU-R M.1371-5, annex 8, § 3.1,
//! table 48).

use maritime::Position;

use super::CommunicationState;
use super::Length;
use super::field::{self, NavigationalStatus, RateOfTurn};
use super::layout::layout;

/// Up to the position. Reports of 163 bits are common, which cuts the communication state.
pub(crate) const LENGTH: Length =
    Length { min: 116, full: 168, absent: &[(116, 12, 3600), (128, 9, 511), (137, 6, 60)] };

layout! {
    /// Where a class A vessel is and how it moves.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"15RTgt0PAso;90TKcjM8h6g208CQ", 0);
    /// let Ok(Message::PositionReport(report)) = message else { panic!("{message:?}") };
    /// assert_eq!(report.position().unwrap().to_string(), "48.38163 -123.39538");
    /// assert_eq!((report.speed_raw, report.speed_knots()), (123, Some(12.3)));
    /// assert_eq!((report.course_deg(), report.heading_deg()), (Some(224.0), Some(215.0)));
    /// ```
    pub struct PositionReport [149] {
        /// navigational status, `0..=15`; 15 is "undefined".
        navigational_status_raw: u8 = 38..=41,
        /// rate of turn, signed; -128 is "not available".
        rate_of_turn_raw: i8 = 42..=49,
        /// speed over ground, 1/10 knot; 1023 is "not available".
        speed_raw: u16 = 50..=59,
        /// position better than 10 m.
        accuracy_high: bool = 60,
        /// longitude, signed, 1/10000 minute, east positive; 181° is "not available".
        longitude_raw: i32 = 61..=88,
        /// latitude, signed, 1/10000 minute, north positive; 91° is "not available".
        latitude_raw: i32 = 89..=115,
        /// course over ground, 1/10 degree; 3600 is "not available".
        course_raw: u16 = 116..=127,
        /// true heading, degrees; 511 is "not available".
        heading_raw: u16 = 128..=136,
        /// second of the UTC minute; 60 is "not available", 61 manual input, 62 dead reckoning,
        /// 63 positioning system inoperative.
        second_raw: u8 = 137..=142,
        /// special manoeuvre; 0 "not available", 1 not engaged, 2 engaged.
        manoeuvre_raw: u8 = 143..=144,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 148,
        /// communication state; `None` where a bit of it was cut.
        communication_state_raw: Option<u32> = 149..=167,
    }
}

impl PositionReport {
    /// What the ship says it is doing.
    pub fn navigational_status(&self) -> Option<NavigationalStatus> {
        NavigationalStatus::from_raw(self.navigational_status_raw)
    }

    /// How fast the bow turns.
    pub fn rate_of_turn(&self) -> Option<RateOfTurn> {
        RateOfTurn::from_raw(self.rate_of_turn_raw)
    }

    /// Over ground, in `[0, 102.2]`; 102.2 means that or more.
    #[inline]
    pub fn speed_knots(&self) -> Option<f32> {
        field::speed_knots(self.speed_raw)
    }

    /// Of the antenna.
    #[inline]
    pub fn position(&self) -> Option<Position> {
        field::position(self.longitude_raw, self.latitude_raw)
    }

    /// Over ground, clockwise from true north, in `[0, 360)`.
    #[inline]
    pub fn course_deg(&self) -> Option<f32> {
        field::course_deg(self.course_raw)
    }

    /// Of the bow, clockwise from true north, in `[0, 360)`.
    #[inline]
    pub fn heading_deg(&self) -> Option<f32> {
        field::heading_deg(self.heading_raw)
    }

    /// Second of the UTC minute at which this was so, `0..=59`.
    #[inline]
    pub fn second(&self) -> Option<u8> {
        field::second(self.second_raw)
    }

    /// How the station keeps its slots; `None` where the message was cut.
    pub fn communication_state(&self) -> Option<CommunicationState> {
        self.communication_state_raw.map(match self.header.message_type {
            3 => CommunicationState::from_itdma,
            _ => CommunicationState::from_sotdma,
        })
    }
}
