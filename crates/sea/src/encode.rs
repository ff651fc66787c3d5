//! AIS messages to bits, bits to sentences.
//!
//! It takes messages with units and `None`, and gives the armoured payload of ITU-R M.1371-5, annex 8,
//! and the `!AIVDM` sentences around it, with tag blocks where asked. It shares nothing with the
//! decoder, so that one can be tested against the other.
//!
//! ```
//! use alongside_sea::encode::{ClassAPosition, Framing, Message};
//! use maritime::Mmsi;
//!
//! let silent = Message::ClassAPosition(ClassAPosition::new(Mmsi::new(311_000_222).unwrap()));
//! let mut lines = Vec::new();
//! silent.write_sentences(&Framing::default(), &mut lines);
//! assert_eq!(lines, b"!AIVDM,1,1,,A,14`UtWgP?w<tSF0l4Q@>4?wp0000,0*5C\r\n");
//! ```

use std::io::Write;

use maritime::{Dimensions, Imo, Mmsi, Position, ShipType, Text, Timestamp};

/// One AIS message as a station sends it. `None` is sent as "not available".
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Message {
    /// Messages 1, 2 and 3.
    ClassAPosition(ClassAPosition),
    /// Message 4.
    BaseStation(BaseStation),
    /// Message 5.
    StaticVoyage(StaticVoyage),
    /// Message 18.
    ClassBPosition(ClassBPosition),
    /// Message 19.
    ClassBExtended(ClassBExtended),
    /// Message 24, part A.
    StaticPartA(StaticPartA),
    /// Message 24, part B.
    StaticPartB(StaticPartB),
    /// Message 27.
    LongRange(LongRange),
}

/// Position report of a class A station: messages 1, 2 and 3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassAPosition {
    /// 1, 2 or 3: they differ in how the slot was chosen.
    pub message_type: u8,
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// `0..=15`; 15 is "undefined".
    pub navigational_status: u8,
    /// As on the air, see [`rate_of_turn_raw`]; -128 is "not available".
    pub rate_of_turn_raw: i8,
    /// Over ground, rounded to 0.1; 102.2 and more is sent as 102.2.
    pub speed_knots: Option<f32>,
    /// Better than 10 m.
    pub accurate: bool,
    /// Rounded to 1/10000 minute.
    pub position: Option<Position>,
    /// Over ground, rounded to 0.1.
    pub course_deg: Option<f32>,
    /// Of the bow, rounded to whole degrees.
    pub heading_deg: Option<f32>,
    /// UTC second of the fix, `0..=59`, or 60 "not available", 61 manual, 62 dead reckoning, 63
    /// inoperative.
    pub second: u8,
    /// 0 not available, 1 no special manoeuvre, 2 special manoeuvre.
    pub manoeuvre: u8,
    /// Integrity of the fix is monitored.
    pub raim: bool,
    /// Communication state, 19 bits.
    pub radio: u32,
}

/// Base station report: message 4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BaseStation {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Sent to the whole second, rounded down.
    pub time: Option<Timestamp>,
    /// Better than 10 m.
    pub accurate: bool,
    /// Rounded to 1/10000 minute.
    pub position: Option<Position>,
    /// Kind of position fixing device, `0..=15`; 0 is "undefined".
    pub fix_type: u8,
    /// Integrity of the fix is monitored.
    pub raim: bool,
    /// Communication state, 19 bits.
    pub radio: u32,
}

/// Static and voyage related data of a class A station: message 5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StaticVoyage {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Edition of the recommendation that the station follows, `0..=3`.
    pub ais_version: u8,
    /// Sent as 0 when `None`.
    pub imo: Option<Imo>,
    /// Of the station.
    pub callsign: Option<Text<7>>,
    /// Of the ship.
    pub name: Option<Text<20>>,
    /// Sent as 0 when `None`.
    pub ship_type: Option<ShipType>,
    /// All 0 when `None`.
    pub dimensions: Option<Dimensions>,
    /// Kind of position fixing device, `0..=15`; 0 is "undefined".
    pub fix_type: u8,
    /// When the ship expects to arrive.
    pub eta: Option<Eta>,
    /// Rounded to 0.1, at most 25.5; 0 is "not available".
    pub draught_m: Option<f32>,
    /// As entered by hand.
    pub destination: Option<Text<20>>,
    /// `false` is "not ready", the default.
    pub terminal_ready: bool,
    /// Texts are filled up with blanks, as many stations do, where the recommendation asks for `@`.
    pub blank_padded: bool,
}

