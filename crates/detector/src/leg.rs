//! Two legs and the distance between the ships on them.
//!
//! A leg is the straight way between two consecutive fixes of a ship, at constant speed. Where two
//! legs overlap in time the difference of the two positions is a linear function of time, so the
//! squared distance is a quadratic, and the instants at which it crosses a limit are its roots: no
//! sampling, no grid in time.
//!
//! The four ends are put on the plane that touches the ellipsoid in their middle, by way of
//! earth-centred coordinates, so that the 180th meridian and the poles are ordinary. Longitudes enter
//! only as integer differences and the middle is an exact sum: moving the scene round the earth or
//! exchanging the ships changes no bit of the result.

use maritime::{ECCENTRICITY_SQUARED, EQUATORIAL_RADIUS_M};

use crate::fix::{Fix, radians, wrap, wrap_4};

/// The straight way from one fix to the next.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Leg {
    pub(crate) from: Fix,
    pub(crate) to: Fix,
}

/// The distance between two ships while both are on a leg.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Approach {
    /// Milliseconds since 1970 at which both legs have begun.
    pub(crate) from: i64,
    /// And at which the first of them has ended.
    pub(crate) to: i64,
    /// d²(t) = constant + 2·linear·t + square·t², in m² and ms since `from`.
    constant: f64,
    linear: f64,
    square: f64,
}

impl Leg {
    pub(crate) fn duration(&self) -> i64 {
        self.to.at - self.from.at
    }

    /// Latitude and longitude at an instant of the leg, in units, by integers alone.
    pub(crate) fn place_at(&self, at: i64) -> (i64, i64) {
        let part = |span: i64| (span * (at - self.from.at)).div_euclid(self.duration());
        let latitude = i64::from(self.from.latitude);
        let longitude = i64::from(self.from.longitude);
        (
            latitude + part(i64::from(self.to.latitude) - latitude),
            longitude + part(wrap(i64::from(self.to.longitude) - longitude)),
        )
    }
}

impl Approach {
    /// `None` if the legs do not overlap in time.
    pub(crate) fn new(a: &Leg, b: &Leg) -> Option<Self> {
        let from = a.from.at.max(b.from.at);
        let to = a.to.at.min(b.to.at);
        if from >= to {
            return None;
        }
        let plane = Plane::between(&[&a.from, &a.to, &b.from, &b.to]);
        let (a0, a1) = (plane.place(&a.from), plane.place(&a.to));
        let (b0, b1) = (plane.place(&b.from), plane.place(&b.to));
        let difference_at = |at: i64| {
            let of_a = (at - a.from.at) as f64 / a.duration() as f64;
            let of_b = (at - b.from.at) as f64 / b.duration() as f64;
            [0, 1].map(|i| (a0[i] + (a1[i] - a0[i]) * of_a) - (b0[i] + (b1[i] - b0[i]) * of_b))
        };
        let (start, end) = (difference_at(from), difference_at(to));
        let span = (to - from) as f64;
        let change = [(end[0] - start[0]) / span, (end[1] - start[1]) / span];
        Some(Approach {
            from,
            to,
            constant: start[0] * start[0] + start[1] * start[1],
            linear: start[0] * change[0] + start[1] * change[1],
            square: change[0] * change[0] + change[1] * change[1],
        })
    }

    /// The span within `[from, to]` during which the ships are at most `distance_m` apart, to the
    /// nearest millisecond. One span, because the squared distance is convex.
    pub(crate) fn within(&self, distance_m: f64, from: i64, to: i64) -> Option<(i64, i64)> {
        let limit = distance_m * distance_m;
        let (inside_from, inside_to) = (self.squared(from) <= limit, self.squared(to) <= limit);
        if inside_from && inside_to {
            return Some((from, to));
        }
        let discriminant = self.linear * self.linear - self.square * (self.constant - limit);
        if self.square <= 0.0 || discriminant < 0.0 {
            return None;
        }
        let root = discriminant.sqrt();
        let instant = |millis: f64| self.from + libm::round(millis) as i64;
        let start = if inside_from { from } else { instant((-self.linear - root) / self.square) };
        let end = if inside_to { to } else { instant((-self.linear + root) / self.square) };
        let (start, end) = (start.clamp(from, to), end.clamp(from, to));
        (start < end).then_some((start, end))
    }

    /// The smallest distance within `[from, to]`, in millimetres.
    pub(crate) fn distance_mm_min(&self, from: i64, to: i64) -> u32 {
        let nearest = if self.square > 0.0 { -self.linear / self.square } else { 0.0 };
        let span = ((from - self.from) as f64, (to - self.from) as f64);
        millimetres(self.squared_after(nearest.clamp(span.0, span.1)))
    }

