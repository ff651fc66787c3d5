//! Message 21: a buoy, a light, a beacon, or one that only the radio shows (ITU-R M.1371-5, annex 8,
//! § 3.19, table 73).

use maritime::{Dimensions, Position, Text};

use super::Length;
use super::field::{self, SixBitText};
use super::layout::layout;
use crate::payload::Payload;

/// Up to the name. Reports in one slot of 168 bits occur, which end there.
pub(crate) const LENGTH: Length = Length {
    min: 163,
    full: 356,
    absent: &[
        (164, 28, 108_600_000),
        (192, 27, 54_600_000),
        (219, 30, 0),
        (249, 4, 0),
        (253, 6, 60),
    ],
};
/// Where the rest of a long name begins.
const BITS_FIXED: usize = 272;

layout! {
    /// What an aid to navigation is and where.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"E1mg=5J1T4W0h97aRh6ba84<h2d;W:Te=eLvH50```q:D44QDlp0C1DU00", 2);
    /// let Ok(Message::AidToNavigation(aid)) = message else { panic!("{message:?}") };
    /// assert_eq!(aid.name().unwrap().as_str(), "CHINA ROSE MURPHY EXPRESS ALERT");
    /// assert_eq!(aid.position().unwrap().to_string(), "47.92062 -122.69859");
    /// assert_eq!(aid.off_position(), Some(false));
    /// ```
    pub struct AidToNavigationReport [272] {
        /// type of aid: 1-4 general, 5-19 fixed, 20-31 floating; 0 is "not available".
        aid_type_raw: u8 = 38..=42,
        /// the first twenty characters of the name; all `@` is "not available".
        name_raw: SixBitText<20> = 43..=162,
        /// position better than 10 m.
        accuracy_high: bool = 163,
        /// longitude, signed, 1/10000 minute, east positive; 181° is "not available".
        longitude_raw: i32 = 164..=191,
        /// latitude, signed, 1/10000 minute, north positive; 91° is "not available".
        latitude_raw: i32 = 192..=218,
        /// metres from the position to the north, or to the bow.
        bow_m_raw: u16 = 219..=227,
        /// metres to the south, or to the stern.
        stern_m_raw: u16 = 228..=236,
        /// metres to the west, or to port.
        port_m_raw: u8 = 237..=242,
        /// metres to the east, or to starboard.
        starboard_m_raw: u8 = 243..=248,
        /// type of positioning device, 1 GPS, 7 surveyed; 0 is "undefined".
        positioning_device_raw: u8 = 249..=252,
        /// second of the UTC minute; 60 to 63 as in message 1.
        second_raw: u8 = 253..=258,
        /// a floating aid is not where it should be; means something only with a second from 0 to 59.
        off_position_raw: bool = 259,
        /// the aid's own state, for regional use.
        status_raw: u8 = 260..=267,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 268,
        /// there is nothing at this place but the report.
        virtual_aid: bool = 269,
        /// in assigned mode.
        assigned: bool = 270,
        /// the rest of a name of more than twenty characters; as many as the message has room for.
        name_extension_raw: SixBitText<14> = 272..=355,
    }
}

impl AidToNavigationReport {
    /// Makes bits behind the last whole character of the name read as zero.
    pub(crate) fn end_at_character(payload: &mut Payload) {
        if let Some(extension) = payload.len().checked_sub(BITS_FIXED) {
            payload.truncate(BITS_FIXED + extension / 6 * 6);
        }
    }

    /// Leaves out characters of the name that are not needed.
    pub(crate) fn write_short(&self) -> Payload {
        let mut payload = self.write();
        payload.truncate(BITS_FIXED + 6 * self.name_extension_raw.len());
        payload
    }

    /// As sent, with its extension.
    pub fn name(&self) -> Option<Text<34>> {
        field::ascii(self.name_raw.six_bits().chain(self.name_extension_raw.six_bits()))
    }

    /// Of the aid, or of the ship that carries it.
    pub fn position(&self) -> Option<Position> {
        field::position(self.longitude_raw, self.latitude_raw)
    }

    /// Of the aid, about its position.
    pub fn dimensions(&self) -> Option<Dimensions> {
        let length = (self.bow_m_raw, self.stern_m_raw);
        field::dimensions(length.0, length.1, self.port_m_raw, self.starboard_m_raw)
    }

    /// Second of the UTC minute at which this was so, `0..=59`.
    pub fn second(&self) -> Option<u8> {
        field::second(self.second_raw)
    }

    /// Whether a floating aid is off its position; `None` where the report does not tell.
    pub fn off_position(&self) -> Option<bool> {
        self.second().map(|_| self.off_position_raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, Message, message};

    fn buoy(name: &str, name_extension: &str) -> AidToNavigationReport {
        AidToNavigationReport {
            header: Header { message_type: 21, repeat: 0, mmsi_raw: 992_411_001 },
            aid_type_raw: 30,
            name_raw: SixBitText::new(name),
            accuracy_high: true,
            longitude_raw: 13852939,
            latitude_raw: 22746167,
            bow_m_raw: 3,
            stern_m_raw: 3,
            port_m_raw: 3,
            starboard_m_raw: 3,
            positioning_device_raw: 1,
            second_raw: 31,
            off_position_raw: true,
            status_raw: 232,
            raim: true,
            virtual_aid: false,
            assigned: false,
            name_extension_raw: SixBitText::new(name_extension),
        }
    }

    #[track_caller]
    fn check(name: &str, name_extension: &str, bits: usize, expected: &str) {
        let mut payload = Message::AidToNavigation(buoy(name, name_extension)).write();
        assert_eq!(payload.len(), bits);
        let Ok(Message::AidToNavigation(read)) = message::decode(&mut payload) else { panic!() };
        assert_eq!(read.name().unwrap().as_str(), expected);
    }

    #[test]
    fn a_long_name_goes_on_in_the_extension() {
        check("BUOY 1", "", 272, "BUOY 1");
        check("E1558 MONTE ORLANDO ", "LIGHT", 304, "E1558 MONTE ORLANDO LIGHT");
        check("ABCDEFGHIJKLMNOPQRST", "UVWXYZ01234567", 360, "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234567");
        // Where the name itself has ended, nothing can go on.
        check("BUOY 1", "2", 280, "BUOY 1");
    }

    #[test]
    fn a_report_cut_after_one_slot_keeps_its_name_alone() {
        let mut payload = buoy("BUOY 1", "").write().resized(168);
        let Ok(Message::AidToNavigation(read)) = message::decode(&mut payload) else { panic!() };
        assert_eq!(read.name().unwrap().as_str(), "BUOY 1");
        assert_eq!((read.position(), read.dimensions()), (None, None));
        assert_eq!((read.second(), read.off_position()), (None, None));
        assert_eq!(buoy("", "").off_position(), Some(true));
    }
}
