//! Takes what stands between two backslashes before a sentence, gives time, station, group and what else it
//! says. Never judges the sentence: a damaged block is counted and the sentence goes on without it.
//!
//! `\g:1-2-3985,s:rEV02,c:1334337317*2D\!AIVDM,2,1,9,B,…` (NMEA 0183 from 4.0; IEC 62320-1 writes
//! the group as `1G2:3985`).

use std::io::Write;

use maritime::{Text, Timestamp};

use crate::Station;
use crate::sentence::{checksum, hex_digit};
use crate::time::parse_epoch;

/// What a tag block says. Its free text (`t`, or `i` in IEC 62320-1) is skipped, as is what is unknown.
///
/// ```
/// use alongside_decoder::encode::{Framing, write_sentences};
/// use alongside_decoder::{Message, Station, TagBlock};
///
/// let message = Message::decode(b"177KQJ5000G?tO`K>RA1wUbN0TKH", 0).unwrap();
/// let tag_block = TagBlock { station: Station::new("rEV02"), ..TagBlock::default() };
/// let mut line = Vec::new();
/// write_sentences(&message, &Framing { tag_block: Some(tag_block), ..Framing::default() }, &mut line);
/// assert!(line.starts_with(b"\\s:rEV02*"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TagBlock {
    /// `c`: when the sentence was heard, in seconds, milliseconds or microseconds, told by the number of digits.
    pub received_at: Option<Timestamp>,
    /// `s`, or `si` as one network of stations writes it: who heard it. `f` is written by Alongside's journal around
    /// lines that it took in: the feed, which stands for a station where none is named.
    pub station: Option<Station>,
    /// `g`, or `1G2` in IEC 62320-1: which sentences belong together.
    pub group: Option<TagGroup>,
    /// `n`, or `x` in IEC 62320-1: counts the lines of the sender.
    pub line_count: Option<u32>,
    /// `d`: for whom it is, at most 15 characters.
    pub destination: Option<Text<15>>,
    /// `r`: relative time, in a unit that sender and receiver agree on.
    pub relative_time: Option<u32>,
}

/// Sentences that belong together. What the block of one of them says holds for those that follow.
///
/// ```
/// use alongside_decoder::TagGroup;
///
/// let group = TagGroup::new(1, 2, "3985").unwrap();
/// assert_eq!((group.number, group.count), (1, 2));
/// assert_eq!(TagGroup::new(3, 2, "3985"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TagGroup {
    /// Which of them this is, `1..=count`.
    pub number: u8,
    /// How many there are, `1..=9`.
    pub count: u8,
    /// The rest, mostly digits, kept as it is written. It does not name the group alone: some senders give
    /// all groups the same.
    pub(crate) id: u64,
}

impl TagGroup {
    /// `None` unless `number` is in `1..=count`, `count` in `1..=9` and `id` of one to eight letters, digits and
    /// hyphens.
    pub fn new(number: u8, count: u8, id: &str) -> Option<Self> {
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let numbered = (1..=count).contains(&number) && count <= 9;
        (plain && numbered).then_some(TagGroup { number, count, id: group_id(id.as_bytes())? })
    }
}

/// One or more blocks read from the start of a line.
pub(crate) struct TagBlocks<'a> {
    pub(crate) tag_block: TagBlock,
    /// How many of them were damaged.
    pub(crate) damaged: u64,
    /// What follows; usually the sentence.
    pub(crate) rest: &'a [u8],
}

impl TagBlock {
    /// What no block says.
    pub(crate) const NOTHING: TagBlock = TagBlock {
        received_at: None,
        station: None,
        group: None,
        line_count: None,
        destination: None,
        relative_time: None,
    };

