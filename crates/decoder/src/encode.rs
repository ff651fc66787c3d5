//! Takes messages, gives bits and sentences: the decoder's way back. What is written here is decoded to the
//! same message again, field by field.
//!
//! ```
//! use alongside_decoder::encode::{Framing, course_raw, position_raw, speed_raw, write_sentences};
//! use alongside_decoder::{Decoder, Header, LongRangeReport, Message, OutcomeKind};
//! use maritime::Position;
//!
//! let (longitude_raw, latitude_raw) = position_raw(Position::new(57.7, 11.9), 600.0);
//! let message = Message::LongRange(LongRangeReport {
//!     header: Header { message_type: 27, repeat: 3, mmsi_raw: 244_660_390 },
//!     accuracy_high: false,
//!     raim: false,
//!     navigational_status_raw: 0,
//!     longitude_raw,
//!     latitude_raw,
//!     speed_raw: 12,
//!     course_raw: 511,
//!     position_latency: false,
//! });
//! let mut line = Vec::new();
//! write_sentences(&message, &Framing::default(), &mut line);
//! assert_eq!(line, b"!AIVDM,1,1,,A,KkaDpaP0Kq4>N6Ot,0*21\r\n");
//! Decoder::new().push(&line, &mut |outcome| {
//!     let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
//!     assert_eq!(received.message, message);
//! });
//! ```

use std::io::Write;

use maritime::Position;

use crate::payload::Payload;
use crate::sentence::checksum;
use crate::tag_block::TagBlock;
use crate::{Channel, Message};

/// What stands around a message in its sentences.
///
/// ```
/// use alongside_decoder::encode::{Framing, write_sentences};
/// use alongside_decoder::Message;
///
/// let message = Message::decode(b"177KQJ5000G?tO`K>RA1wUbN0TKH", 0).unwrap();
/// let mut line = Vec::new();
/// write_sentences(&message, &Framing { talker: *b"BS", ..Framing::default() }, &mut line);
/// assert!(line.starts_with(b"!BSVDM,1,1,,A,177KQJ5000G?tO`K>RA1wUbN0TKH,0*"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Framing {
    /// `AI` for most, `BS` and `AB` for base stations; capital letters and digits.
    pub talker: [u8; 2],
    /// Writes VDO, for what the receiver's own ship sends, not VDM.
    pub own_ship: bool,
    /// Left empty with `None`.
    pub channel: Option<Channel>,
    /// Ties the sentences of one message together; the last digit of it is written, and none on a message of
    /// one sentence. Count it up from message to message.
    pub sequence: u8,
    /// Most characters of payload in a sentence. As many more are written as it takes to need at most nine
    /// sentences. With 56 to 60 a sentence keeps to the 82 characters of IEC 61162-1.
    pub payload_characters_max: usize,
    /// Stands before every sentence. Its group, if any, is given the sentence's place in the message; that of a
    /// message of one sentence is written as it is.
    pub tag_block: Option<TagBlock>,
}

impl Default for Framing {
    fn default() -> Self {
        Framing {
            talker: *b"AI",
            own_ship: false,
            channel: Some(Channel::A),
            sequence: 0,
            payload_characters_max: 56,
            tag_block: None,
        }
    }
}

/// Appends the armoured payload, gives how many bits of its last character are only filled up (`0..=5`).
pub fn write_payload(message: &Message, out: &mut Vec<u8>) -> u8 {
    armour(&message.write(), out)
}

/// Appends as many sentences as the message takes, each with a line end. Values that a field of the message
/// has no room for lose their upper bits.
pub fn write_sentences(message: &Message, framing: &Framing, out: &mut Vec<u8>) {
    write_framed(&message.write(), framing, out);
}

/// Longitude and latitude as they are sent, rounded to 1/`parts_per_degree` degree: 600000 in most messages, 600
/// in messages 17, 22, 23 and 27. `None` is sent as 181° and 91°.
pub fn position_raw(position: Option<Position>, parts_per_degree: f64) -> (i32, i32) {
    let (longitude, latitude) = position
        .map_or((181.0, 91.0), |position| (position.longitude_deg(), position.latitude_deg()));
    ((longitude * parts_per_degree).round() as i32, (latitude * parts_per_degree).round() as i32)
}

/// Speed as messages 1-3, 18 and 19 send it, rounded to 0.1; 102.2 and more is sent as 102.2, `None` as 1023.
pub fn speed_raw(speed_knots: Option<f32>) -> u16 {
    speed_knots.map_or(1023, |knots| (knots * 10.0).round().clamp(0.0, 1022.0) as u16)
}

