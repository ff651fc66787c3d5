//! The encoder against an independent reading of the bits, and against sentences really heard.

use std::collections::BTreeSet;
use std::time::Duration;

use alongside_sea::encode::{
    BaseStation, ClassAPosition, ClassBExtended, ClassBPosition, Eta, Framing, LongRange, Message,
    StaticPartA, StaticPartB, StaticVoyage, Tag,
};
use alongside_sea::{Planted, Scenario, Simulation};
use maritime::{Dimensions, Imo, Mmsi, Position, ShipType, Text, Timestamp};

/// Reads a payload bit by bit, the slow and obvious way.
struct BitReader(Vec<bool>);

impl BitReader {
    fn new(payload: &str, fill_bits: usize) -> Self {
        let mut bits = Vec::new();
        for byte in payload.bytes() {
            let mut six = byte - 48;
            if six > 40 {
                six -= 8;
            }
            bits.extend((0..6).rev().map(|bit| six >> bit & 1 == 1));
        }
        bits.truncate(bits.len() - fill_bits);
        BitReader(bits)
    }

    fn unsigned(&self, from: usize, to: usize) -> u32 {
        self.0[from..=to].iter().fold(0, |value, bit| value << 1 | u32::from(*bit))
    }

    fn signed(&self, from: usize, to: usize) -> i64 {
        let value = i64::from(self.unsigned(from, to));
        if self.0[from] { value - (1 << (to - from + 1)) } else { value }
    }

    fn flag(&self, at: usize) -> bool {
        self.0[at]
    }

    fn text<const N: usize>(&self, from: usize) -> Option<Text<N>> {
        let characters = (0..N).map(|i| self.unsigned(from + 6 * i, from + 6 * i + 5) as u8);
        let text: String =
            characters.map(|six| char::from(if six < 32 { six + 64 } else { six })).collect();
        Text::new(text.split('@').next().unwrap())
    }

    fn mmsi(&self) -> Mmsi {
        Mmsi::new(self.unsigned(8, 37)).unwrap()
    }

    fn position(&self, from: usize) -> Option<Position> {
        let longitude_deg = self.signed(from, from + 27) as f64 / 600_000.0;
        Position::new(self.signed(from + 28, from + 54) as f64 / 600_000.0, longitude_deg)
    }

    fn dimensions(&self, from: usize) -> Option<Dimensions> {
        let part = |from: usize, to: usize| self.unsigned(from, to) as u16;
        (self.unsigned(from, from + 29) != 0).then(|| Dimensions {
            bow_m: part(from, from + 8),
            stern_m: part(from + 9, from + 17),
            port_m: part(from + 18, from + 23),
            starboard_m: part(from + 24, from + 29),
        })
    }

    fn tenths(&self, from: usize, to: usize, none: u32) -> Option<f32> {
        Some(self.unsigned(from, to)).filter(|raw| *raw != none).map(|raw| raw as f32 / 10.0)
    }

    fn whole(&self, from: usize, to: usize, none: u32) -> Option<f32> {
        Some(self.unsigned(from, to)).filter(|raw| *raw != none).map(|raw| raw as f32)
    }

