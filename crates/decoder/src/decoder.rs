//! Takes bytes, gives messages: ties the steps together. Never allocates for a sentence; what it keeps is
//! a partial line, the fragments under way and what a lone tag block or `$PGHP` line said.

use maritime::Timestamp;
use nmea_parser::NmeaParser;

use crate::assembler::{Assembled, Assembler, Assembly};
use crate::line::{read_prefix, read_suffix, trim};
use crate::message;
use crate::own_ship::parse_own_ship;
use crate::payload::{Payload, check_characters};
use crate::sentence::{Framed, Sentence, hex_digit};
use crate::tag_block::{TagBlock, TagGroup};
use crate::{Channel, LINE_BYTES_MAX, Outcome, OutcomeKind, Received, Rejection, Skipped};

/// Reads one source: a file, a port, a receiver. It remembers what is under way, so lines of two sources
/// must not go through one decoder.
///
/// Its memory is bounded: a partial line of at most [`LINE_BYTES_MAX`] bytes and 64 fragmented messages.
/// Whatever the bytes are, it does not panic.
///
/// ```
/// use alongside_decoder::{Decoder, Message, OutcomeKind};
///
/// let mut decoder = Decoder::new();
/// decoder.push(b"\\s:rEV02,c:1334337317*58\\!AIVDM,1,1,,B,19NWuLhuRb5QHfCpPcwj`26B0<02,0*5F\n", &mut |outcome| {
///     let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
///     assert_eq!(received.received_at.unwrap().to_string(), "2012-04-13T17:15:17.000Z");
///     let Message::PositionReport(report) = received.message else { panic!("{received:?}") };
///     assert_eq!(report.header.mmsi_raw, 636091763);
///     assert_eq!(report.speed_knots(), Some(17.0));
///     assert_eq!(report.position().unwrap().to_string(), "-13.08843 77.19841");
/// });
/// ```
pub struct Decoder {
    /// The line that has no end yet.
    partial: Vec<u8>,
    /// The line that has no end yet was too long; the rest of it goes the same way.
    partial_too_long: bool,
    /// How many lines were pushed.
    line: u64,
    assembler: Assembler,
    payload: Payload,
    own_ship: NmeaParser,
    waiting: Waiting,
    /// What the tag block of the last sentence that had a group said, with those before it in the group.
    group: TagBlock,
    /// In which line that was.
    group_line: u64,
    /// A line without its NUL bytes.
    scratch: Vec<u8>,
    tag_blocks_damaged: u64,
}

/// How far apart the sentences of a group may stand. Some senders give all groups the same number, and what was
/// said long ago holds no more.
const GROUP_LINES_MAX: u64 = 16;

/// What a line of its own said about the sentence that follows.
#[derive(Default)]
struct Waiting {
    tag_block: Option<TagBlock>,
    timing: Option<Timing>,
}

/// The time in a `$PGHP` line, and the checksum of the sentence it is for.
#[derive(Clone, Copy)]
struct Timing {
    received_at: Timestamp,
    checksum: Option<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new() -> Self {
        Decoder {
            partial: Vec::with_capacity(LINE_BYTES_MAX),
            partial_too_long: false,
            line: 0,
            assembler: Assembler::new(),
            payload: Payload::new(),
            own_ship: NmeaParser::new(),
            waiting: Waiting::default(),
            group: TagBlock::NOTHING,
            group_line: 0,
            scratch: Vec::with_capacity(LINE_BYTES_MAX),
            tag_blocks_damaged: 0,
        }
    }

