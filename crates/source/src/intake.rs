//! What came in and what became of it: `received = accepted + rejected + late`, always.

use maritime::{Position, PositionFix, Report, Timestamp};

use crate::order::{Ahead, Order};

/// Longer examples of what was refused are cut.
pub const EXAMPLE_CHARACTERS: usize = 60;

/// One report on its way to the detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// What was said.
    pub report: Report,
    /// How many lines or rows this report stands for. 0 if a later one stands for them: a row that
    /// says who and where gives two reports, and is counted with the second.
    pub lines: u32,
}

/// Counters of one input, or of all together. A record is a line of NMEA or a row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Records read.
    pub received: u64,
    /// Records understood, those that say nothing of ships included.
    pub accepted: u64,
    /// Records refused, by reason.
    pub rejected: Rejections,
    /// Tag blocks of NMEA without a checksum or with a wrong one. Their sentences were read without
    /// them, so without the time that they tell.
    pub tag_blocks_damaged: u64,
    /// Accepted records that gave no report, by what they are.
    pub without_report: Tally,
    /// Reports given.
    pub reports: u64,
    /// Reports that `--since`, `--until` and `--bbox` leave out; their records are accepted.
    pub outside_selection: u64,
    /// Messages by AIS type, `0..=63`.
    pub message_types: Tally<u8>,
    /// The earliest and the latest instant of the reports given.
    pub observed_at: Option<(Timestamp, Timestamp)>,
    /// The furthest that a report was behind an earlier one, in milliseconds, after what can be put in
    /// order has been. More than 0 means that the input is out of order by more than half an hour.
    pub step_back_ms_max: i64,
}

/// One input and its counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InputIntake {
    /// As it was named.
    pub input: String,
    /// Its own.
    pub counters: Counters,
    /// Why it was not read to its end: cut off, damaged, gone. What came before stands.
    pub damage: Option<String>,
    /// It has position reports and no clock: every one of them was rejected as `no_time_yet`.
    pub without_time: bool,
    /// The time of its position reports is `--start-time` moved on by the seconds that they say, and
    /// nothing else. That cannot be carried over more than half a minute of silence: in a sparse
    /// recording time stands still, or goes too slowly.
    pub time_from_seconds: bool,
    /// How often a base station or the receiver's own GNSS said what time it is, in a recording
    /// whose lines do not.
    pub times_told: u64,
    /// Of these, not believed: they contradicted the others. More than a few mean a station with a
    /// broken clock.
    pub times_disbelieved: u64,
    /// Its time had come while as many inputs were open as can be, so it waited for one of them to end and
    /// its reports came late: no `--lateness` mends that, fewer inputs that overlap in time do, or
    /// a greater limit of open files.
    pub waited: bool,
}

/// All inputs and their counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intake {
    /// The sum.
    pub total: Counters,
    /// Records that came too late for the detector, as the consumer says by [`Intake::count_late`].
    pub late: u64,
    /// In the order in which they were named.
    pub inputs: Vec<InputIntake>,
}

impl Intake {
    /// The sum of `inputs`.
    pub fn new(inputs: Vec<InputIntake>) -> Self {
        let mut total = Counters::default();
        for input in &inputs {
            total.add(&input.counters);
        }
        Intake { total, late: 0, inputs }
    }

    /// Takes `lines` of an [`Arrival`] out of the accepted: they came too late.
    pub fn count_late(&mut self, lines: u64) {
        let lines = lines.min(self.total.accepted);
        self.total.accepted -= lines;
        self.late += lines;
    }
}

impl Counters {
    /// Refuses so many lines after all.
    pub fn reject_accepted(&mut self, reason: &'static str, lines: u64) {
        let lines = lines.min(self.accepted);
        if lines > 0 {
            self.accepted -= lines;
            self.rejected.add(reason, lines, || None);
        }
    }

    /// Takes over what is counted in `other`.
    pub fn add(&mut self, other: &Counters) {
        self.received += other.received;
        self.accepted += other.accepted;
        self.rejected.add_all(&other.rejected);
        self.tag_blocks_damaged += other.tag_blocks_damaged;
        self.without_report.add_all(&other.without_report);
        self.reports += other.reports;
        self.outside_selection += other.outside_selection;
        self.message_types.add_all(&other.message_types);
        self.observed_at = match (self.observed_at, other.observed_at) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.step_back_ms_max = self.step_back_ms_max.max(other.step_back_ms_max);
    }
}

/// Counts by name, in the order of the names. The names are the program's own, so they are few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<K = &'static str>(Vec<(K, u64)>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Tally(Vec::new())
    }
}

impl<K: Copy + Ord> Tally<K> {
    /// Adds `count` to what is counted under `name`.
    #[inline]
    pub fn add(&mut self, name: K, count: u64) {
        match self.0.binary_search_by(|(known, _)| known.cmp(&name)) {
            Ok(index) => self.0[index].1 += count,
            Err(index) => self.0.insert(index, (name, count)),
        }
    }