/// Month, day, hour and minute in UTC, as message 5 sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eta {
    /// `1..=12`; 0 is "not available".
    pub month: u8,
    /// `1..=31`; 0 is "not available".
    pub day: u8,
    /// `0..=23`; 24 is "not available".
    pub hour: u8,
    /// `0..=59`; 60 is "not available".
    pub minute: u8,
}

/// Position report of a class B station: message 18.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassBPosition {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Over ground, rounded to 0.1; 102.2 and more is sent as 102.2.
    pub speed_knots: Option<f32>,
    /// Better than 10 m.
    pub accurate: bool,
    /// Rounded to 1/10000 minute.
    pub position: Option<Position>,
    /// Over ground, rounded to 0.1.
    pub course_deg: Option<f32>,
    /// Of the bow, rounded to whole degrees.
    pub heading_deg: Option<f32>,
    /// UTC second of the fix, as in [`ClassAPosition::second`].
    pub second: u8,
    /// Bits 141 to 146: carrier sense unit, display, DSC, whole band, message 22, assigned mode.
    pub unit_flags: u8,
    /// Integrity of the fix is monitored.
    pub raim: bool,
    /// Selector and communication state, 20 bits.
    pub radio: u32,
}

/// Extended position report of a class B station: message 19.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassBExtended {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Over ground, rounded to 0.1; 102.2 and more is sent as 102.2.
    pub speed_knots: Option<f32>,
    /// Better than 10 m.
    pub accurate: bool,
    /// Rounded to 1/10000 minute.
    pub position: Option<Position>,
    /// Over ground, rounded to 0.1.
    pub course_deg: Option<f32>,
    /// Of the bow, rounded to whole degrees.
    pub heading_deg: Option<f32>,
    /// UTC second of the fix, as in [`ClassAPosition::second`].
    pub second: u8,
    /// Of the ship.
    pub name: Option<Text<20>>,
    /// Sent as 0 when `None`.
    pub ship_type: Option<ShipType>,
    /// All 0 when `None`.
    pub dimensions: Option<Dimensions>,
    /// Kind of position fixing device, `0..=15`; 0 is "undefined".
    pub fix_type: u8,
    /// Integrity of the fix is monitored.
    pub raim: bool,
    /// `false` is "not ready", the default.
    pub terminal_ready: bool,
    /// Told by a shore station when to report.
    pub assigned: bool,
    /// Bits 38 to 45 and 139 to 142, which mean nothing and should be 0.
    pub reserved: u16,
}

/// The name of a class B station: message 24, part A.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StaticPartA {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Of the ship.
    pub name: Option<Text<20>>,
}

/// What else a class B station is: message 24, part B.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StaticPartB {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Sent as 0 when `None`.
    pub ship_type: Option<ShipType>,
    /// Three letters of the maker of the station.
    pub vendor: Option<Text<3>>,
    /// Model of the station, `0..=15`.
    pub vendor_model: u8,
    /// Serial number of the station, 20 bits.
    pub vendor_serial: u32,
    /// Of the station.
    pub callsign: Option<Text<7>>,
    /// All 0 when `None`.
    pub dimensions: Option<Dimensions>,
    /// Kind of position fixing device, `0..=15`; 0 is "undefined".
    pub fix_type: u8,
}

/// Long-range position report of a class A station: message 27.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LongRange {
    /// How often it was repeated, `0..=3`.
    pub repeat: u8,
    /// Who speaks.
    pub mmsi: Mmsi,
    /// Better than 10 m.
    pub accurate: bool,
    /// Integrity of the fix is monitored.
    pub raim: bool,
    /// `0..=15`; 15 is "undefined".
    pub navigational_status: u8,
    /// Rounded to 1/10 minute.
    pub position: Option<Position>,
    /// Over ground, rounded to whole knots; 62 and more is sent as 62.
    pub speed_knots: Option<f32>,
    /// Over ground, rounded to whole degrees.
    pub course_deg: Option<f32>,
    /// The position is older than 5 seconds.
    pub stale: bool,
}

