//! `alongside decode`: sentences in, an object for each message out.
//!
//! The objects are those of gpsd's documented JSON (`gpsd_json(5)`, "AIS DUMP FORMATS"), in its names, units and
//! words for "not available", so that whatever reads `gpsdecode -j` reads them: `--unscaled` gives what
//! `gpsdecode -u` gives. Besides, an object says when the message was heard (`received_at`), by whom
//! (`station`), and with `--nmea` in which lines. What the receiver says of its own place and clock is an
//! object of class `TPV`, and its heading one of class `ATT`.
//!
//! # Where gpsdecode says something else
//!
//! The tests compare with gpsdecode over recordings of all sorts; this is said of its edition 3.22. First, what
//! only one of the two has:
//!
//! | type | gpsdecode | here | why |
//! |---|---|---|---|
//! | all | nothing for lengths that it does not expect | what was sent | the fields that are there are sound |
//! | all | nothing for sentences behind what is not theirs: times, tag blocks in odd places | the message | the sentence is whole |
//! | all | messages of sentences without a checksum | a rejection | nothing shows that it is whole |
//! | all | parts of several messages joined, or none of them | each with its own | parts are told apart by number, channel, station and group |
//! | 24 | nothing until both parts came, one object for both | each part as it comes, with `part`; with `--join-static` part B with the name of part A as one object | each is a transmission of its own |
//!
//! Then what they say of one message:
//!
//! | type | field | gpsdecode | here | why |
//! |---|---|---|---|---|
//! | 1-3 | `turn` | its size in whole degrees | with its sign, to 0.1° | the sign tells the side |
//! | 17, 27 | `lon`, `lat` | to 0.1° | to 1e-6° | 1/10 minute was sent |
//! | 27 | `status` | the word where things are scaled | the number, and the word as `status_text` | as of types 1-3, and as later editions of gpsd do |
//! | 6, 8 | `lon`, `lat` in 1/1000 minute | to 0.0001° | to 1e-6° | 1/1000 minute was sent |
//! | 1-4, 9, 11, 18 | `radio` of a message that was cut | what is left of it, as a number | nothing | a part of a number is another number |
//! | 4, 5, 11, 19, 21 | `epfd_text` of 15 | `INVALID EPFD` | `Internal GNSS` | M.1371-5 |
//! | 24 | `vendorid` | seven characters | three, `model` and `serial` | M.1371-4 and later |
//! | 25, 26 | `app_id`, `data` of an addressed one | from bit 70 | from bit 72 | two spare bits follow the destination |
//! | 25, 26 | `dest_mmsi`, `app_id` that were not sent | those of an earlier message | 0 | |
//! | 26 | `data`, `radio` | four bits more, 0 | without the spare bits, as sent | |
//! | 7, 13, 15, 20 | a station or a slot that was cut | what is left of it, as a number | 0, which is none | a part of a number is another number |
//! | 6, 8 | fields of an application behind the end of its data | zeros | nothing | they were not sent |
//! | 6, 8 | items of lists | one more, of zeros | those that are whole | |
//! | 6 | 1/14: `lon`, `lat` | ten times as much | degrees | 1/10000 minute |
//! | 6, 8 | 1/15, 1/16 | bits of the destination or behind the data | the first bits of the data | the circulars |
//! | 8 | 1/11, 1/31: `pressuretend`, `leveltrend` | 1 `increasing`, 2 `decreasing` | the other way round | the circulars |
//! | 8 | 1/31: `waterlevel` | to 0.1 m, 42 million below the datum | to 0.01 m, with its sign | 1/100 m |
//! | 6, 8 | 1/13: `from`, `to`; 1/20: `arrival`; 200/21, 200/22: `eta` | without `Z`, and but for 1/13 without zeros in front | as in the other applications | UTC |
//! | 8 | 1/17: `targets` | of 122 bits, with 10 bits of `speed` | of 120 bits, with 8 | Circ.289: one to four targets in 176 to 536 bits, speeds to 255 |
//! | 8 | 1/17: `mmsi`, `imo` | the last 32 bits | all 42 | Circ.289 |
//! | 8 | 1/19: `nextsignal`, the words of signals | no comma behind it, `"` as it is | JSON | |
//! | 8 | 1/19: `signal_text`, `nextsignal_text` of 8 to 14 | those of the code before | 8 is `I`, 13 is `X`, 14 is invalid | Circ.289, and gpsd's own description |
//! | 8 | 1/19: `lon`, `lat` unscaled | degrees | 1/1000 minute, as sent | |
//! | 6, 8 | 200/21, 200/22, 200/24: texts | `"` and `\` as they are | JSON | |
//! | 8 | 200/23: `type`, `class` | twice in one object | `emma_type`, `intensity` for those of the warning | |
//! | 8 | 200/23: `class_text` of 0 to 3 | `Slight`, `Medium`, `Strong`, invalid | `N/A`, `Slight`, `Medium`, `Strong` | Inland |
//! | 8 | 200/10; 200/23: `start`, `min`, `max`; 200/24: `level` | see the application module of the decoder | | |

