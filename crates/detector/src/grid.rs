//! Who has been near whom: cells of space with the sub-tracks that passed through them.

use rustc_hash::FxHashMap;

use crate::bounds::scattered;
use crate::track::TrackIndex;

/// Cells are cubes of earth-centred space: no latitude arithmetic, so the 180th meridian and the poles
/// are ordinary. Much larger than the distance of a contact, so that most legs lie in one cell.
const CELL_M_MIN: f64 = 4_000.0;

/// For every cell the sub-tracks that have a slow leg in it.
///
/// Bounded by the slow legs of the last hours, and in one cell by [`crate::Bounds::presences_max`].
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Grid {
    cell_m: f64,
    /// Half the distance of a contact: two legs in contact share a cell if both are grown by this.
    margin_m: f64,
    presences_max: usize,
    /// How often one made room for another.
    displaced: u64,
    #[serde(with = "crate::snapshot::sorted_map")]
    cells: FxHashMap<u64, Vec<Presence>>,
    /// Cells of the leg at hand; kept for its allocation.
    #[serde(skip)]
    along: Vec<u64>,
}

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

impl Grid {
    pub(crate) fn new(contact_m: f64, presences_max: usize) -> Self {
        Grid {
            cell_m: CELL_M_MIN.max(2.0 * contact_m),
            // A metre more than half, so that rounding loses nobody.
            margin_m: contact_m / 2.0 + 1.0,
            presences_max,
            displaced: 0,
            cells: FxHashMap::default(),
            along: Vec::new(),
        }
    }

    /// Enters a leg of `who` that ends at `until`, and calls `each` for every other sub-track, maybe
    /// more than once, that has been in one of its cells since `since`. Presences that end before
    /// `forget` are forgotten. Says whether one of the cells is full, so that not all may have been found.
    ///
    /// It may name a sub-track that does not exist any more, or another one in its place.
    pub(crate) fn enter(
        &mut self,
        who: Passer,
        ends_m: [[f64; 3]; 2],
        since: i64,
        until: i64,
        forget: i64,
        mut each: impl FnMut(TrackIndex),
    ) -> bool {
        self.cells_along(ends_m);
        let mut is_full = false;
        for key in &self.along {
            let cell = self.cells.entry(*key).or_default();
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
            if cell.len() < self.presences_max {
                if !known {
                    cell.push(presence);
                }
                continue;
            }
            is_full = true;
            if !known {
                make_room(cell, presence);
                self.displaced += 1;
            }
        }
        is_full
    }

    /// How often one sub-track made room for another in a full cell.
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced
    }

    /// Forgets presences that end before `forget` everywhere, and the cells that are left empty.
    pub(crate) fn sweep(&mut self, forget: i64) {
        self.cells.retain(|_, cell| {
            cell.retain(|presence| presence.until >= forget);
            !cell.is_empty()
        });
    }

    /// The cells that a leg, grown by the margin, touches. A long leg is cut into pieces no longer than
    /// a cell, or its box would take in half a sea.
    fn cells_along(&mut self, [from, to]: [[f64; 3]; 2]) {
        self.along.clear();
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
                        if pieces == 1 || !self.along.contains(&key) {
                            self.along.push(key);
                        }
                    }
                }
            }
        }
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
        grid.enter(who, [from, to], 0, 10, 0, |other| found.push(other));
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
        assert!(grid.cells.is_empty());
    }
}
