//! Rows of a table to reports: a position each, and before it who the vessel is, when that is news.
//!
//! Rows are cut and split here and not by a general CSV reader for two reasons: an unclosed quote in
//! somebody's name must cost one row and not the rest of the file (nor its size in memory), and most
//! rows have no quote at all and can be split at the speed of `memchr`.

use std::ops::Range;

use maritime::{
    Dimensions, Imo, Mmsi, Position, PositionFix, Report, ShipType, StaticReport, Text, Timestamp,
    VesselIdentity,
};
use memchr::{memchr, memchr_iter};
use rustc_hash::FxHashMap;

use crate::clock::is_plausible;
use crate::columns::{Columns, Quantity};
use crate::intake::Collector;
use crate::number::{DayOrder, parse_decimal, parse_instant, parse_whole};

/// Longer rows are refused: a row of all columns we know takes 300 bytes.
const ROW_BYTES_MAX: usize = 64 << 10;

/// How many vessels' last words on their identity are remembered, so that they are not said again
/// with every row. At the bound all are forgotten, and each is said once more.
const VESSELS_SAID_MAX: usize = 1 << 16;

/// Of each field of identity, as much as is compared and kept: more than fits into any of ours.
const SAID_FIELD_BYTES: usize = 64;

/// What is to come after the bytes that are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// More can be added to them.
    Yes,
    /// No more fit: some of them must be taken.
    Full,
    /// Nothing: they are the end.
    No,
}

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Between fields.
    pub delimiter: u8,
    /// Where things are.
    pub columns: Columns,
    /// The header as it is written, without the end of its line: met again where files were joined.
    pub header: Vec<u8>,
}

/// Reads the rows of one table.
pub struct Table {
    layout: Layout,
    /// The header has been met.
    begun: bool,
    /// `None` while no row has told: then dates with strokes are refused.
    day_order: Option<DayOrder>,
    /// Within a row that is too long and already refused.
    skipping: bool,
    fields: Vec<Range<usize>>,
    said: Said,
}

const IDENTITY: [Quantity; 12] = [
    Quantity::Name,
    Quantity::Imo,
    Quantity::Callsign,
    Quantity::ShipType,
    Quantity::Length,
    Quantity::Width,
    Quantity::Draught,
    Quantity::Destination,
    Quantity::ToBow,
    Quantity::ToStern,
    Quantity::ToPort,
    Quantity::ToStarboard,
];

impl Table {
    /// Before its first byte, the header included.
    pub fn new(layout: Layout) -> Self {
        Table {
            day_order: layout.columns.is_danish.then_some(DayOrder::DayFirst),
            layout,
            begun: false,
            skipping: false,
            fields: Vec::new(),
            said: Said::default(),
        }
    }

    /// Reads the whole rows at the start of `bytes`; returns how many bytes they took.
    pub fn read(&mut self, bytes: &[u8], more: More, out: &mut Collector) -> usize {
        if !self.begun && !self.layout.columns.is_danish {
            self.day_order = self.tell_day_order(bytes);
        }
        let mut start = 0;
        while start < bytes.len() {
            let rest = &bytes[start..];
            let Some((line, taken)) = cut_line(rest, more) else {
                if more == More::Yes || start > 0 {
                    break;
                }
                if !self.skipping {
                    self.skipping = true;
                    out.reject(1, "row_too_long");
                }
                return bytes.len();
            };
            if self.skipping {
                self.skipping = false;
                start += taken;
                continue;
            }
            let Some(taken) = self.read_row(rest, line, taken, more, out) else { break };
            start += taken;
        }
        start
    }

    /// What the first rows say of how dates with strokes are written. `None` if they say nothing, or
    /// contradict each other.
    fn tell_day_order(&mut self, first_rows: &[u8]) -> Option<DayOrder> {
        let Layout { delimiter, columns, .. } = &self.layout;
        let index = columns.index(Quantity::Time)?;
        let mut told = None;
        for row in first_rows.split(|byte| *byte == b'\n') {
            split_quoted(row, *delimiter, columns.count, &mut self.fields);
            let time = self.fields.get(index).and_then(|field| DayOrder::of(&row[field.clone()]));
            match (told, time) {
                (Some(told), Some(time)) if told != time => return None,
                (_, time) => told = told.or(time),
            }
        }
        told
    }

