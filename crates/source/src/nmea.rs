//! Lines of NMEA to reports: the decoder's messages, put in time by the recording's clock.

use decoder::{Message, Outcome, OutcomeKind, Received, Station};
use maritime::{
    Mmsi, Position, PositionFix, Report, StaticReport, StationId, Timestamp, VesselIdentity,
};
use memchr::{memchr, memrchr};

use crate::clock::{TimeTeller, is_plausible};
use crate::dating::{Dating, DatingCounters};
use crate::feeds::Feeds;
use crate::intake::Collector;
use crate::table::More;

/// Reads the lines of one recording.
pub struct Nmea {
    feeds: Feeds,
    interpreter: Interpreter<()>,
    positions: Positions,
    begun: bool,
    /// Lines end in a carriage return alone.
    ends_in_cr: bool,
    /// Lines with the usual end in place of that.
    translated: Vec<u8>,
}

impl Nmea {
    /// Before its first byte; `start_time` is when that was heard, if the lines themselves do not say.
    pub fn new(start_time: Option<Timestamp>) -> Self {
        Nmea {
            feeds: Feeds::new(),
            interpreter: Interpreter::new(start_time),
            positions: Positions::default(),
            begun: false,
            ends_in_cr: false,
            translated: Vec::new(),
        }
    }

    /// Reads the whole lines at the start of `bytes`; returns how many bytes they took.
    pub fn read(&mut self, bytes: &[u8], more: More, out: &mut Collector) -> usize {
        if !self.begun && !bytes.is_empty() {
            self.ends_in_cr = memchr(b'\n', bytes).is_none() && memchr(b'\r', bytes).is_some();
        }
        let line_end = if self.ends_in_cr { b'\r' } else { b'\n' };
        // The rest of the last line is left until its end has come: if the input is cut off there, it
        // must not be read, because a cut time or checksum may still look like one.
        let taken = match more {
            More::Yes => memrchr(line_end, bytes).map_or(0, |end| end + 1),
            // The decoder refuses lines that are too long, and counts them, without keeping them.
            More::Full | More::No => bytes.len(),
        };
        let mut lines = &bytes[..taken];
        if !self.begun && !lines.is_empty() {
            self.begun = true;
            lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        }
        if self.ends_in_cr {
            self.translated.clear();
            self.translated.extend(lines.iter().map(|&b| if b == b'\r' { b'\n' } else { b }));
            lines = &self.translated;
        }
        let reports = &mut Reports { positions: &mut self.positions, out };
        let interpreter = &mut self.interpreter;
        self.feeds.push(lines, &mut |feed, outcome| interpreter.take(feed, outcome, (), reports));
        taken
    }

    /// The end of the recording.
    pub fn finish(&mut self, out: &mut Collector) {
        let reports = &mut Reports { positions: &mut self.positions, out };
        let interpreter = &mut self.interpreter;
        self.feeds.finish(&mut |feed, outcome| interpreter.take(feed, outcome, (), reports));
        interpreter.finish(reports);
    }

    /// Who told the time.
    pub fn dating_counters(&self) -> DatingCounters {
        self.interpreter.dating.counters()
    }

    /// There were positions, and their time is a start time moved on by the seconds that they say.
    pub fn is_dated_by_seconds_alone(&self) -> bool {
        self.positions.all > 0 && self.interpreter.dating.is_by_seconds_alone()
    }

    /// How many tag blocks were damaged, so that their sentences were read without them.
    pub fn tag_blocks_damaged(&self) -> u64 {
        self.feeds.tag_blocks_damaged()
    }

    /// There were positions, and not one of them could be put in time.
    pub fn is_without_time(&self) -> bool {
        let positions = &self.positions;
        positions.all > 0 && positions.all == positions.without_time
    }
}

/// Puts messages in time, whoever wants them: as reports, or as the lines in which they stand. `T` goes with each.
pub(crate) struct Interpreter<T> {
    dating: Dating<Heard<T>>,
}

