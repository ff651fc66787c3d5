//! Keeps the lines of messages that come in parts until the message is complete, for those who want to see
//! the sentences beside it.

use std::collections::VecDeque;

/// Lines that are kept. The decoder waits for as many messages, of two parts mostly; the lines of older ones
/// go, and a message that comes in spite of that has its last line alone.
const LINES_MAX: usize = 128;

/// The lines heard last that are parts of messages.
#[derive(Default)]
pub struct PartLines {
    parts: VecDeque<(Part, Vec<u8>)>,
}

/// What tells the parts of one message from those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    count: u8,
    number: u8,
    sequence: Option<u8>,
    channel: Option<u8>,
}

impl PartLines {
    /// Keeps the line if it is a part of something.
    pub fn keep(&mut self, line: &[u8]) {
        let Some(part) = Part::read(line) else { return };
        if self.parts.len() == LINES_MAX {
            self.parts.pop_front();
        }
        self.parts.push_back((part, line.to_vec()));
    }

    /// Takes out the lines of the message of which `last` came last, in the order of the parts.
    pub fn take(&mut self, last: &[u8]) -> Vec<Vec<u8>> {
        let Some(last) = Part::read(last) else { return Vec::new() };
        let lines = (1..=last.count).filter_map(|number| {
            let wanted = Part { number, ..last };
            let at = self.parts.iter().rposition(|(part, _)| *part == wanted)?;
            self.parts.remove(at).map(|(_, line)| line)
        });
        lines.collect()
    }
}

impl Part {
    /// From `VDM,2,1,3,A,`; `None` for a sentence that stands alone.
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
        (count > 1).then_some(Part { count, number, sequence, channel })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_message_come_together_in_their_order() {
        let mut lines = PartLines::default();
        let [a1, a2, b2] = [
            &b"!AIVDM,2,1,3,A,x,0*00"[..],
            b"\\c:1*55\\!AIVDM,2,2,3,A,y,0*00",
            b"!AIVDM,2,2,4,A,z,0*00",
        ];
        for line in [b2, a1, b"!AIVDM,1,1,,A,lone,0*00", a2] {
            lines.keep(line);
        }
        assert_eq!(lines.take(a2), [a1, a2]);
        assert_eq!(lines.take(a2), [b""; 0]);
        assert_eq!(lines.take(b2), [b2]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut lines = PartLines::default();
        (0..10_000).for_each(|_| lines.keep(b"!AIVDM,2,1,3,A,x,0*00"));
        assert_eq!(lines.parts.len(), LINES_MAX);
    }
}
