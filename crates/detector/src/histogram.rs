//! How long each distance and each speed lasted, in whole milliseconds.
//!
//! Sums of integers: they do not depend on how the time was cut into pieces or in which order the
//! pieces came.

use serde::{Deserialize, Serialize};

use crate::encounter::make_room;

/// Borders of the classes of distance, in metres; the last class is open. Fine where ships are lashed
/// together, and the distances that definitions of a meeting name are borders.
const DISTANCE_BORDERS_M: [u32; 64] = [
    2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 50,
    55, 60, 65, 70, 75, 80, 85, 90, 95, 100, 110, 120, 130, 140, 150, 160, 170, 180, 190, 200, 225,
    250, 275, 300, 325, 350, 375, 400, 450, 500, 550, 600, 700, 1000, 1500, 2000, 3000, 4000, 5000,
];

/// Time spent in each class, in the order of the classes; those without any take no room, because most pairs of
/// ships that come near each other do so in passing, and there are millions of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Classes(Vec<Spent>);

/// The class in the highest byte, the milliseconds below: half as large as the two would be side by side.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(from = "(u8, u64)", into = "(u8, u64)")]
struct Spent(u64);

impl Spent {
    /// Two million years.
    const MILLIS_BITS: u32 = 56;

    fn class(self) -> u8 {
        (self.0 >> Self::MILLIS_BITS) as u8
    }

    fn millis(self) -> u64 {
        self.0 & ((1 << Self::MILLIS_BITS) - 1)
    }

    fn add(&mut self, millis: u64) {
        *self = (self.class(), self.millis() + millis).into();
    }
}

impl From<(u8, u64)> for Spent {
    fn from((class, millis): (u8, u64)) -> Self {
        debug_assert_eq!(millis >> Spent::MILLIS_BITS, 0, "it would count for another class");
        Spent(u64::from(class) << Spent::MILLIS_BITS | millis)
    }
}

impl From<Spent> for (u8, u64) {
    fn from(spent: Spent) -> Self {
        (spent.class(), spent.millis())
    }
}

impl Classes {
    fn add(&mut self, class: usize, millis: u64) {
        if millis == 0 {
            return;
        }
        let class = class as u8;
        let index = self.0.partition_point(|spent| spent.class() < class);
        if let Some(spent) = self.0.get_mut(index).filter(|spent| spent.class() == class) {
            spent.add(millis);
            return;
        }
        make_room(&mut self.0);
        self.0.insert(index, (class, millis).into());
    }

    fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().map(|spent| (usize::from(spent.class()), spent.millis()))
    }

    fn total(&self) -> u64 {
        self.iter().map(|(_, millis)| millis).sum()
    }
}

/// Time spent at each distance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DistanceHistogram {
    millis: Classes,
}

impl DistanceHistogram {
    pub(crate) fn new() -> Self {
        DistanceHistogram { millis: Classes::default() }
    }

    /// See [`crate::encounter::Encounter::look_ahead`].
    pub(crate) fn look_ahead(&self) -> i64 {
        self.millis.0.first().map_or(0, |spent| spent.0 as i64)
    }

    /// Adds `millis` during which the distance was between `mm_min` and `mm_max`;
    /// `millis_within` tells for how much of that it was at most so many metres.
    pub(crate) fn add(
        &mut self,
        millis: u64,
        mm_min: u32,
        mm_max: u32,
        mut millis_within: impl FnMut(f64) -> u64,
    ) {
        let mut class = DISTANCE_BORDERS_M.partition_point(|&border_m| border_m * 1000 < mm_min);
        let mut counted = 0;
        while let Some(&border_m) = DISTANCE_BORDERS_M.get(class)
            && border_m * 1000 < mm_max
        {
            let within = millis_within(f64::from(border_m)).clamp(counted, millis);
            self.millis.add(class, within - counted);
            counted = within;
            class += 1;
        }
        self.millis.add(class, millis - counted);
    }