/// What is made of lines.
pub(crate) trait Taker<T> {
    /// They are in order and say nothing that a report could hold.
    fn accept(&mut self, lines: u32, what: &'static str);
    /// They are refused.
    fn reject(&mut self, lines: u32, reason: &'static str);
    /// A message of this type was read.
    fn count(&mut self, message_type: u8);
    /// A vessel said something at that time, which nobody may know.
    fn take(&mut self, heard: Heard<T>, observed_at: Option<Timestamp>);
}

/// Lines as reports.
struct Reports<'a> {
    positions: &'a mut Positions,
    out: &'a mut Collector,
}

/// How many position reports there were.
#[derive(Default)]
struct Positions {
    all: u64,
    without_time: u64,
}

/// What a vessel said, before it is known when.
pub(crate) struct Heard<T> {
    pub(crate) mmsi: Mmsi,
    pub(crate) motion: Option<Motion>,
    pub(crate) statement: Option<Statement>,
    station: Option<StationId>,
    lines: u32,
    pub(crate) tag: T,
}

/// What the position reports have in common.
pub(crate) struct Motion {
    pub(crate) position: Option<Position>,
    speed_knots: Option<f32>,
    course_deg: Option<f32>,
    heading_deg: Option<f32>,
    /// Of the minute in which it was measured.
    second: Option<u8>,
    coarse: bool,
}

/// What the messages about identity have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Statement {
    pub(crate) identity: VesselIdentity,
    pub(crate) draught_m: Option<f32>,
    pub(crate) destination: Option<maritime::Text<20>>,
}

impl<T> Interpreter<T> {
    /// Before the first line; `start_time` is when that was heard, if the lines themselves do not say.
    pub(crate) fn new(start_time: Option<Timestamp>) -> Self {
        Interpreter { dating: Dating::new(start_time) }
    }

    /// Takes what became of lines of a feed, which stands in for the receiver where none is named.
    pub(crate) fn take(
        &mut self,
        feed: Option<Station>,
        outcome: Outcome,
        tag: T,
        out: &mut impl Taker<T>,
    ) {
        let lines = outcome.lines;
        match outcome.kind {
            OutcomeKind::Message(mut received) => {
                received.station = received.station.or(feed);
                self.take_message(&received, lines, tag, out);
            }
            OutcomeKind::Skipped(skipped) => out.accept(lines, skipped.name()),
            OutcomeKind::Rejected(rejection) => out.reject(lines, rejection.name()),
            OutcomeKind::OwnShip(own_ship) => {
                out.accept(lines, "own_ship");
                let told = own_ship.observed_at.map(|at| (TimeTeller::OwnShip, at));
                self.take_time(own_ship.received_at, told, out);
            }
        }
    }

    /// The end of the lines.
    pub(crate) fn finish(&mut self, out: &mut impl Taker<T>) {
        self.dating.finish(&mut |heard, observed_at| out.take(heard, observed_at));
    }

    fn take_message(&mut self, received: &Received, lines: u32, tag: T, out: &mut impl Taker<T>) {
        let header = received.message.header();
        out.count(header.message_type);
        let (motion, statement) = match &received.message {
            Message::BaseStation(message) => {
                out.accept(lines, "base_station");
                let station = header.mmsi().map(TimeTeller::Station);
                return self.take_time(received.received_at, station.zip(message.utc()), out);
            }
            message => match (motion(message), statement(message)) {
                (None, None) => {
                    out.accept(lines, "other_message");
                    return self.take_time(received.received_at, None, out);
                }
                both => both,
            },
        };
        // Zero is what a transponder sends that nobody has set up.
        let Some(mmsi) = header.mmsi() else { return out.reject(lines, "bad_mmsi") };
        let received_at = received.received_at.filter(|at| is_plausible(*at));
        let second = motion.as_ref().and_then(|motion| motion.second);
        let station = received.station.map(|name| StationId::of_bytes(name.as_bytes()));
        let heard = Heard { mmsi, motion, statement, station, lines, tag };
        self.dating.observe(received_at, second, heard, &mut |heard, observed_at| {
            out.take(heard, observed_at);
        });
    }

