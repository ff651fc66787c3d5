//! How much is remembered, and who makes room when there is no more of it.
//!
//! Numbers are free on the air: anybody can invent ships by the million, or by the thousand in one place. So whatever is
//! remembered for each ship, pair or cell has a bound, and who makes room there is chosen so that inventing ships does
//! not hide honest ones. What happens at a bound is counted in [`crate::Counters`].

use maritime::Timestamp;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::contact::ContactPiece;
use crate::detector::State;
use crate::grid::Passer;
use crate::raft::TrackPair;
use crate::track::TrackIndex;

/// How much is remembered. All in numbers of things, each at least 1.
///
/// ```
/// use alongside_detector::Parameters;
///
/// let mut parameters = Parameters::default();
/// parameters.bounds.vessels_max = 50_000;
/// assert_eq!(parameters.bounds.pairs_max, 256);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Reports that are held until they are in order, some 150 bytes each. Beyond it the oldest of them leave before
    /// their time, and those whose clock is ahead of all others are refused.
    pub reports_held_max: usize,
    /// Vessels, some 500 bytes each. When there is no room for another one, a sixteenth of them is forgotten: first
    /// those that were never told of in an encounter, of those the ones that have said least, of those the ones that
    /// have been silent longest. Nobody is forgotten who is in an encounter; if all are, the newcomer is left out.
    pub vessels_max: usize,
    /// Encounters of one ship at a time, those included that have ended and may go on yet, some kilobytes each. Beyond
    /// it kept are the third in which the ships came nearest, the third that lasted longest and the third with the
    /// ships known longest; of the others the farthest makes room, or is not taken up.
    pub pairs_max: usize,
    /// Ships in one cell of some 4 km in the time of the longest leg. A further one takes the place of the one of two,
    /// picked by their numbers, that is known for a shorter time. Ships in an encounter find each other all the same.
    pub presences_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            reports_held_max: 4_000_000,
            vessels_max: 1_000_000,
            pairs_max: 256,
            presences_max: 2048,
        }
    }
}

/// What has happened at the bounds.
///
/// ```
/// use alongside_detector::{Detector, Parameters};
///
/// let detector = Detector::new(Parameters::default());
/// assert_eq!(detector.counters().at_bounds.vessels_forgotten, 0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AtBounds {
    /// Reports that left before they could be known to be in order; see [`Bounds::reports_held_max`].
    pub reports_hurried: u64,
    /// Vessels forgotten to make room for others; see [`Bounds::vessels_max`].
    pub vessels_forgotten: u64,
    /// Reports left out, because nobody could make room for their vessel.
    pub vessels_refused: u64,
    /// Sub-tracks that made room for another one under the same number: more than four ships share it, or its
    /// positions jump.
    pub sub_tracks_displaced: u64,
    /// Encounters that made room for others, told or not; see [`Bounds::pairs_max`].
    pub pairs_displaced: u64,
    /// Contacts of two ships that were not taken up, because one of them had encounters enough.
    pub pairs_refused: u64,
    /// Ships that made room for others in a cell; see [`Bounds::presences_max`].
    pub presences_displaced: u64,
}

/// What speaks for keeping an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The nearest that the ships came.
    pub(crate) distance_mm: u32,
    /// Time in contact.
    pub(crate) contact_millis: u64,
    /// When the ship that is known for a shorter time was heard first.
    pub(crate) known_since: i64,
}

impl Standing {
    /// Of an encounter that begins.
    pub(crate) fn of_piece(piece: &ContactPiece, known_since: i64) -> Self {
        Standing {
            distance_mm: piece.approach.distance_mm_min(piece.from, piece.to),
            contact_millis: (piece.to - piece.from) as u64,
            known_since,
        }
    }
}

/// Whose encounters are remembered, by sub-track.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Partners {
    #[serde(with = "crate::snapshot::sorted_map")]
    by_track: FxHashMap<TrackIndex, Pairs>,
}

/// The encounters of one sub-track.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pairs {
    /// In the order in which they began; at most [`Bounds::pairs_max`].
    pairs: Vec<TrackPair>,
    /// What a newcomer had to surpass when one was refused last. Those that are kept only get better, so who does
    /// not surpass this now would not be kept either, and need not be held against them all.
    bar: Option<Bar>,
}

/// A newcomer is kept only if it is nearer, lasts longer or is of ships known longer than this.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Bar {
    distance_mm: u32,
    contact_millis: u64,
    known_since: i64,
}

impl Bar {
    fn is_surpassed_by(&self, newcomer: &Standing) -> bool {
        newcomer.distance_mm < self.distance_mm
            || newcomer.contact_millis > self.contact_millis
            || newcomer.known_since < self.known_since
    }
}

impl Partners {
    /// The encounters of a sub-track.
    pub(crate) fn of(&self, track: TrackIndex) -> &[TrackPair] {
        self.by_track.get(&track).map_or(&[], |known| &known.pairs)
    }