    fn message(&self) -> Message {
        let repeat = self.unsigned(6, 7) as u8;
        match self.unsigned(0, 5) {
            message_type @ 1..=3 => Message::ClassAPosition(ClassAPosition {
                message_type: message_type as u8,
                repeat,
                mmsi: self.mmsi(),
                navigational_status: self.unsigned(38, 41) as u8,
                rate_of_turn_raw: self.signed(42, 49) as i8,
                speed_knots: self.tenths(50, 59, 1023),
                accurate: self.flag(60),
                position: self.position(61),
                course_deg: self.tenths(116, 127, 3600),
                heading_deg: self.whole(128, 136, 511),
                second: self.unsigned(137, 142) as u8,
                manoeuvre: self.unsigned(143, 144) as u8,
                raim: self.flag(148),
                radio: self.unsigned(149, 167),
            }),
            4 => Message::BaseStation(BaseStation {
                repeat,
                mmsi: self.mmsi(),
                time: Timestamp::from_civil(
                    self.unsigned(38, 51) as i32,
                    self.unsigned(52, 55),
                    self.unsigned(56, 60),
                    self.unsigned(61, 65),
                    self.unsigned(66, 71),
                    self.unsigned(72, 77),
                ),
                accurate: self.flag(78),
                position: self.position(79),
                fix_type: self.unsigned(134, 137) as u8,
                raim: self.flag(148),
                radio: self.unsigned(149, 167),
            }),
            5 => Message::StaticVoyage(StaticVoyage {
                repeat,
                mmsi: self.mmsi(),
                ais_version: self.unsigned(38, 39) as u8,
                imo: Imo::new(self.unsigned(40, 69)),
                callsign: self.text(70),
                name: self.text(112),
                ship_type: Some(ShipType(self.unsigned(232, 239) as u8)),
                dimensions: self.dimensions(240),
                fix_type: self.unsigned(270, 273) as u8,
                eta: Some(Eta {
                    month: self.unsigned(274, 277) as u8,
                    day: self.unsigned(278, 282) as u8,
                    hour: self.unsigned(283, 287) as u8,
                    minute: self.unsigned(288, 293) as u8,
                }),
                draught_m: self.tenths(294, 301, 0),
                destination: self.text(302),
                terminal_ready: !self.flag(422),
                // The last character of the name tells how texts are filled up.
                blank_padded: self.unsigned(226, 231) == 32,
            }),
            18 => Message::ClassBPosition(ClassBPosition {
                repeat,
                mmsi: self.mmsi(),
                speed_knots: self.tenths(46, 55, 1023),
                accurate: self.flag(56),
                position: self.position(57),
                course_deg: self.tenths(112, 123, 3600),
                heading_deg: self.whole(124, 132, 511),
                second: self.unsigned(133, 138) as u8,
                unit_flags: self.unsigned(141, 146) as u8,
                raim: self.flag(147),
                radio: self.unsigned(148, 167),
            }),
            19 => Message::ClassBExtended(ClassBExtended {
                repeat,
                mmsi: self.mmsi(),
                speed_knots: self.tenths(46, 55, 1023),
                accurate: self.flag(56),
                position: self.position(57),
                course_deg: self.tenths(112, 123, 3600),
                heading_deg: self.whole(124, 132, 511),
                second: self.unsigned(133, 138) as u8,
                name: self.text(143),
                ship_type: Some(ShipType(self.unsigned(263, 270) as u8)),
                dimensions: self.dimensions(271),
                fix_type: self.unsigned(301, 304) as u8,
                raim: self.flag(305),
                terminal_ready: !self.flag(306),
                assigned: self.flag(307),
                reserved: (self.unsigned(38, 45) << 4 | self.unsigned(139, 142)) as u16,
            }),
            24 if self.unsigned(38, 39) == 0 => {
                Message::StaticPartA(StaticPartA { repeat, mmsi: self.mmsi(), name: self.text(40) })
            }
            24 => Message::StaticPartB(StaticPartB {
                repeat,
                mmsi: self.mmsi(),
                ship_type: Some(ShipType(self.unsigned(40, 47) as u8)),
                vendor: self.text(48),
                vendor_model: self.unsigned(66, 69) as u8,
                vendor_serial: self.unsigned(70, 89),
                callsign: self.text(90),
                dimensions: self.dimensions(132),
                fix_type: self.unsigned(162, 165) as u8,
            }),
            27 => Message::LongRange(LongRange {
                repeat,
                mmsi: self.mmsi(),
                accurate: self.flag(38),
                raim: self.flag(39),
                navigational_status: self.unsigned(40, 43) as u8,
                position: Position::new(
                    self.signed(62, 78) as f64 / 600.0,
                    self.signed(44, 61) as f64 / 600.0,
                ),
                speed_knots: self.whole(79, 84, 63),
                course_deg: self.whole(85, 93, 511),
                stale: self.flag(94),
            }),
            other => panic!("message {other} is not written here"),
        }
    }
}

/// Reads sentences bit by bit, writes them again, and expects the same bytes.
#[track_caller]
fn check(sentences: &[&str]) {
    let fields: Vec<Vec<&str>> = sentences.iter().map(|s| s.split(',').collect()).collect();
    let payload: String = fields.iter().map(|f| f[5]).collect();
    let last = fields.last().unwrap();
    let fill_bits = usize::from(last[6].as_bytes()[0] - b'0');
    let message = BitReader::new(&payload, fill_bits).message();
    let channel = last[4].as_bytes()[0];
    let sequence = last[3].parse().unwrap_or(0);
    let mut lines = Vec::new();
    message.write_sentences(&Framing { channel, sequence, tag: None }, &mut lines);
    let expected: String = sentences.iter().map(|s| format!("{s}\r\n")).collect();
    assert_eq!(String::from_utf8(lines).unwrap(), expected, "{message:?}");
}

// Examples of gpsd's AIVDM/AIVDO protocol decoding and of its regression tests.

#[test]
fn class_a_positions_heard_encode_to_themselves() {
    check(&["!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"]);
    check(&["!AIVDM,1,1,,A,15N1u<PP1FJuvSRHOE6QIwwh0HQ6,0*30"]);
    check(&["!AIVDM,1,1,,A,39NWra1001rsuRPHA6Na8afl0000,0*13"]);
}

#[test]
fn a_base_station_heard_encodes_to_itself() {
    check(&["!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D"]);
}

#[test]
fn static_and_voyage_data_heard_encode_to_themselves() {
    check(&[
        "!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C",
        "!AIVDM,2,2,1,A,88888888880,2*25",
    ]);
}

#[test]
fn class_b_reports_heard_encode_to_themselves() {
    check(&["!AIVDM,1,1,,A,B52K>;h00Fc>jpUlNV@ikwpUoP06,0*4C"]);
    check(&["!AIVDM,1,1,,B,C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220,0*0B"]);
    check(&["!AIVDM,1,1,,A,H42O55i18tMET00000000000000,2*6D"]);
    check(&["!AIVDM,1,1,,A,H42O55lti4hhhilD3nink000?050,0*40"]);
}

