//! Who could be heard where: the ships heard in each cell of the sea, in slots of ten minutes.
//!
//! A ship that is not heard may be silent, or nobody may be in reach. Its neighbours tell: if they go on being heard as
//! before, it would have been too. A ship counts once in a slot, however often it reports, so that a satellite that
//! passes for ten minutes counts like a station that listens all day, slot by slot.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::OnceLock;

use arrayvec::ArrayVec;
use maritime::StationId;
use rustc_hash::FxHashMap;

/// Length of a slot in milliseconds: a pass of a satellite.
pub(crate) const SLOT_MILLIS: i64 = 600_000;
/// Slots that are counted together.
const SLOTS_PER_HOUR: i64 = 6;
/// Cells counted in one hour at most, of all sorts, some 16 MB. Beyond that further cells count nobody, so that a
/// silence there is put down to the reception.
const CELLS_PER_HOUR_MAX: usize = 600_000;
/// Before and after a silence, how many slots tell of the reception: three hours and two.
const SLOTS_BEFORE: i64 = 18;
const SLOTS_WITHIN: i64 = 12;
const SLOTS_MAX: usize = (SLOTS_BEFORE + SLOTS_WITHIN) as usize;
/// As many neighbours, counted in each slot, make the near cells tell enough; else the wide ones are asked.
const INFORMATIVE: f64 = 3.0;
/// What part of its neighbours' slots a ship is heard in, if nothing is known of that.
const HEARD_SHARE_UNKNOWN: f64 = 0.5;

/// Edge of a cell in 1/10 000 minute: 0.1° for the near ones, so that three by three of them reach 11 to 22 km, and
/// 0.5° for the wide ones.
const NEAR: i64 = 60_000;
const WIDE: i64 = 300_000;
const QUARTER_TURN: i64 = 90 * 600_000;
const HALF_TURN: i64 = 2 * QUARTER_TURN;

/// A place, in 1/10 000 minute.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct Place {
    pub(crate) latitude: i32,
    pub(crate) longitude: i32,
}

/// A cell of one size, of one receiver or of all.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
struct Key {
    edge: i32,
    row: i32,
    column: i32,
    station: Option<StationId>,
}

/// Ships heard in each of the slots of an hour.
type Counts = [u16; SLOTS_PER_HOUR as usize];

/// The reports that would have been heard of a ship had it gone on sending.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Exposure {
    /// In how many slots one would expect to have heard the ship.
    pub(crate) slots_expected: f64,
    /// Neighbours heard meanwhile, each counted in every slot.
    pub(crate) neighbours_heard: u32,
}

/// What was heard of everybody in the last hours.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Reception {
    /// With the number of the hour since 1970, in order. Those that no silence can ask for any more are dropped.
    #[serde(with = "crate::snapshot::sorted_maps")]
    hours: VecDeque<(i64, FxHashMap<Key, Counts>)>,
}

/// The number of the slot of an instant.
pub(crate) fn slot(at: i64) -> i64 {
    at.div_euclid(SLOT_MILLIS)
}

impl Reception {
    /// A ship was heard for the first time in a slot. What is older than `kept_hours` is forgotten.
    pub(crate) fn count(
        &mut self,
        place: Place,
        station: Option<StationId>,
        slot: i64,
        kept_hours: i64,
    ) {
        let hour = slot.div_euclid(SLOTS_PER_HOUR);
        if self.hours.back().is_none_or(|&(last, _)| last < hour) {
            self.hours.push_back((hour, FxHashMap::default()));
            while self.hours.front().is_some_and(|&(first, _)| first < hour - kept_hours) {
                self.hours.pop_front();
            }
        }
        let Some((_, cells)) = self.hours.iter_mut().rev().find(|(known, _)| *known == hour) else {
            return;
        };
        let of_station = station.map(|_| Key::new(place, NEAR, station));
        let keys =
            [Some(Key::new(place, NEAR, None)), Some(Key::new(place, WIDE, None)), of_station];
        for key in keys.into_iter().flatten() {
            if cells.len() >= CELLS_PER_HOUR_MAX && !cells.contains_key(&key) {
                continue;
            }
            let count =
                &mut cells.entry(key).or_default()[slot.rem_euclid(SLOTS_PER_HOUR) as usize];
            *count = count.saturating_add(1);
        }
    }

