//! Order of the file in, order of time out.
//!
//! Archives are only roughly in order. The daily files of MarineCadastre go back by a quarter of an
//! hour again and again, and hold rows of the midnight before under the date of the day itself, so the
//! hundredth row may be of 23:59. A consumer that took such a row for the time that the file has
//! reached would find all the others late. Here the time reached is the median of many rows, and rows
//! ahead of it wait until it has come.
//!
//! The lines of a recording stand in the order in which they were heard. Lines whose time is days
//! ahead of the others, and stays so, come from a receiver with a broken clock: they cannot
//! drag time forward, and are set aside at the end.

use std::collections::BTreeMap;

use maritime::Timestamp;

use crate::intake::Arrival;

/// How far behind the time reached a report may come and still be put in its place.
const HELD_MS: i64 = 30 * 60_000;

/// Reports are kept in slices of this length and sorted when they leave: most come nearly in order.
const SLICE_MS: i64 = 10_000;

/// The time reached is the median of so many reports: odd, and enough that a burst of wrong times from
/// one source does not win.
const REPORTS_OF_MEDIAN: usize = 63;

/// A time further ahead than this of the time reached, which then does not come, is no time. More than
/// the span of a table of one day, whose rows may be in any order.
const AHEAD_MS: i64 = 24 * 3_600_000;

/// Emptied slices kept for the next. One leaves as another comes, so few are enough.
const SPARE_MAX: usize = 8;

/// Reports that were set aside: the clock by which they were heard is ahead.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ahead {
    /// How many.
    pub reports: u64,
    /// The records for which they stand.
    pub lines: u64,
    /// The time of the first that was set aside.
    pub first_at: Option<Timestamp>,
}

#[derive(Debug)]
struct Held {
    arrival: Arrival,
    /// In the order of the input.
    number: u64,
}

impl Held {
    fn at(&self) -> Timestamp {
        self.arrival.report.observed_at()
    }
}

/// Puts the reports of one input in order.
#[derive(Debug, Default)]
pub struct Order {
    slices: BTreeMap<i64, Vec<Held>>,
    spare: Vec<Vec<Held>>,
    held: usize,
    recent: Vec<Timestamp>,
    /// The furthest time reached.
    furthest_at: Option<Timestamp>,
    /// How many reports have been taken.
    taken: u64,
    /// Before this one, a whole [`REPORTS_OF_MEDIAN`] came that were not ahead.
    ordinary_since: u64,
    judges_clocks: bool,
    /// The order of the input is the order that is wanted.
    keeps: bool,
    ahead: Ahead,
    /// Given, in order, and not fetched yet.
    ready: Vec<Arrival>,
    ready_first_at: Option<Timestamp>,
}

impl Order {
    /// Takes a report, and gives those whose turn has come with it: that depends on the reports
    /// alone and not on how many of them were read at once. If more than `held_max` are held, the
    /// oldest are given too: the order is then as good as so many reports allow.
    pub fn push(&mut self, arrival: Arrival, held_max: usize) {
        if self.keeps {
            return self.ready.push(arrival);
        }
        let number = self.taken;
        let held = Held { arrival, number };
        let at = held.at();
        let slice = self
            .slices
            .entry(at.as_millis().div_euclid(SLICE_MS))
            .or_insert_with(|| self.spare.pop().unwrap_or_default());
        slice.push(held);
        self.taken += 1;
        self.held += 1;
        self.recent.push(at);
        if self.recent.len() == REPORTS_OF_MEDIAN {
            let reached_at = self.reach();
            self.set_aside_ahead();
            self.release_until(reached_at.as_millis() - HELD_MS);
        }
        while self.held > held_max {
            self.release_first();
        }
    }

    /// From now on, reports whose clock is ahead are set aside. For inputs that stand in the order in which
    /// they were heard: a table may be sorted by vessel.
    pub fn judge_clocks(&mut self) {
        self.judges_clocks = true;
    }

    /// From now on, reports are given as they come.
    pub fn keep(&mut self) {
        self.keeps = true;
    }

    /// The end: gives everything, in order.
    pub fn finish(&mut self) {
        if self.ahead.reports > 0 {
            // It is known by now that there is such a clock, so its last reports are its too.
            self.ordinary_since = self.taken;
            self.set_aside_ahead();
        }
        self.release_until(i64::MAX);
    }

    /// What has been set aside.
    pub fn ahead(&self) -> Ahead {
        self.ahead
    }

    /// Moves what has been given to `out`.
    pub fn fetch(&mut self, out: &mut Vec<Arrival>) {
        out.append(&mut self.ready);
        self.ready_first_at = None;
    }

