//! Which lines of a recording say what: for those who keep some of them as they stand.
//!
//! The lines are decoded and dated as a replay decodes and dates them; each message comes with the lines that carry it.

use std::io::{self, Read};

use decoder::{OutcomeKind, PartLines, Skipped, Station};
use maritime::{Mmsi, Position, Timestamp, VesselIdentity};
use memchr::{memchr, memmem};
use rustc_hash::FxHashMap;

use crate::compression::ByteStream;
use crate::feeds::{Feeds, SEGMENT};
use crate::format::{self, Format};
use crate::nmea::{Heard, Interpreter, Statement, Taker};

/// Unpacked bytes at hand at a time. A line that is longer is none: the decoder refuses it.
const BUFFER_BYTES: usize = 128 << 10;

/// A line of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// Without its end.
    pub bytes: Vec<u8>,
}

/// A message where it stands.
pub struct Sighting {
    /// The lines that carry it, in the order in which they stand; before them such as say when the next one was heard.
    pub lines: Vec<Line>,
    /// Whether these lines by themselves say when they were heard. If not, the clock of the recording has.
    pub says_when: bool,
    /// Who.
    pub mmsi: Mmsi,
    /// When the vessel was there.
    pub observed_at: Timestamp,
    /// Where; `None` if it does not say.
    pub position: Option<Position>,
    /// What it says of itself, if it does; equal if it says the same.
    pub statement: Option<Said>,
}

impl Sighting {
    /// What its lines take.
    pub fn bytes(&self) -> usize {
        self.lines.iter().map(|line| line.bytes.len() + 1).sum()
    }
}

/// What a vessel says of itself, to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Said(Statement);

impl Said {
    /// Which of its facts a vessel tells: messages that tell others do not stand in for each other.
    pub fn facts(&self) -> [bool; 7] {
        let Statement { identity, draught_m, destination } = &self.0;
        let VesselIdentity { imo, name, callsign, ship_type, dimensions } = identity;
        [
            imo.is_some(),
            name.is_some(),
            callsign.is_some(),
            ship_type.is_some(),
            dimensions.is_some(),
            draught_m.is_some(),
            destination.is_some(),
        ]
    }
}

/// Reads a recording of NMEA to its end and tells every message of a vessel that can be dated. Gives the number of
/// lines.
///
/// # Errors
///
/// The input cannot be read at all.
pub fn survey(
    stream: ByteStream,
    start_time: Option<Timestamp>,
    each: &mut dyn FnMut(Sighting),
) -> io::Result<u64> {
    let mut surveyor = Surveyor::new(start_time, each);
    each_line(stream, |number, line| surveyor.push(number, line))?;
    Ok(surveyor.finish())
}

/// Gives every line of a recording with its number, from 1, without its end and without a mark of its encoding.
///
/// # Errors
///
/// The input cannot be read at all.
fn each_line(mut stream: ByteStream, mut each: impl FnMut(u64, &[u8])) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut end, mut line_end, mut number) = (0, None, 0);
    let mut push = |line: &[u8]| {
        number += 1;
        let line =
            if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        each(number, line.strip_suffix(b"\r").unwrap_or(line));
    };
    loop {
        // As a replay does, it reads what breaks off as far as it goes, and leaves out a line that lost its end.
        let (count, is_cut) = match stream.read(&mut buffer[end..]) {
            Ok(count) => (count, false),
            Err(_) if line_end.is_some() => (0, true),
            Err(error) => return Err(error),
        };
        end += count;
        if end == 0 || is_cut {
            return Ok(());
        }
        let at_hand = &buffer[..end];
        // Lines may end in a carriage return alone, as `Nmea` has it.
        let is_cr = || memchr(b'\n', at_hand).is_none() && memchr(b'\r', at_hand).is_some();
        let line_end = *line_end.get_or_insert_with(|| if is_cr() { b'\r' } else { b'\n' });
        let mut start = 0;
        while let Some(length) = memchr(line_end, &buffer[start..end]) {
            push(&buffer[start..start + length]);
            start += length + 1;
        }
        if start < end && (count == 0 || end - start == buffer.len()) {
            push(&buffer[start..end]);
            start = end;
        }
        buffer.copy_within(start..end, 0);
        end -= start;
        if count == 0 {
            return Ok(());
        }
    }
}

/// Whether what begins so is a recording of NMEA and no table.
pub fn is_nmea(sample: &[u8]) -> bool {
    matches!(format::tell(sample, None), Ok(Format::Nmea))
}

struct Surveyor<'a> {
    feeds: Feeds,
    interpreter: Interpreter<Tag>,
    /// By feed, as they are decoded; there are as many as [`Feeds`] has at most.
    open: FxHashMap<Option<Station>, Open>,
    number: u64,
    sightings: Sightings<'a>,
}

/// What the lines to come of one feed may belong to.
#[derive(Default)]
struct Open {
    parts: PartLines<Vec<Line>>,
    /// Lines that belong to the next one.
    before: Vec<Line>,
}

/// Goes with a message until it is dated.
struct Tag {
    lines: Vec<Line>,
    says_when: bool,
}

struct Sightings<'a>(&'a mut dyn FnMut(Sighting));