    /// What can be said of a ship that was heard last at `place` in the slot `last`, up to the slot before `end`. It
    /// was heard itself in the slots of the bits of `own`, the lowest for `last`, over `known` slots at most.
    pub(crate) fn after(
        &self,
        place: Place,
        station: Option<StationId>,
        last: i64,
        end: i64,
        own: u32,
        known: i64,
    ) -> Exposure {
        let before = (last + 1 - SLOTS_BEFORE.min(known).max(1), last + 1);
        let within = (last + 1, end.clamp(last + 1, last + 1 + SLOTS_WITHIN));
        let own_slots = |slot: i64| f64::from(own >> (last - slot) & 1);
        let ask = |edge: i64, station: Option<StationId>| -> (f64, Exposure) {
            let around = self.around(place, edge, station, before.0..within.1);
            let count = |slot: i64| f64::from(around[(slot - before.0) as usize]);
            let others = |slot: i64| (count(slot) - own_slots(slot)).max(0.0);
            let most = (before.0..before.1).map(others).fold(0.0, f64::max);
            let most = (within.0..within.1).map(count).fold(most, f64::max).max(1.0);
            let heard_before: f64 = (before.0..before.1).map(others).sum();
            let heard_within: f64 = (within.0..within.1).map(count).sum();
            let own_heard: f64 = (before.0..before.1).map(own_slots).sum();
            let share = if heard_before >= INFORMATIVE {
                (own_heard * most / heard_before).clamp(0.1, 1.0)
            } else {
                HEARD_SHARE_UNKNOWN
            };
            let exposure = Exposure {
                slots_expected: share * heard_within / most,
                neighbours_heard: heard_within as u32,
            };
            (heard_before, exposure)
        };
        let (known, near) = ask(NEAR, None);
        if known < INFORMATIVE {
            return ask(WIDE, None).1;
        }
        // Had the receiver that heard it fallen silent, another one that hears the neighbours need not hear this ship.
        let of_station = station.map(|station| ask(NEAR, Some(station)));
        match of_station {
            Some((known, exposure)) if known >= INFORMATIVE => Exposure {
                slots_expected: exposure.slots_expected.min(near.slots_expected),
                ..near
            },
            _ => near,
        }
    }

    /// The same for a ship that is heard again at `place` in the slot `next`, from the slot `start` on.
    pub(crate) fn before(&self, place: Place, start: i64, next: i64) -> Exposure {
        let within = start.max(next - SLOTS_WITHIN)..next;
        let from = next - SLOTS_BEFORE;
        let around = self.around(place, NEAR, None, from..next);
        let count = |slot: i64| f64::from(around[(slot - from) as usize]);
        let most = (from..next).map(count).fold(1.0, f64::max);
        let heard: f64 = within.map(count).sum();
        Exposure {
            slots_expected: HEARD_SHARE_UNKNOWN * heard / most,
            neighbours_heard: heard as u32,
        }
    }

    /// Ships heard in each of so many slots in the cell of a place and the eight around it.
    fn around(
        &self,
        place: Place,
        edge: i64,
        station: Option<StationId>,
        slots: Range<i64>,
    ) -> ArrayVec<u32, SLOTS_MAX> {
        let mut heard: ArrayVec<u32, SLOTS_MAX> = slots.clone().map(|_| 0).collect();
        let row = row(place, edge);
        let rows = (row - 1).max(0)..=(row + 1).min(2 * QUARTER_TURN / edge - 1);
        let mut keys: ArrayVec<Key, 9> = ArrayVec::new();
        for row in rows {
            let (column, columns) = column(place, row, edge);
            keys.extend((column - 1..=column + 1).map(|column| {
                let column = column.rem_euclid(columns) as i32;
                Key { edge: edge as i32, row: row as i32, column, station }
            }));
        }
        for (hour, cells) in &self.hours {
            let first = hour * SLOTS_PER_HOUR;
            if first + SLOTS_PER_HOUR <= slots.start || first >= slots.end {
                continue;
            }
            for counts in keys.iter().filter_map(|key| cells.get(key)) {
                for (slot, count) in (first..).zip(counts) {
                    if slots.contains(&slot) {
                        heard[(slot - slots.start) as usize] += u32::from(*count);
                    }
                }
            }
        }
        heard
    }
}

impl Key {
    fn new(place: Place, edge: i64, station: Option<StationId>) -> Self {
        let row = row(place, edge);
        let (column, _) = column(place, row, edge);
        Key { edge: edge as i32, row: row as i32, column: column as i32, station }
    }
}