    /// The earliest instant of what has been taken and not fetched.
    pub fn first_at(&self) -> Option<Timestamp> {
        let first = self.slices.first_key_value();
        let held = first.and_then(|(_, slice)| slice.iter().map(Held::at).min());
        self.ready_first_at.into_iter().chain(held).min()
    }

    /// The time that the reports have reached: their median. If that is more than [`AHEAD_MS`] ahead of
    /// anything before, three quarters of them must be.
    fn reach(&mut self) -> Timestamp {
        let (earlier, median, _) = self.recent.select_nth_unstable(REPORTS_OF_MEDIAN / 2);
        let median = *median;
        let (_, quartile, _) = earlier.select_nth_unstable(REPORTS_OF_MEDIAN / 4);
        let quartile = *quartile;
        self.recent.clear();
        let furthest_at = self.furthest_at.unwrap_or(quartile);
        let is_ahead = |at: Timestamp| at.millis_since(furthest_at) > AHEAD_MS;
        let reached_at = if is_ahead(median) && !is_ahead(quartile) { quartile } else { median };
        if !is_ahead(reached_at) {
            self.ordinary_since = self.taken - REPORTS_OF_MEDIAN as u64;
        }
        self.furthest_at = Some(furthest_at.max(reached_at));
        reached_at
    }

    /// Sets aside what is more than [`AHEAD_MS`] ahead of the furthest time reached although a whole
    /// [`REPORTS_OF_MEDIAN`] came after it that is not; but never more than half of all. So a second
    /// day behind the first is kept however short it is, and so is all of a short recording.
    fn set_aside_ahead(&mut self) {
        let Some(furthest_at) = self.furthest_at.filter(|_| self.judges_clocks) else { return };
        let from = (furthest_at.as_millis() + AHEAD_MS).div_euclid(SLICE_MS) + 1;
        while let Some((&key, slice)) = self
            .slices
            .range(from..)
            .find(|(_, slice)| slice.iter().all(|held| held.number < self.ordinary_since))
            && (self.ahead.reports + slice.len() as u64) * 2 <= self.taken
            && let Some(slice) = self.slices.remove(&key)
        {
            self.held -= slice.len();
            for held in slice {
                self.ahead.reports += 1;
                self.ahead.lines += u64::from(held.arrival.lines);
                self.ahead.first_at = self.ahead.first_at.or(Some(held.at()));
            }
        }
    }

    /// Gives the slices that end before `until`.
    fn release_until(&mut self, until: i64) {
        while let Some((slice, _)) = self.slices.first_key_value()
            && (slice + 1).saturating_mul(SLICE_MS) <= until
        {
            self.release_first();
        }
    }

    fn release_first(&mut self) {
        let Some((_, mut slice)) = self.slices.pop_first() else { return };
        // Stable: who a vessel is stays before where it was, and equal times in the file's order.
        slice.sort_by_key(Held::at);
        self.held -= slice.len();
        let first_at = slice.first().map(Held::at);
        self.ready_first_at = self.ready_first_at.into_iter().chain(first_at).min();
        self.ready.extend(slice.drain(..).map(|held| held.arrival));
        if self.spare.len() < SPARE_MAX {
            self.spare.push(slice);
        }
    }
}

#[cfg(test)]
mod tests {
    use maritime::{Mmsi, Report, StaticReport, VesselIdentity};

    use super::*;

    /// A report at `seconds`, told from others by `number`.
    fn arrival(seconds: i64, number: u32) -> Arrival {
        let report = StaticReport {
            mmsi: Mmsi::new(number).unwrap(),
            observed_at: Timestamp::from_secs(1_700_000_000 + seconds),
            identity: VesselIdentity::default(),
            draught_m: None,
            destination: None,
        };
        Arrival { report: Report::Static(report), lines: 1 }
    }

    /// The seconds in the order in which they leave, fetched after every block of that many.
    fn order_in_blocks(seconds: &[i64], held_max: usize, block: usize) -> Vec<i64> {
        let mut order = Order::default();
        let mut out = Vec::new();
        for block in seconds.chunks(block) {
            for second in block {
                order.push(arrival(*second, 1), held_max);
            }
            order.fetch(&mut out);
        }
        order.finish();
        order.fetch(&mut out);
        let second = |a: &Arrival| a.report.observed_at().as_millis() / 1000 - 1_700_000_000;
        out.iter().map(second).collect()
    }

    fn order(seconds: &[i64], held_max: usize) -> Vec<i64> {
        order_in_blocks(seconds, held_max, 100)
    }

    fn sorted(seconds: &[i64]) -> Vec<i64> {
        let mut sorted = seconds.to_vec();
        sorted.sort_unstable();
        sorted
    }

