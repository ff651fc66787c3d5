//! The way back, as far as the tests need it: fields to bits, bits to sentences.

use crate::sentence::checksum;

/// Bits, most significant first.
#[derive(Clone, Default)]
pub(crate) struct Bits(Vec<bool>);

impl Bits {
    pub(crate) fn number(mut self, value: i64, width: usize) -> Self {
        self.0.extend((0..width).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    pub(crate) fn text(self, text: &str, characters: usize) -> Self {
        let mut padded = text.as_bytes().to_vec();
        padded.resize(characters, b'@');
        padded.iter().fold(self, |bits, &byte| bits.number(i64::from(byte & 0x3F), 6))
    }

    /// Cut, or with zeros behind.
    pub(crate) fn resized(&self, bits: usize) -> Self {
        let mut copy = self.clone();
        copy.0.resize(bits, false);
        copy
    }

    fn armour(&self) -> (String, usize) {
        let characters = self.0.chunks(6).map(|six| {
            let value = (0..6).fold(0u8, |sum, at| sum << 1 | u8::from(six.get(at) == Some(&true)));
            char::from(if value < 40 { value + 48 } else { value + 56 })
        });
        (characters.collect(), (6 - self.0.len() % 6) % 6)
    }
}

/// `body` between `start` and its checksum.
pub(crate) fn checked(start: &str, body: &str) -> String {
    format!("{start}{body}*{:02X}", checksum(body.as_bytes()))
}

/// As many sentences as it takes, of at most 60 characters of payload each.
pub(crate) fn sentences(talker: &str, sequence: u8, channel: char, bits: &Bits) -> Vec<String> {
    let (characters, fill_bits) = bits.armour();
    let pieces: Vec<_> = characters.as_bytes().chunks(60).collect();
    let count = pieces.len();
    let sequence = if count == 1 { String::new() } else { sequence.to_string() };
    let sentence = |(at, piece): (usize, &&[u8])| {
        let number = at + 1;
        let fill_bits = if number == count { fill_bits } else { 0 };
        let piece = String::from_utf8_lossy(piece);
        let body = format!("{talker}VDM,{count},{number},{sequence},{channel},{piece},{fill_bits}");
        checked("!", &body)
    };
    pieces.iter().enumerate().map(sentence).collect()
}

/// Message 1 at 48.38 N 123.40 W, 12.3 knots, 224°, heading 215°.
pub(crate) fn position_report(mmsi: u32) -> Bits {
    Bits::default()
        .number(1, 6)
        .number(0, 2)
        .number(i64::from(mmsi), 30)
        .number(0, 4)
        .number(-20, 8)
        .number(123, 10)
        .number(1, 1)
        .number(-74037230, 28)
        .number(29028980, 27)
        .number(2240, 12)
        .number(215, 9)
        .number(33, 6)
        .number(1, 2)
        .number(0, 3)
        .number(1, 1)
        .number(34017, 19)
}

/// Message 5, whose destination tells the MMSI again.
pub(crate) fn static_voyage(mmsi: u32, name: &str) -> Bits {
    let destination =
        if name == "LAHRINGEN" { "R'DAM/LWARDEN".into() } else { format!("TO {mmsi} AGAIN") };
    Bits::default()
        .number(5, 6)
        .number(0, 2)
        .number(i64::from(mmsi), 30)
        .number(1, 2)
        .number(9074729, 30)
        .text("PB4664", 7)
        .text(name, 20)
        .number(70, 8)
        .number(100, 9)
        .number(10, 9)
        .number(6, 6)
        .number(5, 6)
        .number(1, 4)
        .number(11, 4)
        .number(21, 5)
        .number(12, 5)
        .number(0, 6)
        .number(30, 8)
        .text(&destination, 20)
        .number(0, 2)
}

/// Message 19 at 29.54 N 88.81 W, 8.7 knots, 335.9°.
pub(crate) fn class_b_extended(mmsi: u32) -> Bits {
    Bits::default()
        .number(19, 6)
        .number(0, 2)
        .number(i64::from(mmsi), 30)
        .number(0, 8)
        .number(87, 10)
        .number(0, 1)
        .number(-53286235, 28)
        .number(17726217, 27)
        .number(3359, 12)
        .number(511, 9)
        .number(46, 6)
        .number(0, 4)
        .text("CAPT.J.RIMES", 20)
        .number(70, 8)
        .number(5, 9)
        .number(21, 9)
        .number(4, 6)
        .number(4, 6)
        .number(1, 4)
        .number(0, 7)
}