fn row(place: Place, edge: i64) -> i64 {
    ((i64::from(place.latitude) + QUARTER_TURN) / edge).min(2 * QUARTER_TURN / edge - 1)
}

/// The column of a place in a row, and how many columns the row has: as many as keep the cells about square, three at
/// least.
fn column(place: Place, row: i64, edge: i64) -> (i64, i64) {
    let columns = columns(row, edge);
    let east = i64::from(place.longitude) + HALF_TURN;
    ((east * columns / (2 * HALF_TURN)).min(columns - 1), columns)
}

/// How likely a ship was silent and not out of reach, given in how many slots it should have been heard. One in ten where
/// nothing is known, because a lack of reception is common and silence on purpose is not. Slots are not so many throws of
/// dice, as what keeps a ship from being heard in one of them lasts into the next; so three in four count.
pub(crate) fn silence_probability(slots_expected: f64) -> f64 {
    let unheard = libm::exp(-0.75 * slots_expected);
    0.1 / (0.1 + 0.9 * unheard)
}

fn columns(row: i64, edge: i64) -> i64 {
    static NEAR_ROWS: OnceLock<Vec<i64>> = OnceLock::new();
    static WIDE_ROWS: OnceLock<Vec<i64>> = OnceLock::new();
    let rows = if edge == NEAR { &NEAR_ROWS } else { &WIDE_ROWS };
    let columns = |row: i64| {
        let middle = ((2 * row + 1) * edge / 2 - QUARTER_TURN) as f64;
        let columns = libm::cos(crate::fix::radians(middle)) * (2 * HALF_TURN / edge) as f64;
        (libm::round(columns) as i64).max(3)
    };
    rows.get_or_init(|| (0..2 * QUARTER_TURN / edge).map(columns).collect())[row as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = Place { latitude: 28 * 600_000, longitude: -94 * 600_000 };

    /// A ship was heard in all 18 slots up to slot 100, four neighbours with it; then `heard` of these in each slot.
    #[track_caller]
    fn check(here: Place, heard: u16, expected: std::ops::RangeInclusive<f64>) {
        let mut reception = Reception::default();
        for slot in 83..=112 {
            let ships = if slot <= 100 { 5 } else { heard };
            for ship in 0..ships {
                let place = Place { latitude: here.latitude + i32::from(ship) * 6000, ..here };
                reception.count(place, None, slot, 12);
            }
        }
        let exposure = reception.after(here, None, 100, 113, u32::MAX, 18);
        let probability = silence_probability(exposure.slots_expected);
        assert!(expected.contains(&probability), "{probability} {exposure:?}");
    }

    #[test]
    fn a_ship_is_silent_if_its_neighbours_are_heard_and_unheard_if_they_are_not() {
        for here in [
            HERE,
            Place { longitude: 180 * 600_000, ..HERE },
            Place { latitude: 89 * 600_000, ..HERE },
        ] {
            check(here, 4, 0.95..=1.0);
            check(here, 0, 0.1..=0.1);
        }
    }

    #[test]
    fn a_receiver_that_fell_silent_excuses_those_it_heard() {
        let [near, far] = ["near", "far"].map(|name| Some(StationId::new(name)));
        let mut reception = Reception::default();
        for slot in 83..=112 {
            for _ in 0..4 {
                if slot <= 100 {
                    reception.count(HERE, near, slot, 12);
                } else {
                    reception.count(HERE, far, slot, 12);
                }
            }
        }
        let of = |station| reception.after(HERE, station, 100, 113, u32::MAX, 18).slots_expected;
        assert!(of(None) > 5.0 && of(near) == 0.0);
    }

    #[test]
    fn between_passes_nobody_is_heard() {
        let mut reception = Reception::default();
        for slot in [83, 89, 95, 100] {
            for _ in 0..5 {
                reception.count(HERE, None, slot, 12);
            }
        }
        let own = 1 | 1 << 5 | 1 << 11 | 1 << 17;
        assert_eq!(reception.after(HERE, None, 100, 106, own, 18).slots_expected, 0.0);
        for slot in [106, 111] {
            for _ in 0..4 {
                reception.count(HERE, None, slot, 12);
            }
        }
        let expected = reception.after(HERE, None, 100, 113, own, 18).slots_expected;
        assert!((1.9..2.1).contains(&expected), "{expected}");
    }
}
