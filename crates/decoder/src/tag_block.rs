//! Takes what stands between two backslashes before a sentence, gives time, station and group.
//! Never judges the sentence: a damaged block is counted and the sentence goes on without it.
//!
//! `\g:1-2-3985,s:rEV02,c:1334337317*2D\!AIVDM,2,1,9,B,…` (NMEA 0183 from 4.0; IEC 62320-1 writes
//! the group as `1G2:3985`).

use maritime::Timestamp;

use crate::Station;
use crate::sentence::{checksum, hex_digit};
use crate::time::parse_epoch;

/// What a tag block says, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TagBlock {
    /// `c`: when the sentence was heard.
    pub(crate) received_at: Option<Timestamp>,
    /// `s`, or `si` as one network of stations writes it: who heard it.
    pub(crate) station: Option<Station>,
    /// The last part of `g`, which the sentences of one group share. It does not name the group
    /// alone: some senders give all groups the same.
    pub(crate) group: Option<u64>,
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
    /// Reads all blocks that `bytes` starts with. Relays put theirs before those that are there, so
    /// where two blocks say the same thing, the inner one, nearest the sentence and the antenna, holds.
    /// `None` if the backslash does not begin a block.
    #[inline]
    pub(crate) fn read_all(bytes: &[u8]) -> Option<TagBlocks<'_>> {
        let mut blocks = TagBlocks { tag_block: TagBlock::default(), damaged: 0, rest: bytes };
        let mut any = false;
        // 1 where the block has a backslash of its own in front, 0 where it shares that of the last.
        let mut start = 1;
        while let Some(length) = memchr::memchr(b'\\', &blocks.rest[start..]) {
            let content = &blocks.rest[start..start + length];
            if !content.contains(&b':') {
                break;
            }
            any = true;
            match TagBlock::parse(content) {
                Some(inner) => blocks.tag_block = inner.or(&blocks.tag_block),
                None => blocks.damaged += 1,
            }
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

    /// Reads one block without its backslashes. `None` if it is damaged. A checksum of 00 that is not
    /// right counts as not computed, because several senders write it always.
    #[inline]
    fn parse(content: &[u8]) -> Option<TagBlock> {
        let (fields, stated) = match *content {
            [ref fields @ .., b'*', high, low] => (fields, hex_digit(high)? << 4 | hex_digit(low)?),
            [ref fields @ .., b'*', low] => (fields, hex_digit(low)?),
            _ => return None,
        };
        if stated != checksum(fields) && stated != 0 {
            return None;
        }
        let mut block = TagBlock::default();
        for field in fields.split(|&byte| byte == b',') {
            match *field {
                [b'c', b':', ref value @ ..] => block.received_at = parse_epoch(value),
                [b's', b':', ref value @ ..] | [b's', b'i', b':', ref value @ ..] => {
                    block.station = station(value);
                }
                [b'g', b':', ref value @ ..] => block.group = group(value),
                [b'1'..=b'9', b'G', b'1'..=b'9', b':', ref value @ ..] => {
                    block.group = group_id(value);
                }
                _ => {}
            }
        }
        Some(block)
    }

    /// This block, and what it leaves out from `other`.
    #[inline]
    pub(crate) fn or(&self, other: &TagBlock) -> TagBlock {
        TagBlock {
            received_at: self.received_at.or(other.received_at),
            station: self.station.or(other.station),
            group: self.group.or(other.group),
        }
    }
}

/// A station's name; `None` for what is no text.
pub(crate) fn station(value: &[u8]) -> Option<Station> {
    Station::new(std::str::from_utf8(value).ok()?)
}

/// `1-2-3985`: sentence 1 of 2 in group 3985. `None` if the numbers contradict each other.
fn group(value: &[u8]) -> Option<u64> {
    match *value {
        [number @ b'1'..=b'9', b'-', total @ b'1'..=b'9', b'-', ref id @ ..] if number <= total => {
            group_id(id)
        }
        _ => None,
    }
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
        assert!(group("g:1-2-0125").is_some());
        assert_eq!(group("g:1-2-0125"), group("2G2:0125"));
        assert_eq!(group("g:2-1-1"), None);
        assert_ne!(group("g:1-2--001"), group("g:1-2-001"));
    }

    #[test]
    fn a_stray_backslash_is_no_block() {
        assert!(TagBlock::read_all(b"\\r\\n!AIVDM").is_none());
        assert!(TagBlock::read_all(b"\\s:abc").is_none());
    }
}