impl<'a> Surveyor<'a> {
    fn new(start_time: Option<Timestamp>, each: &'a mut dyn FnMut(Sighting)) -> Self {
        Surveyor {
            feeds: Feeds::new(),
            interpreter: Interpreter::new(start_time),
            open: FxHashMap::default(),
            number: 0,
            sightings: Sightings(each),
        }
    }

    fn push(&mut self, number: u64, bytes: &[u8]) {
        if bytes.starts_with(SEGMENT) {
            self.end_segment();
        }
        self.number = number;
        let line = Line { number, bytes: bytes.into() };
        let open = self.open.entry(self.feeds.feed_of(bytes)).or_default();
        let mut before = Some(std::mem::take(&mut open.before));
        let with_before = |before: &mut Option<Vec<Line>>| {
            let mut lines = before.take().unwrap_or_default();
            lines.push(line.clone());
            lines
        };
        open.parts.keep(bytes, || with_before(&mut before));
        let (interpreter, parts, sightings) =
            (&mut self.interpreter, &mut open.parts, &mut self.sightings);
        let mut belongs_to_next = false;
        self.feeds.push_line(bytes, &mut |feed, outcome| {
            let mut tag = Tag { lines: Vec::new(), says_when: false };
            match &outcome.kind {
                OutcomeKind::Message(received) => {
                    if outcome.lines > 1 {
                        let parts = parts.take(received.message.header(), bytes);
                        tag.lines = parts.into_iter().flatten().collect();
                    }
                    if tag.lines.is_empty() {
                        tag.lines = with_before(&mut before);
                    }
                    tag.lines.sort_by_key(|line| line.number);
                    tag.says_when = received.received_at.is_some() && !leans_on_group(&tag.lines);
                }
                OutcomeKind::Skipped(Skipped::Timing | Skipped::TagBlock) => belongs_to_next = true,
                _ => {}
            }
            interpreter.take(feed, outcome, tag, sightings);
        });
        if belongs_to_next {
            open.before = with_before(&mut before);
        }
    }

    fn finish(mut self) -> u64 {
        self.end_segment();
        self.interpreter.finish(&mut self.sightings);
        self.number
    }

    fn end_segment(&mut self) {
        let (interpreter, open, sightings) =
            (&mut self.interpreter, &mut self.open, &mut self.sightings);
        self.feeds.begin_segment(&mut |feed, outcome| {
            let mut lines: Vec<Line> = match &outcome.kind {
                OutcomeKind::Message(received) => {
                    let parts = &mut open.entry(feed).or_default().parts;
                    parts.take(received.message.header(), b"").into_iter().flatten().collect()
                }
                _ => Vec::new(),
            };
            lines.sort_by_key(|line| line.number);
            let says_when = !leans_on_group(&lines);
            interpreter.take(feed, outcome, Tag { lines, says_when }, sightings);
        });
        self.open.clear();
    }
}

/// Whether when these lines were heard may be said in another line alone: in that of a group of sentences.
fn leans_on_group(lines: &[Line]) -> bool {
    let has = |part: &[u8]| lines.iter().any(|line| memmem::find(&line.bytes, part).is_some());
    (has(b"\\g:") || has(b",g:")) && !has(b"c:")
}

impl Taker<Tag> for Sightings<'_> {
    fn accept(&mut self, _: u32, _: &'static str) {}

    fn reject(&mut self, _: u32, _: &'static str) {}

    fn count(&mut self, _: u8) {}

    fn take(&mut self, heard: Heard<Tag>, observed_at: Option<Timestamp>) {
        let Heard { mmsi, motion, statement, tag: Tag { lines, says_when }, .. } = heard;
        let Some(observed_at) = observed_at.filter(|_| !lines.is_empty()) else { return };
        let position = motion.and_then(|motion| motion.position);
        let statement = statement.map(Said);
        (self.0)(Sighting { lines, says_when, mmsi, observed_at, position, statement });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Place, Progress, checksum, feed_block};

    #[test]
    fn parts_of_messages_of_two_feeds_stay_apart() {
        let line = |feed: &str, body: &str| {
            let block = feed_block(feed);
            format!("2024-01-01T00:00:00Z {block}!{body}*{:02X}\n", checksum(body.as_bytes()))
        };
        let start = "?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0";
        let text = [
            line("a", "AIVDM,2,2,1,A,88888888880,2"),
            line("b", "AIVDM,2,2,1,A,88888888880,2"),
            line("a", &format!("AIVDM,2,1,1,A,55{start}")),
            line("b", &format!("AIVDM,2,1,1,A,56{start}")),
        ];
        let bytes = Arc::from(text.concat().into_bytes());
        let place = Place::Memory { name: "x".into(), bytes };
        let stream = ByteStream::open(&place, Arc::new(Progress::default())).unwrap();
        let mut found = Vec::new();
        survey(stream, None, &mut |sighting: Sighting| {
            let numbers: Vec<u64> = sighting.lines.iter().map(|line| line.number).collect();
            found.push(numbers);
        })
        .unwrap();
        assert_eq!(found, [[1, 3], [2, 4]]);
    }
}
