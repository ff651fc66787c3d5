//! DAC 1, FI 24: extended ship static and voyage related data (IMO SN.1/Circ.289).

use maritime::Text;

use super::BitView;
use super::bits::text;

/// Up to the air draught.
pub(super) const BITS_MIN: usize = 23;

/// What a ship says of itself beyond message 5. Fields beyond the end hold their "not available".
///
/// ```
/// use alongside_decoder::application::{Application, BitView, SolasEquipment};
///
/// let Application::ExtendedStatic(ship) = Application::decode(1, 24, BitView::new(&[0; 38], 0, 304))
/// else {
///     panic!("not extended static data");
/// };
/// assert_eq!(ship.air_draught_m(), None);
/// assert_eq!(ship.is_operational(SolasEquipment::Gnss), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtendedStatic {
    /// Bits 0-9: number that links messages of one sender; 0 is "not available".
    pub linkage_raw: u16,
    /// Bits 10-22: 1/100 m, 0 is "not available", 8191 that or more. The circular says 1/10 m, but its
    /// range of 81.91 m leaves only 1/100.
    pub air_draught_raw: u16,
    /// Bits 23-52: UN/LOCODE, five six-bit characters; `@@@@@` is "not available".
    pub last_port_raw: u64,
    /// Bits 53-82: as above.
    pub next_port_raw: u64,
    /// Bits 83-112: the port after the next, as above.
    pub second_port_raw: u64,
    /// Bits 113-164: two bits for each [`SolasEquipment`] in their order, the first highest, and two
    /// reserved.
    pub equipment_raw: u64,
    /// Bits 165-168: ice class; 0 is "not classified", 15 "not available".
    pub ice_class_raw: u8,
    /// Bits 169-186: horsepower; 262142 is that or more, 262143 "not available".
    pub shaft_horsepower_raw: u32,
    /// Bits 187-198: VHF working channel (ITU-R M.1084); 0 is "not available".
    pub vhf_channel_raw: u16,
    /// Bits 199-240: Lloyd's ship type (STATCODE 5), seven six-bit characters; all `@` is "not available".
    pub lloyds_ship_type_raw: u64,
    /// Bits 241-258: gross tonnage; 262142 is that or more, 262143 "not available".
    pub gross_tonnage_raw: u32,
    /// Bits 259-260: 1 laden, 2 in ballast; 0 is "not available".
    pub lading_raw: u8,
    /// Bits 261-262: heavy fuel oil: 1 no, 2 yes; 0 is "not available".
    pub heavy_fuel_oil_raw: u8,
    /// Bits 263-264: light fuel oil, as above.
    pub light_fuel_oil_raw: u8,
    /// Bits 265-266: diesel, as above.
    pub diesel_oil_raw: u8,
    /// Bits 267-280: bunker oil, tonnes; 16382 is that or more, 16383 "not available".
    pub bunker_oil_raw: u16,
    /// Bits 281-293: persons on board; 0 is "not available", 8191 that or more.
    pub persons_raw: u16,
}

/// What the SOLAS convention asks for, in the order of the message.
///
/// ```
/// use alongside_decoder::application::{Application, BitView, SolasEquipment};
///
/// let data = BitView::new(&[0; 38], 0, 304);
/// let Application::ExtendedStatic(ship) = Application::decode(1, 24, data) else { panic!("{data:?}") };
/// assert_eq!(ship.is_operational(SolasEquipment::Gnss), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SolasEquipment {
    /// 0
    AisClassA,
    /// 1
    AutomaticTrackingAid,
    /// 2: bridge navigational watch alarm system
    Bnwas,
    /// 3
    EcdisBackUp,
    /// 4: ECDIS or paper charts
    NauticalChart,
    /// 5
    EchoSounder,
    /// 6
    ElectronicPlottingAid,
    /// 7
    EmergencySteeringGear,
    /// 8
    Gnss,
    /// 9
    GyroCompass,
    /// 10: long range identification and tracking
    Lrit,
    /// 11
    MagneticCompass,
    /// 12
    Navtex,
    /// 13
    RadarArpa,
    /// 14
    RadarSBand,
    /// 15
    RadarXBand,
    /// 16
    RadioHf,
    /// 17
    RadioInmarsat,
    /// 18
    RadioMf,
    /// 19
    RadioVhf,
    /// 20
    SpeedLogOverGround,
    /// 21
    SpeedLogThroughWater,
    /// 22
    TransmittingHeadingDevice,
    /// 23
    TrackControlSystem,
    /// 24: voyage data recorder, simplified or not
    VoyageDataRecorder,
}

