//! Messages 18 and 19: position reports of a class B vessel (ITU-R M.1371-5, annex 8, § 3.16,
//! table 70, and § 3.17, table 71).

use maritime::{Dimensions, Position, ShipType, Text};

use super::CommunicationState;
use super::Length;
use super::field::{self, SixBitText};
use super::layout::layout;

/// Up to the position.
pub(crate) const LENGTH: Length =
    Length { min: 112, full: 168, absent: &[(112, 12, 3600), (124, 9, 511), (133, 6, 60)] };
/// Up to the position. Many transponders send message 19 in one slot of 168 bits, which cuts the name, or
/// in 280, which cuts the dimensions.
pub(crate) const LENGTH_EXTENDED: Length = Length {
    min: 112,
    full: 312,
    absent: &[
        (112, 12, 3600),
        (124, 9, 511),
        (133, 6, 60),
        (143, 120, 0),
        (263, 8, 0),
        (271, 30, 0),
        (301, 4, 0),
    ],
};

layout! {
    /// Where a class B vessel is and how it moves.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"B52K>;h00Fc>jpUlNV@ikwpUoP06", 0);
    /// let Ok(Message::ClassB(report)) = message else { panic!("{message:?}") };
    /// assert_eq!(report.position().unwrap().to_string(), "40.68454 -74.07213");
    /// assert_eq!((report.speed_knots(), report.heading_deg()), (Some(0.1), None));
    /// assert!(report.carrier_sense);
    /// ```
    pub struct ClassBReport [148] {
        /// spare; in early editions for regional use.
        reserved: u8 = 38..=45,
        /// speed over ground, 1/10 knot; 1023 is "not available".
        speed_raw: u16 = 46..=55,
        /// position better than 10 m.
        accuracy_high: bool = 56,
        /// longitude, signed, 1/10000 minute, east positive; 181° is "not available".
        longitude_raw: i32 = 57..=84,
        /// latitude, signed, 1/10000 minute, north positive; 91° is "not available".
        latitude_raw: i32 = 85..=111,
        /// course over ground, 1/10 degree; 3600 is "not available".
        course_raw: u16 = 112..=123,
        /// true heading, degrees; 511 is "not available".
        heading_raw: u16 = 124..=132,
        /// second of the UTC minute; 60 to 63 as in message 1.
        second_raw: u8 = 133..=138,
        /// spare; in early editions for regional use.
        regional: u8 = 139..=140,
        /// carrier-sense unit, which waits for a free slot; else SOTDMA, which reserves its slots.
        carrier_sense: bool = 141,
        /// has a display for messages 12 and 14.
        display: bool = 142,
        /// has digital selective calling.
        dsc: bool = 143,
        /// works on the whole marine band.
        whole_band: bool = 144,
        /// obeys channel management by message 22.
        message_22: bool = 145,
        /// in assigned mode.
        assigned: bool = 146,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 147,
        /// selector and communication state; `None` where a bit of it was cut.
        communication_state_raw: Option<u32> = 148..=167,
    }
}

impl ClassBReport {
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

    /// How the station keeps its slots; `None` where the message was cut, and for carrier-sense units, which
    /// keep none and send a constant there.
    pub fn communication_state(&self) -> Option<CommunicationState> {
        let raw = self.communication_state_raw.filter(|_| !self.carrier_sense);
        raw.map(CommunicationState::from_selected)
    }
}

layout! {
    /// Where a class B vessel is, how it moves and who it is. Name, type and dimensions that were cut read as
    /// "not available": half a name is another name.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220", 0);
    /// let Ok(Message::ClassBExtended(report)) = message else { panic!("{message:?}") };
    /// assert_eq!(report.name().unwrap().as_str(), "CAPT.J.RIMES");
    /// assert_eq!(report.speed_knots(), Some(8.7));
    /// ```
    pub struct ClassBExtendedReport [312] {
        /// spare; in early editions for regional use.
        reserved: u8 = 38..=45,
        /// speed over ground, 1/10 knot; 1023 is "not available".
        speed_raw: u16 = 46..=55,
        /// position better than 10 m.
        accuracy_high: bool = 56,
        /// longitude, signed, 1/10000 minute, east positive; 181° is "not available".
        longitude_raw: i32 = 57..=84,
        /// latitude, signed, 1/10000 minute, north positive; 91° is "not available".
        latitude_raw: i32 = 85..=111,
        /// course over ground, 1/10 degree; 3600 is "not available".
        course_raw: u16 = 112..=123,
        /// true heading, degrees; 511 is "not available".
        heading_raw: u16 = 124..=132,
        /// second of the UTC minute; 60 to 63 as in message 1.
        second_raw: u8 = 133..=138,
        /// spare; in early editions for regional use.
        regional: u8 = 139..=142,
        /// name, twenty characters; all `@` is "not available".
        name_raw: SixBitText<20> = 143..=262,
        /// type of ship and cargo; 0 is "not available".
        ship_type_raw: u8 = 263..=270,
        /// metres to the bow.
        bow_m_raw: u16 = 271..=279,
        /// metres to the stern.
        stern_m_raw: u16 = 280..=288,
        /// metres to port.
        port_m_raw: u8 = 289..=294,
        /// metres to starboard.
        starboard_m_raw: u8 = 295..=300,
        /// type of positioning device; 0 is "undefined" or the bits were cut.
        positioning_device_raw: u8 = 301..=304,
        /// receiver autonomous integrity monitoring in use.
        raim: bool = 305,
        /// the display is not ready.
        dte: bool = 306,
        /// in assigned mode.
        assigned: bool = 307,
    }
}

impl ClassBExtendedReport {
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

    /// As sent.
    pub fn name(&self) -> Option<Text<20>> {
        self.name_raw.text()
    }

    /// As sent.
    pub fn ship_type(&self) -> Option<ShipType> {
        (self.ship_type_raw != 0).then_some(ShipType(self.ship_type_raw))
    }

    /// Of the hull, about the antenna.
    pub fn dimensions(&self) -> Option<Dimensions> {
        let length = (self.bow_m_raw, self.stern_m_raw);
        field::dimensions(length.0, length.1, self.port_m_raw, self.starboard_m_raw)
    }
}
