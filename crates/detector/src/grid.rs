//! Who has been near whom: cells of space with the sub-tracks that passed through them.

use arrayvec::ArrayVec;
use rustc_hash::FxHashMap;

use crate::bounds::scattered;
use crate::track::TrackIndex;

/// Cells are cubes of earth-centred space: no latitude arithmetic, so the 180th meridian and the poles
/// are ordinary. Much larger than the distance of a contact, so that most legs lie in one cell.
const CELL_M_MIN: f64 = 4_000.0;

/// Cells lie in so many parts, so that several threads can each have some of them.
const PARTS: usize = 64;

/// For every cell the sub-tracks that have a slow leg in it.
///
/// Bounded by the slow legs of the last hours, and in one cell by [`crate::Bounds::presences_max`].
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Grid {
    size: CellSize,
    presences_max: usize,
    /// How often one made room for another.
    displaced: u64,
    #[serde(with = "parts")]
    parts: Vec<Part>,
}

/// How large cells are, and how far a leg reaches.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct CellSize {
    cell_m: f64,
    /// Half the distance of a contact: two legs in contact share a cell if both are grown by this.
    margin_m: f64,
}

/// The cells of some cubes of the earth, by their keys.
type Part = FxHashMap<u64, Vec<Presence>>;

/// A sub-track was in a cell, last at `until`, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Presence {
    who: Passer,
    until: i64,
}

/// Who passes through a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Passer {
    pub(crate) track: TrackIndex,
    /// When its vessel was heard first, in seconds since 1970; a whole number of four bytes, because there are
    /// millions of them.
    pub(crate) known_since: u32,
}

/// Who passes, and when, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passing {
    pub(crate) who: Passer,
    pub(crate) since: i64,
    pub(crate) until: i64,
    /// Presences that end before this are forgotten.
    pub(crate) forget: i64,
}

/// What happened in a cell that was entered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entered {
    /// Not all who have been there may have been found.
    pub(crate) is_full: bool,
    /// Another one made room.
    pub(crate) has_displaced: bool,
}

/// The cells that a leg touches. Mostly these are few.
#[derive(Debug, Default)]
pub(crate) struct CellsAlong {
    few: ArrayVec<u64, 4>,
    more: Vec<u64>,
}

/// Some parts of the cells.
pub(crate) struct Cells<'a> {
    parts: &'a mut [Part],
    /// Number of the first.
    first: usize,
    presences_max: usize,
}

impl Grid {
    pub(crate) fn new(contact_m: f64, presences_max: usize) -> Self {
        let cell_m = CELL_M_MIN.max(2.0 * contact_m);
        Grid {
            // A metre more than half, so that rounding loses nobody.
            size: CellSize { cell_m, margin_m: contact_m / 2.0 + 1.0 },
            presences_max,
            displaced: 0,
            parts: std::iter::repeat_with(Part::default).take(PARTS).collect(),
        }
    }

    pub(crate) fn size(&self) -> CellSize {
        self.size
    }

    /// All cells, in so many shares, of which some may be empty.
    pub(crate) fn divided(&mut self, shares: usize) -> impl Iterator<Item = Cells<'_>> {
        let presences_max = self.presences_max;
        let mut rest = &mut self.parts[..];
        (0..shares).map(move |share| {
            let first = PARTS * share / shares;
            let count = PARTS * (share + 1) / shares - first;
            let (parts, others) = std::mem::take(&mut rest).split_at_mut(count);
            rest = others;
            Cells { parts, first, presences_max }
        })
    }

    /// Enters a leg with these ends in all of its cells, as [`Cells::enter`] does, which may name one more than once.
    pub(crate) fn enter(
        &mut self,
        passing: &Passing,
        ends_m: [[f64; 3]; 2],
        mut each: impl FnMut(TrackIndex),
    ) {
        let along = self.size.cells_along(ends_m);
        let mut cells =
            Cells { parts: &mut self.parts, first: 0, presences_max: self.presences_max };
        for key in along.iter() {
            let entered = cells.enter(key, passing, &mut each);
            self.displaced += u64::from(entered.is_some_and(|entered| entered.has_displaced));
        }
    }

    /// Sub-tracks have made room for others so many times, in cells that were entered one by one.
    pub(crate) fn has_displaced(&mut self, count: u64) {
        self.displaced += count;
    }

    /// How often one sub-track made room for another in a full cell.
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced
    }

    /// Forgets presences that end before `forget` everywhere, and the cells that are left empty.
    pub(crate) fn sweep(&mut self, forget: i64) {
        for part in &mut self.parts {
            part.retain(|_, cell| {
                cell.retain(|presence| presence.until >= forget);
                !cell.is_empty()
            });
        }
    }
}