/// What is written around a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing<'a> {
    /// VHF channel, `b'A'` or `b'B'`.
    pub channel: u8,
    /// `0..=9`, ties the sentences of one message together; not written on a message of one.
    pub sequence: u8,
    /// With one, every sentence carries the tag block `\s:station,c:1704067200*hh\`.
    pub tag: Option<Tag<'a>>,
}

/// Who heard a sentence, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Written as it is: letters, digits and `-`, at most 15 of them.
    pub station: &'a str,
    /// Written in whole seconds, rounded down.
    pub received_at: Timestamp,
}

impl Default for Framing<'_> {
    fn default() -> Self {
        Framing { channel: b'A', sequence: 0, tag: None }
    }
}

impl ClassAPosition {
    /// A message 1 in which everything is "not available".
    pub fn new(mmsi: Mmsi) -> Self {
        ClassAPosition {
            message_type: 1,
            repeat: 0,
            mmsi,
            navigational_status: 15,
            rate_of_turn_raw: -128,
            speed_knots: None,
            accurate: false,
            position: None,
            course_deg: None,
            heading_deg: None,
            second: 60,
            manoeuvre: 0,
            raim: false,
            radio: 0,
        }
    }
}

impl StaticVoyage {
    /// A message 5 in which everything is "not available".
    pub fn new(mmsi: Mmsi) -> Self {
        StaticVoyage {
            repeat: 0,
            mmsi,
            ais_version: 0,
            imo: None,
            callsign: None,
            name: None,
            ship_type: None,
            dimensions: None,
            fix_type: 0,
            eta: None,
            draught_m: None,
            destination: None,
            terminal_ready: false,
            blank_padded: false,
        }
    }
}

impl ClassBPosition {
    /// A message 18 in which everything is "not available".
    pub fn new(mmsi: Mmsi) -> Self {
        ClassBPosition {
            repeat: 0,
            mmsi,
            speed_knots: None,
            accurate: false,
            position: None,
            course_deg: None,
            heading_deg: None,
            second: 60,
            unit_flags: 0b11_1010,
            raim: false,
            // Selector 1 and the constant of a carrier sense unit (annex 8, table 71).
            radio: 0xe_0006,
        }
    }
}

/// The rate of turn as it is on the air, for a rate in degrees a minute, starboard positive:
/// 4.733 times its square root, `-126..=126`; -128 for `None`.
pub fn rate_of_turn_raw(degrees_per_minute: Option<f32>) -> i8 {
    let Some(rate) = degrees_per_minute else { return -128 };
    let raw = libm::round(4.733 * f64::from(rate.abs()).sqrt()).min(126.0);
    if rate < 0.0 { -(raw as i8) } else { raw as i8 }
}

/// A position as messages 1 to 4, 18 and 19 can send it: rounded to 1/10000 minute.
pub fn quantised_position(position: Position) -> Position {
    let [latitude, longitude] = raw_position(position, 600_000.0);
    Position::new(latitude as f64 / 600_000.0, longitude as f64 / 600_000.0)
        .expect("rounding stays within the ranges, whose ends are whole")
}

/// A position as message 27 can send it: rounded to 1/10 minute.
pub fn coarse_position(position: Position) -> Position {
    let [latitude, longitude] = raw_position(position, 600.0);
    Position::new(latitude as f64 / 600.0, longitude as f64 / 600.0)
        .expect("rounding stays within the ranges, whose ends are whole")
}

/// The bits of one message, six to a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    characters: [u8; CHARACTERS_MAX],
    length: usize,
    fill_bits: u8,
}

/// Message 5 has 424 bits, the most of all that are written here.
const CHARACTERS_MAX: usize = 71;
/// Characters of payload in one sentence, so that it keeps within NMEA's 82 characters.
const SENTENCE_CHARACTERS_MAX: usize = 60;

