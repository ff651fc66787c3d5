//! One decoder for each feed: the journal of the daemon has the lines of many, and says of each whose it is.
//!
//! Which parts of messages belong together can only be told among the lines of one feed, so they are decoded as they
//! came from there. The block that names the feed is taken off before that: as the word of a station it would say
//! that all of the feed's lines were heard by one receiver, which nobody knows.

use decoder::{Decoder, Outcome, Station};
use memchr::{memchr, memchr2, memmem};
use rustc_hash::FxHashMap;

/// So many feeds have a decoder of their own; the lines of the others share one, with their feeds as stations.
const FEEDS_MAX: usize = 1024;
/// What the block of a feed begins with.
const BLOCK: &[u8] = b"\\f:";

/// A line that begins so, when a segment of a journal begins that is one stream: from there on everything is decoded as if
/// it were another recording.
pub const SEGMENT: &[u8] = b"#segment ";

/// The decoders of one recording.
pub struct Feeds {
    /// For lines of no feed.
    alone: Decoder,
    /// It has the beginning of a line whose end has not come.
    is_open: bool,
    feeds: Vec<(Station, Decoder)>,
    known: FxHashMap<Station, usize>,
    /// The line at hand without the block of its feed.
    line: Vec<u8>,
    /// In segments that have ended.
    tag_blocks_damaged: u64,
}

impl Default for Feeds {
    fn default() -> Self {
        Feeds::new()
    }
}

impl Feeds {
    /// Before the first line.
    pub fn new() -> Self {
        Feeds {
            alone: Decoder::new(),
            is_open: false,
            feeds: Vec::new(),
            known: FxHashMap::default(),
            line: Vec::new(),
            tag_blocks_damaged: 0,
        }
    }

    /// Takes a piece of the recording. `each` is told what becomes of its lines, and of which feed they are.
    pub fn push(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Option<Station>, Outcome)) {
        let mut from = 0;
        while let Some(found) = memmem::find(&bytes[from..], SEGMENT) {
            let start = from + found;
            let begins_line = if start == 0 { !self.is_open } else { bytes[start - 1] == b'\n' };
            if begins_line {
                self.push_piece(&bytes[..start], each);
                self.begin_segment(each);
                bytes = &bytes[start..];
                from = SEGMENT.len();
            } else {
                from = start + 1;
            }
        }
        self.push_piece(bytes, each);
    }

    fn push_piece(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Option<Station>, Outcome)) {
        // Recordings of others name none: they are not looked at line by line.
        if self.is_open || memmem::find(bytes, BLOCK).is_none() {
            let end = match self.is_open {
                true => memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1),
                false => bytes.len(),
            };
            let (first, rest) = bytes.split_at(end);
            self.push_alone(first, each);
            if rest.is_empty() {
                return;
            }
            bytes = rest;
        }
        while let Some(end) = memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            if !self.push_of_feed(line, each) {
                self.push_alone(&bytes[..=end], each);
            }
            bytes = rest;
        }
        self.push_alone(bytes, each);
    }

    /// Takes a line of the recording, without its end.
    pub fn push_line(&mut self, line: &[u8], each: &mut impl FnMut(Option<Station>, Outcome)) {
        if !self.push_of_feed(line, each) {
            self.alone.push_line(line, &mut |outcome| each(None, outcome));
        }
    }

    /// With the lines of which feed this one is decoded; `None` if with those of no feed.
    pub fn feed_of(&mut self, line: &[u8]) -> Option<Station> {
        let (_, feed, _) = feed_of(line)?;
        self.feed(feed).map(|_| feed)
    }

    /// Takes a line if it is that of a feed.
    fn push_of_feed(
        &mut self,
        line: &[u8],
        each: &mut dyn FnMut(Option<Station>, Outcome),
    ) -> bool {
        let Some((time, feed, said)) = feed_of(line) else { return false };
        let Some(index) = self.feed(feed) else { return false };
        self.line.clear();
        self.line.extend_from_slice(time);
        self.line.extend_from_slice(said);
        let (feed, decoder) = &mut self.feeds[index];
        decoder.push_line(&self.line, &mut |outcome| each(Some(*feed), outcome));
        true
    }

    /// The end of the recording.
    pub fn finish(&mut self, each: &mut dyn FnMut(Option<Station>, Outcome)) {
        self.is_open = false;
        self.alone.finish(&mut |outcome| each(None, outcome));
        for (feed, decoder) in &mut self.feeds {
            decoder.finish(&mut |outcome| each(Some(*feed), outcome));
        }
    }

    /// The end of one segment and the beginning of the next.
    pub fn begin_segment(&mut self, each: &mut impl FnMut(Option<Station>, Outcome)) {
        self.finish(each);
        *self = Feeds { tag_blocks_damaged: self.tag_blocks_damaged(), ..Feeds::new() };
    }

    /// How many tag blocks were damaged.
    pub fn tag_blocks_damaged(&self) -> u64 {
        let feeds = self.feeds.iter().map(|(_, decoder)| decoder.tag_blocks_damaged());
        self.tag_blocks_damaged + self.alone.tag_blocks_damaged() + feeds.sum::<u64>()
    }

    fn push_alone(&mut self, bytes: &[u8], each: &mut impl FnMut(Option<Station>, Outcome)) {
        if let Some(last) = bytes.last() {
            self.is_open = *last != b'\n';
            self.alone.push(bytes, &mut |outcome| each(None, outcome));
        }
    }

    fn feed(&mut self, name: Station) -> Option<usize> {
        if let Some(index) = self.known.get(&name) {
            return Some(*index);
        }
        if self.feeds.len() == FEEDS_MAX {
            return None;
        }
        self.known.insert(name, self.feeds.len());
        self.feeds.push((name, Decoder::new()));
        Some(self.feeds.len() - 1)
    }
}

