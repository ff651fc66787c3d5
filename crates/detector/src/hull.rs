//! Hulls seen from above, and the water between two of them.

use maritime::Dimensions;

/// A rectangle about an antenna, which way it points, and where it is in metres east and north of some place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hull {
    middle_m: [f64; 2],
    /// East and north parts of a step of one metre ahead.
    ahead: [f64; 2],
    half_length_m: f64,
    half_beam_m: f64,
}

impl Hull {
    /// The hull of a ship whose bow points to `heading_deg`, clockwise from north.
    pub(crate) fn new(antenna_m: [f64; 2], heading_deg: f64, dimensions: Dimensions) -> Self {
        let (east, north) = libm::sincos(heading_deg.to_radians());
        let [forward_m, starboard_m] = middle_m(dimensions);
        Hull {
            middle_m: [
                antenna_m[0] + forward_m * east + starboard_m * north,
                antenna_m[1] + forward_m * north - starboard_m * east,
            ],
            ahead: [east, north],
            half_length_m: f64::from(dimensions.length_m()) / 2.0,
            half_beam_m: f64::from(dimensions.beam_m()) / 2.0,
        }
    }

    /// From side to side in metres, 0 where they overlap.
    pub(crate) fn gap_m(&self, other: &Hull) -> f64 {
        if !self.is_separated_from(other) && !other.is_separated_from(self) {
            return 0.0;
        }
        // Of two rectangles that do not overlap, one is nearest with a corner.
        let nearest = |hull: &Hull, other: &Hull| {
            other
                .corners_m()
                .into_iter()
                .map(|corner| hull.distance_m(corner))
                .fold(f64::MAX, f64::min)
        };
        nearest(self, other).min(nearest(other, self))
    }

    /// How much of the shorter hull lies abreast of the other one, in `[0, 1]`, along the keel of the longer.
    pub(crate) fn abreast(&self, other: &Hull) -> f64 {
        let (long, short) =
            if self.half_length_m >= other.half_length_m { (self, other) } else { (other, self) };
        let [along_m, _] = long.seen_from(short.middle_m);
        let parallel = (long.ahead[0] * short.ahead[0] + long.ahead[1] * short.ahead[1]).abs();
        let reach_m = short.half_length_m * parallel + short.half_beam_m * (1.0 - parallel);
        let overlap_m = (along_m + reach_m).min(long.half_length_m)
            - (along_m - reach_m).max(-long.half_length_m);
        (overlap_m / (2.0 * reach_m).max(1.0)).clamp(0.0, 1.0)
    }

    /// Ahead and to starboard of the middle.
    fn seen_from(&self, point_m: [f64; 2]) -> [f64; 2] {
        let [east, north] = [point_m[0] - self.middle_m[0], point_m[1] - self.middle_m[1]];
        [east * self.ahead[0] + north * self.ahead[1], east * self.ahead[1] - north * self.ahead[0]]
    }

    fn corners_m(&self) -> [[f64; 2]; 4] {
        let [east, north] = self.ahead;
        [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)].map(|(ahead, starboard)| {
            let (forward_m, side_m) = (ahead * self.half_length_m, starboard * self.half_beam_m);
            [
                self.middle_m[0] + forward_m * east + side_m * north,
                self.middle_m[1] + forward_m * north - side_m * east,
            ]
        })
    }

    /// Whether one of this hull's sides has all of the other on its far side.
    fn is_separated_from(&self, other: &Hull) -> bool {
        let corners_m = other.corners_m().map(|corner| self.seen_from(corner));
        let halves_m = [self.half_length_m, self.half_beam_m];
        (0..2).any(|axis| {
            corners_m.iter().all(|corner| corner[axis] > halves_m[axis])
                || corners_m.iter().all(|corner| corner[axis] < -halves_m[axis])
        })
    }

    /// From a point to the hull, 0 inside.
    fn distance_m(&self, point_m: [f64; 2]) -> f64 {
        let [along_m, across_m] = self.seen_from(point_m);
        let (ahead_m, beside_m) = (
            (along_m.abs() - self.half_length_m).max(0.0),
            (across_m.abs() - self.half_beam_m).max(0.0),
        );
        libm::sqrt(ahead_m * ahead_m + beside_m * beside_m)
    }
}

/// Whether the dimensions tell the size of the hull alone, and not where the antenna stands in it: they are counted
/// from the bow and from port then (ITU-R M.1371-5, annex 8, figure 41).
pub(crate) fn is_antenna_unknown(dimensions: Dimensions) -> bool {
    dimensions.bow_m == 0 && dimensions.port_m == 0
}

/// The middle of the hull, ahead and to starboard of the antenna.
fn middle_m(dimensions: Dimensions) -> [f64; 2] {
    if is_antenna_unknown(dimensions) {
        return [0.0; 2];
    }
    let Dimensions { bow_m, stern_m, port_m, starboard_m } = dimensions;
    let half = |plus: u16, minus: u16| (f64::from(plus) - f64::from(minus)) / 2.0;
    [half(bow_m, stern_m), half(starboard_m, port_m)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TANKER: Dimensions = Dimensions { bow_m: 200, stern_m: 50, port_m: 10, starboard_m: 30 };
    const COASTER: Dimensions = Dimensions { bow_m: 80, stern_m: 20, port_m: 8, starboard_m: 8 };

    /// The tanker's antenna is at the origin and its bow points north: it reaches from 10 m west to 30 m east and
    /// from 50 m south to 200 m north.
    #[track_caller]
    fn check(antenna_m: [f64; 2], heading_deg: f64, gap_m: f64, abreast: f64) {
        let tanker = Hull::new([0.0; 2], 0.0, TANKER);
        let coaster = Hull::new(antenna_m, heading_deg, COASTER);
        for (a, b) in [(&tanker, &coaster), (&coaster, &tanker)] {
            assert!((a.gap_m(b) - gap_m).abs() < 1e-9, "gap of {} m", a.gap_m(b));
            assert!((a.abreast(b) - abreast).abs() < 1e-9, "{} abreast", a.abreast(b));
        }
    }

    #[test]
    fn the_gap_is_between_the_sides_of_the_hulls() {
        // Alongside to starboard, bow to bow and head to tail.
        check([41.0, 0.0], 0.0, 3.0, 1.0);
        check([41.0, 60.0], 180.0, 3.0, 1.0);
        // To port, half of it ahead of the bow.
        check([-20.0, 170.0], 0.0, 2.0, 0.5);
        // Bow to stern.
        check([10.0, -150.0], 0.0, 20.0, 0.0);
        // Off the corner.
        check([41.0, 224.0], 0.0, 5.0, 0.0);
        // Bow against the side.
        check([115.0, 50.0], 270.0, 5.0, 1.0);
    }

    #[test]
    fn hulls_that_cross_have_no_gap() {
        check([60.0, 50.0], 270.0, 0.0, 1.0);
        check([0.0, 0.0], 45.0, 0.0, 1.0);
    }

    #[test]
    fn without_its_place_the_antenna_stands_in_the_middle() {
        let tanker = Hull::new([0.0; 2], 0.0, TANKER);
        let sized = Dimensions { bow_m: 0, stern_m: 100, port_m: 0, starboard_m: 16 };
        let coaster = Hull::new([50.0, 0.0], 0.0, sized);
        assert_eq!(tanker.gap_m(&coaster), 12.0);
    }
}