    /// The sub-tracks that have any, in no order.
    pub(crate) fn tracks(&self) -> impl Iterator<Item = TrackIndex> {
        self.by_track.keys().copied()
    }

    pub(crate) fn enter(&mut self, pair: TrackPair) {
        for track in [pair.0, pair.1] {
            let pairs = &mut self.by_track.entry(track).or_default().pairs;
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }

    pub(crate) fn leave(&mut self, pair: TrackPair) {
        for track in [pair.0, pair.1] {
            let Some(known) = self.by_track.get_mut(&track) else { continue };
            known.pairs.retain(|other| *other != pair);
            known.bar = None;
            if known.pairs.is_empty() {
                self.by_track.remove(&track);
            }
        }
    }

    /// Whether there is room for a further encounter of `pair`: those that must make room for it, or `None` if it is
    /// refused. `standing` tells how an encounter stands; `None` if it is not remembered any more.
    pub(crate) fn room_for(
        &mut self,
        pair: TrackPair,
        newcomer: Standing,
        pairs_max: usize,
        standing: impl Fn(TrackPair) -> Option<Standing>,
    ) -> Option<Vec<TrackPair>> {
        let mut leaving = Vec::new();
        for track in [pair.0, pair.1] {
            let Some(known) = self.by_track.get_mut(&track) else { continue };
            if known.pairs.len() < pairs_max {
                continue;
            }
            if known.bar.is_some_and(|bar| !bar.is_surpassed_by(&newcomer)) {
                return None;
            }
            known.pairs.retain(|&pair| standing(pair).is_some());
            let mut standings: Vec<Standing> =
                known.pairs.iter().filter_map(|&pair| standing(pair)).collect();
            if standings.len() < pairs_max {
                continue;
            }
            standings.push(newcomer);
            let (worst, bar) = worst(&standings);
            let Some(&worst) = known.pairs.get(worst) else {
                known.bar = Some(bar);
                return None;
            };
            leaving.push(worst);
        }
        leaving.dedup();
        Some(leaving)
    }
}

/// The one that makes room, and what a newcomer would have to surpass to be kept in its stead.
fn worst(standings: &[Standing]) -> (usize, Bar) {
    // Of those there is room for, so that one is left even where no two of them are the same.
    let third = (standings.len() - 1) / 3;
    let mut order: Vec<usize> = (0..standings.len()).collect();
    let mut kept = vec![false; standings.len()];
    // Who came first stays where there is nothing else to tell them apart.
    let mut keep = |key: &dyn Fn(&Standing) -> i64| {
        order.sort_unstable_by_key(|&index| (key(&standings[index]), index));
        order[..third].iter().for_each(|&index| kept[index] = true);
        third.checked_sub(1).map_or(i64::MIN, |last| key(&standings[order[last]]))
    };
    keep(&|standing| i64::from(standing.distance_mm));
    let contact_millis = keep(&|standing| -(standing.contact_millis as i64));
    let known_since = keep(&|standing| standing.known_since);
    let (worst, farthest) = (standings.iter().enumerate())
        .filter(|&(index, _)| !kept[index])
        .max_by_key(|&(index, standing)| (standing.distance_mm, index))
        .expect("three thirds of less than all are not all");
    let bar = Bar {
        distance_mm: farthest.distance_mm,
        contact_millis: contact_millis.unsigned_abs(),
        known_since,
    };
    (worst, bar)
}

impl State {
    /// Whether an encounter refers to a sub-track.
    pub(crate) fn is_needed(&self, track: TrackIndex) -> bool {
        let is_of = |pair: &TrackPair| pair.0 == track || pair.1 == track;
        !self.partners.of(track).is_empty() || self.replaced.iter().any(|(pair, _)| is_of(pair))
    }

    /// Whether one of the two has encounters enough.
    pub(crate) fn is_full(&self, pair: TrackPair) -> bool {
        [pair.0, pair.1].iter().any(|track| self.partners.of(*track).len() >= self.bounds.pairs_max)
    }

    pub(crate) fn passer(&self, track: TrackIndex) -> Passer {
        let vessel = &self.vessels[self.track(track).vessel as usize];
        Passer { track, known_since: vessel.known_since() }
    }

    /// Whether there is room for what is to be remembered of a vessel that was never heard. Where there is not, others
    /// are forgotten; if nobody can be, there is none.
    pub(crate) fn has_room(&mut self) -> bool {
        if self.vessels.len() - self.vacant.len() < self.bounds.vessels_max {
            return true;
        }
        self.forget_vessels();
        let has_room = !self.vacant.is_empty();
        self.at_bounds.vessels_refused += u64::from(!has_room);
        has_room
    }