/// Course in degrees as most messages send it, rounded to 0.1; `None` is sent as 3600.
pub fn course_raw(course_deg: Option<f32>) -> u16 {
    course_deg.map_or(3600, |degrees| (degrees.rem_euclid(360.0) * 10.0).round() as u16 % 3600)
}

/// Heading in degrees, rounded to whole ones; `None` is sent as 511.
pub fn heading_raw(heading_deg: Option<f32>) -> u16 {
    heading_deg.map_or(511, |degrees| degrees.rem_euclid(360.0).round() as u16 % 360)
}

/// Rate of turn in degrees per minute, right positive; 708 and more is sent as 126, `None` as -128.
pub fn rate_of_turn_raw(degrees_per_minute: Option<f32>) -> i8 {
    degrees_per_minute.map_or(-128, |degrees| {
        let raw = (4.733 * degrees.abs().sqrt()).round().min(126.0) as i8;
        if degrees < 0.0 { -raw } else { raw }
    })
}

pub(crate) fn write_framed(payload: &Payload, framing: &Framing, out: &mut Vec<u8>) {
    let mut characters = Vec::with_capacity(payload.len() / 6 + 1);
    let fill_bits = armour(payload, &mut characters);
    let each = framing.payload_characters_max.max(characters.len().div_ceil(9)).max(1);
    let count = characters.len().div_ceil(each).max(1);
    let formatter = if framing.own_ship { 'O' } else { 'M' };
    let talker = framing.talker.map(char::from);
    let sequence = if count > 1 { (framing.sequence % 10).to_string() } else { String::new() };
    let channel = match framing.channel {
        Some(Channel::A) => "A",
        Some(Channel::B) => "B",
        None => "",
    };
    for number in 1..=count {
        if let Some(tag_block) = &framing.tag_block {
            tag_block.write(number as u8, count as u8, out);
        }
        let start = out.len() + 1;
        let piece = characters.chunks(each).nth(number - 1).unwrap_or_default();
        let piece = str::from_utf8(piece).expect("armour is ASCII");
        let fill_bits = if number == count { fill_bits } else { 0 };
        let [t0, t1] = talker;
        write!(
            out,
            "!{t0}{t1}VD{formatter},{count},{number},{sequence},{channel},{piece},{fill_bits}"
        )
        .expect("a Vec takes all");
        write!(out, "*{:02X}\r\n", checksum(&out[start..])).expect("a Vec takes all");
    }
}

/// Six bits in each character, `0` to `W` and `` ` `` to `w` (IEC 61162-1).
fn armour(payload: &Payload, out: &mut Vec<u8>) -> u8 {
    let count = payload.len().div_ceil(6);
    out.extend((0..count).map(|at| {
        let six = payload.unsigned(6 * at, 6) as u8;
        if six < 40 { six + 48 } else { six + 56 }
    }));
    (6 * count - payload.len()) as u8
}