impl ExtendedStatic {
    pub(super) fn decode(data: BitView<'_>) -> Self {
        ExtendedStatic {
            linkage_raw: data.unsigned_or(0, 10, 0) as u16,
            air_draught_raw: data.unsigned_or(10, 13, 0) as u16,
            last_port_raw: data.unsigned_or(23, 30, 0),
            next_port_raw: data.unsigned_or(53, 30, 0),
            second_port_raw: data.unsigned_or(83, 30, 0),
            equipment_raw: data.unsigned_or(113, 52, 0),
            ice_class_raw: data.unsigned_or(165, 4, 15) as u8,
            shaft_horsepower_raw: data.unsigned_or(169, 18, 262_143) as u32,
            vhf_channel_raw: data.unsigned_or(187, 12, 0) as u16,
            lloyds_ship_type_raw: data.unsigned_or(199, 42, 0),
            gross_tonnage_raw: data.unsigned_or(241, 18, 262_143) as u32,
            lading_raw: data.unsigned_or(259, 2, 0) as u8,
            heavy_fuel_oil_raw: data.unsigned_or(261, 2, 0) as u8,
            light_fuel_oil_raw: data.unsigned_or(263, 2, 0) as u8,
            diesel_oil_raw: data.unsigned_or(265, 2, 0) as u8,
            bunker_oil_raw: data.unsigned_or(267, 14, 16_383) as u16,
            persons_raw: data.unsigned_or(281, 13, 0) as u16,
        }
    }

    /// In `1..=1023`: what a text carries that explains this message.
    pub fn linkage(&self) -> Option<u16> {
        (self.linkage_raw != 0).then_some(self.linkage_raw)
    }

    /// Height above the waterline in metres, in `[0.01, 81.91]`; 81.91 is that or more.
    pub fn air_draught_m(&self) -> Option<f32> {
        (self.air_draught_raw != 0).then(|| f32::from(self.air_draught_raw) / 100.0)
    }

    /// UN/LOCODE, as sent.
    pub fn last_port(&self) -> Option<Text<5>> {
        text(self.last_port_raw)
    }

    /// UN/LOCODE, as sent.
    pub fn next_port(&self) -> Option<Text<5>> {
        text(self.next_port_raw)
    }

    /// UN/LOCODE of the port after the next, as sent.
    pub fn second_port(&self) -> Option<Text<5>> {
        text(self.second_port_raw)
    }

    /// 0 "not available or requested", 1 operational, 2 not operational, 3 no data.
    pub fn equipment_state_raw(&self, equipment: SolasEquipment) -> u8 {
        (self.equipment_raw >> (50 - 2 * equipment as u32)) as u8 & 3
    }

    /// Whether it works; `None` unless the ship says so.
    pub fn is_operational(&self, equipment: SolasEquipment) -> Option<bool> {
        match self.equipment_state_raw(equipment) {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        }
    }

    /// 0 not classified, 1 to 7 polar classes of IACS, 8 IB, 9 IC, 10 Russian Ice1; 11 to 14 are reserved.
    pub fn ice_class(&self) -> Option<u8> {
        (self.ice_class_raw <= 10).then_some(self.ice_class_raw)
    }

    /// At most 262142, which is that or more.
    pub fn shaft_horsepower(&self) -> Option<u32> {
        (self.shaft_horsepower_raw < 262_143).then_some(self.shaft_horsepower_raw)
    }

    /// As numbered by ITU-R M.1084.
    pub fn vhf_channel(&self) -> Option<u16> {
        (self.vhf_channel_raw != 0).then_some(self.vhf_channel_raw)
    }

    /// STATCODE 5, as sent.
    pub fn lloyds_ship_type(&self) -> Option<Text<7>> {
        text(self.lloyds_ship_type_raw)
    }