    /// Reads all blocks that `bytes` starts with. Relays put theirs before those that are there, so
    /// where two blocks say the same thing, the inner one, nearest the sentence and the antenna, holds.
    /// `None` if the backslash does not begin a block.
    #[inline(always)]
    pub(crate) fn read_all(bytes: &[u8]) -> Option<TagBlocks<'_>> {
        let mut blocks = TagBlocks { tag_block: TagBlock::NOTHING, damaged: 0, rest: bytes };
        let mut any = false;
        // 1 where the block has a backslash of its own in front, 0 where it shares that of the last.
        let mut start = 1;
        while let Some(length) = memchr::memchr(b'\\', &blocks.rest[start..]) {
            let content = &blocks.rest[start..start + length];
            if !content.contains(&b':') {
                break;
            }
            any = true;
            blocks.damaged += u64::from(blocks.tag_block.add(content).is_none());
            blocks.rest = &blocks.rest[start + length + 1..];
            start = match blocks.rest.first() {
                None | Some(b'!' | b'$') => break,
                Some(b'\\') => 1,
                Some(_) => match memchr::memchr3(b'!', b'$', b'\\', blocks.rest) {
                    Some(next) if blocks.rest[next] == b'\\' => 0,
                    _ => break,
                },
            };
        }
        any.then_some(blocks)
    }

    /// Adds what the inner block says that stands between two backslashes. `None`, and nothing added, if it is
    /// damaged. A checksum of 00 that is not right counts as not computed, because several senders write it always.
    #[inline]
    fn add(&mut self, content: &[u8]) -> Option<()> {
        let (fields, stated) = match *content {
            [ref fields @ .., b'*', high, low] => (fields, hex_digit(high)? << 4 | hex_digit(low)?),
            [ref fields @ .., b'*', low] => (fields, hex_digit(low)?),
            _ => return None,
        };
        if stated != checksum(fields) && stated != 0 {
            return None;
        }
        for field in fields.split(|&byte| byte == b',') {
            match *field {
                [b'c', b':', ref value @ ..] => set(&mut self.received_at, parse_epoch(value)),
                [b's', b':', ref value @ ..]
                | [b's', b'i', b':', ref value @ ..]
                | [b'f', b':', ref value @ ..] => {
                    set(&mut self.station, station(value));
                }
                [b'g', b':', number, b'-', count, b'-', ref id @ ..]
                | [number @ b'1'..=b'9', b'G', count, b':', ref id @ ..] => {
                    set(&mut self.group, group(number, count, id));
                }
                [b'n' | b'x', b':', ref value @ ..] => set(&mut self.line_count, number(value)),
                [b'd', b':', ref value @ ..] => {
                    set(&mut self.destination, str::from_utf8(value).ok().and_then(Text::new));
                }
                [b'r', b':', ref value @ ..] => set(&mut self.relative_time, number(value)),
                _ => {}
            }
        }
        Some(())
    }

    /// This block, and what it leaves out from `other`.
    #[inline]
    pub(crate) fn or(&self, other: &TagBlock) -> TagBlock {
        TagBlock {
            received_at: self.received_at.or(other.received_at),
            station: self.station.or(other.station),
            group: self.group.or(other.group),
            line_count: self.line_count.or(other.line_count),
            destination: self.destination.or(other.destination),
            relative_time: self.relative_time.or(other.relative_time),
        }
    }

    /// Appends the block for sentence `number` of the `count` that a message takes; nothing if it says nothing.
    /// Characters of the texts that would end a field are written as `_`.
    pub(crate) fn write(&self, number: u8, count: u8, out: &mut Vec<u8>) {
        let start = out.len();
        let mut field = |arguments: std::fmt::Arguments<'_>| {
            out.push(if out.len() == start { b'\\' } else { b',' });
            out.write_fmt(arguments).expect("a Vec takes all");
        };
        if let Some(group) = self.group {
            let (number, count) =
                if count > 1 { (number, count) } else { (group.number, group.count) };
            let id = group.id.to_be_bytes();
            let id = str::from_utf8(&id).unwrap_or("").trim_start_matches('\0');
            field(format_args!("g:{number}-{count}-{id}"));
        }
        if let Some(station) = self.station {
            field(format_args!("s:{}", within_field(station.as_str())));
        }
        if let Some(line_count) = self.line_count {
            field(format_args!("n:{line_count}"));
        }
        if let Some(relative_time) = self.relative_time {
            field(format_args!("r:{relative_time}"));
        }
        if let Some(destination) = self.destination {
            field(format_args!("d:{}", within_field(destination.as_str())));
        }
        if let Some(received_at) = self.received_at {
            let millis = received_at.as_millis();
            let whole = millis % 1000 == 0;
            field(format_args!("c:{}", if whole { millis / 1000 } else { millis }));
        }
        if out.len() > start {
            let sum = checksum(&out[start + 1..]);
            write!(out, "*{sum:02X}\\").expect("a Vec takes all");
        }
    }
}

fn within_field(text: &str) -> String {
    let ends_field = |c: char| c.is_control() || matches!(c, ',' | '*' | '\\' | '!' | '$');
    text.replace(ends_field, "_")
}

/// What makes no sense leaves standing what was there.
#[inline(always)]
fn set<T>(place: &mut Option<T>, told: Option<T>) {
    if told.is_some() {
        *place = told;
    }
}