    /// The row that begins with `line`, the first of `rest`. `None` if its end has yet to come.
    fn read_row(
        &mut self,
        rest: &[u8],
        line: &[u8],
        taken: usize,
        more: More,
        out: &mut Collector,
    ) -> Option<usize> {
        if line.len() > ROW_BYTES_MAX {
            out.reject(1, "row_too_long");
            return Some(taken);
        }
        if memchr(b'"', line).is_none() {
            split_plain(line, self.layout.delimiter, self.layout.columns.count, &mut self.fields);
            self.read_fields(line, out);
            return Some(taken);
        }
        // A quoted field may hold the end of a line, so the row may go on in the next.
        let mut taken_by_row = taken;
        let mut row = line;
        while !split_quoted(row, self.layout.delimiter, self.layout.columns.count, &mut self.fields)
        {
            let next = rest.get(taken_by_row..).filter(|next| !next.is_empty());
            let next_line = next.and_then(|next| cut_line(next, more));
            if next_line.is_none() && more == More::Yes && rest.len() <= ROW_BYTES_MAX {
                return None;
            }
            let longer = next_line
                .map(|(line, taken)| (taken_by_row + line.len(), taken_by_row + taken))
                .filter(|(length, _)| *length <= ROW_BYTES_MAX);
            let Some((length, taken_with_next)) = longer else {
                out.reject_value("unclosed_quote", line);
                return Some(taken);
            };
            row = &rest[..length];
            taken_by_row = taken_with_next;
        }
        self.read_fields(row, out);
        Some(taken_by_row)
    }

    fn read_fields(&mut self, row: &[u8], out: &mut Collector) {
        if !self.begun {
            // The header is the first line that is not blank, and no record.
            self.begun = !row.trim_ascii().is_empty();
            if !self.begun {
                out.accept(1, "blank");
            }
            return;
        }
        if self.fields.len() != self.layout.columns.count {
            if row.trim_ascii().is_empty() {
                return out.accept(1, "blank");
            }
            return out.reject_value("bad_field_count", row);
        }
        let row = Row { bytes: row, fields: &self.fields, columns: &self.layout.columns };
        let what = match row.field(Quantity::Mobile) {
            b"Base Station" => Some("base_station"),
            b"AtoN" => Some("aid_to_navigation"),
            _ => None,
        };
        if let Some(what) = what {
            return out.accept(1, what);
        }
        let Some(mmsi) = parse_whole(row.field(Quantity::Mmsi)).and_then(Mmsi::new) else {
            if row.bytes == self.layout.header {
                return out.accept(1, "header");
            }
            return out.reject_value("bad_mmsi", row.field(Quantity::Mmsi));
        };
        let time = parse_instant(row.field(Quantity::Time), self.day_order);
        let time = time.filter(|at| is_plausible(*at));
        let Some(observed_at) = time else {
            return out.reject_value("bad_time", row.field(Quantity::Time));
        };
        let position = match row.position() {
            RowPosition::At(position) => position,
            RowPosition::Bad => {
                let (latitude, longitude) =
                    (row.field(Quantity::Latitude), row.field(Quantity::Longitude));
                let found = [latitude, longitude].join(&b' ');
                return out.reject_value("bad_position", &found);
            }
            RowPosition::NotAvailable => {
                return match self.said.news(&row, mmsi, observed_at) {
                    Some(report) => out.report(Report::Static(report), 1),
                    None => out.accept(1, "no_position"),
                };
            }
        };
        let fix = PositionFix {
            mmsi,
            observed_at,
            position,
            speed_knots: row.number(Quantity::Speed, 0.0..102.25),
            course_deg: row.number(Quantity::Course, 0.0..360.0),
            heading_deg: row.number(Quantity::Heading, 0.0..360.0),
            coarse: false,
            station: None,
        };
        if out.wants(&fix)
            && let Some(report) = self.said.news(&row, mmsi, observed_at)
        {
            out.report(Report::Static(report), 0);
        }
        out.report(Report::Position(fix), 1);
    }
}

/// One row, split.
struct Row<'a> {
    bytes: &'a [u8],
    fields: &'a [Range<usize>],
    columns: &'a Columns,
}

enum RowPosition {
    At(Position),
    /// Empty, or AIS's 91° and 181°.
    NotAvailable,
    Bad,
}

