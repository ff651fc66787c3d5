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
    reached_at: Option<Timestamp>,
}

impl Order {
    /// Takes a report.
    pub fn push(&mut self, arrival: Arrival) {
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
            self.reached_at = Some(*median);
            self.recent.clear();
        }
    }

    /// Gives what is old enough, in order. What is more than `held_max` is given too, the oldest first:
    /// the order is then as good as so many reports allow.
    pub fn release(&mut self, held_max: usize, out: &mut Vec<Arrival>) {
        let until = self.reached_at.map_or(i64::MIN, |at| at.as_millis() - HELD_MS);
        while let Some((slice, _)) = self.slices.first_key_value()
            && ((slice + 1) * SLICE_MS <= until || self.held > held_max)
        {
            self.release_first(out);
        }
    }

    /// Gives everything, in order.
    pub fn release_all(&mut self, out: &mut Vec<Arrival>) {
        while !self.slices.is_empty() {
            self.release_first(out);
        }
    }

    /// The earliest instant held.
    pub fn first_at(&self) -> Option<Timestamp> {
        let (_, slice) = self.slices.first_key_value()?;
        slice.iter().map(|arrival| arrival.report.observed_at()).min()
    }

    fn release_first(&mut self, out: &mut Vec<Arrival>) {
        let Some((_, mut slice)) = self.slices.pop_first() else { return };
        // Stable: who a vessel is stays before where it was, and equal times in the file's order.
        slice.sort_by_key(|arrival| arrival.report.observed_at());
        self.held -= slice.len();
        out.append(&mut slice);
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

    /// The seconds in the order in which they leave, as when blocks of 100 are read.
    fn order(seconds: &[i64], held_max: usize) -> Vec<i64> {
        let mut order = Order::default();
        let mut out = Vec::new();
        for block in seconds.chunks(100) {
            for second in block {
                order.push(arrival(*second, 1));
            }
            order.release(held_max, &mut out);
        }
        order.release_all(&mut out);
        let second = |a: &Arrival| a.report.observed_at().as_millis() / 1000 - 1_700_000_000;
        out.iter().map(second).collect()
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
            order.push(arrival(0, number));
        }
        let mut out = Vec::new();
        order.release_all(&mut out);
        assert!(out.is_sorted_by_key(|arrival| arrival.report.mmsi()));
    }

    #[test]
    fn no_more_than_asked_is_held() {
        let mut order = Order::default();
        let mut out = Vec::new();
        for i in 0..10_000 {
            order.push(arrival(i % 100, 1));
            order.release(500, &mut out);
            assert!(order.held <= 500);
        }
        order.release_all(&mut out);
        assert_eq!(out.len(), 10_000);
    }
}