    /// The largest distance within `[from, to]`, in millimetres: at one of the ends.
    pub(crate) fn distance_mm_max(&self, from: i64, to: i64) -> u32 {
        millimetres(self.squared(from).max(self.squared(to)))
    }

    fn squared(&self, at: i64) -> f64 {
        self.squared_after((at - self.from) as f64)
    }

    fn squared_after(&self, millis: f64) -> f64 {
        (self.constant + (2.0 * self.linear + self.square * millis) * millis).max(0.0)
    }
}

fn millimetres(squared_m: f64) -> u32 {
    libm::round(squared_m.sqrt() * 1000.0) as u32
}

/// The plane that touches the ellipsoid in the middle of four fixes, with axes east and north.
struct Plane {
    /// Four times the latitude and longitude of the middle, in units, so that they are whole.
    latitude_4: i64,
    longitude_4: i64,
    sin_latitude: f64,
    cos_latitude: f64,
}

impl Plane {
    fn between(fixes: &[&Fix; 4]) -> Self {
        let first = i64::from(fixes[0].longitude);
        let latitude_4: i64 = fixes.iter().map(|fix| i64::from(fix.latitude)).sum();
        let east_of_first: i64 =
            fixes.iter().map(|fix| wrap(i64::from(fix.longitude) - first)).sum();
        let (sin_latitude, cos_latitude) = libm::sincos(radians(latitude_4 as f64 / 4.0));
        Plane { latitude_4, longitude_4: 4 * first + east_of_first, sin_latitude, cos_latitude }
    }

    /// Metres east and north, from the axis of the earth and the plane of the equator: only
    /// differences mean anything.
    fn place(&self, fix: &Fix) -> [f64; 2] {
        let north_4 = 4 * i64::from(fix.latitude) - self.latitude_4;
        let (sin_north, cos_north) = sin_cos(radians(north_4 as f64 / 4.0));
        let sin_latitude = self.sin_latitude * cos_north + self.cos_latitude * sin_north;
        let cos_latitude = self.cos_latitude * cos_north - self.sin_latitude * sin_north;
        // The difference is taken in quarters and is a small number: no wrap is lost by scaling.
        let east_4 = wrap_4(4 * i64::from(fix.longitude) - self.longitude_4);
        let (sin_east, cos_east) = sin_cos(radians(east_4 as f64 / 4.0));
        let normal_m =
            EQUATORIAL_RADIUS_M / (1.0 - ECCENTRICITY_SQUARED * sin_latitude * sin_latitude).sqrt();
        let from_axis_m = normal_m * cos_latitude;
        let above_equator_m = normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_latitude;
        [
            from_axis_m * sin_east,
            above_equator_m * self.cos_latitude - from_axis_m * cos_east * self.sin_latitude,
        ]
    }
}

/// Sine and cosine; by the first terms of their series where those are exact, which is nearly always.
fn sin_cos(angle: f64) -> (f64, f64) {
    if angle.abs() > 0.01 {
        return libm::sincos(angle);
    }
    // The first terms left out, x⁷/5040 and x⁸/40320, are below 1e-17 here.
    let squared = angle * angle;
    let sin = angle * (1.0 - squared / 6.0 * (1.0 - squared / 20.0));
    let cos = 1.0 - squared / 2.0 * (1.0 - squared / 12.0 * (1.0 - squared / 30.0));
    (sin, cos)
}

#[cfg(test)]
pub(crate) mod tests {
    use maritime::{Mmsi, Position, PositionFix, Timestamp};

    use super::*;

    pub(crate) fn fix(minute: f64, latitude_deg: f64, longitude_deg: f64) -> Fix {
        Fix::new(&PositionFix {
            mmsi: Mmsi::new(200_000_001).unwrap(),
            observed_at: Timestamp::from_millis((minute * 60_000.0) as i64),
            position: Position::new(latitude_deg, longitude_deg).unwrap(),
            speed_knots: None,
            course_deg: None,
            heading_deg: None,
            coarse: false,
            station: None,
        })
    }

    fn leg(from: Fix, to: Fix) -> Leg {
        Leg { from, to }
    }

    /// Where a ship on a leg is, the slow way: a straight line between earth-centred coordinates.
    fn ecef_at(leg: &Leg, at: i64) -> [f64; 3] {
        let (from, to) = (leg.from.position().to_ecef_m(), leg.to.position().to_ecef_m());
        let part = (at - leg.from.at) as f64 / leg.duration() as f64;
        [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * part)
    }