    /// A line that is no report was heard at `received_at`, or else somebody told the time in it.
    fn take_time(
        &mut self,
        received_at: Option<Timestamp>,
        told: Option<(TimeTeller, Timestamp)>,
        out: &mut impl Taker<T>,
    ) {
        let mut each = |heard: Heard<T>, observed_at| out.take(heard, observed_at);
        if let Some(received_at) = received_at.filter(|at| is_plausible(*at)) {
            self.dating.receive(received_at, &mut each);
        } else if let Some((by, at)) = told {
            self.dating.tell(by, at, &mut each);
        }
    }
}

impl Taker<()> for Reports<'_> {
    fn accept(&mut self, lines: u32, what: &'static str) {
        self.out.accept(lines, what);
    }

    fn reject(&mut self, lines: u32, reason: &'static str) {
        self.out.reject(lines, reason);
    }

    fn count(&mut self, message_type: u8) {
        self.out.counters.message_types.add(message_type, 1);
    }

    fn take(&mut self, heard: Heard<()>, observed_at: Option<Timestamp>) {
        let Heard { mmsi, motion, statement, station, lines, tag: () } = heard;
        let Reports { positions, out } = self;
        positions.all += u64::from(motion.is_some());
        let Some(observed_at) = observed_at else {
            positions.without_time += u64::from(motion.is_some());
            return out.reject(lines, "no_time_yet");
        };
        let fix = motion.and_then(|motion| motion.fix(mmsi, observed_at, station));
        let report = statement.map(|statement| statement.report(mmsi, observed_at));
        match (report, fix) {
            (Some(report), Some(fix)) => {
                out.report(Report::Static(report), 0);
                out.report(Report::Position(fix), lines);
            }
            (Some(report), None) => out.report(Report::Static(report), lines),
            (None, Some(fix)) => out.report(Report::Position(fix), lines),
            (None, None) => out.accept(lines, "no_position"),
        }
    }
}

impl Motion {
    /// `None` if the position is not available.
    fn fix(
        &self,
        mmsi: Mmsi,
        observed_at: Timestamp,
        station: Option<StationId>,
    ) -> Option<PositionFix> {
        Some(PositionFix {
            mmsi,
            observed_at,
            position: self.position?,
            speed_knots: self.speed_knots,
            course_deg: self.course_deg,
            heading_deg: self.heading_deg,
            coarse: self.coarse,
            station,
        })
    }
}

impl Statement {
    fn report(self, mmsi: Mmsi, observed_at: Timestamp) -> StaticReport {
        let Statement { identity, draught_m, destination } = self;
        StaticReport { mmsi, observed_at, identity, draught_m, destination }
    }
}

fn motion(message: &Message) -> Option<Motion> {
    Some(match message {
        Message::PositionReport(message) => Motion {
            position: message.position(),
            speed_knots: message.speed_knots(),
            course_deg: message.course_deg(),
            heading_deg: message.heading_deg(),
            second: message.second(),
            coarse: false,
        },
        Message::ClassB(message) => Motion {
            position: message.position(),
            speed_knots: message.speed_knots(),
            course_deg: message.course_deg(),
            heading_deg: message.heading_deg(),
            second: message.second(),
            coarse: false,
        },
        Message::ClassBExtended(message) => Motion {
            position: message.position(),
            speed_knots: message.speed_knots(),
            course_deg: message.course_deg(),
            heading_deg: message.heading_deg(),
            second: message.second(),
            coarse: false,
        },
        Message::LongRange(message) => Motion {
            position: message.position(),
            speed_knots: message.speed_knots(),
            course_deg: message.course_deg(),
            heading_deg: None,
            second: None,
            coarse: true,
        },
        _ => return None,
    })
}

