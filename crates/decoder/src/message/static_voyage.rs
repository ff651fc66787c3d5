//! Message 5: static and voyage related data of a class A vessel (ITU-R M.1371-5, annex 8).

use maritime::{Dimensions, Imo, ShipType, Text};

use super::Header;
use super::field::{self, Eta, SixBitText};
use crate::payload::Payload;

/// Up to the draught. Messages of 420, 422, 424 and 426 bits occur, and some end within the destination,
/// which then is as long as what was sent.
pub(crate) const BITS_MIN: usize = 302;

/// Who a class A vessel is, how deep it lies and where it says it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StaticVoyageReport {
    /// Bits 0-37.
    pub header: Header,
    /// Bits 38-39: edition of M.1371 that the transponder follows; 0 is edition 1.
    pub ais_version: u8,
    /// Bits 40-69: IMO number; 0 is "not available", more than seven digits an official flag number.
    pub imo_raw: u32,
    /// Bits 70-111: callsign, seven characters; `@@@@@@@` is "not available".
    pub callsign_raw: SixBitText<7>,
    /// Bits 112-231: name, twenty characters; all `@` is "not available".
    pub name_raw: SixBitText<20>,
    /// Bits 232-239: type of ship and cargo; 0 is "not available".
    pub ship_type_raw: u8,
    /// Bits 240-248: metres to the bow.
    pub bow_m_raw: u16,
    /// Bits 249-257: metres to the stern.
    pub stern_m_raw: u16,
    /// Bits 258-263: metres to port.
    pub port_m_raw: u8,
    /// Bits 264-269: metres to starboard.
    pub starboard_m_raw: u8,
    /// Bits 270-273: type of positioning device; 0 is "undefined".
    pub positioning_device_raw: u8,
    /// Bits 274-277: month of arrival; 0 is "not available".
    pub eta_month_raw: u8,
    /// Bits 278-282: day of arrival; 0 is "not available".
    pub eta_day_raw: u8,
    /// Bits 283-287: hour of arrival; 24 is "not available".
    pub eta_hour_raw: u8,
    /// Bits 288-293: minute of arrival; 60 is "not available".
    pub eta_minute_raw: u8,
    /// Bits 294-301: draught, 1/10 m; 0 is "not available", 255 is 25.5 m or more.
    pub draught_raw: u8,
    /// Bits 302-421: destination, twenty characters; all `@` is "not available".
    pub destination_raw: SixBitText<20>,
    /// Bit 422: the display is not ready; `false` where the bit was cut.
    pub dte: bool,
}

impl StaticVoyageReport {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload) -> Self {
        StaticVoyageReport {
            header,
            ais_version: payload.unsigned(38, 2) as u8,
            imo_raw: payload.unsigned(40, 30) as u32,
            callsign_raw: SixBitText::read(payload, 70),
            name_raw: SixBitText::read(payload, 112),
            ship_type_raw: payload.unsigned(232, 8) as u8,
            bow_m_raw: payload.unsigned(240, 9) as u16,
            stern_m_raw: payload.unsigned(249, 9) as u16,
            port_m_raw: payload.unsigned(258, 6) as u8,
            starboard_m_raw: payload.unsigned(264, 6) as u8,
            positioning_device_raw: payload.unsigned(270, 4) as u8,
            eta_month_raw: payload.unsigned(274, 4) as u8,
            eta_day_raw: payload.unsigned(278, 5) as u8,
            eta_hour_raw: payload.unsigned(283, 5) as u8,
            eta_minute_raw: payload.unsigned(288, 6) as u8,
            draught_raw: payload.unsigned(294, 8) as u8,
            destination_raw: SixBitText::read(payload, 302),
            dte: payload.flag(422),
        }
    }

    /// The hull's number, only with a right check digit.
    pub fn imo(&self) -> Option<Imo> {
        Imo::new(self.imo_raw)
    }

    /// As sent.
    pub fn callsign(&self) -> Option<Text<7>> {
        self.callsign_raw.text()
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

    /// When the vessel means to arrive; `None` without a possible month and day.
    pub fn eta(&self) -> Option<Eta> {
        let dated = (1..=12).contains(&self.eta_month_raw) && (1..=31).contains(&self.eta_day_raw);
        dated.then_some(Eta {
            month: self.eta_month_raw,
            day: self.eta_day_raw,
            hour: (self.eta_hour_raw < 24).then_some(self.eta_hour_raw),
            minute: (self.eta_minute_raw < 60).then_some(self.eta_minute_raw),
        })
    }

    /// Greatest present static draught in metres, in `[0.1, 25.5]`; 25.5 means that or more.
    pub fn draught_m(&self) -> Option<f32> {
        (self.draught_raw != 0).then(|| f32::from(self.draught_raw) / 10.0)
    }

    /// As entered by hand on board.
    pub fn destination(&self) -> Option<Text<20>> {
        self.destination_raw.text()
    }
}
