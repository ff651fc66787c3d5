//! Makes lines of any bytes, so that what is tried gets past the checksums, and messages of all types.

// The fuzz targets use it, too.
#![allow(unreachable_pub)]

use alongside_decoder::encode::{Framing, write_payload, write_sentences};
use alongside_decoder::{Channel, Decoder, Message, OutcomeKind, TagBlock, TagGroup};
use maritime::{Text, Timestamp};

/// The same numbers from the same seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Any bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

/// A message of this type with any value in any field, as long as the standard makes it or of any length.
pub fn any_message(message_type: u8, random: &mut Random) -> Message {
    loop {
        let mut bits = random.bytes(128);
        let usual = match message_type {
            5 => 424,
            19 => 312,
            27 => 96,
            _ => 168,
        };
        let length = if random.below(2) == 0 { usual } else { 40 + random.below(985) };
        let mmsi = random.below(1_000_000_000) as u32;
        bits[0] = message_type << 2 | bits[0] & 3;
        let start = mmsi << 2 | u32::from(bits[4]) & 3;
        bits[1..5].copy_from_slice(&start.to_be_bytes());
        if message_type == 24 {
            bits[4] &= !2;
        }
        if matches!(message_type, 6 | 8) && random.below(2) == 0 {
            let start = if message_type == 6 { 9 } else { 5 };
            let known = random.below(APPLICATIONS.len());
            let (dac, fi) = APPLICATIONS[known];
            bits[start..start + 2].copy_from_slice(&(dac << 6 | fi).to_be_bytes());
        }
        let mut message = None;
        Decoder::new().push(&sentences_of_bits(&bits, length), &mut |outcome| {
            if let OutcomeKind::Message(received) = outcome.kind {
                message = Some(received.message);
            }
        });
        if let Some(message) = message {
            return message;
        }
    }
}

/// Of all applications that have a reader.
const APPLICATIONS: [(u16, u16); 17] = [
    (1, 11),
    (1, 16),
    (1, 22),
    (1, 23),
    (1, 24),
    (1, 27),
    (1, 28),
    (1, 29),
    (1, 30),
    (1, 31),
    (1, 32),
    (200, 10),
    (200, 21),
    (200, 22),
    (200, 23),
    (200, 24),
    (200, 55),
];

/// Tag blocks, half of the time none.
pub fn any_tag_block(random: &mut Random) -> Option<TagBlock> {
    let mut chance = |one_in: usize| random.below(one_in) == 0;
    let (any, time, station, group, others) =
        (chance(2), chance(2), chance(2), chance(3), chance(4));
    let number = random.next();
    any.then(|| TagBlock {
        received_at: time
            .then(|| Timestamp::from_millis(1_600_000_000_000 + (number >> 24) as i64)),
        station: station
            .then(|| Text::new(["r003669945", "b2", "Ålesund"][number as usize % 3]))
            .flatten(),
        group: group.then(|| TagGroup::new(1, 2, &(number % 10_000).to_string())).flatten(),
        line_count: others.then_some(number as u32),
        destination: others.then(|| Text::new("MRCC")).flatten(),
        relative_time: others.then_some(number as u32 >> 9),
    })
}

/// Lines as networks write them, of messages of all types.
pub fn any_lines(random: &mut Random, messages: usize) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..messages {
        let message = any_message(1 + random.below(28) as u8, random);
        let framing = Framing {
            talker: *[b"AI", b"BS", b"AB"][random.below(3)],
            own_ship: random.below(8) == 0,
            channel: [None, Some(Channel::A), Some(Channel::B)][random.below(3)],
            sequence: random.next() as u8,
            payload_characters_max: [56, 60, 20, 300][random.below(4)],
            tag_block: any_tag_block(random),
        };
        let start = lines.len();
        write_sentences(&message, &framing, &mut lines);
        match random.below(8) {
            0 => put_behind(&mut lines, b",r003669945,1609459200"),
            1 => put_behind(&mut lines, b",1609459200123"),
            2 => _ = lines.splice(start..start, *b"2021-01-01T00:00:00Z "),
            3 => write_checked("$", b"PGHP,1,2021,1,1,0,0,0,0,338,2,,1,00", &mut lines),
            4 => write_checked(
                "$",
                b"GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W",
                &mut lines,
            ),
            5 => write_checked("$", b"GPZDA,160012.71,11,03,2004,-1,00", &mut lines),
            6 => write_checked(
                "$",
                b"GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,",
                &mut lines,
            ),
            _ => {}
        }
    }
    lines
}