mod application;
mod csv;
mod fields;
mod json;
mod message;
mod vocabulary;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use decoder::{Decoder, Header, Message, Outcome, OutcomeKind, OwnShip, Received, SixBitText};
use maritime::Timestamp;
use memchr::{memchr_iter, memrchr};
use rustc_hash::FxHashMap;

use crate::cli::{DecodeArgs, DecodeFormat};
use crate::output::Output;
use crate::report::grouped;
use crate::source::{ByteStream, PartLines, Place, expand};
use crate::{DONE, REJECTED, terminal};
use csv::Csv;
use fields::{Decimal, Fields, Key, key};
use json::Json;
use message::Teller;

/// Unpacked bytes at hand at a time. A line that is longer is refused by the decoder.
const BUFFER_BYTES: usize = 128 << 10;

/// Ships whose name is kept for part B. When there are more, all are forgotten: each is sent again within
/// minutes.
const NAMES_MAX: usize = 100_000;

/// Decodes as asked; gives the exit code.
///
/// # Errors
///
/// An input cannot be read, standard output cannot be written to, or everything was rejected.
pub fn run(args: &DecodeArgs) -> anyhow::Result<u8> {
    match args.format {
        DecodeFormat::Ndjson => decode(args, Json::default()),
        DecodeFormat::Csv => decode(args, Csv::new()),
    }
}

fn decode<F: Fields>(args: &DecodeArgs, out: F) -> anyhow::Result<u8> {
    let started = Instant::now();
    let mut printer = Printer::new(out, args);
    let mut output = Output::stdout();
    let mut whole = true;
    for location in expand(&args.files)? {
        printer.device = match &location.place {
            Place::Stdin => "stdin".into(),
            place => place.to_string(),
        };
        whole &= decode_input(&location.place, &mut printer, &mut output)?;
        if output.is_closed() {
            break;
        }
    }
    output.write_all(printer.out.written())?;
    output.finish()?;
    let counts = &printer.counts;
    if !args.quiet {
        counts.tell(started.elapsed().as_secs_f64());
    }
    if counts.accepted == 0 && counts.rejected() > 0 {
        let rejected = grouped(counts.rejected());
        bail!("all {rejected} records were rejected: {}", listed(&counts.by_rejection));
    }
    whole &= counts.rejected() == 0;
    Ok(if args.strict && !whole { REJECTED } else { DONE })
}