    /// At most 262142, which is that or more.
    pub fn gross_tonnage(&self) -> Option<u32> {
        (self.gross_tonnage_raw < 262_143).then_some(self.gross_tonnage_raw)
    }

    /// Whether it carries cargo; `false` is in ballast.
    pub fn is_laden(&self) -> Option<bool> {
        match self.lading_raw {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        }
    }

    /// Whether heavy fuel oil is bunkered.
    pub fn has_heavy_fuel_oil(&self) -> Option<bool> {
        no_or_yes(self.heavy_fuel_oil_raw)
    }

    /// Whether light fuel oil is bunkered.
    pub fn has_light_fuel_oil(&self) -> Option<bool> {
        no_or_yes(self.light_fuel_oil_raw)
    }

    /// Whether diesel is bunkered.
    pub fn has_diesel_oil(&self) -> Option<bool> {
        no_or_yes(self.diesel_oil_raw)
    }

    /// All oil bunkered, at most 16382 tonnes, which is that or more.
    pub fn bunker_oil_tonnes(&self) -> Option<u16> {
        (self.bunker_oil_raw < 16_383).then_some(self.bunker_oil_raw)
    }

    /// In `1..=8191`; 8191 is that or more.
    pub fn persons(&self) -> Option<u16> {
        (self.persons_raw != 0).then_some(self.persons_raw)
    }
}

fn no_or_yes(raw: u8) -> Option<bool> {
    match raw {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bits::BitWriter;
    use super::*;

    fn encode(m: &ExtendedStatic) -> BitWriter {
        BitWriter::default()
            .number(m.linkage_raw, 10)
            .number(m.air_draught_raw, 13)
            .number(m.last_port_raw as i64, 30)
            .number(m.next_port_raw as i64, 30)
            .number(m.second_port_raw as i64, 30)
            .number(m.equipment_raw as i64, 52)
            .number(m.ice_class_raw, 4)
            .number(m.shaft_horsepower_raw, 18)
            .number(m.vhf_channel_raw, 12)
            .number(m.lloyds_ship_type_raw as i64, 42)
            .number(m.gross_tonnage_raw, 18)
            .number(m.lading_raw, 2)
            .number(m.heavy_fuel_oil_raw, 2)
            .number(m.light_fuel_oil_raw, 2)
            .number(m.diesel_oil_raw, 2)
            .number(m.bunker_oil_raw, 14)
            .number(m.persons_raw, 13)
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(bytes in prop::collection::vec(any::<u8>(), 38)) {
            let ship = ExtendedStatic::decode(BitView::new(&bytes, 0, 304));
            prop_assert_eq!(encode(&ship), BitView::new(&bytes, 0, 294));
        }
    }

    #[test]
    fn a_ship_is_described() {
        let bits = BitWriter::default()
            .number(3, 10)
            .number(4250, 13)
            .text("NLRTM", 5)
            .text("DEHAM", 5)
            .text("", 5)
            .number(1, 2)
            .number(0, 46)
            .number(2, 2)
            .number(0, 2)
            .number(7, 4);
        let ship = ExtendedStatic::decode(bits.view());
        assert_eq!(ship.linkage(), Some(3));
        assert_eq!(ship.air_draught_m(), Some(42.5));
        assert_eq!(ship.last_port().unwrap().as_str(), "NLRTM");
        assert_eq!(ship.next_port().unwrap().as_str(), "DEHAM");
        assert_eq!(ship.second_port(), None);
        assert_eq!(ship.is_operational(SolasEquipment::AisClassA), Some(true));
        assert_eq!(ship.is_operational(SolasEquipment::Gnss), None);
        assert_eq!(ship.is_operational(SolasEquipment::VoyageDataRecorder), Some(false));
        assert_eq!(ship.ice_class(), Some(7));
        // What follows was not sent.
        assert_eq!((ship.shaft_horsepower(), ship.gross_tonnage()), (None, None));
        assert_eq!(
            (ship.vhf_channel(), ship.bunker_oil_tonnes(), ship.persons()),
            (None, None, None)
        );
        assert_eq!((ship.is_laden(), ship.lloyds_ship_type()), (None, None));
    }
}
