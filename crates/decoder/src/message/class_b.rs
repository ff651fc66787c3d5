//! Messages 18 and 19: position reports of a class B vessel (ITU-R M.1371-5, annex 8).

use maritime::{Dimensions, Position, ShipType, Text};

use super::Header;
use super::field::{self, SixBitText};
use crate::payload::Payload;

/// Everything but the communication state.
pub(crate) const BITS_MIN: usize = 148;
/// Where and how fast. Many transponders send message 19 in one slot of 168 bits, which cuts the name, or
/// in 280, which cuts the dimensions.
pub(crate) const BITS_MIN_EXTENDED: usize = 139;

/// Where a class B vessel is and how it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClassBReport {
    /// Bits 0-37.
    pub header: Header,
    /// Bits 46-55: speed over ground, 1/10 knot; 1023 is "not available".
    pub speed_raw: u16,
    /// Bit 56: position better than 10 m.
    pub accuracy_high: bool,
    /// Bits 57-84: longitude, signed, 1/10000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 85-111: latitude, signed, 1/10000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
    /// Bits 112-123: course over ground, 1/10 degree; 3600 is "not available".
    pub course_raw: u16,
    /// Bits 124-132: true heading, degrees; 511 is "not available".
    pub heading_raw: u16,
    /// Bits 133-138: second of the UTC minute; 60 to 63 as in message 1.
    pub second_raw: u8,
    /// Bit 141: carrier-sense unit, which waits for a free slot; else SOTDMA, which reserves its slots.
    pub carrier_sense: bool,
    /// Bit 142: has a display for messages 12 and 14.
    pub display: bool,
    /// Bit 143: has digital selective calling.
    pub dsc: bool,
    /// Bit 144: works on the whole marine band.
    pub whole_band: bool,
    /// Bit 145: obeys channel management by message 22.
    pub message_22: bool,
    /// Bit 146: in assigned mode.
    pub assigned: bool,
    /// Bit 147: receiver autonomous integrity monitoring in use.
    pub raim: bool,
    /// Bits 148-167: selector and communication state; bits that were cut are 0.
    pub communication_state: u32,
}

impl ClassBReport {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload) -> Self {
        ClassBReport {
            header,
            speed_raw: payload.unsigned(46, 10) as u16,
            accuracy_high: payload.flag(56),
            longitude_raw: payload.signed(57, 28) as i32,
            latitude_raw: payload.signed(85, 27) as i32,
            course_raw: payload.unsigned(112, 12) as u16,
            heading_raw: payload.unsigned(124, 9) as u16,
            second_raw: payload.unsigned(133, 6) as u8,
            carrier_sense: payload.flag(141),
            display: payload.flag(142),
            dsc: payload.flag(143),
            whole_band: payload.flag(144),
            message_22: payload.flag(145),
            assigned: payload.flag(146),
            raim: payload.flag(147),
            communication_state: payload.unsigned(148, 20) as u32,
        }
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

/// Where a class B vessel is, how it moves and who it is. Name, type and dimensions that were cut read as
/// "not available": half a name is another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClassBExtendedReport {
    /// Bits 0-37.
    pub header: Header,
    /// Bits 46-55: speed over ground, 1/10 knot; 1023 is "not available".
    pub speed_raw: u16,
    /// Bit 56: position better than 10 m.
    pub accuracy_high: bool,
    /// Bits 57-84: longitude, signed, 1/10000 minute, east positive; 181° is "not available".
    pub longitude_raw: i32,
    /// Bits 85-111: latitude, signed, 1/10000 minute, north positive; 91° is "not available".
    pub latitude_raw: i32,
    /// Bits 112-123: course over ground, 1/10 degree; 3600 is "not available".
    pub course_raw: u16,
    /// Bits 124-132: true heading, degrees; 511 is "not available".
    pub heading_raw: u16,
    /// Bits 133-138: second of the UTC minute; 60 to 63 as in message 1.
    pub second_raw: u8,
    /// Bits 143-262: name, twenty characters; all `@` is "not available".
    pub name_raw: SixBitText<20>,
    /// Bits 263-270: type of ship and cargo; 0 is "not available".
    pub ship_type_raw: u8,
    /// Bits 271-279: metres to the bow.
    pub bow_m_raw: u16,
    /// Bits 280-288: metres to the stern.
    pub stern_m_raw: u16,
    /// Bits 289-294: metres to port.
    pub port_m_raw: u8,
    /// Bits 295-300: metres to starboard.
    pub starboard_m_raw: u8,
    /// Bits 301-304: type of positioning device; 0 is "undefined" or the bits were cut.
    pub positioning_device_raw: u8,
    /// Bit 305: receiver autonomous integrity monitoring in use.
    pub raim: bool,
    /// Bit 306: the display is not ready.
    pub dte: bool,
    /// Bit 307: in assigned mode.
    pub assigned: bool,
}

impl ClassBExtendedReport {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload, bits: usize) -> Self {
        let hull = if bits < 301 {
            (0, 0, 0, 0)
        } else {
            (
                payload.unsigned(271, 9) as u16,
                payload.unsigned(280, 9) as u16,
                payload.unsigned(289, 6) as u8,
                payload.unsigned(295, 6) as u8,
            )
        };
        ClassBExtendedReport {
            header,
            speed_raw: payload.unsigned(46, 10) as u16,
            accuracy_high: payload.flag(56),
            longitude_raw: payload.signed(57, 28) as i32,
            latitude_raw: payload.signed(85, 27) as i32,
            course_raw: payload.unsigned(112, 12) as u16,
            heading_raw: payload.unsigned(124, 9) as u16,
            second_raw: payload.unsigned(133, 6) as u8,
            name_raw: SixBitText::read_whole(payload, 143, bits),
            ship_type_raw: if bits < 271 { 0 } else { payload.unsigned(263, 8) as u8 },
            bow_m_raw: hull.0,
            stern_m_raw: hull.1,
            port_m_raw: hull.2,
            starboard_m_raw: hull.3,
            positioning_device_raw: payload.unsigned(301, 4) as u8,
            raim: payload.flag(305),
            dte: payload.flag(306),
            assigned: payload.flag(307),
        }
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