    /// Takes any piece of the source. Lines are split inside; a partial last line is kept for the next
    /// push.
    pub fn push(&mut self, bytes: &[u8], each: &mut impl FnMut(Outcome)) {
        let mut bytes = bytes;
        if !self.partial.is_empty() || self.partial_too_long {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.keep(bytes);
                return;
            };
            self.keep(&bytes[..end]);
            self.end_partial(each);
            bytes = &bytes[end + 1..];
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            self.push_line(&bytes[start..end], each);
            start = end + 1;
        }
        self.keep(&bytes[start..]);
    }

    /// Takes one line without its line end.
    pub fn push_line(&mut self, line: &[u8], each: &mut impl FnMut(Outcome)) {
        self.line += 1;
        self.settle(self.line, each);
        if line.len() > LINE_BYTES_MAX {
            each(rejected(1, Rejection::LineTooLong));
            return;
        }
        let line = match line {
            [line @ .., b'\r'] => line,
            line => line,
        };
        if !self.push_plain(line, each) {
            self.push_any(line, each);
        }
    }

    /// The source has ended: the partial line is decoded, waiting fragments are rejected as orphans.
    pub fn finish(&mut self, each: &mut impl FnMut(Outcome)) {
        if !self.partial.is_empty() || self.partial_too_long {
            self.end_partial(each);
        }
        self.settle(u64::MAX, each);
        self.assembler.finish(each);
        self.waiting = Waiting::default();
        self.group = TagBlock::NOTHING;
    }

    /// How many tag blocks had no or a wrong checksum. Their sentences were decoded without them.
    pub fn tag_blocks_damaged(&self) -> u64 {
        self.tag_blocks_damaged
    }

    /// Tells the messages whose parts came out of order, once nothing else claims these parts.
    #[inline]
    fn settle(&mut self, line: u64, each: &mut impl FnMut(Outcome)) {
        loop {
            match self.assembler.settle(line, &mut self.payload) {
                Assembly::Pending => return,
                assembly => self.push_assembly(assembly, each),
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.partial_too_long || self.partial.len() + bytes.len() > LINE_BYTES_MAX {
            self.partial_too_long = true;
            self.partial.clear();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn end_partial(&mut self, mut each: &mut dyn FnMut(Outcome)) {
        if self.partial_too_long {
            self.partial_too_long = false;
            self.line += 1;
            self.settle(self.line, &mut each);
            each(rejected(1, Rejection::LineTooLong));
            return;
        }
        let mut line = std::mem::take(&mut self.partial);
        self.push_line(&line, &mut each);
        line.clear();
        self.partial = line;
    }

    /// The fast way for the usual lines: a sentence, tag blocks and a sentence, or a sentence and a suffix, with
    /// nothing else before, between or behind. `false`, and nothing done, if there is.
    #[inline]
    fn push_plain(&mut self, line: &[u8], each: &mut impl FnMut(Outcome)) -> bool {
        match line.first() {
            Some(b'!') => {
                if let Some(sentence) = Sentence::parse_plain(line) {
                    return self.push_readable(&sentence, &TagBlock::NOTHING, each);
                }
                let Some((sentence, beside)) = read_suffixed(line) else { return false };
                self.push_readable(&sentence, &beside, each)
            }
            Some(b'\\') => {
                let Some(blocks) = TagBlock::read_all(line) else { return false };
                let Some(sentence) = Sentence::parse_plain(blocks.rest) else { return false };
                let done = self.push_readable(&sentence, &blocks.tag_block, each);
                self.tag_blocks_damaged += if done { blocks.damaged } else { 0 };
                done
            }
            Some(b'$') => {
                let Ok(framed) = Framed::find(line) else { return false };
                let alone = framed.whole.len() == line.len() && memchr::memchr(0, line).is_none();
                if alone {
                    self.push_framed(&framed, TagBlock::NOTHING, 1, each);
                }
                alone
            }
            _ => false,
        }
    }

    /// Takes a sentence if its payload can be read.
    #[inline]
    fn push_readable(
        &mut self,
        sentence: &Sentence<'_>,
        tag_block: &TagBlock,
        each: &mut impl FnMut(Outcome),
    ) -> bool {
        let readable = self.read_payload(sentence).is_ok();
        if readable {
            self.push_sentence(sentence, tag_block, 1, each);
        }
        readable
    }

    /// The way for every line.
    fn push_any(&mut self, line: &[u8], each: &mut dyn FnMut(Outcome)) {
        if memchr::memchr(0, line).is_some() {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            scratch.extend(line.iter().filter(|&&byte| byte != 0));
            self.push_segments(trim(&scratch), each);
            self.scratch = scratch;
        } else {
            self.push_segments(trim(line), each);
        }
    }

    /// Reads one sentence after the other out of a line. The first outcome, or the slot of a waiting
    /// fragment, accounts for the line.
    fn push_segments(&mut self, line: &[u8], each: &mut dyn FnMut(Outcome)) {
        match line.first() {
            None => return each(skipped(Skipped::Blank)),
            Some(b'#') => return each(skipped(Skipped::Comment)),
            Some(_) => {}
        }
        let mut lines = 1;
        let mut rest = line;
        // What the line says holds for all of its sentences, unless they say otherwise.
        let mut line_tag_block = TagBlock::default();
        let mut prefix_time = None;
        let mut tag_block = None;
        // What stands behind the last tag block.
        let mut behind: &[u8] = &[];
        while let Some(start) = memchr::memchr3(b'!', b'$', b'\\', rest) {
            if start > 0 && lines == 1 && tag_block.is_none() {
                prefix_time = read_prefix(&rest[..start]).or(prefix_time);
            }
            rest = &rest[start..];
            if rest[0] == b'\\' {
                match TagBlock::read_all(rest) {
                    Some(blocks) => {
                        self.tag_blocks_damaged += blocks.damaged;
                        tag_block = Some(blocks.tag_block);
                        rest = blocks.rest;
                        behind = rest;
                    }
                    None => rest = &rest[1..],
                }
                continue;
            }
            let framed = match Framed::find(rest) {
                Ok(framed) => framed,
                Err((rejection, length)) => {
                    // A sentence cut short runs into the next one: go on from there.
                    match memchr::memrchr3(b'!', b'$', b'\\', &rest[1..length]) {
                        Some(inner) => rest = &rest[1 + inner..],
                        None => {
                            each(rejected(std::mem::take(&mut lines), rejection));
                            rest = &rest[length..];
                        }
                    }
                    continue;
                }
            };
            rest = &rest[framed.whole.len()..];
            let next = memchr::memchr3(b'!', b'$', b'\\', rest).unwrap_or(rest.len());
            let (suffix_time, suffix_station) = read_suffix(&rest[..next]);
            rest = &rest[next..];
            let tag_block = tag_block.take().unwrap_or_default();
            // The time in front may be that at which a relay heard the line: what the group said counts more.
            let continues = tag_block.group.is_some_and(|group| self.continues(&tag_block, group));
            let prefix_time =
                prefix_time.filter(|_| !continues || self.group.received_at.is_none());
            let beside = TagBlock {
                received_at: suffix_time.or(prefix_time),
                station: suffix_station,
                ..TagBlock::default()
            };
            let told = tag_block.or(&beside).or(&line_tag_block);
            line_tag_block = TagBlock { group: None, ..told };
            self.push_framed(&framed, told, std::mem::take(&mut lines), each);
        }
        // A block belongs to the sentence of another line only where nothing else stands behind it.
        if let Some(tag_block) = tag_block.filter(|_| trim(behind).is_empty()) {
            self.waiting.tag_block = Some(tag_block);
            if lines == 1 {
                each(skipped(Skipped::TagBlock));
            }
        } else if lines == 1 {
            each(rejected(1, Rejection::NotASentence));
        }
    }

    /// Takes a sentence of any kind whose checksum is right.
    fn push_framed(
        &mut self,
        framed: &Framed<'_>,
        tag_block: TagBlock,
        lines: u32,
        mut each: &mut dyn FnMut(Outcome),
    ) {
        if Sentence::is_named(framed.body) {
            let sentence = Sentence::from_framed(framed);
            match sentence.and_then(|sentence| self.read_payload(&sentence).map(|()| sentence)) {
                Ok(sentence) => self.push_sentence(&sentence, &tag_block, lines, &mut each),
                Err(rejection) => each(rejected(lines, rejection)),
            }
            return;
        }
        if framed.body.starts_with(b"PGHP,") {
            self.waiting.timing = parse_timing(framed.body);
            each(Outcome { lines, kind: OutcomeKind::Skipped(Skipped::Timing) });
            return;
        }
        let told = tag_block.or(&self.waiting.tag_block.take().unwrap_or_default());
        let kind = match parse_own_ship(&mut self.own_ship, framed, told.received_at) {
            Some(own_ship) => OutcomeKind::OwnShip(own_ship),
            None => OutcomeKind::Skipped(Skipped::OtherSentence),
        };
        each(Outcome { lines, kind });
    }

    /// Un-armours the payload of a lone sentence; only checks the characters of a fragment, whose bits
    /// are read when all of them are there.
    #[inline]
    fn read_payload(&mut self, sentence: &Sentence<'_>) -> Result<(), Rejection> {
        if sentence.fragment_count > 1 {
            return check_characters(sentence.payload);
        }
        self.payload.clear();
        self.payload.append(sentence.payload, sentence.fill_bits)
    }

    /// Takes an AIS sentence whose payload has been read.
    #[inline]
    fn push_sentence(
        &mut self,
        sentence: &Sentence<'_>,
        tag_block: &TagBlock,
        lines: u32,
        each: &mut impl FnMut(Outcome),
    ) {
        // Most lines say all themselves, and nothing is copied.
        let (waited, grouped);
        let mut tag_block = tag_block;
        if self.waiting.tag_block.is_some() || self.waiting.timing.is_some() {
            waited = self.with_waiting(tag_block, sentence);
            tag_block = &waited;
        }
        let own = tag_block;
        if let Some(group) = tag_block.group {
            grouped = self.with_group(tag_block, group);
            tag_block = &grouped;
        }
        if sentence.fragment_count == 1 {
            let Sentence { own_ship, channel, .. } = *sentence;
            return self.push_message(own_ship, channel, tag_block, lines, each);
        }
        // Parts of one message need no help of their group: the assembler knows them better.
        let payload = &mut self.payload;
        let assembly = self.assembler.push(sentence, own, self.line, lines, payload, each);
        self.push_assembly(assembly, each);
    }

    fn push_assembly(&mut self, assembly: Assembly, mut each: &mut dyn FnMut(Outcome)) {
        match assembly {
            Assembly::Pending => {}
            Assembly::Unreadable { lines, rejection } => each(rejected(lines, rejection)),
            Assembly::Complete(Assembled { lines, own_ship, channel, told }) => {
                self.push_message(own_ship, channel, &told, lines, &mut each);
            }
        }
    }

    /// Takes the message whose bits are in the payload.
    #[inline]
    fn push_message(
        &mut self,
        own_ship: bool,
        channel_raw: u8,
        tag_block: &TagBlock,
        lines: u32,
        each: &mut impl FnMut(Outcome),
    ) {
        match message::decode(&mut self.payload) {
            Ok(message) => each(Outcome {
                lines,
                kind: OutcomeKind::Message(Received {
                    received_at: tag_block.received_at,
                    station: tag_block.station,
                    line_count: tag_block.line_count,
                    destination: tag_block.destination,
                    relative_time: tag_block.relative_time,
                    own_ship,
                    channel: channel(channel_raw),
                    message,
                }),
            }),
            Err(rejection) => each(rejected(lines, rejection)),
        }
    }

    /// Adds what the block of the sentence before said, if this one is the next of its group.
    fn with_group(&mut self, tag_block: &TagBlock, group: TagGroup) -> TagBlock {
        let continues = self.continues(tag_block, group);
        let told = if continues { tag_block.or(&self.group) } else { *tag_block };
        // Every line has its own count.
        self.group = TagBlock { line_count: None, ..told };
        self.group_line = self.line;
        told
    }

    /// Whether a sentence is the next of the group at hand.
    fn continues(&self, tag_block: &TagBlock, group: TagGroup) -> bool {
        let before = Some(TagGroup { number: group.number - 1, ..group });
        let same_station = tag_block.station.is_none() || tag_block.station == self.group.station;
        let near = self.line - self.group_line <= GROUP_LINES_MAX;
        self.group.group == before && same_station && near
    }

    /// Adds what earlier lines said about this sentence.
    fn with_waiting(&mut self, tag_block: &TagBlock, sentence: &Sentence<'_>) -> TagBlock {
        let Waiting { tag_block: waiting, timing } = std::mem::take(&mut self.waiting);
        let mut told = waiting.map_or(*tag_block, |waiting| tag_block.or(&waiting));
        // For fragments it states the exclusive or of all their checksums, which is not known yet.
        if let Some(timing) = timing
            && (sentence.fragment_count > 1
                || timing.checksum.is_none_or(|expected| expected == sentence.checksum))
        {
            told.received_at = told.received_at.or(Some(timing.received_at));
        }
        told
    }
}

/// A sentence and what stands behind it as the US Coast Guard writes it, if that is all there is.
#[inline]
fn read_suffixed(line: &[u8]) -> Option<(Sentence<'_>, TagBlock)> {
    let end = memchr::memchr(b'*', line)? + 3;
    let (sentence, suffix) = line.split_at_checked(end)?;
    if suffix.first() != Some(&b',') || memchr::memchr3(b'!', b'$', b'\\', suffix).is_some() {
        return None;
    }
    let sentence = Sentence::parse_plain(sentence)?;
    let (received_at, station) = read_suffix(suffix);
    Some((sentence, TagBlock { received_at, station, ..TagBlock::default() }))
}

fn rejected(lines: u32, rejection: Rejection) -> Outcome {
    Outcome { lines, kind: OutcomeKind::Rejected(rejection) }
}

fn skipped(skipped: Skipped) -> Outcome {
    Outcome { lines: 1, kind: OutcomeKind::Skipped(skipped) }
}

fn channel(character: u8) -> Option<Channel> {
    match character {
        b'A' | b'1' => Some(Channel::A),
        b'B' | b'2' => Some(Channel::B),
        _ => None,
    }
}

/// `PGHP,1,year,month,day,hour,minute,second,millisecond,country,region,station,online,checksum`.
fn parse_timing(body: &[u8]) -> Option<Timing> {
    // Many feeds have such a line before every sentence.
    let mut fields = body.split(|&byte| byte == b',').skip(2);
    let mut number = || small_number(fields.next()?);
    let (year, month, day) = (number()?, number()?, number()?);
    let (hour, minute, second, millis) = (number()?, number()?, number()?, number()?);
    let instant = Timestamp::from_civil(
        i32::from(year),
        u32::from(month),
        u32::from(day),
        u32::from(hour),
        u32::from(minute),
        u32::from(second),
    )?;
    let checksum = match *fields.nth(4).unwrap_or_default() {
        [high, low] => hex_digit(high).zip(hex_digit(low)).map(|(high, low)| high << 4 | low),
        [low] => hex_digit(low),
        _ => None,
    };
    // Lines before a VDO state 00.
    let checksum = checksum.filter(|&checksum| checksum != 0);
    Some(Timing { received_at: instant.plus_millis(i64::from(millis)), checksum })
}

/// A number of one to four digits.
fn small_number(field: &[u8]) -> Option<u16> {
    let digits = (1..=4).contains(&field.len()) && field.iter().all(u8::is_ascii_digit);
    digits.then(|| field.iter().fold(0, |number, digit| 10 * number + u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Message;
    use crate::samples::{checked, class_b_extended, position_report, sentences, static_voyage};

    /// What became of `input`, in one word each: the type of a message, or the name of what else.
    fn outcomes(input: &[u8]) -> Vec<(u32, String)> {
        collect(input, usize::MAX)
            .into_iter()
            .map(|outcome| (outcome.lines, word(&outcome)))
            .collect()
    }

    fn word(outcome: &Outcome) -> String {
        match outcome.kind {
            OutcomeKind::Message(received) => received.message.header().message_type.to_string(),
            OutcomeKind::OwnShip(_) => "own_ship".into(),
            OutcomeKind::Skipped(skipped) => skipped.name().into(),
            OutcomeKind::Rejected(rejection) => rejection.name().into(),
        }
    }

    fn collect(input: &[u8], chunk: usize) -> Vec<Outcome> {
        let mut all = Vec::new();
        let mut decoder = Decoder::new();
        for chunk in input.chunks(chunk.min(input.len().max(1))) {
            decoder.push(chunk, &mut |outcome| all.push(outcome));
        }
        decoder.finish(&mut |outcome| all.push(outcome));
        all
    }

    #[track_caller]
    fn check(input: &str, expected: &[(u32, &str)]) {
        let got = outcomes(input.as_bytes());
        let got: Vec<_> = got.iter().map(|(lines, word)| (*lines, word.as_str())).collect();
        assert_eq!(got, expected, "{input}");
    }

    /// Time and station of the only message in `input`.
    #[track_caller]
    fn check_received(input: &str, received_at: Option<&str>, station: Option<&str>) {
        let received: Vec<_> = collect(input.as_bytes(), usize::MAX)
            .into_iter()
            .filter_map(|outcome| match outcome.kind {
                OutcomeKind::Message(received) => Some(received),
                _ => None,
            })
            .collect();
        let [received] = received[..] else { panic!("{} messages: {input}", received.len()) };
        assert_eq!(received.received_at.map(|t| t.to_string()).as_deref(), received_at, "{input}");
        assert_eq!(received.station.as_ref().map(|s| s.as_str()), station, "{input}");
    }

    const ONE: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";
    const NEW_YEAR: Option<&str> = Some("2021-01-01T00:00:00.000Z");

    #[test]
    fn times_and_stations_come_from_every_framing() {
        let block = |fields: &str| checked("\\", fields) + "\\";
        check_received(&(block("c:1609459200") + ONE), NEW_YEAR, None);
        check_received(&(block("s:abc,c:1609459200000") + ONE), NEW_YEAR, Some("abc"));
        check_received(&(block("s:abc") + &block("c:1609459200") + ONE), NEW_YEAR, Some("abc"));
        check_received(&format!("{ONE},r003669945,1609459200"), NEW_YEAR, Some("r003669945"));
        check_received(
            &format!("{ONE},d-092,S1234,t000000.00,T00.1,r003669945,1609459200"),
            NEW_YEAR,
            Some("r003669945"),
        );
        check_received(&format!("{ONE},1609459200000"), NEW_YEAR, None);
        for prefix in [
            "2021-01-01T00:00:00Z ",
            "2021-01-01 00:00:00 ",
            "1609459200 ",
            "1609459200,",
            "1609459200000;",
            "1609459200.000\t",
        ] {
            check_received(&format!("{prefix}{ONE}"), NEW_YEAR, None);
        }
        check_received(&format!("\"2021-01-01 00:00:00\",\"{ONE}\""), NEW_YEAR, None);
        check_received(&format!("1609459200,\"{ONE}\""), NEW_YEAR, None);
        check_received(&format!("\"1609459200\",\"\"{ONE}\"\"\r\n"), NEW_YEAR, None);
        let timing = checked("$", "PGHP,1,2021,1,1,0,0,0,0,338,2,,1,5C");
        check_received(&format!("{timing}\n{ONE}"), NEW_YEAR, None);
        check_received(&format!("{}\n{ONE}", block("c:1609459200")), NEW_YEAR, None);
    }

    #[test]
    fn a_timing_line_is_for_the_sentence_with_its_checksum() {
        let timing = checked("$", "PGHP,1,2021,1,1,0,0,0,0,338,2,,1,5D");
        check_received(&format!("{timing}\n{ONE}"), None, None);
        let parts = sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"));
        check_received(&format!("{timing}\n{}\n{}", parts[0], parts[1]), NEW_YEAR, None);
    }

    #[test]
    fn tag_block_is_trusted_before_suffix_before_prefix_before_timing() {
        let timing = checked("$", "PGHP,1,2021,1,4,0,0,0,0,338,2,,1,5C");
        let block = checked("\\", "c:1609459200") + "\\";
        let suffixed = format!("{ONE},r003669945,1609545600");
        let station = Some("r003669945");
        check_received(
            &format!("{timing}\n2021-01-03T00:00:00Z {block}{suffixed}"),
            NEW_YEAR,
            station,
        );
        let second = Some("2021-01-02T00:00:00.000Z");
        check_received(&format!("{timing}\n2021-01-03T00:00:00Z {suffixed}"), second, station);
        let third = Some("2021-01-03T00:00:00.000Z");
        check_received(&format!("{timing}\n2021-01-03T00:00:00Z {ONE}"), third, None);
        check_received(&format!("{timing}\n{ONE}"), Some("2021-01-04T00:00:00.000Z"), None);
    }

    #[test]
    fn what_a_group_says_holds_for_its_sentences() {
        let block = |fields: &str| checked("\\", fields) + "\\";
        let stations = |first: &str, second: &str| {
            let input = format!("{}{ONE}\n{}{ONE}", block(first), block(second));
            let all = collect(input.as_bytes(), usize::MAX);
            let OutcomeKind::Message(received) = all[1].kind else { panic!("{all:?}") };
            assert_eq!(received.line_count, None);
            received.station.map(|station| station.to_string())
        };
        let first = "g:1-2-17,s:one,n:5,c:1609459200";
        assert_eq!(stations(first, "g:2-2-17").as_deref(), Some("one"));
        assert_eq!(stations(first, "2G2:17").as_deref(), Some("one"));
        assert_eq!(stations(first, "g:2-2-18"), None);
        assert_eq!(stations(first, "g:1-2-17"), None);
        assert_eq!(stations(first, "g:2-2-17,s:other").as_deref(), Some("other"));
        // When a relay heard the lines counts less than what the group said.
        let relayed = format!(
            "2021-02-01T00:00:00Z {}{ONE}\n2021-02-01T00:00:00Z {}{ONE}",
            block(first),
            block("g:2-2-17")
        );
        let last = collect(relayed.as_bytes(), usize::MAX).pop();
        let Some(OutcomeKind::Message(received)) = last.map(|last| last.kind) else { panic!() };
        assert_eq!(received.received_at.map(|at| at.to_string()).as_deref(), NEW_YEAR);
        let input = format!("{}{ONE}\n{}{}{ONE}", block(first), "\n".repeat(16), block("g:2-2-17"));
        let last = collect(input.as_bytes(), usize::MAX).pop();
        let Some(OutcomeKind::Message(received)) = last.map(|last| last.kind) else { panic!() };
        assert_eq!((received.station, received.received_at), (None, None));
        let parts = sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"));
        let input = format!(
            "{}{}\n{}{}\n{}{ONE}",
            block("g:1-3-17,s:one"),
            parts[0],
            block("g:2-3-17"),
            parts[1],
            block("g:3-3-17"),
        );
        let all = collect(input.as_bytes(), usize::MAX);
        for outcome in &all {
            let OutcomeKind::Message(received) = outcome.kind else { panic!("{all:?}") };
            assert_eq!(received.station.unwrap().as_str(), "one");
        }
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_damaged_tag_block_does_not_lose_its_sentence() {
        let line = format!("\\c:1609459200*11\\{ONE}");
        check_received(&line, None, None);
        let mut decoder = Decoder::new();
        decoder.push_line(line.as_bytes(), &mut |_| {});
        assert_eq!(decoder.tag_blocks_damaged(), 1);
    }

    #[test]
    fn lines_without_a_message_are_told_apart() {
        check("", &[]);
        check("\n \r\n# note\n", &[(1, "blank"), (1, "blank"), (1, "comment")]);
        check("foobar\n", &[(1, "not_a_sentence")]);
        check(&ONE[..20], &[(1, "no_checksum")]);
        check(&ONE.replace("*5C", "*5D"), &[(1, "bad_checksum")]);
        let block = checked("\\", "s:one") + "\\";
        check(&format!("{block} \r\n"), &[(1, "tag_block")]);
        check(&format!("{block}foobar"), &[(1, "not_a_sentence")]);
        check(&format!("{block}foo\\bar"), &[(1, "not_a_sentence")]);
        let broken = ONE.replace("*5C", "*5D");
        check_received(&format!("{block}{broken}\n{ONE}"), None, None);
        check(&checked("$", "GPVTG,,T,,M,0.5,N,0.9,K"), &[(1, "other_sentence")]);
        check(&checked("$", "GPZDA,072914.00,31,05,2018,-03,00"), &[(1, "own_ship")]);
        check(&checked("!", "AIVDM,1,1,,B,,0"), &[(1, "payload_too_short")]);
        check(&checked("!", "AIVDM,1,1,,B,17XKQJ5000,0"), &[(1, "bad_payload_character")]);
        check(&checked("!", "AIVDM,1,1,,B,177KQJ5000,0,0"), &[(1, "bad_field_count")]);
        check(
            &checked("!", "AIVDM,1,1,,B,P77KQJ5000G?tO`K>RA1wUbN0TKH,0"),
            &[(1, "unknown_message_type")],
        );
        check(&checked("!", "AIVDM,1,1,,B,1wwwwwwwwwwwwwwwwwwwwwwwwwww,0"), &[(1, "bad_mmsi")]);
        let long = checked("!", &format!("AIVDM,1,1,,B,1{},0", "0".repeat(256)));
        check(&long, &[(1, "payload_too_long")]);
    }

    #[test]
    fn glued_and_cut_sentences_are_read() {
        check(&format!("!AI{ONE}"), &[(1, "1")]);
        check(&format!("{}{ONE}", &ONE[..30]), &[(1, "1")]);
        check(&format!("{ONE}{ONE}"), &[(1, "1"), (0, "1")]);
        check(&format!("{ONE}\\r\\n{ONE}\\x0d\\x0a\n"), &[(1, "1"), (0, "1")]);
        check(&format!("{ONE}{}", &ONE[..30]), &[(1, "1"), (0, "no_checksum")]);
        let [first, second] = &sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"))[..]
        else {
            panic!("type 5 has two sentences")
        };
        check(&format!("{first}{second}"), &[(1, "5")]);
        check_received(&format!("1609459200 {first} {second}"), NEW_YEAR, None);
    }

    #[test]
    fn nul_bytes_are_passed_over() {
        check(&format!("\0\0{ONE}\0"), &[(1, "1")]);
        check(&ONE.replace("JK", "J\0K").replace("000", "0\x0000"), &[(1, "1")]);
    }

    #[test]
    fn an_overlong_line_is_rejected_once_and_the_next_one_read() {
        let long = "x".repeat(10_000_000);
        for chunk in [1000, 4096, usize::MAX] {
            let input = format!("{ONE}\n{long}\n{ONE}\n{long}");
            let words: Vec<_> = collect(input.as_bytes(), chunk).iter().map(word).collect();
            assert_eq!(words, ["1", "line_too_long", "1", "line_too_long"]);
        }
    }

    #[test]
    fn any_talker_and_either_formatter_are_read() {
        for talker in ["AI", "AB", "BS", "SA", "--", "XY"] {
            check(&checked("!", &ONE[1..ONE.len() - 3].replacen("AI", talker, 1)), &[(1, "1")]);
        }
        let own = checked("!", &ONE[1..ONE.len() - 3].replacen("VDM", "VDO", 1));
        let OutcomeKind::Message(received) = collect(own.as_bytes(), usize::MAX)[0].kind else {
            panic!()
        };
        assert!(received.own_ship);
        assert_eq!(received.channel, Some(Channel::B));
    }

    #[test]
    fn parts_are_joined_in_either_order() {
        let parts = sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"));
        check(&parts.join("\n"), &[(2, "5")]);
        check(&format!("{}\n{}", parts[1], parts[0]), &[(2, "5")]);
        check(&parts[0], &[(1, "orphan_fragment")]);
        check(&parts[1], &[(1, "orphan_fragment")]);
    }

    #[test]
    fn parts_of_other_stations_are_not_joined() {
        let parts = sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"));
        let block = |fields: &str| checked("\\", fields) + "\\";
        let orphans = [(1, "orphan_fragment"), (1, "orphan_fragment")];
        let line = |one: &str, other: &str| {
            format!("{}{}\n{}{}", block(one), parts[0], block(other), parts[1])
        };
        check(&line("s:one", "s:other"), &orphans);
        check(&line("g:1-2-17", "g:2-2-18"), &orphans);
        check(&line("c:1609459200", "c:1609459231"), &orphans);
        check(&line("s:one,g:1-2-17,c:1609459200", "g:2-2-17"), &[(2, "5")]);
        check_received(&line("s:one,g:1-2-17,c:1609459200", "g:2-2-17"), NEW_YEAR, Some("one"));
        check_received(&line("g:1-2-17", "s:one,c:1609459200"), NEW_YEAR, Some("one"));
    }

    #[test]
    fn a_place_claimed_twice_joins_nothing() {
        let one = sentences("AI", 3, 'A', &static_voyage(244660390, "ONE"));
        let two = sentences("AI", 3, 'A', &static_voyage(244538000, "TWO"));
        check(
            &[&one[0][..], &two[0], &one[1], &two[1]].join("\n"),
            &[(2, "orphan_fragment"), (1, "orphan_fragment"), (1, "orphan_fragment")],
        );
    }

    #[test]
    fn the_end_of_one_message_before_the_beginning_of_another_joins_nothing() {
        let one = sentences("AI", 3, 'A', &static_voyage(244660390, "ONE"));
        let two = sentences("AI", 3, 'A', &static_voyage(244538000, "TWO"));
        check(&[&one[1][..], &two[0], &two[1]].join("\n"), &[(3, "orphan_fragment")]);
    }

    #[test]
    fn parts_out_of_order_are_held_back_until_nothing_else_claims_them() {
        let parts = sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"));
        let lone = sentences("AI", 0, 'A', &position_report(244660390)).join("\n");
        let swapped = [&parts[1][..], &parts[0]].join("\n");
        let mut lines = vec![&swapped[..]];
        lines.extend([&lone[..]; 10]);
        let mut expected = vec![(1, "1"); 8];
        expected.extend([(2, "5"), (1, "1"), (1, "1")]);
        check(&lines.join("\n"), &expected);
    }

    #[test]
    fn a_line_too_long_lets_held_back_messages_go_however_it_is_cut() {
        let parts = sentences("AI", 3, 'A', &static_voyage(244660390, "LAHRINGEN"));
        let long = &*"x".repeat(LINE_BYTES_MAX + 1);
        let swapped = [&parts[1][..], &parts[0]];
        let lines = [&swapped[..], &[long; 12]].concat().join("\n");
        let whole = collect(lines.as_bytes(), usize::MAX);
        for chunk in [1, 7, 1000] {
            assert_eq!(collect(lines.as_bytes(), chunk), whole, "{chunk}");
        }
    }

    #[test]
    fn a_flood_of_first_parts_stays_within_the_slots() {
        let mut decoder = Decoder::new();
        let mut orphans = 0;
        for ship in 0..1000 {
            let station = checked("\\", &format!("s:{ship}")) + "\\";
            let parts = sentences("AI", 3, 'A', &static_voyage(200_000_000 + ship, "FLOOD"));
            decoder.push_line((station + &parts[0]).as_bytes(), &mut |_| orphans += 1);
        }
        assert_eq!(orphans, 1000 - 64);
        decoder.finish(&mut |_| orphans += 1);
        assert_eq!(orphans, 1000);
    }

    #[test]
    fn short_and_long_messages_give_the_fields_that_are_there() {
        let report = position_report(244660390);
        for bits in [149, 163, 168, 186] {
            let line = sentences("AI", 0, 'A', &report.resized(bits)).join("\n");
            let OutcomeKind::Message(received) = collect(line.as_bytes(), usize::MAX)[0].kind
            else {
                panic!("{bits} bits: {line}")
            };
            let Message::PositionReport(report) = received.message else { panic!() };
            assert_eq!(report.heading_deg(), Some(215.0));
            assert_eq!(report.speed_knots(), Some(12.3));
        }
        check(&sentences("AI", 0, 'A', &report.resized(115))[0], &[(1, "payload_too_short")]);
        let line = sentences("AI", 0, 'A', &report.resized(130)).join("\n");
        let OutcomeKind::Message(received) = collect(line.as_bytes(), usize::MAX)[0].kind else {
            panic!()
        };
        let Message::PositionReport(cut) = received.message else { panic!() };
        assert_eq!((cut.course_deg(), cut.heading_deg(), cut.second()), (Some(224.0), None, None));
        let cut = class_b_extended(367059850).resized(168);
        let line = sentences("AI", 0, 'A', &cut).join("\n");
        let OutcomeKind::Message(received) = collect(line.as_bytes(), usize::MAX)[0].kind else {
            panic!()
        };
        let Message::ClassBExtended(report) = received.message else { panic!() };
        assert_eq!(report.speed_knots(), Some(8.7));
        assert_eq!((report.name(), report.dimensions()), (None, None));
        let voyage = static_voyage(244660390, "LAHRINGEN");
        for (bits, destination) in [
            (426, Some("R'DAM/LWARDEN")),
            (420, Some("R'DAM/LWARDEN")),
            (326, Some("R'DA")),
            (302, None),
            (240, None),
        ] {
            let lines = sentences("AI", 0, 'A', &voyage.resized(bits)).join("\n");
            let all = collect(lines.as_bytes(), usize::MAX);
            let OutcomeKind::Message(received) = all[0].kind else {
                panic!("{bits} bits: {all:?}")
            };
            let Message::StaticVoyage(voyage) = received.message else { panic!() };
            assert_eq!(voyage.name().unwrap().as_str(), "LAHRINGEN");
            assert_eq!(voyage.destination().as_ref().map(|text| text.as_str()), destination);
        }
    }

    /// Ships that send names nobody else has, from feeds that are merged line by line, on a line that
    /// loses and swaps.
    fn stormy_feed() -> impl Strategy<Value = Vec<(usize, usize, bool, u8)>> {
        // Which feed, which ship, which channel, and what befalls the message.
        prop::collection::vec((0..4usize, 0..50usize, any::<bool>(), 0..20u8), 1..300)
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_every_line_is_accounted_for_once(
            pieces in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| bytes),
                    "[!$\\\\*,:0-9AIVDM\n\r ]{0,40}".prop_map(String::into_bytes),
                    Just(ONE.as_bytes().to_vec()),
                    "\\\\(c:[0-9]{1,20}|s:.{0,9}|g:[0-9]-[0-9]-[0-9]*|,){0,4}\\*00\\\\".prop_map(String::into_bytes),
                    (1..=9u8, 0..4u8).prop_map(|(seq, which)| {
                        let parts = sentences("AI", seq, 'A', &static_voyage(244660390, "X"));
                        parts[usize::from(which % 2)].clone().into_bytes()
                    }),
                    Just(b"\n".to_vec()),
                ],
                0..60,
            ),
            chunk in 1..200usize,
        ) {
            let input = pieces.concat();
            let whole = collect(&input, usize::MAX);
            let ends = input.iter().filter(|&&byte| byte == b'\n').count();
            let pushed = ends + usize::from(input.last().is_some_and(|&byte| byte != b'\n'));
            prop_assert_eq!(whole.iter().map(|outcome| outcome.lines as usize).sum::<usize>(), pushed);
            prop_assert_eq!(collect(&input, chunk), whole, "chunks of {} change the outcome", chunk);
        }

        #[test]
        fn two_ships_are_never_joined(messages in stormy_feed()) {
            let mut sequences = [0u8; 4];
            let mut feeds: [Vec<String>; 4] = Default::default();
            for (feed, ship, channel, fate) in messages {
                sequences[feed] = (sequences[feed] + 1) % 10;
                let mmsi = 200_000_000 + (feed * 50 + ship) as u32;
                let channel = if channel { 'A' } else { 'B' };
                let bits = static_voyage(mmsi, &format!("SHIP {mmsi}"));
                let mut parts = sentences("AI", sequences[feed], channel, &bits);
                match fate {
                    0 => { parts.remove(0); }
                    1 => { parts.remove(1); }
                    2 => parts.swap(0, 1),
                    _ => {}
                }
                let station = checked("\\", &format!("s:feed{feed}")) + "\\";
                feeds[feed].extend(parts.into_iter().map(|part| format!("{station}{part}")));
            }
            let longest = feeds.iter().map(Vec::len).max().unwrap_or(0);
            let merged: Vec<_> =
                (0..longest).flat_map(|at| feeds.iter().filter_map(move |feed| feed.get(at).cloned())).collect();
            for outcome in collect(merged.join("\n").as_bytes(), usize::MAX) {
                if let OutcomeKind::Message(Received { message: Message::StaticVoyage(voyage), .. }) = outcome.kind {
                    // The destination lies in the second part.
                    let mmsi = voyage.header.mmsi_raw;
                    prop_assert_eq!(voyage.name().unwrap().to_string(), format!("SHIP {mmsi}"));
                    prop_assert_eq!(voyage.destination().unwrap().to_string(), format!("TO {mmsi} AGAIN"));
                }
            }
        }
    }
}