impl Payload {
    /// Armoured as in a sentence.
    pub fn as_bytes(&self) -> &[u8] {
        &self.characters[..self.length]
    }

    /// How many of the last character's bits are no part of the message, `0..=5`.
    pub fn fill_bits(&self) -> u8 {
        self.fill_bits
    }
}

impl Message {
    /// Who speaks.
    pub fn mmsi(&self) -> Mmsi {
        match self {
            Message::ClassAPosition(message) => message.mmsi,
            Message::BaseStation(message) => message.mmsi,
            Message::StaticVoyage(message) => message.mmsi,
            Message::ClassBPosition(message) => message.mmsi,
            Message::ClassBExtended(message) => message.mmsi,
            Message::StaticPartA(message) => message.mmsi,
            Message::StaticPartB(message) => message.mmsi,
            Message::LongRange(message) => message.mmsi,
        }
    }

    /// The bits.
    pub fn to_payload(&self) -> Payload {
        let mut bits = Bits::new();
        match self {
            Message::ClassAPosition(message) => put_class_a_position(&mut bits, message),
            Message::BaseStation(message) => put_base_station(&mut bits, message),
            Message::StaticVoyage(message) => put_static_voyage(&mut bits, message),
            Message::ClassBPosition(message) => put_class_b_position(&mut bits, message),
            Message::ClassBExtended(message) => put_class_b_extended(&mut bits, message),
            Message::StaticPartA(message) => put_static_part_a(&mut bits, message),
            Message::StaticPartB(message) => put_static_part_b(&mut bits, message),
            Message::LongRange(message) => put_long_range(&mut bits, message),
        }
        bits.finish()
    }

    /// Appends the message as `!AIVDM` sentences, each ended by CR and LF, and says how many there
    /// are.
    pub fn write_sentences(&self, framing: &Framing, out: &mut Vec<u8>) -> usize {
        let payload = self.to_payload();
        let count = payload.length.div_ceil(SENTENCE_CHARACTERS_MAX);
        for (index, part) in payload.as_bytes().chunks(SENTENCE_CHARACTERS_MAX).enumerate() {
            if let Some(tag) = framing.tag {
                write_tag_block(tag, out);
            }
            let sentence_at = out.len();
            out.extend_from_slice(b"!AIVDM,");
            out.extend_from_slice(&[b'0' + count as u8, b',', b'1' + index as u8, b',']);
            if count > 1 {
                out.push(b'0' + framing.sequence % 10);
            }
            out.extend_from_slice(&[b',', framing.channel, b',']);
            out.extend_from_slice(part);
            let fill_bits = if index + 1 == count { payload.fill_bits } else { 0 };
            out.extend_from_slice(&[b',', b'0' + fill_bits]);
            write_checksum(sentence_at + 1, out);
            out.extend_from_slice(b"\r\n");
        }
        count
    }
}

fn write_tag_block(tag: Tag, out: &mut Vec<u8>) {
    out.push(b'\\');
    let tag_at = out.len();
    out.extend_from_slice(b"s:");
    out.extend_from_slice(tag.station.as_bytes());
    let seconds = tag.received_at.as_millis().div_euclid(1000);
    write!(out, ",c:{seconds}").expect("a vector takes what is written to it");
    write_checksum(tag_at, out);
    out.push(b'\\');
}

/// Appends `*` and the exclusive or of what stands in `out` from `from` on.
fn write_checksum(from: usize, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let sum = out[from..].iter().fold(0, |sum, byte| sum ^ byte);
    out.extend_from_slice(&[b'*', HEX[usize::from(sum >> 4)], HEX[usize::from(sum & 15)]]);
}

