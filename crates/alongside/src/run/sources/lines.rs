//! What comes is cut into lines and framed, as the journal has them.

use std::sync::atomic::Ordering;

use maritime::Timestamp;
use memchr::memchr;
use serde::de::IgnoredAny;
use source::feed_block;

use super::json::{self, Unusable};
use super::{Chunk, Gauge, Refusal};
use crate::store::now;

/// What is longer is no sentence, whatever stands before it.
const LINE_BYTES_MAX: usize = 1024;
/// What begins as JSON may be so long.
const JSON_BYTES_MAX: usize = 32 << 10;

/// Cuts what comes into lines and frames them. Never holds more than one line that has not ended.
pub struct Lines {
    /// Names the feed.
    block: Vec<u8>,
    rest: Vec<u8>,
    /// The line at hand is too long, and its end has not come.
    overlong: bool,
    framed: Vec<u8>,
    count: u64,
    /// Of the messages that are written as sentences.
    sequence: u8,
    /// When what comes was heard, if not now.
    heard_at: Option<Timestamp>,
}

impl Lines {
    /// Of a source of this name.
    pub fn new(source: &str) -> Self {
        Lines {
            block: feed_block(source).into_bytes(),
            rest: Vec::new(),
            overlong: false,
            framed: Vec::new(),
            count: 0,
            sequence: 0,
            heard_at: None,
        }
    }

    /// Takes bytes, which may end anywhere.
    pub fn push(&mut self, mut bytes: &[u8], gauge: &Gauge) {
        if bytes.is_empty() {
            return;
        }
        let (at, heard_at) = self.now();
        let before = gauge.received.load(Ordering::Relaxed);
        let prefix = format!("{heard_at} ");
        while let Some(end) = memchr(b'\n', bytes) {
            self.take_line(&bytes[..end], prefix.as_bytes(), gauge);
            bytes = &bytes[end + 1..];
        }
        // A feed that sends blanks to keep its connection is as silent as one that sends nothing.
        if gauge.received.load(Ordering::Relaxed) > before {
            gauge.last_line_at_ms.store(at.as_millis(), Ordering::Relaxed);
        }
        let first = self.rest.iter().chain(bytes).find(|byte| !byte.is_ascii_whitespace());
        let is_json = first.is_some_and(|first| is_json(*first));
        let most = if is_json { JSON_BYTES_MAX } else { LINE_BYTES_MAX };
        if self.rest.len() + bytes.len() > most {
            self.overlong = true;
            self.rest.clear();
        } else if !self.overlong {
            self.rest.extend_from_slice(bytes);
        }
    }

    /// What has no end of line is a line all the same.
    pub fn end(&mut self, gauge: &Gauge) {
        if !self.rest.is_empty() || self.overlong {
            let (at, heard_at) = self.now();
            gauge.last_line_at_ms.store(at.as_millis(), Ordering::Relaxed);
            self.take_line(b"", format!("{heard_at} ").as_bytes(), gauge);
        }
    }

    fn take_line(&mut self, end: &[u8], prefix: &[u8], gauge: &Gauge) {
        let length = self.rest.len() + end.len();
        if std::mem::take(&mut self.overlong) || length > JSON_BYTES_MAX {
            self.rest.clear();
            gauge.refuse(Refusal::TooLong);
            return;
        }
        let mut line = std::mem::take(&mut self.rest);
        line.extend_from_slice(end);
        let trimmed = line.trim_ascii();
        match trimmed.first() {
            None => {}
            Some(first) if is_json(*first) => self.take_json(trimmed, prefix, gauge),
            Some(_) if length > LINE_BYTES_MAX => gauge.refuse(Refusal::TooLong),
            Some(_) => self.add(trimmed, prefix, gauge),
        }
        line.clear();
        self.rest = line;
    }

    fn add(&mut self, line: &[u8], prefix: &[u8], gauge: &Gauge) {
        gauge.received.fetch_add(1, Ordering::Relaxed);
        frame(line, prefix, &self.block, &mut self.framed);
        self.count += 1;
    }