fn put_behind(lines: &mut Vec<u8>, suffix: &[u8]) {
    lines.truncate(lines.len() - 2);
    lines.extend_from_slice(suffix);
    lines.extend_from_slice(b"\r\n");
}

/// Appends the line with its right checksum.
pub fn write_checked(start: &str, body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(start.as_bytes());
    out.extend_from_slice(body);
    let sum = body.iter().fold(0, |sum, byte| sum ^ byte);
    out.extend_from_slice(format!("*{sum:02X}\r\n").as_bytes());
}

/// Any bits as the payload of one sentence, or of more if it is long.
pub fn sentences_of_bits(bytes: &[u8], bits: usize) -> Vec<u8> {
    let bits = bits.min(8 * bytes.len());
    let bit = |at: usize| at < bits && bytes[at / 8] >> (7 - at % 8) & 1 == 1;
    let six = |at: usize| (6 * at..6 * at + 6).fold(0, |six, at| six << 1 | u8::from(bit(at)));
    let armour = |six: u8| if six < 40 { six + 48 } else { six + 56 };
    let characters: Vec<u8> = (0..bits.div_ceil(6)).map(|at| armour(six(at))).collect();
    let fill_bits = 6 * characters.len() - bits;
    let each = characters.len().div_ceil(9).max(130);
    let count = characters.len().div_ceil(each).max(1);
    let mut lines = Vec::new();
    for number in 1..=count {
        let piece = characters.chunks(each).nth(number - 1).unwrap_or_default();
        let sequence = if count > 1 { "3" } else { "" };
        let fill_bits = if number == count { fill_bits } else { 0 };
        let mut body = format!("AIVDM,{count},{number},{sequence},A,").into_bytes();
        body.extend_from_slice(piece);
        body.extend_from_slice(format!(",{fill_bits}").as_bytes());
        write_checked("!", &body, &mut lines);
    }
    lines
}

/// The first byte cuts up to seven bits, the others are the bits of one payload.
pub fn payload_lines(input: &[u8]) -> Vec<u8> {
    let Some((cut, bytes)) = input.split_first() else { return Vec::new() };
    sentences_of_bits(bytes, (8 * bytes.len()).saturating_sub(usize::from(cut & 7)))
}

/// What [`payload_lines`] makes this message of.
pub fn payload_input(message: &Message) -> Vec<u8> {
    let mut characters = Vec::new();
    let fill_bits = usize::from(write_payload(message, &mut characters));
    let bits = 6 * characters.len() - fill_bits;
    let mut input = vec![0; 1 + bits.div_ceil(8)];
    input[0] = (8 * (input.len() - 1) - bits) as u8;
    for at in 0..bits {
        let byte = characters[at / 6];
        let six = if byte < 88 { byte - 48 } else { byte - 56 };
        input[1 + at / 8] |= (six >> (5 - at % 6) & 1) << (7 - at % 8);
    }
    input
}

/// Every line is a first byte that says how, and tag blocks between NUL bytes. Gives them before sentences, with
/// checksums as they are or right ones.
pub fn tag_block_lines(input: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in input.split(|&byte| byte == b'\n') {
        let Some((how, blocks)) = line.split_first() else { continue };
        for block in blocks.split(|&byte| byte == 0) {
            lines.push(b'\\');
            lines.extend_from_slice(block);
            if how & 4 == 0 {
                let sum = block.iter().fold(0, |sum, byte| sum ^ byte);
                lines.extend_from_slice(format!("*{sum:02X}").as_bytes());
            }
            lines.push(b'\\');
        }
        match how & 3 {
            0 => write_checked("!", b"AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0", &mut lines),
            1 => write_checked("!", TYPE_5[0], &mut lines),
            2 => write_checked("!", TYPE_5[1], &mut lines),
            _ => lines.extend_from_slice(b"\r\n"),
        }
    }
    lines
}

/// Of gpsd's description of the protocol.
const TYPE_5: [&[u8]; 2] = [
    b"AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0",
    b"AIVDM,2,2,1,A,88888888880,2",
];