/// Decodes one input to its end; false if that came too early.
fn decode_input<F: Fields>(
    place: &Place,
    printer: &mut Printer<F>,
    output: &mut Output,
) -> anyhow::Result<bool> {
    let mut stream =
        ByteStream::open(place, Arc::default()).with_context(|| format!("cannot read {place}"))?;
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
    let (mut end, mut begun) = (0, false);
    let damage = loop {
        match stream.read(&mut buffer[end..]) {
            Ok(0) => break None,
            Ok(count) => end += count,
            Err(error) => break Some(stream.describe(&error)),
        }
        // The rest of the last line is left until its end has come, unless there is no room for it.
        let full = end == buffer.len();
        let lines_end = memrchr(b'\n', &buffer[..end]).map_or(0, |at| at + 1);
        let taken = if lines_end == 0 && full { end } else { lines_end };
        printer.push(&mut decoder, without_mark(&buffer[..taken], &mut begun));
        buffer.copy_within(taken..end, 0);
        end -= taken;
        // What came at once goes at once: nobody waits for messages that are there.
        flush(printer.out.written(), output)?;
        if output.is_closed() {
            return Ok(true);
        }
    };
    let rest = &buffer[..end];
    if damage.is_some() && end > 0 {
        // A line that lost its end may look whole and say something else.
        printer.counts.reject(1, "cut_off");
    } else {
        printer.push(&mut decoder, without_mark(rest, &mut begun));
    }
    decoder.finish(&mut |outcome| printer.take(outcome, Some(rest.trim_ascii())));
    flush(printer.out.written(), output)?;
    if let Some(damage) = &damage {
        terminal::tell(format_args!("warning: {place} {damage}"));
    }
    Ok(damage.is_none())
}

/// What editors put in front of a text is no part of its first line.
fn without_mark<'a>(bytes: &'a [u8], begun: &mut bool) -> &'a [u8] {
    if bytes.is_empty() || std::mem::replace(begun, true) {
        return bytes;
    }
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn flush(written: &mut Vec<u8>, output: &mut Output) -> io::Result<()> {
    output.write_all(written)?;
    written.clear();
    output.flush()
}

/// Writes what the decoder makes of lines, and counts.
struct Printer<F> {
    out: F,
    scaled: bool,
    /// The lines under way, if they are to be shown.
    part_lines: Option<PartLines<Vec<u8>>>,
    /// Names of parts A by MMSI, if parts B are to have them.
    names: Option<FxHashMap<u32, SixBitText<20>>>,
    /// Where the lines come from.
    device: String,
    counts: Counts,
}

impl<F: Fields> Printer<F> {
    fn new(out: F, args: &DecodeArgs) -> Self {
        Printer {
            out,
            scaled: !args.unscaled,
            part_lines: args.nmea.then(PartLines::default),
            names: args.join_static.then(FxHashMap::default),
            device: String::new(),
            counts: Counts::default(),
        }
    }