    /// The distance in metres, to a decimetre, that was not exceeded for `percent` of the time. Within a
    /// class the time is taken as spread evenly; nothing was nearer than `mm_min` or farther than
    /// `mm_max`.
    pub(crate) fn percentile_m(&self, percent: u64, mm_min: u32, mm_max: u32) -> f64 {
        let wanted = self.millis.total() * percent / 100;
        let mut before = 0;
        for (class, millis) in self.millis.iter() {
            if before + millis >= wanted {
                let (low, high) = borders_mm(class);
                let high = high.min(u64::from(mm_max));
                let low = low.max(u64::from(mm_min)).min(high);
                let mm = low + (high - low) * (wanted - before) / millis;
                return ((mm + 50) / 100) as f64 / 10.0;
            }
            before += millis;
        }
        0.0
    }

    /// For how long the distance was at most `distance_m`, in milliseconds.
    pub(crate) fn millis_within(&self, distance_m: f64) -> u64 {
        let wanted_mm = (distance_m * 1000.0) as u64;
        let mut sum = 0;
        for (class, millis) in self.millis.iter() {
            let (low, high) = borders_mm(class);
            if high <= wanted_mm {
                sum += millis;
            } else if low < wanted_mm {
                sum += millis * (wanted_mm - low) / (high - low);
            }
        }
        sum
    }
}

fn borders_mm(class: usize) -> (u64, u64) {
    let border = |index: usize| DISTANCE_BORDERS_M.get(index).map(|&m| u64::from(m) * 1000);
    let low = class.checked_sub(1).and_then(border).unwrap_or(0);
    (low, border(class).unwrap_or(low))
}

/// Speeds are told apart by a tenth of a knot, and not at all above ten.
const SPEED_CLASSES: usize = 101;

/// Time spent at each speed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SpeedHistogram {
    millis: Classes,
}

impl SpeedHistogram {
    pub(crate) fn new() -> Self {
        SpeedHistogram { millis: Classes::default() }
    }

    pub(crate) fn add(&mut self, millis: u64, knots: f64) {
        let class = (knots * 10.0 + 0.5) as usize;
        self.millis.add(class.min(SPEED_CLASSES - 1), millis);
    }

    /// In knots, to a tenth.
    pub(crate) fn median_knots(&self) -> f64 {
        let half = self.millis.total() / 2;
        let mut before = 0;
        for (class, millis) in self.millis.iter() {
            before += millis;
            if before >= half {
                return class as f64 / 10.0;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::ContactRules;

    #[test]
    fn a_steady_distance_is_its_own_percentile() {
        let mut histogram = DistanceHistogram::new();
        histogram.add(1000, 61_200, 61_200, |_| unreachable!("no border lies between"));
        for percent in [0, 50, 95, 100] {
            assert_eq!(histogram.percentile_m(percent, 61_200, 61_200), 61.2);
        }
        assert_eq!(histogram.millis_within(50.0), 0);
        assert_eq!(histogram.millis_within(100.0), 1000);
    }

    #[test]
    fn a_steady_approach_is_spread_evenly() {
        // From 200 m to nothing in 200 s.
        let mut histogram = DistanceHistogram::new();
        histogram.add(200_000, 0, 200_000, |distance_m| (distance_m * 1000.0) as u64);
        assert_eq!(histogram.percentile_m(50, 0, 200_000), 100.0);
        assert_eq!(histogram.percentile_m(95, 0, 200_000), 190.0);
        assert_eq!(histogram.millis_within(50.0), 50_000);
        assert_eq!(histogram.millis_within(500.0), 200_000);
    }

    #[test]
    fn the_median_speed_is_weighted_by_time() {
        let mut histogram = SpeedHistogram::new();
        histogram.add(10, 7.9);
        histogram.add(11, 0.52);
        assert_eq!(histogram.median_knots(), 0.5);
    }

    #[test]
    fn borders_are_in_order() {
        assert!(DISTANCE_BORDERS_M.is_sorted());
        assert_eq!(f64::from(DISTANCE_BORDERS_M[63]), ContactRules::DISTANCE_M_MAX);
    }
}
