//! How far time has come, by the word of many clocks.

use maritime::StationId;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Receivers that are told apart; those beyond, in the order in which they were first heard, count as one. More than
/// any network has.
const SOURCES_MAX: usize = 4096;

/// One in so many receivers may have a clock that is ahead, and at least one.
const SOURCES_PER_BROKEN_CLOCK: usize = 20;

/// As many reports in a row, and nothing else, are believed although they are ahead: the others are silent.
const RUN_MIN: u64 = 64;

/// The time that the sources have reached together.
///
/// The newest report of all does not tell it: one receiver whose clock is a day ahead would make everybody else late.
/// So a time counts only up to half the lateness beyond what the other sources have reached, which is the second
/// newest of them, or the newest but a twentieth where there are many. A report beyond that moves nothing and is
/// counted as capped.
///
/// A source counts among the others as long as it speaks: one that has said nothing while time went on by the lateness
/// holds nobody up. After a silence of all, whoever speaks first is ahead of the others; it is believed when the next
/// one says the same, or when nobody else has spoken during a run of its reports that lasts as long as the lateness.
///
/// A single source is believed in everything. Two sources that disagree are a case that nobody can decide: then the
/// slower one is followed, which loses nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Watermark {
    /// A source is idle after this, in milliseconds: the lateness.
    idle_after: i64,
    /// Milliseconds since 1970.
    reached: i64,
    /// What is later than this is ahead of the others. Found again when something is.
    limit: i64,
    /// In the order in which they were first heard; at most [`SOURCES_MAX`].
    sources: Vec<Source>,
    #[serde(with = "crate::snapshot::sorted_map")]
    by_station: FxHashMap<Option<StationId>, u32>,
    /// Who spoke last: mostly the same one speaks again.
    last: Option<(Option<StationId>, u32)>,
    reports: u64,
    /// Number of the report for which the limit was found.
    limit_found_for: u64,
    /// Reports that were ahead, with no other in between.
    run: Run,
    capped: u64,
    /// Kept for its allocation.
    #[serde(skip)]
    latest: Vec<i64>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Source {
    /// The time of its last report. Not of its newest: a clock that was wrong once is not wrong for ever.
    latest: i64,
    /// What had been reached when it spoke last.
    spoke_at: i64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Run {
    reports: u64,
    first: i64,
    last: i64,
}

impl Watermark {
    /// `lateness_millis` is how much the clocks may differ.
    pub(crate) fn new(lateness_millis: i64) -> Self {
        Watermark {
            idle_after: lateness_millis,
            reached: i64::MIN,
            limit: i64::MAX,
            sources: Vec::new(),
            by_station: FxHashMap::default(),
            last: None,
            reports: 0,
            limit_found_for: 0,
            run: Run::default(),
            capped: 0,
            latest: Vec::new(),
        }
    }

    /// In milliseconds since 1970; the smallest number before the first report.
    pub(crate) fn reached(&self) -> i64 {
        self.reached
    }

    /// How many reports were ahead of all other sources and did not count.
    pub(crate) fn capped(&self) -> u64 {
        self.capped
    }

    /// Takes in the time of a report. Where `may_fall`, nothing depends yet on what was reached, and a new source may
    /// show that the first one was ahead.
    pub(crate) fn take(&mut self, station: Option<StationId>, at: i64, may_fall: bool) {
        self.reports += 1;
        let (index, is_new) = self.source(station);
        let source = &mut self.sources[index as usize];
        let joins = is_new || self.reached.saturating_sub(source.spoke_at) >= self.idle_after;
        *source = Source { latest: at, spoke_at: self.reached };
        if joins && self.sources.len() > 1 {
            self.find_limit();
            if may_fall {
                self.reached = self.reached.min(self.limit);
            }
        }
        if at > self.limit && self.is_limit_old() {
            self.find_limit();
        }
        if at > self.limit {
            self.run_on(at);
            return;
        }
        if self.run.reports > 0 {
            self.end_run();
        }
        self.reached = self.reached.max(at);
    }

    /// The time of something whose receiver is not known. Where receivers are known, it says nothing: it may be of one
    /// whose clock is wrong.
    pub(crate) fn take_unnamed(&mut self, at: i64, may_fall: bool) {
        if self.by_station.len() <= usize::from(self.by_station.contains_key(&None)) {
            self.take(None, at, may_fall);
        }
    }

    /// The index of a source, and whether it is new.
    fn source(&mut self, station: Option<StationId>) -> (u32, bool) {
        if let Some((last, index)) = self.last
            && last == station
        {
            return (index, false);
        }
        let count = self.sources.len();
        let known = self.by_station.get(&station).copied();
        let index = known.unwrap_or_else(|| count.min(SOURCES_MAX - 1) as u32);
        let is_new = index as usize == count;
        if is_new {
            self.by_station.insert(station, index);
            self.sources.push(Source { latest: i64::MIN, spoke_at: i64::MIN });
        }
        self.last = Some((station, index));
        (index, is_new)
    }

    /// Finding it looks at every source, so with many of them it is not done for every report.
    fn is_limit_old(&self) -> bool {
        (self.reports - self.limit_found_for) * 16 >= self.sources.len() as u64
    }

    fn find_limit(&mut self) {
        self.limit_found_for = self.reports;
        let speaks =
            |source: &&Source| self.reached.saturating_sub(source.spoke_at) < self.idle_after;
        self.latest.clear();
        self.latest.extend(self.sources.iter().filter(speaks).map(|source| source.latest));
        if self.latest.len() < 2 {
            self.limit = i64::MAX;
            return;
        }
        let ahead = (self.latest.len() / SOURCES_PER_BROKEN_CLOCK).max(1);
        let (_, others, _) = self.latest.select_nth_unstable_by(ahead, |a, b| b.cmp(a));
        self.limit = others.saturating_add(self.idle_after / 2);
    }

    fn run_on(&mut self, at: i64) {
        if self.run.reports == 0 {
            self.run.first = at;
        }
        self.run.reports += 1;
        self.run.last = at;
        let lasts = at.saturating_sub(self.run.first) >= self.idle_after;
        if self.run.reports < RUN_MIN || !lasts {
            return;
        }
        // Nobody contradicts: all others are idle.
        self.run = Run::default();
        self.reached = self.reached.max(at);
        self.limit = i64::MAX;
    }

    /// Something came that is not ahead. Was the run, then?
    fn end_run(&mut self) {
        if self.run.last > self.limit {
            self.capped += self.run.reports;
        }
        self.run = Run::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENESS: i64 = 600;

    /// Takes reports of stations at seconds; gives what was reached and how many were capped.
    fn reached(reports: impl IntoIterator<Item = (&'static str, i64)>) -> (i64, u64) {
        let mut watermark = Watermark::new(LATENESS);
        for (index, (station, at)) in reports.into_iter().enumerate() {
            watermark.take(Some(StationId::new(station)), at, index < 5);
        }
        (watermark.reached(), watermark.capped())
    }

    #[test]
    fn one_source_is_believed() {
        assert_eq!(reached([("a", 100), ("a", 90_000), ("a", 50)]), (90_000, 0));
    }

    #[test]
    fn a_clock_that_is_a_day_ahead_moves_nothing() {
        let minutes = |i: i64| [("a", i * 60), ("broken", i * 60 + 86_400), ("b", i * 60 + 5)];
        // Its first one came when only one other was known, and counted neither for the time.
        assert_eq!(reached((0..600).flat_map(minutes)), (599 * 60 + 5, 599));
    }

    #[test]
    fn it_does_not_matter_that_it_spoke_first() {
        let minutes = |i: i64| [("broken", i * 60 + 86_400), ("a", i * 60)];
        assert_eq!(reached((0..600).flat_map(minutes)).0, 599 * 60);
    }

    #[test]
    fn an_idle_source_holds_nobody_up() {
        let first = (0..10).flat_map(|i| [("a", i), ("b", i)]);
        assert_eq!(reached(first.chain((10..5000).map(|i| ("a", i)))), (4999, 0));
    }

    #[test]
    fn after_a_silence_of_all_the_second_one_confirms_the_first() {
        let first = (0..10).flat_map(|i| [("a", i), ("b", i)]);
        assert_eq!(reached(first.chain([("a", 5000), ("b", 5001)])), (5001, 0));
    }

    #[test]
    fn after_a_silence_of_all_one_alone_is_believed_in_the_end() {
        let first = (0..10).flat_map(|i| [("a", i), ("b", i)]);
        assert_eq!(reached(first.clone().chain((5000..5599).map(|i| ("a", i)))), (9, 0));
        assert_eq!(reached(first.chain((5000..6000).map(|i| ("a", i)))), (5999, 0));
    }

    #[test]
    fn a_clock_that_was_wrong_once_is_believed_again() {
        let first = (0..10).flat_map(|i| [("a", i), ("b", i)]);
        let rest = (10..1000).flat_map(|i| [("a", i), ("b", i)]);
        assert_eq!(reached(first.chain([("a", 86_400)]).chain(rest)), (999, 1));
    }

    #[test]
    fn of_many_receivers_some_may_be_ahead_together() {
        const NAMES: [&str; 60] = {
            let mut names = ["0"; 60];
            let digits = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960";
            let mut index = 0;
            while index < 60 {
                names[index] = digits.split_at(2 * index).1.split_at(2).0;
                index += 1;
            }
            names
        };
        let ahead = |number: usize| if number < 3 { 3_600 } else { 0 };
        let minute =
            |i: i64| NAMES.iter().enumerate().map(move |(n, name)| (*name, i * 60 + ahead(n)));
        assert_eq!(reached((0..100).flat_map(minute)).0, 99 * 60);
    }

    #[test]
    fn sources_are_bounded() {
        let mut watermark = Watermark::new(LATENESS);
        for number in 0..10_000 {
            watermark.take(Some(StationId::new(&format!("station {number}"))), number, false);
        }
        assert_eq!(
            (watermark.sources.len(), watermark.by_station.len()),
            (SOURCES_MAX, SOURCES_MAX)
        );
    }
}