    fn push(&mut self, decoder: &mut Decoder, bytes: &[u8]) {
        if self.part_lines.is_none() {
            return decoder.push(bytes, &mut |outcome| self.take(outcome, None));
        }
        let mut start = 0;
        for end in memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            let line = bytes[start..end].trim_ascii();
            if let Some(part_lines) = &mut self.part_lines {
                part_lines.keep(line, || line.to_vec());
            }
            let through = (end + 1).min(bytes.len());
            decoder.push(&bytes[start..through], &mut |outcome| self.take(outcome, Some(line)));
            start = through;
        }
    }

    /// `line` is the one that was pushed last, if lines are shown.
    #[inline]
    fn take(&mut self, outcome: Outcome, line: Option<&[u8]>) {
        match &outcome.kind {
            OutcomeKind::Message(received) => {
                self.counts.accept(outcome.lines);
                self.print_message(received, outcome.lines, line);
            }
            OutcomeKind::OwnShip(own_ship) => {
                self.counts.accept(outcome.lines);
                self.counts.own_ship += 1;
                if !F::IS_TABLE {
                    self.print_own_ship(own_ship, line);
                }
            }
            OutcomeKind::Skipped(skipped) => self.counts.skip(outcome.lines, skipped.name()),
            OutcomeKind::Rejected(rejection) => {
                self.counts.reject(outcome.lines, rejection.name());
            }
        }
    }

    #[inline]
    fn print_message(&mut self, received: &Received, lines: u32, line: Option<&[u8]>) {
        let message = &received.message;
        let header = message.header();
        self.counts.by_type[usize::from(header.message_type) & 31] += 1;
        let ship_name = self.join_names(message);
        self.out.begin("AIS");
        self.out.any_text(key!("device"), &self.device);
        let mut teller = Teller { out: &mut self.out, scaled: self.scaled };
        teller.header(header);
        if let Some(at) = received.received_at {
            tell_time(teller.out, key!("received_at"), at);
        }
        if let Some(station) = &received.station {
            teller.out.any_text(key!("station"), station.as_str());
        }
        teller.message(message, ship_name);
        self.print_lines(header, lines, line);
        self.out.end();
    }

    /// Keeps the name of a part A; gives it for a part B.
    #[inline]
    fn join_names(&mut self, message: &Message) -> Option<SixBitText<20>> {
        let names = self.names.as_mut()?;
        match message {
            Message::StaticDataA(part) => {
                if names.len() >= NAMES_MAX {
                    names.clear();
                }
                names.insert(part.header.mmsi_raw, part.name_raw);
                None
            }
            Message::StaticDataB(part) => names.get(&part.header.mmsi_raw).copied(),
            _ => None,
        }
    }

    fn print_own_ship(&mut self, own_ship: &OwnShip, line: Option<&[u8]>) {
        const METRES_PER_SECOND: f64 = 1852.0 / 3600.0;
        let rounded = |number: f64, decimals: u32| {
            Decimal::new((number * 10_f64.powi(decimals as i32)).round() as i64, decimals)
        };
        self.out.begin(if own_ship.heading_deg.is_some() { "ATT" } else { "TPV" });
        self.out.any_text(key!("device"), &self.device);
        match own_ship.heading_deg {
            Some(degrees) => self.out.decimal(key!("heading"), rounded(f64::from(degrees), 2)),
            // 1 is "no fix", 2 a place without a height.
            None => self.out.integer(key!("mode"), if own_ship.position.is_some() { 2 } else { 1 }),
        }
        if let Some(at) = own_ship.observed_at {
            tell_time(&mut self.out, key!("time"), at);
        }
        if let Some(at) = own_ship.received_at {
            tell_time(&mut self.out, key!("received_at"), at);
        }
        if let Some(position) = own_ship.position {
            self.out.decimal(key!("lat"), rounded(position.latitude_deg(), 9));
            self.out.decimal(key!("lon"), rounded(position.longitude_deg(), 9));
        }
        if let Some(knots) = own_ship.speed_knots {
            self.out.decimal(key!("speed"), rounded(f64::from(knots) * METRES_PER_SECOND, 3));
        }
        if let Some(degrees) = own_ship.course_deg {
            self.out.decimal(key!("track"), rounded(f64::from(degrees), 4));
        }
        if let (Some(_), Some(line)) = (&self.part_lines, line) {
            self.out.lines(key!("nmea"), [line].into_iter());
        }
        self.out.end();
    }

    #[inline]
    fn print_lines(&mut self, header: Header, lines: u32, line: Option<&[u8]>) {
        let (Some(part_lines), Some(line)) = (&mut self.part_lines, line) else { return };
        let parts = if lines > 1 { part_lines.take(header, line) } else { Vec::new() };
        if parts.is_empty() {
            self.out.lines(key!("nmea"), [line].into_iter());
        } else {
            self.out.lines(key!("nmea"), parts.iter().map(Vec::as_slice));
        }
    }
}