impl Cells<'_> {
    /// Enters somebody in a cell, and calls `each` for every other sub-track that has been there since; `None` if the
    /// cell is not among these. It may name a sub-track that does not exist any more, or another one in its place.
    pub(crate) fn enter(
        &mut self,
        key: u64,
        passing: &Passing,
        mut each: impl FnMut(TrackIndex),
    ) -> Option<Entered> {
        let &Passing { who, since, until, forget } = passing;
        let part = self.parts.get_mut(part_of(key).wrapping_sub(self.first))?;
        let cell = part.entry(key).or_default();
        let mut known = false;
        let mut index = 0;
        while let Some(presence) = cell.get_mut(index) {
            if presence.who.track == who.track {
                presence.until = presence.until.max(until);
                known = true;
            } else if presence.until > since {
                each(presence.who.track);
            } else if presence.until < forget {
                cell.swap_remove(index);
                continue;
            }
            index += 1;
        }
        let presence = Presence { who, until };
        let is_full = cell.len() >= self.presences_max;
        match (known, is_full) {
            (true, _) => {}
            (false, true) => make_room(cell, presence),
            (false, false) => cell.push(presence),
        }
        Some(Entered { is_full, has_displaced: is_full && !known })
    }
}

impl CellSize {
    /// The cells that a leg, grown by the margin, touches. A long leg is cut into pieces no longer than
    /// a cell, or its box would take in half a sea.
    pub(crate) fn cells_along(&self, [from, to]: [[f64; 3]; 2]) -> CellsAlong {
        let mut along = CellsAlong::default();
        let longest = (0..3).map(|i| (to[i] - from[i]).abs()).fold(0.0, f64::max);
        let pieces = (longest / self.cell_m) as u32 + 1;
        for piece in 0..pieces {
            let at = |part: u32| {
                let part = f64::from(part) / f64::from(pieces);
                [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * part)
            };
            let (start, end) = (at(piece), at(piece + 1));
            let range = [0, 1, 2].map(|i| {
                let cell = |metres: f64| (metres / self.cell_m).floor() as i64;
                cell(start[i].min(end[i]) - self.margin_m)
                    ..=cell(start[i].max(end[i]) + self.margin_m)
            });
            for x in range[0].clone() {
                for y in range[1].clone() {
                    for z in range[2].clone() {
                        let key = key(x, y, z);
                        if pieces == 1 || along.iter().all(|known| known != key) {
                            along.push(key);
                        }
                    }
                }
            }
        }
        along
    }
}