impl<'a> Row<'a> {
    /// Empty if the table has no such column.
    fn field(&self, quantity: Quantity) -> &'a [u8] {
        match self.columns.index(quantity) {
            Some(index) => &self.bytes[self.fields[index].clone()],
            None => &[],
        }
    }

    /// `None` outside of `range`: there stand AIS's numbers for "not available" (heading 511, course
    /// 360, speed 102.3) and what some writers make of them.
    fn number(&self, quantity: Quantity, range: Range<f64>) -> Option<f32> {
        let number = parse_decimal(self.field(quantity))?;
        range.contains(&number).then_some(number as f32)
    }

    fn position(&self) -> RowPosition {
        let (latitude, longitude) =
            (self.field(Quantity::Latitude), self.field(Quantity::Longitude));
        if latitude.is_empty() && longitude.is_empty() {
            return RowPosition::NotAvailable;
        }
        let (Some(latitude_deg), Some(longitude_deg)) =
            (parse_decimal(latitude), parse_decimal(longitude))
        else {
            return RowPosition::Bad;
        };
        if latitude_deg == 91.0 || longitude_deg == 181.0 {
            return RowPosition::NotAvailable;
        }
        Position::new(latitude_deg, longitude_deg).map_or(RowPosition::Bad, RowPosition::At)
    }

    fn text<const N: usize>(&self, quantity: Quantity) -> Option<Text<N>> {
        let field = self.field(quantity);
        if field.eq_ignore_ascii_case(b"unknown") || field.eq_ignore_ascii_case(b"undefined") {
            return None;
        }
        // Plain text goes without a copy; a doubled quote or a byte of an older code page does not.
        match std::str::from_utf8(field) {
            Ok(text) if !text.contains("\"\"") => Text::new(text),
            Ok(text) => Text::new(&text.replace("\"\"", "\"")),
            Err(_) => Text::new(&field.iter().map(|byte| char::from(*byte)).collect::<String>()),
        }
    }

    fn imo(&self) -> Option<Imo> {
        let field = self.field(Quantity::Imo).trim_ascii();
        let digits = match field.split_at_checked(3) {
            Some((prefix, digits)) if prefix.eq_ignore_ascii_case(b"IMO") => digits,
            _ => field,
        };
        Imo::new(parse_whole(digits)?)
    }

    fn dimensions(&self) -> Option<Dimensions> {
        let metres = |quantity, metres_max: f64| {
            let metres = parse_decimal(self.field(quantity)).unwrap_or(0.0).round();
            if (0.0..=metres_max).contains(&metres) { metres as u16 } else { 0 }
        };
        let about_antenna = Dimensions {
            bow_m: metres(Quantity::ToBow, 511.0),
            stern_m: metres(Quantity::ToStern, 511.0),
            port_m: metres(Quantity::ToPort, 63.0),
            starboard_m: metres(Quantity::ToStarboard, 63.0),
        };
        if about_antenna.length_m() > 0 || about_antenna.beam_m() > 0 {
            return Some(about_antenna);
        }
        // Only the size is known, not where the antenna stands. ITU-R M.1371-5, annex 8, figure 41:
        // then the distances to bow and port are 0 and the other two hold length and beam.
        let size = Dimensions {
            bow_m: 0,
            stern_m: metres(Quantity::Length, 511.0),
            port_m: 0,
            starboard_m: metres(Quantity::Width, 63.0),
        };
        (size.stern_m > 0 || size.starboard_m > 0).then_some(size)
    }

    /// `None` if it says nothing.
    fn static_report(&self, mmsi: Mmsi, observed_at: Timestamp) -> Option<StaticReport> {
        let ship_type = std::str::from_utf8(self.field(Quantity::ShipType)).unwrap_or("");
        let identity = VesselIdentity {
            imo: self.imo(),
            name: self.text(Quantity::Name),
            callsign: self.text(Quantity::Callsign),
            ship_type: ShipType::parse(ship_type),
            dimensions: self.dimensions(),
        };
        let draught_m = self.number(Quantity::Draught, 0.05..25.55);
        let destination = self.text(Quantity::Destination);
        let says_nothing =
            identity == VesselIdentity::default() && draught_m.is_none() && destination.is_none();
        let report = StaticReport { mmsi, observed_at, identity, draught_m, destination };
        (!says_nothing).then_some(report)
    }
}