fn put_class_a_position(bits: &mut Bits, message: &ClassAPosition) {
    put_header(bits, message.message_type, message.repeat, message.mmsi);
    // Bits 38-41: navigational status; 42-49: rate of turn, signed.
    bits.put(message.navigational_status, 4);
    bits.put_signed(i64::from(message.rate_of_turn_raw), 8);
    // Bits 50-136: speed, accuracy, longitude, latitude, course, heading.
    put_speed(bits, message.speed_knots);
    bits.put(message.accurate, 1);
    put_position(bits, message.position);
    put_course(bits, message.course_deg);
    put_heading(bits, message.heading_deg);
    // Bits 137-144: second, manoeuvre; 145-147: spare; 148: RAIM; 149-167: communication state.
    bits.put(message.second, 6);
    bits.put(message.manoeuvre, 2);
    bits.put(0u8, 3);
    bits.put(message.raim, 1);
    bits.put(message.radio, 19);
}

fn put_base_station(bits: &mut Bits, message: &BaseStation) {
    put_header(bits, 4, message.repeat, message.mmsi);
    // Bits 38-77: year, month, day, hour, minute, second.
    let [year, month, day, hour, minute, second] =
        message.time.map_or([0, 0, 0, 24, 60, 60], civil);
    bits.put(year, 14);
    bits.put(month, 4);
    bits.put(day, 5);
    bits.put(hour, 5);
    bits.put(minute, 6);
    bits.put(second, 6);
    // Bits 78-137: accuracy, longitude, latitude, fixing device; 138-147: spare.
    bits.put(message.accurate, 1);
    put_position(bits, message.position);
    bits.put(message.fix_type, 4);
    bits.put(0u8, 10);
    bits.put(message.raim, 1);
    bits.put(message.radio, 19);
}

fn put_static_voyage(bits: &mut Bits, message: &StaticVoyage) {
    put_header(bits, 5, message.repeat, message.mmsi);
    let padding = if message.blank_padded { b' ' } else { b'@' };
    // Bits 38-231: version, IMO number, callsign, name.
    bits.put(message.ais_version, 2);
    bits.put(message.imo.map_or(0, Imo::get), 30);
    put_text(bits, message.callsign.as_ref().map(Text::as_str), 7, padding);
    put_text(bits, message.name.as_ref().map(Text::as_str), 20, padding);
    // Bits 232-273: type, dimensions, fixing device.
    put_ship_type(bits, message.ship_type);
    put_dimensions(bits, message.dimensions);
    bits.put(message.fix_type, 4);
    // Bits 274-293: expected arrival.
    let eta = message.eta.unwrap_or(Eta { month: 0, day: 0, hour: 24, minute: 60 });
    bits.put(eta.month, 4);
    bits.put(eta.day, 5);
    bits.put(eta.hour, 5);
    bits.put(eta.minute, 6);
    // Bits 294-301: draught in 1/10 m; 302-421: destination; 422: terminal not ready; 423: spare.
    let draught = message.draught_m.map_or(0.0, |m| libm::round(f64::from(m) * 10.0));
    bits.put(draught.clamp(0.0, 255.0) as u8, 8);
    put_text(bits, message.destination.as_ref().map(Text::as_str), 20, padding);
    bits.put(!message.terminal_ready, 1);
    bits.put(0u8, 1);
}

fn put_class_b_position(bits: &mut Bits, message: &ClassBPosition) {
    put_header(bits, 18, message.repeat, message.mmsi);
    // Bits 38-45: spare; 46-138: speed, accuracy, position, course, heading, second; 139-140: spare.
    bits.put(0u8, 8);
    put_speed(bits, message.speed_knots);
    bits.put(message.accurate, 1);
    put_position(bits, message.position);
    put_course(bits, message.course_deg);
    put_heading(bits, message.heading_deg);
    bits.put(message.second, 6);
    bits.put(0u8, 2);
    // Bits 141-146: what the unit can do; 147: RAIM; 148-167: selector and communication state.
    bits.put(message.unit_flags, 6);
    bits.put(message.raim, 1);
    bits.put(message.radio, 20);
}