#[cfg(test)]
mod tests {
    use maritime::{Text, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::tag_block::TagGroup;
    use crate::{BinaryBroadcast, BitData, Decoder, OutcomeKind, Received, message};

    /// Any bits under any header: all values of all fields, and lengths as they occur and do not occur.
    fn any_message() -> impl Strategy<Value = Message> {
        let lengths = prop_oneof![Just(168usize), Just(424), 38usize..1100];
        let bytes = prop::collection::vec(any::<u8>(), 140);
        (1u8..=28, 0u8..4, 0u32..1_000_000_000, 0u64..3, bytes, lengths).prop_filter_map(
            "too short",
            |(message_type, repeat, mmsi, part, bytes, bits)| {
                let mut payload = Payload::zeros(0);
                bytes
                    .iter()
                    .enumerate()
                    .for_each(|(at, byte)| payload.put(8 * at, 8, (*byte).into()));
                payload.put(0, 6, message_type.into());
                payload.put(6, 2, repeat.into());
                payload.put(8, 30, mmsi.into());
                if message_type == 24 {
                    payload.put(38, 2, part);
                }
                payload.truncate(bits);
                message::decode(&mut payload).ok()
            },
        )
    }

    fn any_tag_block() -> impl Strategy<Value = TagBlock> {
        (
            prop::option::of(200_000_000_000i64..4_000_000_000_000),
            prop::option::of("[a-zA-Z0-9][ -)+--~]{0,13}[a-z]"),
            prop::option::of((1u8..=9, 1u8..=9, "[0-9a-f-]{1,8}")),
            prop::option::of(any::<u32>()),
            prop::option::of(any::<u32>()),
        )
            .prop_map(|(millis, text, group, line_count, relative_time)| TagBlock {
                received_at: millis.map(Timestamp::from_millis),
                station: text.as_ref().and_then(|text| Text::new(&within(text))),
                group: group.and_then(|(number, count, id)| TagGroup::new(number, count, &id)),
                line_count,
                destination: text.as_ref().and_then(|text| Text::new(&within(text))),
                relative_time,
            })
    }

    fn within(text: &str) -> String {
        text.replace(['!', '$', '\\'], "-")
    }

    fn decoded(lines: &[u8]) -> Vec<Received> {
        let mut all = Vec::new();
        let mut decoder = Decoder::new();
        decoder.push(lines, &mut |outcome| match outcome.kind {
            OutcomeKind::Message(received) => all.push(received),
            other => panic!("{other:?}: {}", String::from_utf8_lossy(lines)),
        });
        assert_eq!(decoder.tag_blocks_damaged(), 0);
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn what_is_written_is_read_again(message in any_message()) {
            let mut payload = message.write();
            prop_assert_eq!(message::decode(&mut payload), Ok(message));
        }

        #[test]
        fn sentences_say_what_was_put_into_them(
            message in any_message(),
            tag_block in prop::option::of(any_tag_block()),
            own_ship in any::<bool>(),
            channel in prop_oneof![Just(None), Just(Some(Channel::A)), Just(Some(Channel::B))],
            sequence in any::<u8>(),
            payload_characters_max in 1usize..300,
        ) {
            let framing = Framing {
                talker: *b"AB", own_ship, channel, sequence, payload_characters_max, tag_block,
            };
            let mut lines = Vec::new();
            write_sentences(&message, &framing, &mut lines);
            let all = decoded(&lines);
            prop_assert_eq!(all.len(), 1);
            let told = tag_block.unwrap_or_default();
            prop_assert_eq!(all[0], Received {
                received_at: told.received_at,
                station: told.station,
                line_count: told.line_count,
                destination: told.destination,
                relative_time: told.relative_time,
                own_ship,
                channel,
                message,
            });
        }
    }

    #[test]
    fn one_to_nine_sentences_carry_a_message() {
        let data = BitData::new(&[0xA5; 119], 952);
        let header = message::Header { message_type: 8, repeat: 0, mmsi_raw: 2442000 };
        let application = message::ApplicationId { dac: 1, fi: 31 };
        let message = Message::BinaryBroadcast(BinaryBroadcast { header, application, data });
        for (payload_characters_max, count) in [(1, 9), (56, 3), (60, 3), (168, 1)] {
            let framing = Framing { payload_characters_max, ..Framing::default() };
            let mut lines = Vec::new();
            write_sentences(&message, &framing, &mut lines);
            assert_eq!(lines.iter().filter(|&&byte| byte == b'\n').count(), count);
            if payload_characters_max == 60 {
                assert!(lines.split(|&byte| byte == b'\n').all(|line| line.len() <= 81));
            }
        }
    }

    #[test]
    fn a_text_in_a_tag_block_cannot_end_it() {
        let station = Text::new("a,c:1*00\\!AIVDM");
        let framing = Framing {
            tag_block: Some(TagBlock { station, ..TagBlock::default() }),
            ..Framing::default()
        };
        let header = message::Header { message_type: 28, repeat: 0, mmsi_raw: 1 };
        let mut lines = Vec::new();
        write_sentences(&Message::Other(header), &framing, &mut lines);
        let [received] = decoded(&lines)[..] else { panic!() };
        assert_eq!(received.station.unwrap().as_str(), "a_c:1_00__AIVDM");
        assert_eq!(received.received_at, None);
    }

    #[test]
    fn raw_values_are_those_of_the_accessors() {
        for raw in 0..=1023 {
            assert_eq!(speed_raw(message::field::speed_knots(raw)), raw);
        }
        for raw in 0..=3600 {
            assert_eq!(course_raw(message::field::course_deg(raw)), raw);
        }
        for raw in (0..360).chain([511]) {
            assert_eq!(heading_raw(message::field::heading_deg(raw)), raw);
        }
        for raw in -126..=126 {
            let Some(crate::RateOfTurn::DegreesPerMinute(degrees)) =
                crate::RateOfTurn::from_raw(raw)
            else {
                panic!("{raw} is no rate")
            };
            assert_eq!(rate_of_turn_raw(Some(degrees)), raw);
        }
        for raw in [(-108_000_000, -54_000_000), (1, -1), (108_600_000, 54_600_000)] {
            let position = message::field::position(raw.0, raw.1);
            assert_eq!(position_raw(position, 600_000.0), raw);
        }
        assert_eq!(position_raw(None, 600.0), (108_600, 54_600));
    }
}
