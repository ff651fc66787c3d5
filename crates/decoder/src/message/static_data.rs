//! Message 24: static data of a class B vessel, in two parts that are sent apart (ITU-R M.1371-5, annex 8). They are not joined here: who is the same vessel is not for a decoder to say.

use maritime::{Dimensions, Mmsi, MmsiKind, ShipType, Text};

use super::Header;
use super::field::{self, SixBitText};
use crate::payload::Payload;

/// Up to the end of the name; the eight bits behind it are spare.
pub(crate) const BITS_MIN_A: usize = 160;
/// Up to the callsign. Parts of 160 bits occur, which cut the dimensions.
pub(crate) const BITS_MIN_B: usize = 132;

/// Part A: the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StaticDataA {
    /// Bits 0-37. Bits 38-39 are the part number, 0.
    pub header: Header,
    /// Bits 40-159: name, twenty characters; all `@` is "not available".
    pub name_raw: SixBitText<20>,
}

impl StaticDataA {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload) -> Self {
        StaticDataA { header, name_raw: SixBitText::read(payload, 40) }
    }

    /// As sent.
    pub fn name(&self) -> Option<Text<20>> {
        self.name_raw.text()
    }
}

/// Part B: everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StaticDataB {
    /// Bits 0-37. Bits 38-39 are the part number, 1.
    pub header: Header,
    /// Bits 40-47: type of ship and cargo; 0 is "not available".
    pub ship_type_raw: u8,
    /// Bits 48-65: who made the transponder, three characters.
    pub vendor_raw: SixBitText<3>,
    /// Bits 66-69: model code of the transponder.
    pub unit_model: u8,
    /// Bits 70-89: serial number of the transponder.
    pub serial_number: u32,
    /// Bits 90-131: callsign, seven characters; `@@@@@@@` is "not available".
    pub callsign_raw: SixBitText<7>,
    /// Bits 132-161: dimensions of the hull, or the MMSI of the mother ship of an auxiliary craft; 0 where
    /// a bit of them was cut.
    pub dimensions_or_mothership_raw: u32,
    /// Bits 162-165: type of positioning device; 0 is "undefined" or the bits were cut.
    pub positioning_device_raw: u8,
}

impl StaticDataB {
    #[inline]
    pub(crate) fn decode(header: Header, payload: &Payload, bits: usize) -> Self {
        let whole = bits >= 162;
        StaticDataB {
            header,
            ship_type_raw: payload.unsigned(40, 8) as u8,
            vendor_raw: SixBitText::read(payload, 48),
            unit_model: payload.unsigned(66, 4) as u8,
            serial_number: payload.unsigned(70, 20) as u32,
            callsign_raw: SixBitText::read(payload, 90),
            dimensions_or_mothership_raw: if whole { payload.unsigned(132, 30) as u32 } else { 0 },
            positioning_device_raw: payload.unsigned(162, 4) as u8,
        }
    }

    /// As sent.
    pub fn ship_type(&self) -> Option<ShipType> {
        (self.ship_type_raw != 0).then_some(ShipType(self.ship_type_raw))
    }

    /// Who made the transponder, as three letters.
    pub fn vendor(&self) -> Option<Text<3>> {
        self.vendor_raw.text()
    }

    /// As sent.
    pub fn callsign(&self) -> Option<Text<7>> {
        self.callsign_raw.text()
    }

    /// Of the hull, about the antenna; `None` for an auxiliary craft, which sends its mother ship there.
    /// In the order of the bits: 9 to the bow, 9 to the stern, 6 to port, 6 to starboard.
    pub fn dimensions(&self) -> Option<Dimensions> {
        if self.is_auxiliary_craft() {
            return None;
        }
        let bits = self.dimensions_or_mothership_raw;
        field::dimensions(
            (bits >> 21 & 0x1FF) as u16,
            (bits >> 12 & 0x1FF) as u16,
            (bits >> 6 & 0x3F) as u8,
            (bits & 0x3F) as u8,
        )
    }

    /// The mother ship of an auxiliary craft, whose own number is `98…`; `None` for all others.
    pub fn mothership_mmsi(&self) -> Option<Mmsi> {
        Mmsi::new(self.dimensions_or_mothership_raw).filter(|_| self.is_auxiliary_craft())
    }

    fn is_auxiliary_craft(&self) -> bool {
        self.header.mmsi().is_some_and(|mmsi| mmsi.kind() == MmsiKind::AuxiliaryCraft)
    }
}