/// What each vessel last said of itself, as it stood in the table.
#[derive(Default)]
struct Said {
    last: FxHashMap<Mmsi, Box<[u8]>>,
    saying: Vec<u8>,
}

impl Said {
    /// What `row` says of the vessel's identity; `None` if its last row said the same.
    fn news(&mut self, row: &Row, mmsi: Mmsi, observed_at: Timestamp) -> Option<StaticReport> {
        // The bytes themselves are compared and not a hash of them: names are chosen by strangers.
        self.saying.clear();
        for quantity in IDENTITY {
            if row.columns.index(quantity).is_some() {
                let field = row.field(quantity);
                self.saying.extend_from_slice(&field[..field.len().min(SAID_FIELD_BYTES)]);
                self.saying.push(b'\n');
            }
        }
        if self.last.get(&mmsi).is_some_and(|last| **last == *self.saying) {
            return None;
        }
        if self.last.len() >= VESSELS_SAID_MAX {
            self.last.clear();
        }
        self.last.insert(mmsi, self.saying.as_slice().into());
        row.static_report(mmsi, observed_at)
    }
}

/// The first line of `bytes` without its end, and how many bytes it takes with it. `None` if its end
/// is not there and may still come, or can no longer be held.
fn cut_line(bytes: &[u8], more: More) -> Option<(&[u8], usize)> {
    let (line, taken) = match memchr(b'\n', bytes) {
        Some(end) => (&bytes[..end], end + 1),
        None if more == More::No => (bytes, bytes.len()),
        None => return None,
    };
    Some((line.strip_suffix(b"\r").unwrap_or(line), taken))
}

/// Splits a row without quotes. One field more than `count_max` is enough to know that there are too many.
fn split_plain(row: &[u8], delimiter: u8, count_max: usize, fields: &mut Vec<Range<usize>>) {
    fields.clear();
    let mut start = 0;
    for end in memchr_iter(delimiter, row) {
        fields.push(start..end);
        start = end + 1;
        if fields.len() > count_max {
            return;
        }
    }
    fields.push(start..row.len());
}

/// Splits a row in which fields may stand in quotes (RFC 4180); the quotes around them are left out,
/// the doubled ones within are left in. False if the last field's quote is not closed.
fn split_quoted(
    row: &[u8],
    delimiter: u8,
    count_max: usize,
    fields: &mut Vec<Range<usize>>,
) -> bool {
    fields.clear();
    let mut start = 0;
    loop {
        let mut end = start;
        if row.get(start) == Some(&b'"') {
            let mut at = start + 1;
            let closed = loop {
                let Some(quote) = memchr(b'"', &row[at..]) else { return false };
                let quote = at + quote;
                if row.get(quote + 1) != Some(&b'"') {
                    break quote;
                }
                at = quote + 2;
            };
            fields.push(start + 1..closed);
            end = closed + 1;
        }
        let quoted = end > start;
        let next = memchr(delimiter, &row[end..]).map(|next| end + next);
        if !quoted {
            fields.push(start..next.unwrap_or(row.len()));
        }
        match next {
            Some(next) if fields.len() <= count_max => start = next + 1,
            _ => return true,
        }
    }
}