    /// Forgets a sixteenth of the vessels at a time, so that a newcomer costs little.
    fn forget_vessels(&mut self) {
        let mut is_busy = vec![false; self.vessels.len()];
        self.vacant.iter().for_each(|&vacant| is_busy[vacant as usize] = true);
        let told = self.replaced.iter().flat_map(|(pair, _)| [pair.0, pair.1]);
        for track in self.partners.tracks().chain(told) {
            is_busy[self.track(track).vessel as usize] = true;
        }
        let mut order: Vec<(bool, u32, Timestamp, u32)> = (0..)
            .zip(&self.vessels)
            .filter(|&(index, _)| !is_busy[index as usize])
            .map(|(index, vessel)| {
                // To have said four times as much counts for more than to have been heard since.
                let said = vessel.positions.checked_ilog2().map_or(0, |log| log / 2 + 1);
                (vessel.has_met, said, vessel.last_heard_at, index)
            })
            .collect();
        let count = self.bounds.vessels_max.div_ceil(16).min(order.len());
        if count < order.len() {
            order.select_nth_unstable(count);
        }
        let mut is_gone = is_busy;
        is_gone.fill(false);
        let mut gone: Vec<u32> = order[..count].iter().map(|&(.., index)| index).collect();
        gone.sort_unstable();
        for &index in &gone {
            is_gone[index as usize] = true;
            self.by_mmsi.remove(&self.vessels[index as usize].mmsi);
        }
        self.vacant.extend(gone);
        for (index, track) in (0..).zip(&mut self.tracks) {
            if track.as_ref().is_some_and(|track| is_gone[track.vessel as usize]) {
                *track = None;
                self.free.push(index);
            }
        }
        let tracks = &self.tracks;
        self.revision.forget(|track| tracks[track as usize].is_none());
        self.places.forget(&is_gone);
        self.story.forget(&is_gone);
        self.at_bounds.vessels_forgotten += count as u64;
    }
}

/// A number that differs for every ship and instant and looks like chance, and is the same in every run.
pub(crate) fn scattered(track: TrackIndex, at: i64) -> u64 {
    // The finaliser of SplitMix64.
    let mixed = (u64::from(track) << 40) ^ at as u64;
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(distance_m: u32, minutes: u64, known_since: i64) -> Standing {
        Standing { distance_mm: distance_m * 1000, contact_millis: minutes * 60_000, known_since }
    }

    /// Which of seven makes room for an eighth.
    #[track_caller]
    fn check(others: [Standing; 6], newcomer: Standing, expected: Option<u32>) {
        let mut partners = Partners::default();
        (1..=6).for_each(|other| partners.enter((0, other)));
        let known = |pair: TrackPair| Some(others[pair.1 as usize - 1]);
        let leaving = partners.room_for((0, 9), newcomer, 6, known);
        let leaving = leaving.map(|leaving| leaving[0].1);
        assert_eq!(leaving, expected);
        // Asked again, the answer is the same.
        let again = partners.room_for((0, 9), newcomer, 6, known);
        assert_eq!(again.map(|leaving| leaving[0].1), expected);
    }

    #[test]
    fn the_nearest_the_longest_and_the_longest_known_are_kept() {
        let near = [standing(10, 5, 100), standing(20, 5, 100)];
        let long = [standing(300, 500, 100), standing(310, 400, 100)];
        let known = [standing(400, 5, 1), standing(410, 5, 2)];
        let others = [near[0], long[0], known[0], near[1], long[1], known[1]];
        check(others, standing(450, 5, 100), None);
        check(others, standing(15, 5, 100), Some(4));
        check(others, standing(450, 450, 100), Some(5));
        check(others, standing(450, 5, 0), Some(6));
    }

    #[test]
    fn one_makes_room_however_little_room_there_is() {
        for pairs_max in 1..10 {
            let mut partners = Partners::default();
            (1..=pairs_max).for_each(|other| partners.enter((0, other)));
            // Each is better than all others in something.
            let standing = |other: u32| match other % 3 {
                0 => standing(10 + other, 5, 100),
                1 => standing(400, 500 + u64::from(other), 100),
                _ => standing(400, 5, i64::from(other)),
            };
            let known = |pair: TrackPair| Some(standing(pair.1));
            let newcomer = standing(pairs_max + 1);
            let room = partners.room_for((0, 99), newcomer, pairs_max as usize, known);
            assert!(room.is_none_or(|leaving| leaving.len() == 1), "{pairs_max}");
        }
    }

    #[test]
    fn there_is_room_until_the_bound_is_reached() {
        let mut partners = Partners::default();
        let unused = |_| unreachable!("nobody has to be compared");
        for other in 1..=6 {
            let room = partners.room_for((0, other), standing(1, 1, 1), 6, unused);
            assert_eq!(room, Some(Vec::new()));
            partners.enter((0, other));
        }
        partners.leave((0, 3));
        assert_eq!(partners.of(0).len(), 5);
        assert_eq!(partners.of(3), []);
        assert_eq!(partners.room_for((0, 7), standing(1, 1, 1), 6, unused), Some(Vec::new()));
    }
}
