//! Order of arrival in, order of time out.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use maritime::{Mmsi, PositionFix, Report, StaticReport, Timestamp};

use crate::watermark::Watermark;

/// Reports are kept in slices of this length and a slice is sorted when it leaves, which is cheaper
/// than a heap: most reports arrive in order.
const SLICE_MILLIS: i64 = 10_000;

/// As long as fewer reports are held, those whose clock is ahead are held too: they may be right.
const HELD_MAX: usize = 1 << 20;

/// Puts reports in the order of the instants they speak of.
///
/// A report is held until time has come to be `lateness` later, see [`Watermark`]; what comes later than that is
/// refused. Reports of one instant leave in an order that depends on what they say alone, so any order
/// of arrival within the lateness gives the same order of leaving.
///
/// Its size is bounded by what a feed sends within the lateness, and for reports that are further ahead of the others
/// than the lateness by [`HELD_MAX`]; beyond it they are refused.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct ReorderBuffer {
    lateness: Duration,
    slices: BTreeMap<i64, Slice>,
    held: usize,
    held_max: usize,
    hurried: u64,
    watermark: Watermark,
    /// Everything before this has left.
    left_until: Timestamp,
}

/// Reports of ten seconds, in the order of arrival until they leave. The two sorts lie apart, because positions are many
/// and half as large.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Slice {
    positions: Vec<PositionFix>,
    statics: Vec<StaticReport>,
    /// Where each report stands, in the order of leaving; empty until then.
    #[serde(skip)]
    order: Vec<Place>,
}

/// Where a report of a slice stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Milliseconds since the slice began, number of the vessel, and whether it is a position: most of the order in one
    /// number.
    key: u64,
    index: u32,
}

impl Place {
    fn new(observed_at: Timestamp, mmsi: Mmsi, is_position: bool, index: usize) -> Self {
        let millis = observed_at.as_millis().rem_euclid(SLICE_MILLIS) as u64;
        let key = millis << 32 | u64::from(mmsi.get()) << 1 | u64::from(is_position);
        Place { key, index: index as u32 }
    }

    fn is_position(self) -> bool {
        self.key & 1 == 1
    }
}

impl Slice {
    /// An empty one with room for a little more than is in another one, so that little is left over.
    fn as_long_as(other: &Slice) -> Self {
        let room = |count: usize| count + count / 16;
        Slice {
            positions: Vec::with_capacity(room(other.positions.len())),
            statics: Vec::with_capacity(room(other.statics.len())),
            order: Vec::new(),
        }
    }

    fn push(&mut self, report: &Report) {
        match report {
            Report::Position(fix) => self.positions.push(*fix),
            Report::Static(report) => self.statics.push(*report),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.positions.len() + self.statics.len()
    }

    /// By time, then by vessel; who it is before where it is; then by everything else, so that only equal reports are
    /// equal. What is sorted are small numbers and not the reports.
    fn sort(&mut self) {
        let (positions, statics) = (&self.positions, &self.statics);
        let places = positions.iter().enumerate();
        let places = places.map(|(at, fix)| Place::new(fix.observed_at, fix.mmsi, true, at));
        self.order.extend(places);
        let places = statics.iter().enumerate();
        let places = places.map(|(at, said)| Place::new(said.observed_at, said.mmsi, false, at));
        self.order.extend(places);
        self.order.sort_unstable_by_key(|place| place.key);
        for same in self.order.chunk_by_mut(|a, b| a.key == b.key) {
            if same.len() == 1 {
                continue;
            }
            same.sort_unstable_by(|a, b| {
                let [a_at, b_at] = [a.index as usize, b.index as usize];
                if a.is_position() {
                    compare_positions(&positions[a_at], &positions[b_at])
                } else {
                    compare_statics(&statics[a_at], &statics[b_at])
                }
            });
        }
    }

    /// In the order of leaving.
    pub(crate) fn in_order(&self) -> Vec<Heard<'_>> {
        let report = |place: &Place| match place.is_position() {
            true => Heard::Position(&self.positions[place.index as usize]),
            false => Heard::Static(&self.statics[place.index as usize]),
        };
        self.order.iter().map(report).collect()
    }
}