    fn take_json(&mut self, text: &[u8], prefix: &[u8], gauge: &Gauge) {
        let mut sequence = self.sequence;
        let read = json::read(text, &mut sequence, &mut |line| match line.len() {
            ..=LINE_BYTES_MAX => self.add(line.as_bytes(), prefix, gauge),
            _ => gauge.refuse(Refusal::TooLong),
        });
        self.sequence = sequence;
        match read {
            Ok(()) => {}
            Err(Unusable::NotJson) => gauge.refuse(Refusal::NotJson),
            Err(Unusable::NoMessage) => gauge.refuse(Refusal::NoMessage),
        }
    }

    /// Takes a message of a protocol that has messages: JSON in one piece, or lines.
    pub fn push_message(&mut self, message: &[u8], gauge: &Gauge) {
        let message = message.trim_ascii();
        match message.first() {
            None => {}
            // Lines of JSON are taken one by one.
            Some(first)
                if is_json(*first) && serde_json::from_slice::<IgnoredAny>(message).is_ok() =>
            {
                let (at, heard_at) = self.now();
                gauge.last_line_at_ms.store(at.as_millis(), Ordering::Relaxed);
                self.take_json(message, format!("{heard_at} ").as_bytes(), gauge);
            }
            Some(_) => {
                self.push(message, gauge);
                self.end(gauge);
            }
        }
    }

    /// What comes from now on was heard then; when it comes, with `None`.
    pub fn heard_at(&mut self, at: Option<Timestamp>) {
        self.heard_at = at;
    }

    /// How many lines there are so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Bytes of the lines so far.
    pub fn len(&self) -> usize {
        self.framed.len()
    }

    fn now(&self) -> (Timestamp, Timestamp) {
        let at = now();
        (at, self.heard_at.unwrap_or(at))
    }

    /// Remembers with the lines so far, in the journal, how far somebody has read.
    pub fn mark(&mut self, mark: &str) {
        self.framed.extend_from_slice(mark.as_bytes());
    }

    /// The lines so far, framed.
    pub fn take(&mut self, source: usize) -> Option<Chunk> {
        let lines = std::mem::take(&mut self.count);
        let mut bytes = std::mem::take(&mut self.framed);
        // It grew by doubling, and may wait for long.
        bytes.shrink_to_fit();
        (!bytes.is_empty()).then_some(Chunk { source, lines, bytes, room: None })
    }
}

fn is_json(first: u8) -> bool {
    matches!(first, b'{' | b'[')
}