    /// What is counted under `name`.
    #[cfg(test)]
    pub fn get(&self, name: K) -> u64 {
        self.0.binary_search_by(|(known, _)| known.cmp(&name)).map_or(0, |index| self.0[index].1)
    }

    /// Of all names together.
    #[cfg(test)]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Every name and its count.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        self.0.iter().copied()
    }

    fn add_all(&mut self, other: &Tally<K>) {
        for (name, count) in other.iter() {
            self.add(name, count);
        }
    }
}

/// Refused records by reason, in the order of the reasons.
///
/// ```text
/// for Rejection { reason, count, example } in &counters.rejected.by_reason {
///     // reason "bad_time", count 100, example Some("02/28/2024 22:30:00")
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejections {
    /// One entry for each reason that there was.
    pub by_reason: Vec<Rejection>,
}

/// Records refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// One of the program's own names: `bad_time`.
    pub reason: &'static str,
    /// Records.
    pub count: u64,
    /// What was first refused for it, of at most [`EXAMPLE_CHARACTERS`] characters; `None` where
    /// there is nothing to show. It is what a stranger wrote: escape it where it is shown.
    pub example: Option<String>,
}

impl Rejections {
    /// Adds `count` to what is refused for `reason`; `example` is called if there is none yet.
    fn add(&mut self, reason: &'static str, count: u64, example: impl FnOnce() -> Option<String>) {
        let found = self.by_reason.binary_search_by(|known| known.reason.cmp(reason));
        let index = found.unwrap_or_else(|index| {
            self.by_reason.insert(index, Rejection { reason, count: 0, example: None });
            index
        });
        let rejection = &mut self.by_reason[index];
        rejection.count += count;
        if rejection.example.is_none() {
            rejection.example = example();
        }
    }

    /// What is refused for `reason`.
    #[cfg(test)]
    pub fn get(&self, reason: &str) -> Option<&Rejection> {
        self.by_reason.iter().find(|rejection| rejection.reason == reason)
    }

    /// For all reasons together.
    pub fn total(&self) -> u64 {
        self.by_reason.iter().map(|rejection| rejection.count).sum()
    }

    /// Every reason and its count.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.by_reason.iter().map(|rejection| (rejection.reason, rejection.count))
    }

    fn add_all(&mut self, other: &Rejections) {
        for Rejection { reason, count, example } in &other.by_reason {
            self.add(reason, *count, || example.clone());
        }
    }
}

/// Which reports are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Selection {
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Positions within this.
    pub bbox: Option<BoundingBox>,
}

impl Selection {
    /// What a vessel says of its identity has no place, so it is selected by time alone.
    fn includes(&self, report: &Report) -> bool {
        let at = report.observed_at();
        if self.since.is_some_and(|since| at < since) || self.until.is_some_and(|until| at >= until)
        {
            return false;
        }
        match (report, self.bbox) {
            (Report::Position(fix), Some(bbox)) => bbox.contains(fix.position),
            _ => true,
        }
    }
}

/// A part of the earth between two meridians and two parallels, its edges included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    /// Degrees; if it is greater than `east_deg`, the box lies across the 180th meridian.
    pub west_deg: f64,
    /// Degrees.
    pub south_deg: f64,
    /// Degrees.
    pub east_deg: f64,
    /// Degrees.
    pub north_deg: f64,
}

/// Why a text is not a [`BoundingBox`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a box: expected west,south,east,north in degrees, as in -97.5,27,-93,30, with south below north"
)]
pub struct BoundingBoxError(String);

impl BoundingBox {
    /// True on the edges too.
    pub fn contains(&self, position: Position) -> bool {
        let (latitude_deg, longitude_deg) = (position.latitude_deg(), position.longitude_deg());
        let between = if self.west_deg <= self.east_deg {
            self.west_deg <= longitude_deg && longitude_deg <= self.east_deg
        } else {
            longitude_deg >= self.west_deg || longitude_deg <= self.east_deg
        };
        between && self.south_deg <= latitude_deg && latitude_deg <= self.north_deg
    }
}

impl std::str::FromStr for BoundingBox {
    type Err = BoundingBoxError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || BoundingBoxError(text.into());
        let numbers: Vec<f64> = text
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| error()))
            .collect::<Result<_, _>>()?;
        let [west_deg, south_deg, east_deg, north_deg] = numbers[..] else { return Err(error()) };
        let valid = Position::new(south_deg, west_deg).is_some()
            && Position::new(north_deg, east_deg).is_some()
            && south_deg <= north_deg;
        if !valid {
            return Err(error());
        }
        Ok(BoundingBox { west_deg, south_deg, east_deg, north_deg })
    }
}

/// Counts the records of one input and holds its reports until their turn has come.
#[derive(Debug)]
pub struct Collector {
    /// So far.
    pub counters: Counters,
    order: Order,
    /// More reports than these are not held to find their order.
    held_max: usize,
    selection: Selection,
}

impl Collector {
    /// Nothing yet.
    pub fn new(selection: Selection) -> Self {
        Collector {
            counters: Counters::default(),
            order: Order::default(),
            held_max: usize::MAX,
            selection,
        }
    }