/// A report that leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Heard<'a> {
    Position(&'a PositionFix),
    Static(&'a StaticReport),
}

impl Heard<'_> {
    pub(crate) fn mmsi(self) -> Mmsi {
        match self {
            Heard::Position(fix) => fix.mmsi,
            Heard::Static(report) => report.mmsi,
        }
    }

    pub(crate) fn observed_at(self) -> Timestamp {
        match self {
            Heard::Position(fix) => fix.observed_at,
            Heard::Static(report) => report.observed_at,
        }
    }
}

impl<'a> From<&'a Report> for Heard<'a> {
    fn from(report: &'a Report) -> Self {
        match report {
            Report::Position(fix) => Heard::Position(fix),
            Report::Static(report) => Heard::Static(report),
        }
    }
}

impl ReorderBuffer {
    pub(crate) fn new(lateness: Duration, held_max: usize) -> Self {
        ReorderBuffer {
            lateness,
            slices: BTreeMap::new(),
            held: 0,
            held_max,
            hurried: 0,
            watermark: Watermark::new(i64::try_from(lateness.as_millis()).unwrap_or(i64::MAX)),
            left_until: Timestamp::MIN,
        }
    }

    /// Holds a report, unless it is refused.
    pub(crate) fn push(&mut self, report: &Report) -> Admission {
        let observed_at = report.observed_at();
        if observed_at < self.left_until {
            return Admission::Late;
        }
        let may_fall = self.left_until == Timestamp::MIN;
        match report {
            Report::Position(fix) => {
                self.watermark.take(fix.station, observed_at.as_millis(), may_fall);
            }
            Report::Static(_) => self.watermark.take_unnamed(observed_at.as_millis(), may_fall),
        }
        if self.held >= HELD_MAX && observed_at > self.reached_at().plus(self.lateness) {
            return Admission::Ahead;
        }
        let slice = observed_at.as_millis().div_euclid(SLICE_MILLIS);
        match self.slices.last_entry() {
            // Most reports speak of the time that has come.
            Some(mut last) if *last.key() == slice => last.get_mut().push(report),
            // As many will come as in the ten seconds before.
            Some(last) if *last.key() < slice => {
                let mut next = Slice::as_long_as(last.get());
                next.push(report);
                self.slices.insert(slice, next);
            }
            _ => self.slices.entry(slice).or_default().push(report),
        }
        self.held += 1;
        Admission::Held
    }

    /// How many reports were so far ahead of all other receivers that they did not count for the time.
    pub(crate) fn capped(&self) -> u64 {
        self.watermark.capped()
    }

    /// How many reports left before the lateness was over, because there were too many.
    pub(crate) fn hurried(&self) -> u64 {
        self.hurried
    }

    fn reached_at(&self) -> Timestamp {
        Timestamp::from_millis(self.watermark.reached())
    }

    /// The next slice that nothing in time can be added to, in order; to be called until `None`. Where too many reports
    /// are held it is the next one all the same.
    pub(crate) fn pop_slice(&mut self) -> Option<Slice> {
        let slice = *self.slices.first_key_value()?.0;
        let is_due = end_of(slice) <= self.reached_at().minus(self.lateness);
        if !is_due && self.held <= self.held_max {
            return None;
        }
        let reports = self.pop_first()?;
        self.hurried += if is_due { 0 } else { reports.len() as u64 };
        Some(reports)
    }

    /// The next slice, whatever may still come; for the end of the input.
    pub(crate) fn pop_first(&mut self) -> Option<Slice> {
        let (slice, mut reports) = self.slices.pop_first()?;
        self.held -= reports.len();
        self.left_until = end_of(slice);
        reports.sort();
        Some(reports)
    }
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It will leave in its place.
    Held,
    /// What it belongs to has left.
    Late,
    /// It is far ahead of all others, and there is no room to wait until they come.
    Ahead,
}