    fn slow_distance_m(a: &Leg, b: &Leg, at: i64) -> f64 {
        let (a, b) = (ecef_at(a, at), ecef_at(b, at));
        (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum::<f64>().sqrt()
    }

    /// A ship lies still; another passes it at 3 knots with 200 m to spare, 20 minutes before and after.
    fn passing(latitude_deg: f64, longitude_deg: f64) -> (Leg, Leg) {
        let east = 1.0 / 60.0 / latitude_deg.to_radians().cos();
        let wrapped = |longitude: f64| (longitude + 180.0).rem_euclid(360.0) - 180.0;
        let still = |minute| fix(minute, latitude_deg, wrapped(longitude_deg));
        let north = latitude_deg + 200.0 / 111_412.0;
        let passes = leg(
            fix(0.0, north, wrapped(longitude_deg - east)),
            fix(40.0, north, wrapped(longitude_deg + east)),
        );
        (leg(still(-10.0), still(50.0)), passes)
    }

    #[track_caller]
    fn check_against_bisection(a: &Leg, b: &Leg, distance_m: f64) {
        let approach = Approach::new(a, b).unwrap();
        let (start, end) = approach.within(distance_m, approach.from, approach.to).unwrap();
        let crossing = |mut outside: i64, mut inside: i64| {
            while (outside - inside).abs() > 1 {
                let middle = (outside + inside).div_euclid(2);
                if slow_distance_m(a, b, middle) <= distance_m {
                    inside = middle;
                } else {
                    outside = middle;
                }
            }
            inside
        };
        let nearest = (start + end) / 2;
        // The slow way goes straight through the water, the fast one along it: centimetres, which a
        // ship at 3 knots covers in some milliseconds.
        assert!((start - crossing(approach.from, nearest)).abs() < 50);
        assert!((end - crossing(approach.to, nearest)).abs() < 50);
    }

    #[test]
    fn a_passing_ship_is_within_500_m_between_the_roots() {
        for (latitude_deg, longitude_deg) in
            [(0.0, 0.0), (28.25, -94.86), (-61.0, 180.0), (80.0, 10.0)]
        {
            let (still, passes) = passing(latitude_deg, longitude_deg);
            check_against_bisection(&still, &passes, 500.0);
            check_against_bisection(&passes, &still, 700.0);
        }
    }

    #[test]
    fn the_nearest_distance_is_found_between_the_reports() {
        let (still, passes) = passing(28.25, -94.86);
        let approach = Approach::new(&still, &passes).unwrap();
        let distance_mm = approach.distance_mm_min(approach.from, approach.to);
        assert!((199_000..201_000).contains(&distance_mm), "{distance_mm} mm");
    }

    #[test]
    fn neither_order_nor_longitude_changes_a_bit() {
        let (still, passes) = passing(28.25, -94.0);
        let expected = Approach::new(&still, &passes).unwrap();
        let moved = passing(28.25, 180.0);
        for (a, b) in [(&passes, &still), (&moved.0, &moved.1)] {
            let approach = Approach::new(a, b).unwrap();
            assert_eq!(approach.constant.to_bits(), expected.constant.to_bits());
            assert_eq!(approach.linear.to_bits(), expected.linear.to_bits());
            assert_eq!(approach.square.to_bits(), expected.square.to_bits());
        }
    }

    #[test]
    fn legs_that_only_touch_in_time_have_no_distance() {
        let a = leg(fix(0.0, 10.0, 10.0), fix(5.0, 10.0, 10.0));
        let b = leg(fix(5.0, 10.0, 10.0), fix(9.0, 10.0, 10.0));
        assert!(Approach::new(&a, &b).is_none());
    }

    #[test]
    fn over_the_pole_is_an_ordinary_place() {
        let still = leg(fix(0.0, 90.0, 0.0), fix(60.0, 90.0, 0.0));
        let over = leg(fix(0.0, 89.99, 30.0), fix(60.0, 89.99, -150.0));
        let approach = Approach::new(&still, &over).unwrap();
        assert!(approach.distance_mm_min(approach.from, approach.to) < 100);
        check_against_bisection(&still, &over, 500.0);
    }

    #[test]
    fn a_long_leg_does_not_dive_below_the_sea() {
        // 16 km of straight line lie 5 m deep in the middle; a ship there that reports often is near.
        let long = leg(fix(0.0, 0.0, 0.0), fix(180.0, 0.0, 0.144));
        let short = leg(fix(89.0, 0.0, 0.0712), fix(91.0, 0.0, 0.0728));
        let approach = Approach::new(&long, &short).unwrap();
        assert!(approach.distance_mm_min(approach.from, approach.to) < 200);
    }
}