/// `2024-01-31T23:59:59.500Z`
fn tell_time<F: Fields>(out: &mut F, key: Key, at: Timestamp) {
    const MS_PER_DAY: i64 = 86_400_000;
    let (days, ms) = (at.as_millis().div_euclid(MS_PER_DAY), at.as_millis().rem_euclid(MS_PER_DAY));
    let (year, month, day) = civil(days);
    if !(0..=9999).contains(&year) {
        return out.word(key, &at.to_string());
    }
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |start: usize, width: usize, mut number: i64| {
        for digit in text[start..start + width].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    put(11, 2, ms / 3_600_000);
    put(14, 2, ms / 60_000 % 60);
    put(17, 2, ms / 1000 % 60);
    put(20, 3, ms % 1000);
    out.word(key, std::str::from_utf8(&text).expect("digits are text"));
}

/// Year, month and day of a day counted from 1970-01-01, by counting years from March on, so that the day
/// that leap years have more is the last of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// What became of the lines: `received = accepted + rejected`, always.
#[derive(Default)]
struct Counts {
    received: u64,
    accepted: u64,
    own_ship: u64,
    by_type: [u64; 32],
    by_skip: Vec<(&'static str, u64)>,
    by_rejection: Vec<(&'static str, u64)>,
}

impl Counts {
    #[inline]
    fn accept(&mut self, lines: u32) {
        self.received += u64::from(lines);
        self.accepted += u64::from(lines);
    }

    fn skip(&mut self, lines: u32, what: &'static str) {
        self.accept(lines);
        add(&mut self.by_skip, what, lines);
    }

    fn reject(&mut self, lines: u32, reason: &'static str) {
        self.received += u64::from(lines);
        add(&mut self.by_rejection, reason, lines);
    }

    fn rejected(&self) -> u64 {
        self.by_rejection.iter().map(|(_, count)| count).sum()
    }

    fn tell(&self, seconds: f64) {
        let line = |name: &str, text: &str| {
            if !text.is_empty() {
                terminal::tell(format_args!("{name:<10} {text}"));
            }
        };
        let rate = grouped((self.received as f64 / seconds.max(0.001)) as u64);
        let (received, accepted) = (grouped(self.received), grouped(self.accepted));
        line("read", &format!("{received} records in {seconds:.1} s, {rate} records a second"));
        let rejected = grouped(self.rejected());
        line(
            "records",
            &format!("received {received} = accepted {accepted} + rejected {rejected}"),
        );
        line("rejected", &listed(&self.by_rejection));
        line("no message", &listed(&self.by_skip));
        let types = self.by_type.iter().enumerate().filter(|(_, count)| **count > 0);
        let mut messages: Vec<String> =
            types.map(|(number, count)| format!("type {number} {}", grouped(*count))).collect();
        if self.own_ship > 0 {
            messages.push(format!("own ship {}", grouped(self.own_ship)));
        }
        line("messages", &messages.join(", "));
    }
}

/// The names are the decoder's own, so they are few.
fn add(counts: &mut Vec<(&'static str, u64)>, name: &'static str, lines: u32) {
    match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += u64::from(lines),
        None => counts.push((name, lines.into())),
    }
}

/// `bad checksum 12, no sentence 3`
fn listed(counts: &[(&'static str, u64)]) -> String {
    let each = counts.iter().filter(|(_, count)| *count > 0);
    let each = each.map(|(name, count)| format!("{} {}", name.replace('_', " "), grouped(*count)));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_shown() {
        let days = [-719_468, -1, 0, 59, 60, 11_016, 19_782, 19_783, 2_932_896];
        for ms in days.map(|day| day * 86_400_000 + 45_296_789) {
            let at = Timestamp::from_millis(ms);
            let mut json = Json::default();
            json.begin("AIS");
            tell_time(&mut json, key!("received_at"), at);
            let expected = format!("{{\"class\":\"AIS\",\"received_at\":\"{at}\"");
            assert_eq!(std::str::from_utf8(json.written()).unwrap(), expected);
        }
    }
}