fn end_of(slice: i64) -> Timestamp {
    Timestamp::from_millis(slice.saturating_add(1).saturating_mul(SLICE_MILLIS))
}

fn compare_positions(a: &PositionFix, b: &PositionFix) -> Ordering {
    let optional = |x: Option<f32>, y: Option<f32>| x.map(f32::to_bits).cmp(&y.map(f32::to_bits));
    a.position
        .latitude_deg()
        .total_cmp(&b.position.latitude_deg())
        .then(a.position.longitude_deg().total_cmp(&b.position.longitude_deg()))
        .then(a.coarse.cmp(&b.coarse))
        .then(optional(a.speed_knots, b.speed_knots))
        .then(optional(a.course_deg, b.course_deg))
        .then(optional(a.heading_deg, b.heading_deg))
        .then(a.station.cmp(&b.station))
}

fn compare_statics(a: &StaticReport, b: &StaticReport) -> Ordering {
    let (x, y) = (&a.identity, &b.identity);
    let sides = |report: &StaticReport| {
        report.identity.dimensions.map(|d| (d.bow_m, d.stern_m, d.port_m, d.starboard_m))
    };
    x.imo
        .cmp(&y.imo)
        .then(x.name.cmp(&y.name))
        .then(x.callsign.cmp(&y.callsign))
        .then(x.ship_type.cmp(&y.ship_type))
        .then(sides(a).cmp(&sides(b)))
        .then(a.draught_m.map(f32::to_bits).cmp(&b.draught_m.map(f32::to_bits)))
        .then(a.destination.cmp(&b.destination))
}

#[cfg(test)]
mod tests {
    use maritime::Position;

    use super::*;

    fn report(second: i64, mmsi: u32, latitude_deg: f64) -> Report {
        Report::Position(PositionFix {
            mmsi: Mmsi::new(mmsi).unwrap(),
            observed_at: Timestamp::from_secs(second),
            position: Position::new(latitude_deg, 0.0).unwrap(),
            speed_knots: None,
            course_deg: None,
            heading_deg: None,
            coarse: false,
            station: None,
        })
    }

    fn drain(buffer: &mut ReorderBuffer) -> Vec<Report> {
        let mut slices: Vec<Slice> = std::iter::from_fn(|| buffer.pop_slice()).collect();
        slices.extend(std::iter::from_fn(|| buffer.pop_first()));
        let reports = slices.iter().flat_map(Slice::in_order);
        reports
            .map(|report| match report {
                Heard::Position(fix) => Report::Position(*fix),
                Heard::Static(said) => Report::Static(*said),
            })
            .collect()
    }

    #[test]
    fn any_order_of_arrival_gives_the_same_order() {
        let in_order = [
            report(0, 5, 1.0),
            report(0, 5, 2.0),
            report(0, 6, 0.0),
            report(9, 5, 0.0),
            report(25, 1, 0.0),
        ];
        for shift in 0..in_order.len() {
            let mut buffer = ReorderBuffer::new(Duration::from_secs(60), 1000);
            for index in 0..in_order.len() {
                let report = &in_order[(index * 2 + shift) % in_order.len()];
                assert_eq!(buffer.push(report), Admission::Held);
            }
            assert_eq!(drain(&mut buffer), in_order);
        }
    }

    #[test]
    fn what_is_later_than_the_lateness_is_refused() {
        let mut buffer = ReorderBuffer::new(Duration::from_secs(60), 1000);
        assert_eq!(buffer.push(&report(0, 1, 0.0)), Admission::Held);
        assert_eq!(buffer.push(&report(100, 1, 0.0)), Admission::Held);
        assert_eq!(buffer.pop_slice().map(|slice| slice.len()), Some(1));
        assert!(buffer.pop_slice().is_none());
        assert_eq!(buffer.push(&report(9, 1, 0.0)), Admission::Late);
        assert_eq!(buffer.push(&report(40, 1, 0.0)), Admission::Held);
    }
}