/// A station's name; `None` for what is no text.
pub(crate) fn station(value: &[u8]) -> Option<Station> {
    Station::new(std::str::from_utf8(value).ok()?)
}

/// `None` if the numbers contradict each other.
fn group(number: u8, count: u8, id: &[u8]) -> Option<TagGroup> {
    let numbered = (b'1'..=count).contains(&number) && count <= b'9';
    if !numbered {
        return None;
    }
    Some(TagGroup { number: number - b'0', count: count - b'0', id: group_id(id)? })
}

fn number(digits: &[u8]) -> Option<u32> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Mostly digits, sometimes with a sign; kept as it is written.
fn group_id(id: &[u8]) -> Option<u64> {
    (1..=8).contains(&id.len()).then(|| id.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(fields: &str) -> String {
        format!("\\{fields}*{:02X}\\", checksum(fields.as_bytes()))
    }

    #[track_caller]
    fn check(line: &str, millis: Option<i64>, name: Option<&str>, damaged: u64, rest: &str) {
        let blocks = TagBlock::read_all(line.as_bytes()).unwrap();
        assert_eq!(blocks.tag_block.received_at.map(Timestamp::as_millis), millis);
        assert_eq!(blocks.tag_block.station.as_ref().map(Station::as_str), name);
        assert_eq!(blocks.damaged, damaged);
        assert_eq!(std::str::from_utf8(blocks.rest).unwrap(), rest);
    }

    #[test]
    fn seconds_and_milliseconds_are_told_by_their_digits() {
        let rest = "!AIVDM";
        check(&(block("c:1334337317,s:rEV02") + rest), Some(1334337317000), Some("rEV02"), 0, rest);
        check(&(block("c:1599239526500") + rest), Some(1599239526500), None, 0, rest);
        check(&(block("c:tomorrow") + rest), None, None, 0, rest);
    }

    #[test]
    fn the_inner_of_two_blocks_holds() {
        let line = block("s:relay,c:1334337320") + &block("c:1334337317") + "!A";
        check(&line, Some(1334337317000), Some("relay"), 0, "!A");
        check(&line.replace("\\\\", "\\"), Some(1334337317000), Some("relay"), 0, "!A");
    }

    #[test]
    fn a_damaged_block_is_counted_and_skipped() {
        check("\\s:x,c:1334337317*11\\!A", None, None, 1, "!A");
        check("\\s:x,c:1334337317\\!A", None, None, 1, "!A");
        check(&(block("s:ok") + "\\c:1*77\\!A"), None, Some("ok"), 1, "!A");
    }

    #[test]
    fn a_checksum_of_zero_counts_as_not_computed() {
        check("\\c:1420030798*00\\!A", Some(1420030798000), None, 0, "!A");
    }

    #[test]
    fn both_forms_of_a_group_are_read() {
        let group =
            |text: &str| TagBlock::read_all(block(text).as_bytes()).unwrap().tag_block.group;
        assert_eq!(group("g:1-2-0125"), TagGroup::new(1, 2, "0125"));
        assert_eq!(group("2G2:0125"), TagGroup::new(2, 2, "0125"));
        assert_eq!(group("g:2-1-1"), None);
        assert_eq!(group("g:)-2-1"), None);
        assert_ne!(group("g:1-2--001"), group("g:1-2-001"));
    }

    #[test]
    fn a_feed_stands_for_a_station_where_none_is_named() {
        check(&(block("f:harbour") + "!A"), None, Some("harbour"), 0, "!A");
        check(&(block("f:harbour") + &block("s:rEV02") + "!A"), None, Some("rEV02"), 0, "!A");
    }

    #[test]
    fn a_stray_backslash_is_no_block() {
        assert!(TagBlock::read_all(b"\\r\\n!AIVDM").is_none());
        assert!(TagBlock::read_all(b"\\s:abc").is_none());
    }

    #[test]
    fn count_destination_and_relative_time_are_read() {
        let all = block("n:157036,d:MRCC,r:42,t:free text,i:more,q:unknown,c:1334337317500000");
        let told = TagBlock::read_all(all.as_bytes()).unwrap().tag_block;
        assert_eq!((told.line_count, told.relative_time), (Some(157036), Some(42)));
        assert_eq!(told.destination.unwrap().as_str(), "MRCC");
        assert_eq!(told.received_at, Some(Timestamp::from_millis(1334337317500)));
        let absurd = block("x:7,n:-1,r:99999999999");
        let told = TagBlock::read_all(absurd.as_bytes()).unwrap().tag_block;
        assert_eq!((told.line_count, told.relative_time), (Some(7), None));
    }
}
