//! In which of the user's zones a place lies.

use maritime::Position;

/// An area with a name, as somebody drew it.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// As it appears in events.
    pub name: String,
    /// Rings of longitude and latitude in degrees, closed or not, of the outlines and of the holes alike:
    /// what lies within an odd number of them is inside. Edges are straight on a map of longitude and
    /// latitude and go the shorter way round, so one may cross the 180th meridian; a pole cannot be inside.
    pub rings: Vec<Vec<[f64; 2]>>,
}

impl Zone {
    /// Whether it lies within an odd number of rings.
    pub fn contains(&self, position: Position) -> bool {
        let within = |ring: &&Vec<[f64; 2]>| is_within(ring, position);
        self.rings.iter().filter(within).count() % 2 == 1
    }
}

/// Whether a ray to the east crosses the ring an odd number of times.
fn is_within(ring: &[[f64; 2]], position: Position) -> bool {
    // Relative to the place, unrolled: each point less than half a turn from the one before it.
    let mut points = Vec::with_capacity(ring.len() + 1);
    for &[longitude_deg, latitude_deg] in ring.iter().chain(ring.first()) {
        let before = points.last().map_or(0.0, |&[x, _]: &[f64; 2]| x);
        let x = longitude_deg - position.longitude_deg();
        let turns = libm::round((before - x) / 360.0);
        points.push([x + 360.0 * turns, latitude_deg - position.latitude_deg()]);
    }
    let crossings_from = |turn_deg: f64| {
        let crosses = |edge: &&[[f64; 2]]| {
            let [[x0, y0], [x1, y1]] = [edge[0], edge[1]];
            (y0 > 0.0) != (y1 > 0.0) && x0 + (x1 - x0) * (-y0 / (y1 - y0)) > turn_deg
        };
        points.windows(2).filter(crosses).count()
    };
    // The ring may have been unrolled to the other side of the place.
    [0.0, -360.0, 360.0].into_iter().any(|turn_deg| crossings_from(turn_deg) % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rings: &[&[[f64; 2]]], inside: &[(f64, f64)], outside: &[(f64, f64)]) {
        let rings = rings.iter().map(|ring| ring.to_vec()).collect();
        let zone = Zone { name: "zone".into(), rings };
        for (places, expected) in [(inside, true), (outside, false)] {
            for &(longitude_deg, latitude_deg) in places {
                let position = Position::new(latitude_deg, longitude_deg).unwrap();
                assert_eq!(zone.contains(position), expected, "{position}");
            }
        }
    }

    #[test]
    fn a_zone_has_holes() {
        let outline = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let hole = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]];
        check(
            &[&outline, &hole],
            &[(1.0, 1.0), (9.0, 5.0), (5.0, 3.9)],
            &[(5.0, 5.0), (-1.0, 5.0), (11.0, 5.0), (5.0, 11.0), (-175.0, 5.0)],
        );
    }

    #[test]
    fn a_zone_may_lie_across_the_180th_meridian() {
        let outline = [[175.0, -20.0], [-175.0, -20.0], [-175.0, -10.0], [175.0, -10.0]];
        check(
            &[&outline],
            &[(179.0, -15.0), (-179.0, -15.0), (176.0, -11.0), (-176.0, -19.0), (180.0, -15.0)],
            &[(0.0, -15.0), (174.0, -15.0), (-174.0, -15.0), (179.0, -21.0)],
        );
    }
}