/// The block that names a feed: `\f:harbour*2D\`.
pub fn feed_block(name: &str) -> String {
    format!("\\f:{name}*{:02X}\\", checksum(format!("f:{name}").as_bytes()))
}

/// The time in front of a line of the journal, its feed, and the rest. Only the first block counts, which the daemon
/// wrote: what comes behind it may say anything.
fn feed_of(line: &[u8]) -> Option<(&[u8], Station, &[u8])> {
    let start = memchr(b'\\', line)?;
    let (time, block) = line.split_at(start);
    let said = block.strip_prefix(BLOCK)?;
    if memchr2(b'!', b'$', time).is_some() {
        return None;
    }
    let (said, rest) = said.split_at(memchr(b'\\', said)?);
    let [name @ .., b'*', _, _] = said else { return None };
    let stated = u8::from_str_radix(str::from_utf8(&said[name.len() + 1..]).ok()?, 16).ok()?;
    let fits = checksum(&block[1..BLOCK.len() + name.len()]) == stated;
    let name = str::from_utf8(name).ok().filter(|_| fits)?;
    Some((time, Station::new(name)?, &rest[1..]))
}

/// Of a sentence or a tag block: the exclusive or of all that stands between its marks.
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    use decoder::OutcomeKind;

    use super::*;

    const ONE: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C";

    /// What became of lines, and of which feed they were.
    fn read(text: &str, size: usize) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut each = |feed: Option<Station>, outcome: Outcome| {
            let feed = feed.map_or(String::new(), |feed| format!("of {feed}"));
            all.push((
                feed,
                match outcome.kind {
                    OutcomeKind::Message(received) => format!(
                        "{} by {}",
                        received.message.header().message_type,
                        received.station.map_or("nobody".into(), |name| name.to_string())
                    ),
                    OutcomeKind::Skipped(skipped) => skipped.name().into(),
                    OutcomeKind::Rejected(rejection) => rejection.name().into(),
                    OutcomeKind::OwnShip(_) => "own_ship".into(),
                },
            ));
        };
        let mut feeds = Feeds::new();
        for piece in text.as_bytes().chunks(size) {
            // As the readers of lines give it: whole lines, unless they are too long for them.
            feeds.push(piece, &mut each);
        }
        feeds.finish(&mut each);
        all
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = read(text, usize::MAX);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&a[..], &b[..])).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_line_is_of_the_feed_that_its_first_block_names() {
        let (a, b) = (feed_block("a"), feed_block("b"));
        check(&format!("2026-11-27T15:00:00.123Z {a}{ONE}\n"), &[("of a", "1 by nobody")]);
        check(&format!("{a}\\s:x*31\\{ONE}\n{ONE}\n"), &[("of a", "1 by x"), ("", "1 by nobody")]);
        check(&format!("{a}{b}{ONE}\n"), &[("of a", "1 by b")]);
        check(&format!("{ONE} {a}\n"), &[("", "1 by nobody")]);
        check(&format!("{}{ONE}\n", a.replace("*", "*1")), &[("", "1 by nobody")]);
    }

    #[test]
    fn junk_behind_the_block_of_its_feed_is_no_tag_block() {
        let a = feed_block("a");
        check(&format!("2026-11-27T15:00:00Z {a}junk\n"), &[("of a", "not_a_sentence")]);
        check(&format!("2026-11-27T15:00:00Z {a}\\s:x*31\\\n"), &[("of a", "tag_block")]);
    }

    #[test]
    fn what_one_feed_says_does_not_hold_for_another() {
        let (a, b) = (feed_block("a"), feed_block("b"));
        let text = format!("{a}\\s:x*31\\\n{b}{ONE}\n{a}{ONE}\n");
        check(&text, &[("of a", "tag_block"), ("of b", "1 by nobody"), ("of a", "1 by x")]);
    }

    #[test]
    fn parts_of_messages_do_not_go_from_segment_to_segment() {
        let a = feed_block("a");
        let body = "55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8";
        let lines: Vec<String> =
            [format!("AIVDM,2,1,1,A,{body},0"), "AIVDM,2,2,1,A,88888888880,2".into()]
                .map(|body| format!("{a}!{body}*{:02X}\n", checksum(body.as_bytes())))
                .into();
        let whole = format!("{}#segmen 2026\n{}", lines[0], lines[1]);
        check(&whole, &[("", "comment"), ("of a", "5 by nobody")]);
        let cut = format!("{}#segment 2026-11-27T15:00:00Z\n{}", lines[0], lines[1]);
        for size in [usize::MAX, 1000] {
            let kinds: Vec<String> = read(&cut, size).into_iter().map(|(_, kind)| kind).collect();
            assert_eq!(kinds, ["orphan_fragment", "comment", "orphan_fragment"]);
        }
        let inside = format!("{}{a}x #segment 2026\n{}", lines[0], lines[1]);
        check(&inside, &[("of a", "not_a_sentence"), ("of a", "5 by nobody")]);
    }

    #[test]
    fn a_line_without_an_end_is_read_when_it_has_come() {
        let a = feed_block("a");
        let text = format!("{ONE}\n{a}{ONE}\n{a}{ONE}");
        let all = read(&text, usize::MAX);
        assert_eq!(all.len(), 3);
        assert_eq!(all[1], ("of a".into(), "1 by nobody".into()));
        // However it is cut, nothing is lost or doubled.
        for size in 1..text.len() {
            assert_eq!(read(&text, size).len(), 3, "{size}");
        }
    }

    #[test]
    fn more_feeds_than_there_may_be_share_a_decoder() {
        let text: String = (0..2000)
            .map(|number| format!("{}{ONE}\n", feed_block(&format!("f{number}"))))
            .collect();
        let all = read(&text, usize::MAX);
        assert_eq!(all.len(), 2000);
        assert_eq!(all[1999], ("".into(), "1 by f1999".into()));
    }
}
