//! Messages 4 and 11: UTC and position of a base station, or of a vessel that was asked for them
//! (ITU-R M.1371-5, annex 8).

use maritime::{Position, Timestamp};

use super::Header;
use super::field;
use crate::payload::Payload;

/// Everything but the communication state.
pub(crate) const BITS_MIN: usize = 149;

/// What time it is, said by a station that should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BaseStationReport {
    /// Bits 0-37.
    pub header: Header,
    /// Bits 38-51: year; 0 is "not available".
    pub year_raw: u16,
    /// Bits 52-55: month; 0 is "not available".
    pub month_raw: u8,
    /// Bits 56-60: day; 0 is "not available".
    pub day_raw: u8,
    /// Bits 61-65: hour; 24 is "not available".
    pub hour_raw: u8,
    /// Bits 66-71: minute; 60 is "not available".
    pub minute_raw: u8,
    /// Bits 72-77: second; 60 is "not available".
    pub second_raw: u8,
    /// Bit 78: position better than 10 m.
    pub accuracy_high: bool,
    /// Bits 79-106: longitude, signed, 1/10000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 107-133: latitude, signed, 1/10000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
    /// Bits 134-137: type of positioning device, 1 GPS, 7 surveyed; 0 is "undefined".
    pub positioning_device_raw: u8,
    /// Bit 148: receiver autonomous integrity monitoring in use.
    pub raim: bool,
    /// Bits 149-167: communication state; bits that were cut are 0.
    pub communication_state: u32,
}

impl BaseStationReport {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload) -> Self {
        BaseStationReport {
            header,
            year_raw: payload.unsigned(38, 14) as u16,
            month_raw: payload.unsigned(52, 4) as u8,
            day_raw: payload.unsigned(56, 5) as u8,
            hour_raw: payload.unsigned(61, 5) as u8,
            minute_raw: payload.unsigned(66, 6) as u8,
            second_raw: payload.unsigned(72, 6) as u8,
            accuracy_high: payload.flag(78),
            longitude_raw: payload.signed(79, 28) as i32,
            latitude_raw: payload.signed(107, 27) as i32,
            positioning_device_raw: payload.unsigned(134, 4) as u8,
            raim: payload.flag(148),
            communication_state: payload.unsigned(149, 19) as u32,
        }
    }

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
}
