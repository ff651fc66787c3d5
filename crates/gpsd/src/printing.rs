//! Lines to text.

use decoder::{
    Decoder, Header, Message, Outcome, OutcomeKind, OwnShip, PartLines, Received, SixBitText,
};
use maritime::Timestamp;
use memchr::memchr_iter;
use rustc_hash::FxHashMap;

use crate::csv::Csv;
use crate::fields::{Decimal, Fields, Key, key};
use crate::json::Json;
use crate::message::Teller;

/// Ships whose name is kept for part B. When there are more, all are forgotten: each is sent again within
/// minutes.
const NAMES_MAX: usize = 100_000;

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An object a line.
    Ndjson,
    /// A row a message, behind a row with the names of the columns; without what the receiver says of itself.
    Csv,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Numbers as they were sent.
    pub unscaled: bool,
    /// The lines that a message was in.
    pub nmea: bool,
    /// Part B of the static data of a ship of class B with the name that its part A gave.
    pub join_static: bool,
}

/// Decodes lines and writes what they say.
pub struct Printer {
    decoder: Decoder,
    writer: Kind,
}

/// One for each format, so that none is asked for at each field.
enum Kind {
    Ndjson(Box<Writer<Json>>),
    Csv(Box<Writer<Csv>>),
}

/// Calls the same of whichever it is.
macro_rules! of_kind {
    ($printer:expr, $writer:ident => $what:expr) => {
        match $printer {
            Kind::Ndjson($writer) => $what,
            Kind::Csv($writer) => $what,
        }
    };
}

impl Printer {
    /// Nothing is written yet, but the names of the columns.
    pub fn new(format: Format, options: Options) -> Self {
        let writer = match format {
            Format::Ndjson => Kind::Ndjson(Box::new(Writer::new(Json::default(), options))),
            Format::Csv => Kind::Csv(Box::new(Writer::new(Csv::new(), options))),
        };
        Printer { decoder: Decoder::new(), writer }
    }

    /// What comes now is of another input, of that name; what was not finished of the one before is lost.
    pub fn begin(&mut self, device: &str) {
        self.decoder = Decoder::new();
        of_kind!(&mut self.writer, writer => writer.device = device.into());
    }

    /// Takes whole lines. One without its end goes on with the next piece, and is shown in pieces where lines are.
    pub fn push(&mut self, lines: &[u8]) {
        of_kind!(&mut self.writer, writer => writer.push(&mut self.decoder, lines));
    }

    /// The input is at its end. `last` is the line that it ended with, which was pushed, and is shown where lines are.
    pub fn finish(&mut self, last: &[u8]) {
        let (decoder, last) = (&mut self.decoder, Some(last.trim_ascii()));
        of_kind!(&mut self.writer, writer => {
            decoder.finish(&mut |outcome| writer.take(outcome, last));
        });
    }

    /// Counts a line of which only a part is there.
    pub fn reject_cut_off(&mut self) {
        of_kind!(&mut self.writer, writer => writer.counts.reject(1, "cut_off"));
    }

    /// What is written and not taken yet: whoever takes it clears it.
    pub fn written(&mut self) -> &mut Vec<u8> {
        of_kind!(&mut self.writer, writer => writer.out.written())
    }

    /// Of all inputs.
    pub fn counts(&self) -> &Counts {
        of_kind!(&self.writer, writer => &writer.counts)
    }
}

/// Writes in one format what the decoder makes of lines, and counts.
struct Writer<F> {
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

impl<F: Fields> Writer<F> {
    fn new(out: F, options: Options) -> Self {
        Writer {
            out,
            scaled: !options.unscaled,
            part_lines: options.nmea.then(PartLines::default),
            names: options.join_static.then(FxHashMap::default),
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
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// All lines.
    pub received: u64,
    /// Those of messages and of the own ship, and those that are skipped.
    pub accepted: u64,
    /// Sentences of the own ship.
    pub own_ship: u64,
    /// Messages, not lines, by their type.
    pub by_type: [u64; 32],
    /// Lines that say nothing, by what they are.
    pub by_skip: Vec<(&'static str, u64)>,
    /// Lines by the reason why they are rejected.
    pub by_rejection: Vec<(&'static str, u64)>,
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

    /// Lines that are rejected.
    pub fn rejected(&self) -> u64 {
        self.by_rejection.iter().map(|(_, count)| count).sum()
    }
}

/// The names are the decoder's own, so they are few.
fn add(counts: &mut Vec<(&'static str, u64)>, name: &'static str, lines: u32) {
    match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += u64::from(lines),
        None => counts.push((name, lines.into())),
    }
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
