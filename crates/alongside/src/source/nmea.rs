//! Lines of NMEA to reports: the decoder's messages, put in time by the recording's clock.

use decoder::{Decoder, Message, Outcome, OutcomeKind, Received};
use maritime::{Mmsi, Position, PositionFix, Report, StaticReport, Timestamp, VesselIdentity};
use memchr::memrchr;

use super::clock::{RecordingClock, TimeTeller, is_plausible};
use super::intake::Collector;
use super::table::More;

/// Reads the lines of one recording.
pub struct Nmea {
    decoder: Decoder,
    interpreter: Interpreter,
    begun: bool,
}

impl Nmea {
    /// Before its first byte; `start_time` is when that was heard, if the lines themselves do not say.
    pub fn new(start_time: Option<Timestamp>) -> Self {
        let interpreter = Interpreter {
            clock: RecordingClock::new(start_time),
            positions: 0,
            positions_without_time: 0,
        };
        Nmea { decoder: Decoder::new(), interpreter, begun: false }
    }

    /// Reads the whole lines at the start of `bytes`; returns how many bytes they took.
    pub fn read(&mut self, bytes: &[u8], more: More, out: &mut Collector) -> usize {
        // The rest of the last line is left until its end has come: if the input is cut off there, it
        // must not be read, because a cut time or checksum may still look like one.
        let taken = match more {
            More::Yes => memrchr(b'\n', bytes).map_or(0, |end| end + 1),
            // The decoder refuses lines that are too long, and counts them, without keeping them.
            More::Full | More::No => bytes.len(),
        };
        let mut lines = &bytes[..taken];
        if !self.begun && !lines.is_empty() {
            self.begun = true;
            lines = lines.strip_prefix(b"\xef\xbb\xbf").unwrap_or(lines);
        }
        self.decoder.push(lines, &mut |outcome| self.interpreter.take(outcome, out));
        taken
    }

    /// The end of the recording.
    pub fn finish(&mut self, out: &mut Collector) {
        self.decoder.finish(&mut |outcome| self.interpreter.take(outcome, out));
    }

    /// There were positions, and not one of them could be put in time.
    pub fn is_without_time(&self) -> bool {
        let interpreter = &self.interpreter;
        interpreter.positions > 0 && interpreter.positions == interpreter.positions_without_time
    }
}

struct Interpreter {
    clock: RecordingClock,
    positions: u64,
    positions_without_time: u64,
}

/// What the position reports have in common.
struct Motion {
    position: Option<Position>,
    speed_knots: Option<f32>,
    course_deg: Option<f32>,
    heading_deg: Option<f32>,
    /// Of the minute in which it was measured.
    second: Option<u8>,
    coarse: bool,
}

/// What the messages about identity have in common.
#[derive(Default)]
struct Statement {
    identity: VesselIdentity,
    draught_m: Option<f32>,
    destination: Option<maritime::Text<20>>,
}

impl Interpreter {
    fn take(&mut self, outcome: Outcome, out: &mut Collector) {
        let lines = outcome.lines;
        match outcome.kind {
            OutcomeKind::Message(received) => self.take_message(&received, lines, out),
            OutcomeKind::Skipped(skipped) => out.accept(lines, skipped.name()),
            OutcomeKind::Rejected(rejection) => out.reject(lines, rejection.name()),
            OutcomeKind::OwnShip(own_ship) => {
                if let Some(received_at) = own_ship.received_at.filter(|at| is_plausible(*at)) {
                    self.clock.receive(received_at);
                } else if let Some(at) = own_ship.observed_at {
                    self.clock.tell(TimeTeller::OwnShip, at);
                }
                out.accept(lines, "own_ship");
            }
        }
    }

    fn take_message(&mut self, received: &Received, lines: u32, out: &mut Collector) {
        let header = received.message.header();
        out.counters.message_types.add(header.message_type, 1);
        let received_at = received.received_at.filter(|at| is_plausible(*at));
        let (motion, statement) = match &received.message {
            Message::BaseStation(message) => {
                match (received_at, message.utc(), header.mmsi()) {
                    (Some(received_at), ..) => self.clock.receive(received_at),
                    (None, Some(at), Some(mmsi)) => {
                        self.clock.tell(TimeTeller::Station(mmsi), at);
                    }
                    _ => {}
                }
                return out.accept(lines, "base_station");
            }
            Message::Other(_) => {
                if let Some(received_at) = received_at {
                    self.clock.receive(received_at);
                }
                return out.accept(lines, "other_message");
            }
            message => (motion(message), statement(message)),
        };
        // Zero is what a transponder sends that nobody has set up.
        let Some(mmsi) = header.mmsi() else { return out.reject(lines, "bad_mmsi") };
        let second = motion.as_ref().and_then(|motion| motion.second);
        let observed_at = self.clock.observe(received_at, second);
        self.positions += u64::from(motion.is_some());
        let Some(observed_at) = observed_at else {
            self.positions_without_time += u64::from(motion.is_some());
            return out.reject(lines, "no_time_yet");
        };
        let fix = motion.and_then(|motion| motion.fix(mmsi, observed_at));
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
    fn fix(&self, mmsi: Mmsi, observed_at: Timestamp) -> Option<PositionFix> {
        Some(PositionFix {
            mmsi,
            observed_at,
            position: self.position?,
            speed_knots: self.speed_knots,
            course_deg: self.course_deg,
            heading_deg: self.heading_deg,
            coarse: self.coarse,
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