fn put_class_b_extended(bits: &mut Bits, message: &ClassBExtended) {
    put_header(bits, 19, message.repeat, message.mmsi);
    // Bits 38-142: as message 18, with four reserved bits at the end.
    bits.put(message.reserved >> 4, 8);
    put_speed(bits, message.speed_knots);
    bits.put(message.accurate, 1);
    put_position(bits, message.position);
    put_course(bits, message.course_deg);
    put_heading(bits, message.heading_deg);
    bits.put(message.second, 6);
    bits.put(message.reserved, 4);
    // Bits 143-304: name, type, dimensions, fixing device.
    put_text(bits, message.name.as_ref().map(Text::as_str), 20, b'@');
    put_ship_type(bits, message.ship_type);
    put_dimensions(bits, message.dimensions);
    bits.put(message.fix_type, 4);
    // Bits 305-307: RAIM, terminal not ready, assigned mode; 308-311: spare.
    bits.put(message.raim, 1);
    bits.put(!message.terminal_ready, 1);
    bits.put(message.assigned, 1);
    bits.put(0u8, 4);
}

fn put_static_part_a(bits: &mut Bits, message: &StaticPartA) {
    put_header(bits, 24, message.repeat, message.mmsi);
    // Bits 38-39: part number; 40-159: name.
    bits.put(0u8, 2);
    put_text(bits, message.name.as_ref().map(Text::as_str), 20, b'@');
}

fn put_static_part_b(bits: &mut Bits, message: &StaticPartB) {
    put_header(bits, 24, message.repeat, message.mmsi);
    // Bits 38-39: part number; 40-47: type; 48-89: vendor, model, serial number.
    bits.put(1u8, 2);
    put_ship_type(bits, message.ship_type);
    put_text(bits, message.vendor.as_ref().map(Text::as_str), 3, b'@');
    bits.put(message.vendor_model, 4);
    bits.put(message.vendor_serial, 20);
    // Bits 90-165: callsign, dimensions, fixing device; 166-167: spare.
    put_text(bits, message.callsign.as_ref().map(Text::as_str), 7, b'@');
    put_dimensions(bits, message.dimensions);
    bits.put(message.fix_type, 4);
    bits.put(0u8, 2);
}

fn put_long_range(bits: &mut Bits, message: &LongRange) {
    put_header(bits, 27, message.repeat, message.mmsi);
    // Bits 38-43: accuracy, RAIM, navigational status.
    bits.put(message.accurate, 1);
    bits.put(message.raim, 1);
    bits.put(message.navigational_status, 4);
    // Bits 44-78: longitude, latitude in 1/10 minute.
    let [latitude, longitude] =
        message.position.map_or([91 * 600, 181 * 600], |position| raw_position(position, 600.0));
    bits.put_signed(longitude, 18);
    bits.put_signed(latitude, 17);
    // Bits 79-93: speed in knots, course in degrees; 94: age of the position; 95: spare.
    let speed = message.speed_knots.map_or(63.0, |knots| rounded(knots, 1.0).min(62.0));
    bits.put(speed as u8, 6);
    bits.put(message.course_deg.map_or(511, |degrees| rounded(degrees, 1.0) as u32 % 360), 9);
    bits.put(message.stale, 1);
    bits.put(0u8, 1);
}

/// Bits 0-37 of every message: type, repeat indicator, MMSI.
fn put_header(bits: &mut Bits, message_type: u8, repeat: u8, mmsi: Mmsi) {
    bits.put(message_type, 6);
    bits.put(repeat, 2);
    bits.put(mmsi.get(), 30);
}

/// 10 bits in 1/10 knot; 1023 is "not available", 1022 is 102.2 or more.
fn put_speed(bits: &mut Bits, speed_knots: Option<f32>) {
    let raw = speed_knots.map_or(1023.0, |knots| rounded(knots, 10.0).min(1022.0));
    bits.put(raw as u32, 10);
}

/// 28 bits of longitude, then 27 of latitude, signed, in 1/10000 minute; 181° and 91° are "not
/// available".
fn put_position(bits: &mut Bits, position: Option<Position>) {
    let [latitude, longitude] = position
        .map_or([91 * 600_000, 181 * 600_000], |position| raw_position(position, 600_000.0));
    bits.put_signed(longitude, 28);
    bits.put_signed(latitude, 27);
}

