//! Messages 4, 10 and 11: UTC and position of a base station, or of a vessel that was asked for them
//! (ITU-R M.1371-5, annex 8, § 3.2, § 3.8 and § 3.9).

use maritime::{Mmsi, Position, Timestamp};

use super::CommunicationState;
use super::Length;
use super::field;
use super::layout::layout;

/// Up to the time.
pub(crate) const LENGTH: Length = Length {
    min: 78,
    full: 168,
    absent: &[(79, 28, 108_600_000), (107, 27, 54_600_000), (134, 4, 0)],
};

layout! {
    /// What time it is, said by a station that should know.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"403OviQuMGCqWrRO9>E6fE700@GO", 0);
    /// let Ok(Message::BaseStation(station)) = message else { panic!("{message:?}") };
    /// assert_eq!(station.utc().unwrap().to_string(), "2007-05-14T19:57:39.000Z");
    /// assert_eq!(station.position().unwrap().to_string(), "36.88377 -76.35236");
    /// ```
    pub struct BaseStationReport [149] {
        /// year; 0 is "not available".
        year_raw: u16 = 38..=51,
        /// month; 0 is "not available".
        month_raw: u8 = 52..=55,
        /// day; 0 is "not available".
        day_raw: u8 = 56..=60,
        /// hour; 24 is "not available".
        hour_raw: u8 = 61..=65,
        /// minute; 60 is "not available".
        minute_raw: u8 = 66..=71,
        /// second; 60 is "not available".
        second_raw: u8 = 72..=77,
        /// position better than 10 m.
        accuracy_high: bool = 78,
        /// longitude, signed, 1/10000 minute, east positive; 181° is "not available".
        longitude_raw: i32 = 79..=106,
        /// latitude, signed, 1/10000 minute, north positive; 91° is "not available".
        latitude_raw: i32 = 107..=133,
        /// type of positioning device, 1 GPS, 7 surveyed; 0 is "undefined".
        positioning_device_raw: u8 = 134..=137,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 148,
        /// communication state; `None` where a bit of it was cut.
        communication_state_raw: Option<u32> = 149..=167,
    }
}

impl BaseStationReport {
    /// The time that the station tells; `None` if a part of it is missing or is no date.
    pub fn utc(&self) -> Option<Timestamp> {
        if self.year_raw == 0 {
            return None;
        }
        Timestamp::from_civil(
            i32::from(self.year_raw),
            u32::from(self.month_raw),
            u32::from(self.day_raw),
            u32::from(self.hour_raw),
            u32::from(self.minute_raw),
            u32::from(self.second_raw),
        )
    }

    /// Of the station.
    pub fn position(&self) -> Option<Position> {
        field::position(self.longitude_raw, self.latitude_raw)
    }

    /// How the station keeps its slots; `None` where the message was cut.
    pub fn communication_state(&self) -> Option<CommunicationState> {
        self.communication_state_raw.map(CommunicationState::from_sotdma)
    }
}

/// The destination.
pub(crate) const LENGTH_INQUIRY: Length = Length { min: 70, full: 72, absent: &[] };

layout! {
    /// Message 10: asks a station for message 11.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b":5MlU41GMK6@", 0);
    /// let Ok(Message::UtcInquiry(inquiry)) = message else { panic!("{message:?}") };
    /// assert_eq!(inquiry.destination().unwrap().get(), 366_832_740);
    /// ```
    pub struct UtcInquiry [72] {
        /// MMSI of the station that is asked.
        destination_raw: u32 = 40..=69,
    }
}

impl UtcInquiry {
    /// The station that is asked.
    pub fn destination(&self) -> Option<Mmsi> {
        Mmsi::new(self.destination_raw)
    }
}
