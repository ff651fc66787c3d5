//! Order of the file in, order of time out.
//!
//! Archives are only roughly in order. The daily files of MarineCadastre go back by a quarter of an
//! hour again and again, and hold rows of the midnight before under the date of the day itself, so the
//! hundredth row may be of 23:59. A consumer that took such a row for the time that the file has
//! reached would find all the others late. Here the time reached is the median of many rows, and rows
//! ahead of it wait until it has come.

use std::collections::BTreeMap;

use maritime::Timestamp;

use super::intake::Arrival;

/// How far behind the time reached a report may come and still be put in its place.
const HELD_MS: i64 = 30 * 60_000;

/// Reports are kept in slices of this length and sorted when they leave: most come nearly in order.
const SLICE_MS: i64 = 10_000;

/// The time reached is the median of so many reports: odd, and enough that a burst of wrong times from
/// one source does not win.
const REPORTS_OF_MEDIAN: usize = 63;

/// Emptied slices kept for the next. One leaves as another comes, so few are enough.
const SPARE_MAX: usize = 8;

/// Puts the reports of one input in order.
#[derive(Debug, Default)]
pub struct Order {
    slices: BTreeMap<i64, Vec<Arrival>>,
    spare: Vec<Vec<Arrival>>,
    held: usize,
    recent: Vec<Timestamp>,
    /// Given, in order, and not fetched yet.
    ready: Vec<Arrival>,
    ready_first_at: Option<Timestamp>,
}

impl Order {
    /// Takes a report, and gives those whose turn has come with it: that depends on the reports
    /// alone and not on how many of them were read at once. If more than `held_max` are held, the
    /// oldest are given too: the order is then as good as so many reports allow.
    pub fn push(&mut self, arrival: Arrival, held_max: usize) {
        let at = arrival.report.observed_at();
        let slice = self
            .slices
            .entry(at.as_millis().div_euclid(SLICE_MS))
            .or_insert_with(|| self.spare.pop().unwrap_or_default());
        slice.push(arrival);
        self.held += 1;
        self.recent.push(at);
        if self.recent.len() == REPORTS_OF_MEDIAN {
            let (_, median, _) = self.recent.select_nth_unstable(REPORTS_OF_MEDIAN / 2);
            let reached_at = *median;
            self.recent.clear();
            self.release_until(reached_at.as_millis() - HELD_MS);
        }
        while self.held > held_max {
            self.release_first();
        }
    }

    /// The end: gives everything, in order.
    pub fn finish(&mut self) {
        self.release_until(i64::MAX);
    }

    /// Moves what has been given to `out`.
    pub fn fetch(&mut self, out: &mut Vec<Arrival>) {
        out.append(&mut self.ready);
        self.ready_first_at = None;
    }

    /// The earliest instant of what has been taken and not fetched.
    pub fn first_at(&self) -> Option<Timestamp> {
        let at = |arrival: &Arrival| arrival.report.observed_at();
        let held = self.slices.first_key_value().and_then(|(_, slice)| slice.iter().map(at).min());
        self.ready_first_at.into_iter().chain(held).min()
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
        slice.sort_by_key(|arrival| arrival.report.observed_at());
        self.held -= slice.len();
        let first_at = slice.first().map(|arrival| arrival.report.observed_at());
        self.ready_first_at = self.ready_first_at.into_iter().chain(first_at).min();
        self.ready.append(&mut slice);
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
}