impl CellsAlong {
    fn push(&mut self, key: u64) {
        if let Err(full) = self.few.try_push(key) {
            self.more.push(full.element());
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.few.iter().chain(&self.more).copied()
    }
}

/// Puts a presence in the place of one of two that are picked as if by chance: the one that is known for the shorter
/// time. Whoever is there gets its turn, and ships that were known before a crowd came mostly stay.
fn make_room(cell: &mut [Presence], newcomer: Presence) {
    let number = scattered(newcomer.who.track, newcomer.until);
    let count = cell.len() as u64;
    let [a, b] = [number % count, (number >> 32) % count].map(|index| index as usize);
    let newer = if cell[a].who.known_since < cell[b].who.known_since { b } else { a };
    cell[newer] = newcomer;
}

/// The radius of the earth over the smallest cell is below 2¹¹, so 20 bits hold any of the three.
fn key(x: i64, y: i64, z: i64) -> u64 {
    let bits = |index: i64| (index + (1 << 19)) as u64 & 0xF_FFFF;
    bits(x) << 40 | bits(y) << 20 | bits(z)
}

/// In which part a cell lies. Cells lie together by cubes of four to the side, so that most legs are in one part.
fn part_of(key: u64) -> usize {
    let cube = key & !(3 << 40 | 3 << 20 | 3);
    // The multiplier of Fibonacci hashing, of which the highest bits count.
    (cube.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - PARTS.ilog2())) as usize
}

/// All cells as one map, in the order of their keys.
mod parts {
    use rustc_hash::FxHashMap;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{PARTS, Part, Presence, part_of};

    pub(super) fn serialize<S: Serializer>(
        parts: &[Part],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut cells: Vec<(&u64, &Vec<Presence>)> = parts.iter().flatten().collect();
        cells.sort_unstable_by_key(|(key, _)| **key);
        serializer.collect_map(cells)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Part>, D::Error> {
        let mut parts: Vec<Part> = std::iter::repeat_with(Part::default).take(PARTS).collect();
        for (key, cell) in FxHashMap::<u64, Vec<Presence>>::deserialize(deserializer)? {
            parts[part_of(key)].insert(key, cell);
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbours(
        grid: &mut Grid,
        track: TrackIndex,
        from: [f64; 3],
        to: [f64; 3],
    ) -> Vec<TrackIndex> {
        let mut found = Vec::new();
        let who = Passer { track, known_since: track };
        let passing = Passing { who, since: 0, until: 10, forget: 0 };
        grid.enter(&passing, [from, to], |other| found.push(other));
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn ships_on_both_sides_of_a_border_of_cells_are_neighbours() {
        let mut grid = Grid::new(700.0, 100);
        neighbours(&mut grid, 1, [3_999.0, 0.0, 0.0], [3_999.0, 0.0, 0.0]);
        assert_eq!(neighbours(&mut grid, 2, [4_001.0, 0.0, 0.0], [4_600.0, 0.0, 0.0]), [1]);
        assert_eq!(neighbours(&mut grid, 3, [9_000.0, 0.0, 0.0], [9_000.0, 0.0, 0.0]), []);
    }

    #[test]
    fn a_long_leg_meets_everybody_along_its_way() {
        let mut grid = Grid::new(700.0, 100);
        neighbours(&mut grid, 1, [20_000.0, 20_000.0, 300.0], [20_000.0, 20_000.0, 300.0]);
        neighbours(&mut grid, 2, [20_000.0, 0.0, 300.0], [20_000.0, 0.0, 300.0]);
        assert_eq!(neighbours(&mut grid, 3, [0.0, 0.0, 0.0], [40_000.0, 40_000.0, 0.0]), [1]);
    }

    #[test]
    fn in_a_full_cell_those_known_longest_mostly_stay() {
        let mut grid = Grid::new(700.0, 100);
        for track in 0..600 {
            neighbours(&mut grid, track, [0.0; 3], [0.0; 3]);
        }
        let found = neighbours(&mut grid, 600, [0.0; 3], [0.0; 3]);
        assert_eq!(found.len(), 100);
        // By chance alone it would be none of the first ten; by age alone none of the last.
        assert!(found.iter().filter(|track| **track < 10).count() >= 5, "{found:?}");
        assert!(found.iter().filter(|track| **track >= 590).count() >= 5, "{found:?}");
    }

    #[test]
    fn the_past_is_forgotten() {
        let mut grid = Grid::new(700.0, 100);
        neighbours(&mut grid, 1, [0.0; 3], [0.0; 3]);
        grid.sweep(11);
        assert!(grid.parts.iter().all(Part::is_empty));
    }
}
