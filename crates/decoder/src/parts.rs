//! Keeps the lines of messages that come in parts until the message is complete, for those who want the sentences
//! beside it.

use std::collections::VecDeque;

use crate::Header;

/// Lines that are kept. The decoder waits for as many messages, of two parts mostly; the lines of older ones
/// go, and a message that comes in spite of that has its last line alone.
const LINES_MAX: usize = 128;

/// The lines heard last that are parts of messages, each kept as an `L`.
pub struct PartLines<L> {
    parts: VecDeque<(Part, L)>,
}

impl<L> Default for PartLines<L> {
    fn default() -> Self {
        PartLines { parts: VecDeque::new() }
    }
}

/// What tells the parts of one message from those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    count: u8,
    number: u8,
    sequence: Option<u8>,
    channel: Option<u8>,
    /// How the message begins, in part 1: bits 0-37.
    start: Option<u64>,
}

impl<L: Clone> PartLines<L> {
    /// Keeps what `kept` makes of the line if it is a part of something.
    pub fn keep(&mut self, line: &[u8], kept: impl FnOnce() -> L) {
        let Some(part) = Part::read(line).filter(|part| part.count > 1) else { return };
        if self.parts.len() == LINES_MAX {
            self.parts.pop_front();
        }
        self.parts.push_back((part, kept()));
    }

    /// Takes out the lines of the message that begins with `header`, in the order of its parts; nothing if it
    /// came whole in the line `last`. That need not be a line of the message: the decoder holds some back.
    pub fn take(&mut self, header: Header, last: &[u8]) -> Vec<L> {
        let start = u64::from(header.message_type) << 32
            | u64::from(header.repeat) << 30
            | u64::from(header.mmsi_raw);
        let begins = |part: &Part| part.number == 1 && part.start == Some(start);
        if Part::read(last).is_some_and(|part| part.count == 1 && begins(&part)) {
            return Vec::new();
        }
        let firsts = self.parts.iter().rev().map(|(part, _)| part).filter(|part| begins(part));
        let Some(mut places) = firsts.filter_map(|first| self.places(first)).next() else {
            return Vec::new();
        };
        let lines = places.iter().map(|&at| self.parts[at].1.clone()).collect();
        places.sort_unstable();
        places.iter().rev().for_each(|&at| _ = self.parts.remove(at));
        lines
    }

    /// Where the parts are that belong to the first one, if they are all there; the newest.
    fn places(&self, first: &Part) -> Option<Vec<usize>> {
        let place = |number| {
            self.parts.iter().rposition(|(part, _)| {
                let start = if number == 1 { first.start } else { None };
                *part == Part { number, start, ..*first }
            })
        };
        (1..=first.count).map(place).collect()
    }
}

impl Part {
    /// From `VDM,2,1,3,A,5…`; `None` for what is no sentence of AIS.
    fn read(line: &[u8]) -> Option<Self> {
        let name =
            memchr::memmem::find(line, b"VDM,").or_else(|| memchr::memmem::find(line, b"VDO,"))?;
        let mut fields = line[name + 4..].split(|&byte| byte == b',');
        let mut digit = || match fields.next()? {
            [digit @ b'0'..=b'9'] => Some(digit - b'0'),
            _ => None,
        };
        let (count, number) = (digit()?, digit()?);
        let sequence = fields.next()?.first().copied();
        let channel = fields.next()?.first().copied();
        let start = if number == 1 { start_of(fields.next()?) } else { None };
        Some(Part { count, number, sequence, channel, start })
    }
}

/// Bits 0-37 of a message.
fn start_of(characters: &[u8]) -> Option<u64> {
    let bits = characters.get(..7)?.iter().fold(0, |bits, &character| {
        let six = character.wrapping_sub(if character < 88 { 48 } else { 56 });
        bits << 6 | u64::from(six & 63)
    });
    Some(bits >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header { message_type: 5, repeat: 0, mmsi_raw: 351_759_000 };
    const LONE: &[u8] = b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A";

    #[test]
    fn the_parts_of_a_message_come_together_in_their_order() {
        let mut lines: PartLines<Vec<u8>> = PartLines::default();
        let [a1, a2, b1, b2] = [
            &b"!AIVDM,2,1,3,A,55?MbV02,0*00"[..],
            b"\\c:1*55\\!AIVDM,2,2,3,A,y,0*00",
            b"!AIVDM,2,1,4,A,56?MbV02,0*00",
            b"!AIVDM,2,2,4,A,z,0*00",
        ];
        for line in [b2, a1, LONE, a2, b1] {
            lines.keep(line, || line.to_vec());
        }
        assert_eq!(lines.take(HEADER, a2), [a1, a2]);
        assert_eq!(lines.take(HEADER, a2), [b""; 0]);
        // Whatever came last, when it was held back.
        let other = Header { mmsi_raw: 418_867_864, ..HEADER };
        assert_eq!(lines.take(other, LONE), [b1, b2]);
    }

    #[test]
    fn a_message_of_one_line_takes_none_of_another() {
        let mut lines: PartLines<Vec<u8>> = PartLines::default();
        lines.keep(b"!AIVDM,2,1,3,A,55?MbV02,0*00", || b"!AIVDM,2,1,3,A,55?MbV02,0*00".to_vec());
        lines.keep(b"!AIVDM,2,2,3,A,y,0*00", || b"!AIVDM,2,2,3,A,y,0*00".to_vec());
        let whole = b"!AIVDM,1,1,,A,55?MbV02y,0*00";
        assert_eq!(lines.take(HEADER, whole), [b""; 0]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut lines: PartLines<Vec<u8>> = PartLines::default();
        (0..10_000).for_each(|_| {
            lines.keep(b"!AIVDM,2,1,3,A,x,0*00", || b"!AIVDM,2,1,3,A,x,0*00".to_vec());
        });
        assert_eq!(lines.parts.len(), LINES_MAX);
    }
}