    #[test]
    fn a_quarter_of_an_hour_of_disorder_is_put_right() {
        let seconds: Vec<i64> = (0..20_000).map(|i| i + (i * 7919) % 900).collect();
        assert_eq!(order(&seconds, usize::MAX), sorted(&seconds));
    }

    #[test]
    fn rows_of_the_end_of_the_day_wait_for_it() {
        let seconds: Vec<i64> = (0..86_400).map(|i| if i % 98 == 0 { 86_399 } else { i }).collect();
        assert_eq!(order(&seconds, usize::MAX), sorted(&seconds));
    }

    #[test]
    fn a_first_row_of_another_time_and_a_gap_are_no_matter() {
        let seconds: Vec<i64> = [90_000].into_iter().chain(0..3000).chain(50_000..53_000).collect();
        assert_eq!(order(&seconds, usize::MAX), sorted(&seconds));
    }

    #[test]
    fn equal_times_keep_the_order_of_the_file() {
        let mut order = Order::default();
        for number in 1..=200 {
            order.push(arrival(0, number), usize::MAX);
        }
        let mut out = Vec::new();
        order.finish();
        order.fetch(&mut out);
        assert!(out.is_sorted_by_key(|arrival| arrival.report.mmsi()));
    }

    #[test]
    fn no_more_than_asked_is_held() {
        let mut order = Order::default();
        let mut out = Vec::new();
        for i in 0..10_000 {
            order.push(arrival(i % 100, 1), 500);
            assert!(order.held <= 500);
        }
        order.finish();
        order.fetch(&mut out);
        assert_eq!(out.len(), 10_000);
    }

    #[test]
    fn the_order_of_great_disorder_does_not_depend_on_the_blocks_read() {
        let seconds: Vec<i64> = (0..20_000).map(|i| i + (i * 7919) % 9000).collect();
        for held_max in [700, usize::MAX] {
            let expected = order_in_blocks(&seconds, held_max, 1);
            for block in [7, 100, 63, 20_000] {
                assert_eq!(order_in_blocks(&seconds, held_max, block), expected);
            }
        }
    }

    /// As many are set aside, if clocks are judged; all others come in order.
    #[track_caller]
    fn check_ahead(seconds: &[i64], held_max: usize, expected: u64) {
        let mut order = Order::default();
        order.judge_clocks();
        let mut out = Vec::new();
        for second in seconds {
            order.push(arrival(*second, 1), held_max);
        }
        order.finish();
        order.fetch(&mut out);
        assert_eq!((order.ahead().reports, order.ahead().lines), (expected, expected));
        assert_eq!(out.len() as u64 + expected, seconds.len() as u64);
        assert!(out.is_sorted_by_key(|arrival| arrival.report.observed_at()));
    }

    const WEEK_S: i64 = 7 * 86_400;

    #[test]
    fn a_receiver_whose_clock_is_ahead_is_set_aside() {
        let ordinary = |i: i64| i * 10;
        let every_tenth = |i: i64| ordinary(i) + if i % 10 == 0 { WEEK_S } else { 0 };
        check_ahead(&(0..3999).map(every_tenth).collect::<Vec<_>>(), usize::MAX, 400);
        // Ten times as long as it is ahead, and more of it than can be held.
        check_ahead(&(0..600_000).map(every_tenth).collect::<Vec<_>>(), 1500, 60_000);
        // Whichever begins, and in whatever turn.
        for first in [0, 1, 2] {
            let half = |i: i64| {
                let is_ahead = (i / (first + 1) + first) % 2 == 0;
                [ordinary(i), ordinary(i) + WEEK_S][usize::from(is_ahead)]
            };
            let mut seconds: Vec<i64> = (0..3960).map(half).collect();
            // The last is heard rightly.
            seconds.extend((3960..4100).map(ordinary));
            check_ahead(&seconds, usize::MAX, 1980);
        }
    }

    #[test]
    fn two_days_in_one_recording_are_kept() {
        for (first, second) in [(1000, 1000), (1000, 40), (1000, 1), (40, 1000), (50, 5), (3, 1)] {
            let days = (0..first).chain(WEEK_S..WEEK_S + second);
            check_ahead(&days.collect::<Vec<_>>(), usize::MAX, 0);
        }
        check_ahead(&(0..50).map(|i| i * 86_400).collect::<Vec<_>>(), usize::MAX, 0);
        for step in [86_400, 2 * 86_400] {
            check_ahead(&(0..5000).map(|i| i * step).collect::<Vec<_>>(), usize::MAX, 0);
        }
    }

    #[test]
    fn a_table_sorted_by_vessel_keeps_all_its_days() {
        let seconds: Vec<i64> = (0..6000).map(|i| i % 6 * 86_400).collect();
        assert_eq!(order(&seconds, usize::MAX).len(), seconds.len());
    }
}
