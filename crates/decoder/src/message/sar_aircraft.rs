//! Message 9: position report of an aircraft in search and rescue (ITU-R M.1371-5, annex 8, § 3.7,
//! table 59).

use maritime::Position;

use super::CommunicationState;
use super::Length;
use super::field;
use super::layout::layout;

/// Up to the position.
pub(crate) const LENGTH: Length =
    Length { min: 116, full: 168, absent: &[(116, 12, 3600), (128, 6, 60)] };

layout! {
    /// Where an aircraft is and how it moves.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"91b77=h3h00nHt0Q3r@@07000<0b", 0);
    /// let Ok(Message::SarAircraft(aircraft)) = message else { panic!("{message:?}") };
    /// assert_eq!(aircraft.altitude_m(), Some(15));
    /// assert_eq!(aircraft.position().unwrap().to_string(), "57.77846 11.88160");
    /// ```
    pub struct SarAircraftReport [148] {
        /// altitude, metres; 4095 is "not available".
        altitude_raw: u16 = 38..=49,
        /// speed over ground, whole knots; 1023 is "not available".
        speed_raw: u16 = 50..=59,
        /// position better than 10 m.
        accuracy_high: bool = 60,
        /// longitude, signed, 1/10000 minute, east positive; 181° is "not available".
        longitude_raw: i32 = 61..=88,
        /// latitude, signed, 1/10000 minute, north positive; 91° is "not available".
        latitude_raw: i32 = 89..=115,
        /// course over ground, 1/10 degree; 3600 is "not available".
        course_raw: u16 = 116..=127,
        /// second of the UTC minute; 60 to 63 as in message 1.
        second_raw: u8 = 128..=133,
        /// altitude by barometer, not by satellite.
        altitude_barometric: bool = 134,
        /// spare; in early editions all eight bits from 134 on were for regional use.
        regional: u8 = 135..=141,
        /// the display is not ready.
        dte: bool = 142,
        /// in assigned mode.
        assigned: bool = 146,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 147,
        /// selector and communication state; `None` where a bit of them was cut.
        communication_state_raw: Option<u32> = 148..=167,
    }
}

impl SarAircraftReport {
    /// Metres, in `[0, 4094]`; 4094 means that or more.
    pub fn altitude_m(&self) -> Option<u16> {
        (self.altitude_raw != 4095).then_some(self.altitude_raw)
    }

    /// Over ground, whole knots, in `[0, 1022]`; 1022 means that or more.
    pub fn speed_knots(&self) -> Option<f32> {
        (self.speed_raw != 1023).then(|| f32::from(self.speed_raw))
    }

    /// Of the antenna.
    pub fn position(&self) -> Option<Position> {
        field::position(self.longitude_raw, self.latitude_raw)
    }

    /// Over ground, clockwise from true north, in `[0, 360)`.
    pub fn course_deg(&self) -> Option<f32> {
        field::course_deg(self.course_raw)
    }

    /// Second of the UTC minute at which this was so, `0..=59`.
    pub fn second(&self) -> Option<u8> {
        field::second(self.second_raw)
    }

    /// How the station keeps its slots.
    pub fn communication_state(&self) -> Option<CommunicationState> {
        self.communication_state_raw.map(CommunicationState::from_selected)
    }
}