#[test]
fn a_long_range_report_heard_encodes_to_itself() {
    check(&["!AIVDM,1,1,,A,KCQ9r=hrFUnH7P00,0*41"]);
}

#[test]
fn nothing_known_is_sent_as_the_recommended_sentinels() {
    let mmsi = Mmsi::new(311_000_222).unwrap();
    let payload = Message::ClassAPosition(ClassAPosition::new(mmsi)).to_payload();
    let bits = BitReader::new(std::str::from_utf8(payload.as_bytes()).unwrap(), 0);
    assert_eq!(bits.0.len(), 168);
    assert_eq!(bits.signed(42, 49), -128);
    assert_eq!(bits.unsigned(50, 59), 1023);
    assert_eq!(bits.unsigned(61, 88), 0x679_1AC0);
    assert_eq!(bits.unsigned(89, 115), 0x341_2140);
    assert_eq!(bits.unsigned(116, 127), 3600);
    assert_eq!(bits.unsigned(128, 136), 511);
    assert_eq!(bits.unsigned(137, 142), 60);

    let payload = Message::StaticVoyage(StaticVoyage::new(mmsi)).to_payload();
    let bits = BitReader::new(std::str::from_utf8(payload.as_bytes()).unwrap(), 2);
    assert_eq!(bits.0.len(), 424);
    assert!(bits.0[40..278].iter().all(|bit| !bit));
    assert_eq!((bits.unsigned(283, 287), bits.unsigned(288, 293)), (24, 60));
}

#[test]
fn a_tag_block_stands_before_every_sentence_with_its_own_checksum() {
    let message = Message::StaticVoyage(StaticVoyage::new(Mmsi::new(311_000_222).unwrap()));
    let tag =
        Some(Tag { station: "station", received_at: Timestamp::from_millis(1_704_067_200_999) });
    let mut lines = Vec::new();
    message.write_sentences(&Framing { channel: b'B', sequence: 7, tag }, &mut lines);
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.lines().count(), 2);
    for (index, line) in lines.lines().enumerate() {
        let sum = b"s:station,c:1704067200".iter().fold(0, |sum, byte| sum ^ byte);
        let start = format!("\\s:station,c:1704067200*{sum:02X}\\!AIVDM,2,{},7,B,", index + 1);
        assert!(line.starts_with(&start), "{line}");
        assert!(line.len() - start.len() + "!AIVDM,2,1,7,B,".len() <= 80);
    }
}

#[test]
fn what_the_sea_sends_is_read_back_as_it_was() {
    let scenario = Scenario {
        duration: Duration::from_secs(9 * 3600),
        ships: 30,
        planted: Planted::every(2),
        long_range_reports: true,
        base_station_interval: Some(Duration::from_secs(60)),
        ..Scenario::default()
    };
    let mut kinds = BTreeSet::new();
    for transmission in Simulation::new(&scenario).unwrap() {
        let payload = transmission.message.to_payload();
        let text = std::str::from_utf8(payload.as_bytes()).unwrap();
        let bits = BitReader::new(text, usize::from(payload.fill_bits()));
        assert_eq!(bits.message(), transmission.message);
        kinds.insert(bits.unsigned(0, 5));
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [1, 3, 4, 5, 18, 24, 27]);
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            mmsi in 1u32..=999_999_999,
            latitude in -54_000_000i32..=54_000_000,
            longitude in -108_000_000i32..=108_000_000,
            speed in 0u32..=1022,
            course in 0u32..3600,
            heading in proptest::option::of(0u32..360),
            turn in -127i8..=127,
            status in 0u8..=15,
            second in 0u8..=63,
            radio in 0u32..1 << 19,
            name in "[A-Z0-9 !-?]{0,20}",
        ) {
            let position = Position::new(f64::from(latitude) / 6e5, f64::from(longitude) / 6e5);
            let mmsi = Mmsi::new(mmsi).unwrap();
            let a = Message::ClassAPosition(ClassAPosition {
                navigational_status: status,
                rate_of_turn_raw: turn,
                speed_knots: Some(speed as f32 / 10.0),
                position,
                course_deg: Some(course as f32 / 10.0),
                heading_deg: heading.map(|degrees| degrees as f32),
                second,
                radio,
                ..ClassAPosition::new(mmsi)
            });
            let b = Message::ClassBPosition(ClassBPosition {
                speed_knots: Some(speed as f32 / 10.0),
                position,
                course_deg: Some(course as f32 / 10.0),
                heading_deg: heading.map(|degrees| degrees as f32),
                second,
                radio,
                ..ClassBPosition::new(mmsi)
            });
            let c = Message::StaticPartA(StaticPartA { repeat: 1, mmsi, name: Text::new(&name) });
            for message in [a, b, c] {
                let payload = message.to_payload();
                let text = std::str::from_utf8(payload.as_bytes()).unwrap();
                let read = BitReader::new(text, usize::from(payload.fill_bits())).message();
                prop_assert_eq!(read, message);
            }
        }
    }
}