/// What [`tag_block_lines`] makes these tag blocks of.
pub fn tag_block_input(random: &mut Random, lines: usize) -> Vec<u8> {
    let mut input = Vec::new();
    for _ in 0..lines {
        input.push(b'0' | random.next() as u8 & 3);
        let message = any_message(1, random);
        for nth in 0..1 + random.below(2) {
            let framing = Framing { tag_block: any_tag_block(random), ..Framing::default() };
            let mut line = Vec::new();
            write_sentences(&message, &framing, &mut line);
            let block = line.split(|&byte| byte == b'\\').nth(1).unwrap_or_default();
            let end = block.len().saturating_sub(3);
            input.extend((nth > 0).then_some(0));
            input.extend_from_slice(&block[..end]);
        }
        input.push(b'\n');
    }
    input
}

/// Every four bytes are a part of a message: which message in how many parts, which of them, with which
/// sequence number, channel, talker, station and group, and what stands before it.
pub fn assembler_lines(input: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for record in input.as_chunks::<4>().0 {
        let [message, part, key, beside] = record.map(usize::from);
        let count = 2 + (message & 7);
        let number = part & 15;
        let ship = message >> 3;
        let piece = match number {
            1 => format!("55?MbV{ship:02}2;H;s<HtKR20EHE:0@T4@Dn2222222216"),
            number => format!("{number}{ship:02}8888888880{}", "8".repeat(part >> 4)),
        };
        let sequence = if key & 15 < 10 { (key & 15).to_string() } else { String::new() };
        let channel = ["A", "B", "", "1"][key >> 4 & 3];
        let talker = ["AI", "BS"][key >> 6 & 1];
        let formatter = ["VDM", "VDO"][key >> 7 & 1];
        let mut block = Vec::new();
        let station = ["", "s:a", "s:b", "s:c"][beside & 3];
        let group = match beside >> 2 & 3 {
            0 | 1 => String::new(),
            id => format!("g:{number}-{count}-{id}"),
        };
        let time = ["", "c:1600000000", "c:1600000020", "c:1600000300"][beside >> 4 & 3];
        for field in [station, &group, time] {
            if !field.is_empty() {
                block.extend_from_slice(if block.is_empty() { b"" } else { b"," });
                block.extend_from_slice(field.as_bytes());
            }
        }
        match beside >> 6 {
            1 => lines.extend_from_slice(b"#\n"),
            2 => lines.extend((0..part >> 2).map(|_| b'\n')),
            _ => {}
        }
        if !block.is_empty() {
            write_checked("\\", &block, &mut lines);
            lines.truncate(lines.len() - 2);
            lines.push(b'\\');
        }
        let body = format!(
            "{talker}{formatter},{count},{number},{sequence},{channel},{piece},{}",
            part & 1
        );
        write_checked("!", body.as_bytes(), &mut lines);
        if beside >> 6 == 3 {
            // The next one stands in the same line.
            lines.truncate(lines.len() - 2);
        }
    }
    lines
}

/// What [`assembler_lines`] makes messages of whose parts mostly come in order.
pub fn assembler_input(random: &mut Random, messages: usize) -> Vec<u8> {
    let mut input = Vec::new();
    for sequence in 0..messages {
        let message = random.next() as u8;
        let key = (sequence % 10) as u8 | (random.next() as u8 & 0x30);
        let beside = random.next() as u8 & 0x3F;
        let count = 2 + (message & 7);
        for number in 1..=count {
            let number = if random.below(20) == 0 { random.next() as u8 & 15 } else { number };
            let beside = if random.below(20) == 0 { random.next() as u8 } else { beside };
            input.extend_from_slice(&[message, number, key, beside]);
        }
    }
    input
}

/// Changes a few bytes of `input`, or takes, doubles or moves a piece of it.
pub fn mutate(input: &mut Vec<u8>, random: &mut Random) {
    const TELLING: &[u8] = b"!$\\*,:\r\n\0@w`0195ABD-.\xff\x80";
    for _ in 0..1 + random.below(4) {
        if input.is_empty() {
            return;
        }
        let at = random.below(input.len());
        let end = at + random.below(40.min(input.len() - at) + 1);
        match random.below(7) {
            0 => input[at] ^= 1 << random.below(8),
            1 => input[at] = random.next() as u8,
            2 => input[at] = TELLING[random.below(TELLING.len())],
            3 => input.insert(at, TELLING[random.below(TELLING.len())]),
            4 => _ = input.drain(at..end),
            5 => _ = input.splice(at..at, input[at..end].to_vec()),
            _ => {
                let piece: Vec<u8> = input.drain(at..end).collect();
                let to = random.below(input.len() + 1);
                _ = input.splice(to..to, piece);
            }
        }
    }
}
