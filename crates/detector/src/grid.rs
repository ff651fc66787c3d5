//! Who has been near whom: cells of space with the sub-tracks that passed through them.

use rustc_hash::FxHashMap;

use crate::track::TrackIndex;

/// Cells are cubes of earth-centred space: no latitude arithmetic, so the 180th meridian and the poles
/// are ordinary. Much larger than the distance of a contact, so that most legs lie in one cell.
const CELL_M_MIN: f64 = 4_000.0;

/// For every cell the sub-tracks that have a slow leg in it.
///
/// Bounded by the slow legs of the last hours; there is no cap on the neighbours in a cell: a full
/// anchorage is slower, never wrong.
#[derive(Debug)]
pub(crate) struct Grid {
    cell_m: f64,
    /// Half the distance of a contact: two legs in contact share a cell if both are grown by this.
    margin_m: f64,
    cells: FxHashMap<u64, Vec<Presence>>,
    /// Cells of the leg at hand; kept for its allocation.
    along: Vec<u64>,
}

/// A sub-track was in a cell, last at `until`, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Presence {
    track: TrackIndex,
    until: i64,
}

impl Grid {
    pub(crate) fn new(contact_m: f64) -> Self {
        Grid {
            cell_m: CELL_M_MIN.max(2.0 * contact_m),
            // A metre more than half, so that rounding loses nobody.
            margin_m: contact_m / 2.0 + 1.0,
            cells: FxHashMap::default(),
            along: Vec::new(),
        }
    }

    /// Enters a leg of `track` that ends at `until`, and calls `each` for every other sub-track, maybe
    /// more than once, that has been in one of its cells since `since`. Presences that end before
    /// `forget` are forgotten.
    pub(crate) fn enter(
        &mut self,
        track: TrackIndex,
        ends_m: [[f64; 3]; 2],
        since: i64,
        until: i64,
        forget: i64,
        mut each: impl FnMut(TrackIndex),
    ) {
        self.cells_along(ends_m);
        for key in &self.along {
            let cell = self.cells.entry(*key).or_default();
            let mut known = false;
            let mut index = 0;
            while let Some(presence) = cell.get_mut(index) {
                if presence.track == track {
                    presence.until = until;
                    known = true;
                } else if presence.until > since {
                    each(presence.track);
                } else if presence.until < forget {
                    cell.swap_remove(index);
                    continue;
                }
                index += 1;
            }
            if !known {
                cell.push(Presence { track, until });
            }
        }
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
        grid.enter(track, [from, to], 0, 10, 0, |other| found.push(other));
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn ships_on_both_sides_of_a_border_of_cells_are_neighbours() {
        let mut grid = Grid::new(700.0);
        neighbours(&mut grid, 1, [3_999.0, 0.0, 0.0], [3_999.0, 0.0, 0.0]);
        assert_eq!(neighbours(&mut grid, 2, [4_001.0, 0.0, 0.0], [4_600.0, 0.0, 0.0]), [1]);
        assert_eq!(neighbours(&mut grid, 3, [9_000.0, 0.0, 0.0], [9_000.0, 0.0, 0.0]), []);
    }

    #[test]
    fn a_long_leg_meets_everybody_along_its_way() {
        let mut grid = Grid::new(700.0);
        neighbours(&mut grid, 1, [20_000.0, 20_000.0, 300.0], [20_000.0, 20_000.0, 300.0]);
        neighbours(&mut grid, 2, [20_000.0, 0.0, 300.0], [20_000.0, 0.0, 300.0]);
        assert_eq!(neighbours(&mut grid, 3, [0.0, 0.0, 0.0], [40_000.0, 40_000.0, 0.0]), [1]);
    }

    #[test]
    fn the_past_is_forgotten() {
        let mut grid = Grid::new(700.0);
        neighbours(&mut grid, 1, [0.0; 3], [0.0; 3]);
        grid.sweep(11);
        assert!(grid.cells.is_empty());
    }
}