/// Writes a line as the journal has it: when it came, or the time that it begins with; a block that names the feed;
/// the rest.
fn frame(line: &[u8], prefix: &[u8], block: &[u8], framed: &mut Vec<u8>) {
    let begins = line.iter().position(|byte| matches!(byte, b'!' | b'$' | b'\\'));
    let (time, rest) = match begins {
        // Whatever else stands there is of no use when it is asked when the line came.
        Some(begins) if decoder::read_instant(&line[..begins]).is_some() => line.split_at(begins),
        _ => (prefix, line),
    };
    framed.extend_from_slice(time);
    framed.extend_from_slice(block);
    framed.extend_from_slice(rest);
    framed.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_digit_and_is_no_time_gets_that_of_its_arrival() {
        let check = |line: &str, keeps: bool| {
            let (framed, _) = framed(&[line.as_bytes(), b"!AIVDM,2\n"]);
            let begins = framed[0].split_once('\\').unwrap().0.to_owned();
            assert_eq!(begins == line, keeps, "{line}: {framed:?}");
            if !keeps {
                assert!(Timestamp::parse(begins.trim()).is_ok(), "{begins}");
                assert!(framed[0].ends_with(&format!("\\{line}!AIVDM,2")), "{framed:?}");
            }
        };
        for time in [
            "2021-01-01T00:00:00Z ",
            "2021/01/01 00:00:00.5+02:00 ",
            "1609459200 ",
            "1609459200.25,",
            "1609459200000;x;",
        ] {
            check(time, true);
        }
        for other in [
            "7 ",
            "12:",
            "2021-02-30T00:00:00Z ",
            "16094592001 ",
            "1609459200x ",
            "2021-01-01 ",
            "1609459200.5x ",
            "2021-01-01T00:00:00Z5 ",
            "9999999999999999999 ",
        ] {
            check(other, false);
        }
    }

    fn framed(pieces: &[&[u8]]) -> (Vec<String>, Gauge) {
        let gauge = Gauge::default();
        let mut lines = Lines::new("harbour");
        for piece in pieces {
            lines.push(piece, &gauge);
        }
        lines.end(&gauge);
        let bytes = lines.take(0).map(|chunk| chunk.bytes).unwrap_or_default();
        let lines = String::from_utf8_lossy(&bytes).lines().map(|line| line.to_owned()).collect();
        (lines, gauge)
    }

    #[test]
    fn lines_are_framed_however_they_are_cut() {
        let whole = b"!AIVDM,1\r\n\r\n2021-01-01T00:00:00Z !AIVDM,2\n\\s:a*28\\!AIVDM,3";
        let check = |lines: Vec<String>| {
            let ends: Vec<&str> =
                lines.iter().map(|line| line.split_once('\\').unwrap().1).collect();
            assert_eq!(
                ends,
                [
                    "f:harbour*2D\\!AIVDM,1",
                    "f:harbour*2D\\!AIVDM,2",
                    "f:harbour*2D\\\\s:a*28\\!AIVDM,3",
                ]
            );
            assert!(lines[0].starts_with("20") && lines[1].starts_with("2021-01-01T00:00:00Z \\"));
        };
        for size in [1, 7, whole.len()] {
            check(framed(&whole.chunks(size).collect::<Vec<_>>()).0);
        }
    }

    #[test]
    fn long_lines_are_counted_and_not_kept() {
        let long = [b'x'; 3000];
        let (lines, gauge) = framed(&[&long, &long, b"\n!AIVDM,1\n", &long, b"\n"]);
        assert_eq!(lines.len(), 1);
        assert_eq!(gauge.refused(Refusal::TooLong), 2);
        assert_eq!(gauge.received.into_inner(), 3);
    }

    #[test]
    fn json_is_read_in_lines_and_in_messages() {
        let sentence = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
        let json = format!(
            "{{\"class\":\"AIS\",\"rxtime\":\"20240131235959\",\"nmea\":[\"{sentence}\"]}}"
        );
        let text = format!("{json}\n{{\"class\":\"TPV\"}}\n{{\n{sentence}\n");
        for size in [1, 50, text.len()] {
            let (lines, gauge) = framed(&text.as_bytes().chunks(size).collect::<Vec<_>>());
            assert_eq!(lines[0], format!("2024-01-31T23:59:59.000Z \\f:harbour*2D\\{sentence}"));
            assert_eq!(lines.len(), 2);
            assert_eq!(gauge.received.load(Ordering::Relaxed), 4);
            assert_eq!(
                (gauge.refused(Refusal::NotJson), gauge.refused(Refusal::NoMessage)),
                (1, 1)
            );
        }
        let gauge = Gauge::default();
        let mut lines = Lines::new("harbour");
        lines.push_message(format!("[\n{json},\n{json}]").as_bytes(), &gauge);
        lines.push_message(format!("{json}\n{json}").as_bytes(), &gauge);
        lines.push_message(format!("{sentence}\r\n{sentence}").as_bytes(), &gauge);
        assert_eq!(lines.take(0).unwrap().lines, 6);
        let (lines, gauge) = framed(&[b"{", &[b' '; 100_000], b"}\n"]);
        assert_eq!((lines.len(), gauge.refused(Refusal::TooLong)), (0, 1));
    }
}