    /// From now on, about so many reports are held to find their order.
    pub fn limit_held(&mut self, held_max: usize) {
        self.held_max = held_max;
    }

    /// Records that are in order and say nothing that a report could hold.
    pub fn accept(&mut self, lines: u32, what: &'static str) {
        self.counters.received += u64::from(lines);
        self.counters.accepted += u64::from(lines);
        self.counters.without_report.add(what, u64::from(lines));
    }

    /// Records that are refused.
    pub fn reject(&mut self, lines: u32, reason: &'static str) {
        self.counters.received += u64::from(lines);
        self.counters.rejected.add(reason, u64::from(lines), || None);
    }

    /// A record that is refused for what it holds: `found`.
    pub fn reject_value(&mut self, reason: &'static str, found: &[u8]) {
        self.counters.received += 1;
        let shown = &found[..found.len().min(EXAMPLE_CHARACTERS * 4)];
        let example = || {
            Some(String::from_utf8_lossy(shown).trim().chars().take(EXAMPLE_CHARACTERS).collect())
        };
        self.counters.rejected.add(reason, 1, example);
    }

    /// A report that stands for `lines` records. Gives it on if it is wanted.
    pub fn report(&mut self, report: Report, lines: u32) {
        self.counters.received += u64::from(lines);
        self.counters.accepted += u64::from(lines);
        if !self.selection.includes(&report) {
            self.counters.outside_selection += 1;
            return;
        }
        self.counters.reports += 1;
        self.order.push(Arrival { report, lines }, self.held_max);
    }

    /// The records stand in the order in which they were heard: one that is more than a day ahead of those
    /// behind it has a broken clock, and is rejected as `clock_ahead`.
    pub fn judge_clocks(&mut self) {
        self.order.judge_clocks();
    }

    /// From now on, no report waits for its turn.
    pub fn keep_order(&mut self) {
        self.order.keep();
    }

    /// The end of the input: the turn of all reports has come.
    pub fn finish(&mut self) {
        self.order.finish();
        let Ahead { reports, lines, first_at } = self.order.ahead();
        if reports > 0 {
            self.counters.reports -= reports;
            self.counters.accepted -= lines;
            let example = || first_at.map(|at| at.to_string());
            self.counters.rejected.add("clock_ahead", lines, example);
        }
    }

    /// Moves the reports whose turn has come to `arrivals`, in the order of time.
    pub fn fetch(&mut self, arrivals: &mut Vec<Arrival>) {
        let start = arrivals.len();
        self.order.fetch(arrivals);
        for arrival in &arrivals[start..] {
            let at = arrival.report.observed_at();
            let (first_at, last_at) = self.counters.observed_at.unwrap_or((at, at));
            let step_back_ms = last_at.millis_since(at);
            self.counters.step_back_ms_max = self.counters.step_back_ms_max.max(step_back_ms);
            self.counters.observed_at = Some((first_at.min(at), last_at.max(at)));
        }
    }

    /// The earliest instant of the reports that have not been fetched.
    pub fn first_at(&self) -> Option<Timestamp> {
        self.order.first_at()
    }

    /// Whether [`Collector::report`] would give `fix` on.
    pub fn wants(&self, fix: &PositionFix) -> bool {
        self.selection.includes(&Report::Position(*fix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bbox: &str, latitude_deg: f64, longitude_deg: f64, expected: bool) {
        let bbox: BoundingBox = bbox.parse().unwrap();
        let position = Position::new(latitude_deg, longitude_deg).unwrap();
        assert_eq!(bbox.contains(position), expected);
    }

    #[test]
    fn a_box_holds_its_edges_and_may_cross_the_antimeridian() {
        check("-97.5,27,-93,30", 28.0, -95.0, true);
        check("-97.5,27,-93,30", 30.0, -93.0, true);
        check("-97.5,27,-93,30", 30.1, -93.0, false);
        check("-97.5,27,-93,30", 28.0, 95.0, false);
        check("170,-20,-170,20", 0.0, 179.0, true);
        check("170,-20,-170,20", 0.0, -179.0, true);
        check("170,-20,-170,20", 0.0, 0.0, false);
    }

    #[test]
    fn a_box_is_checked() {
        for text in ["", "1,2,3", "0,10,0,5", "0,0,0,91", "a,b,c,d", "181,0,0,1", "1,2,3,4,5"] {
            assert!(text.parse::<BoundingBox>().is_err(), "{text}");
        }
    }

    #[test]
    fn late_records_leave_the_accepted() {
        let mut collector = Collector::new(Selection::default());
        collector.accept(3, "blank");
        collector.reject(2, "checksum");
        let input = InputIntake { counters: collector.counters, ..InputIntake::default() };
        let mut intake = Intake::new(vec![input]);
        intake.count_late(1);
        let total = &intake.total;
        assert_eq!((total.received, total.accepted, intake.late), (5, 2, 1));
        assert_eq!(total.received, total.accepted + total.rejected.total() + intake.late);
    }
}