fn statement(message: &Message) -> Option<Statement> {
    Some(match message {
        Message::StaticVoyage(message) => Statement {
            identity: VesselIdentity {
                imo: message.imo(),
                name: widen(message.name()),
                callsign: message.callsign(),
                ship_type: message.ship_type(),
                dimensions: message.dimensions(),
            },
            draught_m: message.draught_m(),
            destination: message.destination(),
        },
        Message::ClassBExtended(message) => Statement {
            identity: VesselIdentity {
                name: widen(message.name()),
                ship_type: message.ship_type(),
                dimensions: message.dimensions(),
                ..VesselIdentity::default()
            },
            ..Statement::default()
        },
        Message::StaticDataA(message) => Statement {
            identity: VesselIdentity { name: widen(message.name()), ..VesselIdentity::default() },
            ..Statement::default()
        },
        Message::StaticDataB(message) => Statement {
            identity: VesselIdentity {
                callsign: message.callsign(),
                ship_type: message.ship_type(),
                dimensions: message.dimensions(),
                ..VesselIdentity::default()
            },
            ..Statement::default()
        },
        _ => return None,
    })
}

/// A name has 20 characters by radio, and more in tables.
fn widen(name: Option<maritime::Text<20>>) -> Option<maritime::Text<34>> {
    maritime::Text::new(name?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Arrival, Counters, Selection};

    /// A sentence with the fields `(bits, value)` of a message one behind the other.
    fn sentence(fields: &[(u32, u64)]) -> String {
        let bits: Vec<u64> = fields
            .iter()
            .flat_map(|(count, value)| (0..*count).rev().map(move |bit| value >> bit & 1))
            .collect();
        let characters = bits.chunks(6).map(|six| {
            let value = six.iter().fold(0, |value, bit| value << 1 | bit) as u8;
            char::from(value + if value < 40 { 48 } else { 56 })
        });
        let body = format!("AIVDM,1,1,,A,{},0", characters.collect::<String>());
        let checksum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        format!("!{body}*{checksum:02X}\n")
    }

    /// Message 1 from 28° N 95° W.
    fn position_report(mmsi: u64, second: u64) -> String {
        let minutes = |degrees: i64, bits: u32| ((degrees * 600_000) as u64) & ((1 << bits) - 1);
        sentence(&[
            (6, 1),
            (2, 0),
            (30, mmsi),
            (4, 15),
            (8, 128),
            (10, 5),
            (1, 0),
            (28, minutes(-95, 28)),
            (27, minutes(28, 27)),
            (12, 3600),
            (9, 511),
            (6, second),
            (25, 0),
        ])
    }

    /// Message 4 at some second of 12:00 on the last day of February 2024.
    fn base_station(second: u64) -> String {
        sentence(&[
            (6, 4),
            (2, 0),
            (30, 3_669_945),
            (14, 2024),
            (4, 2),
            (5, 29),
            (5, 12),
            (6, 0),
            (6, second),
            (60, 0),
            (30, 0),
        ])
    }

    fn read(lines: &str, start_time: Option<&str>) -> (Vec<Arrival>, Counters, bool) {
        let mut nmea = Nmea::new(start_time.map(|text| Timestamp::parse(text).unwrap()));
        let mut out = Collector::new(Selection::default());
        nmea.read(lines.as_bytes(), More::No, &mut out);
        nmea.finish(&mut out);
        let mut arrivals = Vec::new();
        out.finish();
        out.fetch(&mut arrivals);
        assert_eq!(out.counters.received, lines.lines().count() as u64);
        (arrivals, out.counters, nmea.is_without_time())
    }

    #[track_caller]
    fn check(lines: &str, start_time: Option<&str>, expected: &[&str]) {
        let (arrivals, counters, without_time) = read(lines, start_time);
        let found: Vec<String> =
            arrivals.iter().map(|arrival| arrival.report.observed_at().to_string()).collect();
        assert_eq!(found, expected);
        assert_eq!(counters.received, counters.accepted + counters.rejected.total());
        assert!(!without_time);
    }

    #[test]
    fn a_position_report_becomes_a_fix() {
        let lines = format!("2024-02-29T12:00:30Z {}", position_report(366_000_001, 28));
        let (arrivals, ..) = read(&lines, None);
        let [Arrival { report: Report::Position(fix), lines: 1 }] = arrivals[..] else {
            panic!("{arrivals:?}")
        };
        assert_eq!(fix.mmsi.get(), 366_000_001);
        assert_eq!(fix.position, Position::new(28.0, -95.0).unwrap());
        assert_eq!(fix.observed_at.to_string(), "2024-02-29T12:00:28.000Z");
        assert_eq!((fix.speed_knots, fix.course_deg, fix.heading_deg), (Some(0.5), None, None));
    }

    #[test]
    fn base_stations_tell_the_time_of_a_recording_without_one() {
        let lines = [
            position_report(366_000_001, 58),
            base_station(5),
            position_report(366_000_001, 7),
            position_report(366_000_002, 9),
        ];
        check(
            &lines.concat(),
            None,
            &["2024-02-29T11:59:58.000Z", "2024-02-29T12:00:07.000Z", "2024-02-29T12:00:09.000Z"],
        );
        let (_, counters, _) = read(&lines.concat(), None);
        assert_eq!(counters.message_types.get(1), 3);
    }

    #[test]
    fn own_ship_sentences_tell_the_time_too() {
        let body = "GPRMC,120005,A,5730.000,N,01145.000,E,0.0,0.0,290224,,";
        let checksum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        let lines = format!("${body}*{checksum:02X}\n{}", position_report(366_000_001, 7));
        check(&lines, None, &["2024-02-29T12:00:07.000Z"]);
    }

    #[test]
    fn a_start_time_is_moved_on_by_the_seconds() {
        let lines: String = [58, 2, 7].map(|second| position_report(366_000_001, second)).concat();
        check(
            &lines,
            Some("2023-12-31T23:59:55Z"),
            &["2023-12-31T23:59:58.000Z", "2024-01-01T00:00:02.000Z", "2024-01-01T00:00:07.000Z"],
        );
    }

    #[test]
    fn a_recording_without_any_time_says_so() {
        let lines = position_report(366_000_001, 58).repeat(3);
        let (arrivals, counters, without_time) = read(&lines, None);
        assert!(without_time && arrivals.is_empty());
        assert_eq!(counters.rejected.total(), 3);
        assert_eq!(counters.rejected.get("no_time_yet").unwrap().count, 3);
    }

    #[test]
    fn lines_may_end_in_a_carriage_return_alone() {
        let line =
            |second| format!("2024-02-29T12:00:30Z {}", position_report(366_000_001, second));
        let lines: String = (20..30).map(line).collect();
        let mut nmea = Nmea::new(None);
        let mut out = Collector::new(Selection::default());
        let bytes = lines.replace('\n', "\r").into_bytes();
        let taken = nmea.read(&bytes[..200], More::Yes, &mut out);
        nmea.read(&bytes[taken..], More::No, &mut out);
        nmea.finish(&mut out);
        assert_eq!((out.counters.received, out.counters.reports), (10, 10));
    }

    #[test]
    fn a_byte_order_mark_and_odd_lines_are_no_matter() {
        let lines = format!(
            "\u{feff}2024-02-29T12:00:30Z {}\n# a comment\n{}\nnonsense",
            position_report(366_000_001, 28),
            "x".repeat(10_000_000),
        );
        let (arrivals, counters, _) = read(&lines, None);
        assert_eq!(arrivals.len(), 1);
        assert_eq!(counters.rejected.total(), 2);
    }

    #[test]
    fn no_bytes_panic_it() {
        let mut state = 3_u64;
        let alphabet = b"!$\\AIVDMO,*0123456789w`g:c\r\n\xff# ";
        let bytes: Vec<u8> = (0..200_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                alphabet[(state >> 33) as usize % alphabet.len()]
            })
            .collect();
        let mut nmea = Nmea::new(None);
        let mut out = Collector::new(Selection::default());
        for piece in bytes.chunks(777) {
            nmea.read(piece, More::Full, &mut out);
        }
        nmea.finish(&mut out);
        assert_eq!(out.counters.received, out.counters.accepted + out.counters.rejected.total());
    }
}
