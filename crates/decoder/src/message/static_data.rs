//! Message 24: static data of a class B vessel, in two parts that are sent apart (ITU-R M.1371-5, annex 8,
//! § 3.22, tables 78 and 79). They are not joined here: who is the same vessel is not for a decoder to say.

use maritime::{Dimensions, Mmsi, MmsiKind, ShipType, Text};

use super::Length;
use super::field::{self, SixBitText};
use super::layout::layout;

/// Up to the end of the name; the eight bits behind it are spare.
pub(crate) const LENGTH_A: Length = Length { min: 160, full: 168, absent: &[] };
/// Up to the callsign. Parts of 160 bits occur, which cut the dimensions.
pub(crate) const LENGTH_B: Length =
    Length { min: 132, full: 168, absent: &[(132, 30, 0), (162, 4, 0)] };

layout! {
    /// Part A: the name.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"H42O55i18tMET00000000000000", 2);
    /// let Ok(Message::StaticDataA(part)) = message else { panic!("{message:?}") };
    /// assert_eq!(part.name().unwrap().as_str(), "PROGUY");
    /// ```
    pub struct StaticDataA [168] {
        /// name, twenty characters; all `@` is "not available".
        name_raw: SixBitText<20> = 40..=159,
    }
}

impl StaticDataA {
    /// As sent.
    pub fn name(&self) -> Option<Text<20>> {
        self.name_raw.text()
    }
}

layout! {
    /// Part B: everything else.
    ///
    /// ```
    /// use alongside_decoder::Message;
    ///
    /// let message = Message::decode(b"H42O55lti4hhhilD3nink000?050", 0);
    /// let Ok(Message::StaticDataB(part)) = message else { panic!("{message:?}") };
    /// assert_eq!(part.callsign().unwrap().as_str(), "TC6163");
    /// assert_eq!(part.ship_type().unwrap().category().unwrap().name(), "passenger");
    /// assert_eq!(part.dimensions().unwrap().length_m(), 15);
    /// ```
    pub struct StaticDataB [168] {
        /// type of ship and cargo; 0 is "not available".
        ship_type_raw: u8 = 40..=47,
        /// who made the transponder, three characters.
        vendor_raw: SixBitText<3> = 48..=65,
        /// model code of the transponder.
        unit_model: u8 = 66..=69,
        /// serial number of the transponder.
        serial_number: u32 = 70..=89,
        /// callsign, seven characters; `@@@@@@@` is "not available".
        callsign_raw: SixBitText<7> = 90..=131,
        /// dimensions of the hull, or the MMSI of the mother ship of an auxiliary craft; 0 where
        /// a bit of them was cut.
        dimensions_or_mothership_raw: u32 = 132..=161,
        /// type of positioning device; 0 is "undefined" or the bits were cut.
        positioning_device_raw: u8 = 162..=165,
    }
}

impl StaticDataB {
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