/// Splits a header or a first row into names, without blanks around them.
pub fn split_names(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut fields = Vec::new();
    if !split_quoted(line, delimiter, usize::MAX - 1, &mut fields) {
        split_plain(line, delimiter, usize::MAX - 1, &mut fields);
    }
    fields
        .into_iter()
        .map(|field| String::from_utf8_lossy(&line[field]).trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Arrival, Counters, Selection};

    const MARINE_CADASTRE: &str = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,TransceiverClass";
    const DANISH: &str = "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,Data source type,A,B,C,D";

    fn table(header: &str) -> Table {
        let columns = Columns::find(&split_names(header.as_bytes(), b','), None).unwrap();
        Table::new(Layout { delimiter: b',', columns, header: header.into() })
    }

    struct Out {
        counters: Counters,
        arrivals: Vec<Arrival>,
    }

    /// Reads a whole table, in pieces of `piece` bytes as a buffer of 4 times as many would hold them.
    fn read_in_pieces(header: &str, rows: &[u8], piece: usize) -> Out {
        let mut table = table(header);
        let bytes = [header.as_bytes(), b"\n", rows].concat();
        let mut out = Collector::new(Selection::default());
        let mut held = Vec::new();
        let mut pieces = bytes.chunks(piece).peekable();
        while let Some(next) = pieces.next() {
            held.extend_from_slice(next);
            let more = match pieces.peek() {
                None => More::No,
                Some(_) if held.len() >= (4 * piece).max(1000) => More::Full,
                Some(_) => More::Yes,
            };
            let taken = table.read(&held, more, &mut out);
            held.drain(..taken);
        }
        assert!(held.is_empty());
        let mut arrivals = Vec::new();
        out.finish();
        out.fetch(&mut arrivals);
        let counters = out.counters;
        assert_eq!(counters.received, counters.accepted + counters.rejected.total());
        Out { counters, arrivals }
    }

    fn read(header: &str, rows: &str) -> Out {
        read_in_pieces(header, rows.as_bytes(), 1 << 20)
    }

    #[track_caller]
    fn check_rejected(header: &str, rows: &str, reason: &'static str) {
        let out = read(header, rows);
        assert_eq!(out.arrivals, []);
        assert_eq!(out.counters.rejected.iter().collect::<Vec<_>>(), [(reason, 1)]);
    }

    #[test]
    fn the_first_value_that_is_refused_is_kept_as_an_example() {
        let rows = ["2024-01-01T00:00:00,95,2", "yesterday,1,2", "today,1,2", "2024-01-01,6,200"];
        let rows: String = rows.iter().map(|row| format!("219000123,{row}\n")).collect();
        let long = "x".repeat(1000);
        let out = read("mmsi,time,lat,lon", &format!("{rows}{long},2024-01-01T00:00:00,1,2\n"));
        let example = |reason| out.counters.rejected.get(reason).unwrap().example.as_deref();
        assert_eq!(example("bad_time"), Some("yesterday"));
        assert_eq!(example("bad_position"), Some("95 2"));
        assert_eq!(example("bad_mmsi"), Some("x".repeat(60).as_str()));
    }

    fn fix(arrival: &Arrival) -> PositionFix {
        match arrival.report {
            Report::Position(fix) => fix,
            Report::Static(_) => panic!("{arrival:?} is no position"),
        }
    }

    fn identity(arrival: &Arrival) -> StaticReport {
        match arrival.report {
            Report::Static(report) => report,
            Report::Position(_) => panic!("{arrival:?} is no identity"),
        }
    }

    #[test]
    fn a_row_says_who_and_then_where() {
        let out = read(
            MARINE_CADASTRE,
            "636021061,2023-01-11T00:00:00,26.09241,-80.04806,8.8,272.7,270.0,MSC NAISHA III,IMO9307839,5LCB4,70,8.0,208.0,30.0,8.0,70.0,A\r\n",
        );
        let [first, second] = &out.arrivals[..] else { panic!("{:?}", out.arrivals) };
        assert_eq!((first.lines, second.lines), (0, 1));
        let report = identity(first);
        assert_eq!(report.identity.name.unwrap().as_str(), "MSC NAISHA III");
        assert_eq!(report.identity.callsign.unwrap().as_str(), "5LCB4");
        assert_eq!(report.identity.imo.unwrap().get(), 9_307_839);
        assert_eq!(report.identity.ship_type, Some(ShipType(70)));
        let dimensions = report.identity.dimensions.unwrap();
        assert_eq!((dimensions.length_m(), dimensions.beam_m()), (208, 30));
        assert_eq!(report.draught_m, Some(8.0));
        let fix = fix(second);
        assert_eq!(fix.mmsi.get(), 636_021_061);
        assert_eq!(fix.observed_at, Timestamp::parse("2023-01-11T00:00:00Z").unwrap());
        assert_eq!(fix.position, Position::new(26.09241, -80.04806).unwrap());
        assert_eq!(fix.speed_knots, Some(8.8));
        assert_eq!(fix.course_deg, Some(272.7));
        assert_eq!(fix.heading_deg, Some(270.0));
    }

    #[test]
    fn not_available_is_none() {
        let out = read(
            MARINE_CADASTRE,
            "338148873,2022-01-03T00:00:00,33.60716,-117.91483,102.3,360.0,511,,IMO0000000,,0,,0,0,0.0,,B\n",
        );
        let [arrival] = &out.arrivals[..] else { panic!("{:?}", out.arrivals) };
        let fix = fix(arrival);
        assert_eq!((fix.speed_knots, fix.course_deg, fix.heading_deg), (None, None, None));
        let out = read(MARINE_CADASTRE, "338148873,2022-01-03T00:00:00,91,181,,,,,,,,,,,,,B\n");
        assert_eq!(out.counters.without_report.get("no_position"), 1);
    }

    #[test]
    fn identity_is_said_again_when_it_changes() {
        let row = |name: &str| {
            format!("338148873,2022-01-03T00:00:00,33.6,-117.9,0,0,0,{name},,,,,,,,,B\n")
        };
        let rows = [row("ONE"), row("ONE"), row("TWO"), row(""), row("TWO")].concat();
        let out = read(MARINE_CADASTRE, &rows);
        let lines: Vec<u32> = out.arrivals.iter().map(|arrival| arrival.lines).collect();
        assert_eq!(lines, [0, 1, 1, 0, 1, 1, 0, 1]);
    }

    #[test]
    fn danish_rows_are_read_and_shore_stations_counted() {
        let rows = "31/12/2015 23:59:59,Class A,219000123,55.123456,11.654321,Under way using engine,0.0,12.3,45.6,47,9307839,OXYZ2,\"SHIP, GOOD\",Tanker,,20,120,GPS,7.5,ROTTERDAM,,AIS,100,20,8,12\n\
                    31/12/2015 23:59:59,Base Station,2190047,55.1,11.6,Unknown value,,,,,Unknown,Unknown,,Undefined,,,,GPS,,Unknown,,AIS,,,,\n\
                    31/12/2015 23:59:59,AtoN,992191234,55.1,11.6,Unknown value,,,,,Unknown,Unknown,,Undefined,,,,GPS,,Unknown,,AIS,,,,\n\
                    31/12/2015 23:59:59,Class B,219000124,55.1,11.6,Unknown value,,,,,Unknown,Unknown,,Undefined,,,,GPS,,Unknown,,AIS,,,,\n";
        let out = read(DANISH, rows);
        assert_eq!(out.arrivals.len(), 3);
        let report = identity(&out.arrivals[0]);
        assert_eq!(report.identity.name.unwrap().as_str(), "SHIP, GOOD");
        assert_eq!(report.identity.ship_type, Some(ShipType(80)));
        assert_eq!(
            report.identity.dimensions,
            Some(Dimensions { bow_m: 100, stern_m: 20, port_m: 8, starboard_m: 12 })
        );
        assert_eq!(report.destination.unwrap().as_str(), "ROTTERDAM");
        let at = Timestamp::parse("2015-12-31T23:59:59Z").unwrap();
        assert_eq!(fix(&out.arrivals[1]).observed_at, at);
        assert_eq!(fix(&out.arrivals[2]).mmsi.get(), 219_000_124);
        assert_eq!(out.counters.without_report.get("base_station"), 1);
        assert_eq!(out.counters.without_report.get("aid_to_navigation"), 1);
    }

    #[test]
    fn rows_that_make_no_sense_are_refused_with_a_reason() {
        let header = "mmsi,time,lat,lon";
        check_rejected(header, "ship,2024-01-01T00:00:00,1,2\n", "bad_mmsi");
        check_rejected(header, "0,2024-01-01T00:00:00,1,2\n", "bad_mmsi");
        check_rejected(header, "1234567890,2024-01-01T00:00:00,1,2\n", "bad_mmsi");
        check_rejected(header, "219000123,yesterday,1,2\n", "bad_time");
        check_rejected(header, "219000123,0001-01-01T00:00:00,1,2\n", "bad_time");
        check_rejected(header, "219000123,2024-01-01T00:00:00,north,2\n", "bad_position");
        check_rejected(header, "219000123,2024-01-01T00:00:00,95,2\n", "bad_position");
        check_rejected(header, "219000123,2024-01-01T00:00:00,1\n", "bad_field_count");
        check_rejected(header, "219000123,2024-01-01T00:00:00,1,2,3", "bad_field_count");
    }

    /// The times of the rows, those that are refused left out.
    #[track_caller]
    fn check_times(header: &str, times: &[&str], expected: &[&str]) {
        let row = |time: &&str| format!("219000123,{time},1,2\n");
        let out = read(header, &times.iter().map(row).collect::<String>());
        let found: Vec<String> =
            out.arrivals.iter().map(|a| a.report.observed_at().to_string()[..10].into()).collect();
        assert_eq!(found, expected);
        let rejected = out.counters.rejected;
        assert_eq!(rejected.get("bad_time").map_or(0, |bad| bad.count), rejected.total());
    }

    #[test]
    fn whether_the_day_or_the_month_comes_first_is_told_by_the_rows() {
        let (ambiguous, header) = ("03/04/2024 01:00:00", "MMSI,BaseDateTime,LAT,LON");
        check_times(header, &[ambiguous], &[]);
        check_times(header, &[ambiguous, "02/28/2024 01:00:00"], &["2024-02-28", "2024-03-04"]);
        check_times(header, &[ambiguous, "28/02/2024 01:00:00"], &["2024-02-28", "2024-04-03"]);
        check_times(header, &[ambiguous, "28/02/2024 01:00:00", "02/28/2024 01:00:00"], &[]);
        let danish = "MMSI,# Timestamp,Latitude,Longitude,Type of mobile";
        let out = read(danish, "219000123,03/04/2024 01:00:00,1,2,Class A\n");
        assert!(out.arrivals[0].report.observed_at().to_string().starts_with("2024-04-03"));
    }

    #[test]
    fn a_repeated_header_and_blank_lines_are_no_faults() {
        let row = "219000123,2024-01-01T00:00:00,1,2\n";
        let out = read("mmsi,time,lat,lon", &format!("{row}\n  \r\nmmsi,time,lat,lon\n{row}"));
        assert_eq!(out.arrivals.len(), 2);
        assert_eq!(out.counters.without_report.get("header"), 1);
        assert_eq!(out.counters.without_report.get("blank"), 2);
    }

    #[test]
    fn quotes_hold_delimiters_line_ends_and_quotes() {
        let row = "\"219000123\",\"2024-01-01T00:00:00\",1,2,\"A, \"\"B\"\"\nC\"\n";
        let out = read("mmsi,time,lat,lon,name", &row.repeat(2));
        assert_eq!(identity(&out.arrivals[0]).identity.name.unwrap().as_str(), "A, \"B\"\nC");
        assert_eq!(out.counters.received, 2);
    }

    #[test]
    fn an_unclosed_quote_costs_one_row() {
        let row = "219000123,2024-01-01T00:00:00,1,2,NAME\n";
        let open = "219000123,2024-01-01T00:00:00,1,2,\"NAME\n";
        let rows = [row.repeat(10), open.into(), row.repeat(5000)].concat();
        for piece in [1 << 12, 1 << 20] {
            let out = read_in_pieces("mmsi,time,lat,lon,name", rows.as_bytes(), piece);
            assert_eq!(out.counters.rejected.iter().collect::<Vec<_>>(), [("unclosed_quote", 1)]);
            assert_eq!(out.counters.accepted, 5010);
        }
    }

    #[test]
    fn a_long_row_is_refused_and_not_kept() {
        let row = "219000123,2024-01-01T00:00:00,1,2\n";
        let rows = [row, &"x".repeat(10_000_000), "\n", row].concat();
        let out = read_in_pieces("mmsi,time,lat,lon", rows.as_bytes(), 1 << 15);
        assert_eq!(out.counters.rejected.iter().collect::<Vec<_>>(), [("row_too_long", 1)]);
        assert_eq!(out.counters.accepted, 2);
    }

    #[test]
    fn pieces_make_no_difference() {
        let rows = "219000123,2024-01-01T00:00:00,1,2,\"A\nB\"\r\nx,2024-01-01T00:00:00,1,2,\n219000124,2024-01-01 00:00:00,1,2,C";
        let whole = read("mmsi,time,lat,lon,name", rows);
        for piece in 1..120 {
            let out = read_in_pieces("mmsi,time,lat,lon,name", rows.as_bytes(), piece);
            assert_eq!(out.counters, whole.counters, "pieces of {piece}");
            assert_eq!(out.arrivals, whole.arrivals, "pieces of {piece}");
        }
    }

    #[test]
    fn no_bytes_panic_it() {
        // A small generator of its own: the point is many odd rows, not good randomness.
        let alphabet = b"\",\n\r;0123456789-:T. \xffNaeIMO";
        let mut state = 1_u64;
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..300)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    alphabet[(state >> 33) as usize % alphabet.len()]
                })
                .collect();
            read_in_pieces("mmsi,time,lat,lon,name", &bytes, 50);
        }
    }
}