/// 12 bits in 1/10 degree; 3600 is "not available", so 359.96° is sent as 0.
fn put_course(bits: &mut Bits, course_deg: Option<f32>) {
    bits.put(course_deg.map_or(3600, |degrees| rounded(degrees, 10.0) as u32 % 3600), 12);
}

/// 9 bits in degrees; 511 is "not available".
fn put_heading(bits: &mut Bits, heading_deg: Option<f32>) {
    bits.put(heading_deg.map_or(511, |degrees| rounded(degrees, 1.0) as u32 % 360), 9);
}

fn put_ship_type(bits: &mut Bits, ship_type: Option<ShipType>) {
    bits.put(ship_type.map_or(0, |ship_type| ship_type.0), 8);
}

/// 30 bits: to bow, stern, port and starboard, in metres.
fn put_dimensions(bits: &mut Bits, dimensions: Option<Dimensions>) {
    let none = Dimensions { bow_m: 0, stern_m: 0, port_m: 0, starboard_m: 0 };
    let dimensions = dimensions.unwrap_or(none);
    bits.put(dimensions.bow_m.min(511), 9);
    bits.put(dimensions.stern_m.min(511), 9);
    bits.put(dimensions.port_m.min(63), 6);
    bits.put(dimensions.starboard_m.min(63), 6);
}

/// Six-bit ASCII (annex 8, table 47): `@` to `_` are 0 to 31, blank to `?` are 32 to 63. Lower case
/// becomes upper case, and what has no six bits becomes `?`. A missing text is `@` throughout.
fn put_text(bits: &mut Bits, text: Option<&str>, characters: usize, padding: u8) {
    let padding = if text.is_some() { padding } else { b'@' };
    let text = text.unwrap_or("").bytes().chain(std::iter::repeat(padding)).take(characters);
    for byte in text {
        let byte = match byte.to_ascii_uppercase() {
            byte @ 32..=95 => byte,
            _ => b'?',
        };
        bits.put(byte & 63, 6);
    }
}

fn rounded(value: f32, per_unit: f64) -> f64 {
    libm::round(f64::from(value) * per_unit).max(0.0)
}

/// Latitude and longitude as whole numbers.
fn raw_position(position: Position, per_degree: f64) -> [i64; 2] {
    [position.latitude_deg(), position.longitude_deg()]
        .map(|degrees| libm::round(degrees * per_degree) as i64)
}

/// Year, month, day, hour, minute, second.
fn civil(time: Timestamp) -> [u32; 6] {
    let text = time.to_string();
    let field = |range: std::ops::Range<usize>| text.get(range).and_then(|t| t.parse().ok());
    [0..4, 5..7, 8..10, 11..13, 14..16, 17..19].map(|range| field(range).unwrap_or(0))
}

/// Writes bits, most significant first, and armours them six by six.
struct Bits {
    payload: Payload,
    held: u64,
    held_bits: u32,
}

impl Bits {
    fn new() -> Self {
        let payload = Payload { characters: [0; CHARACTERS_MAX], length: 0, fill_bits: 0 };
        Bits { payload, held: 0, held_bits: 0 }
    }

    /// Appends the lowest `width` bits, at most 30.
    fn put(&mut self, value: impl Into<u32>, width: u32) {
        let value = u64::from(value.into()) & ((1 << width) - 1);
        self.held = self.held << width | value;
        self.held_bits += width;
        while self.held_bits >= 6 {
            self.held_bits -= 6;
            let six = (self.held >> self.held_bits) as u8 & 63;
            // Armour: 0-39 are `0` to `W`, 40-63 are a grave accent to `w`.
            self.payload.characters[self.payload.length] =
                if six < 40 { six + 48 } else { six + 56 };
            self.payload.length += 1;
        }
        self.held &= 63;
    }

    /// Appends a number in two's complement.
    fn put_signed(&mut self, value: i64, width: u32) {
        self.put(value as u32, width);
    }

    fn finish(mut self) -> Payload {
        if self.held_bits > 0 {
            let fill_bits = 6 - self.held_bits;
            self.put(0u8, fill_bits);
            self.payload.fill_bits = fill_bits as u8;
        }
        self.payload
    }
}
