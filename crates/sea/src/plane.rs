//! A flat piece of sea.

use maritime::Position;

/// WGS 84: semi-major axis in metres, first eccentricity squared.
const SEMI_MAJOR_M: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 6.694_379_990_141_316e-3;
/// Mean radius, in metres: only for how far the surface falls away from the plane.
const RADIUS_M: f64 = 6_371_000.0;

/// The plane that touches the earth at a place. Ships are moved on it in metres east and north, and
/// come back to the ellipsoid straight down. Scale is true to 0.02 % at 100 km from the origin, and
/// the 180th meridian does not exist on it.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    origin_m: [f64; 3],
    east: [f64; 3],
    north: [f64; 3],
    up: [f64; 3],
}

impl Plane {
    pub(crate) fn new(origin: Position) -> Self {
        let (sin_lat, cos_lat) = libm::sincos(origin.latitude_deg().to_radians());
        let (sin_lon, cos_lon) = libm::sincos(origin.longitude_deg().to_radians());
        Plane {
            origin_m: origin.to_ecef_m(),
            east: [-sin_lon, cos_lon, 0.0],
            north: [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
            up: [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        }
    }

    /// Earth-centred coordinates in metres of a point given in metres east and north.
    pub(crate) fn to_ecef_m(&self, [east_m, north_m]: [f64; 2]) -> [f64; 3] {
        let drop_m = (east_m * east_m + north_m * north_m) / (2.0 * RADIUS_M);
        std::array::from_fn(|i| {
            self.origin_m[i] + east_m * self.east[i] + north_m * self.north[i] - drop_m * self.up[i]
        })
    }

    pub(crate) fn to_position(&self, point_m: [f64; 2]) -> Position {
        let [x, y, z] = self.to_ecef_m(point_m);
        let semi_minor_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED).sqrt();
        let second_eccentricity_squared = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED);
        let axis_m = (x * x + y * y).sqrt();
        // Bowring's formula; one step is exact to far below a millimetre near the surface.
        let (rise, run) = (z * SEMI_MAJOR_M, axis_m * semi_minor_m);
        let slant = (rise * rise + run * run).sqrt();
        let (sin, cos) = (rise / slant, run / slant);
        let latitude = libm::atan2(
            z + second_eccentricity_squared * semi_minor_m * sin * sin * sin,
            axis_m - ECCENTRICITY_SQUARED * SEMI_MAJOR_M * cos * cos * cos,
        );
        Position::new(latitude.to_degrees(), libm::atan2(y, x).to_degrees())
            .expect("arc tangents are within the ranges of latitude and longitude")
    }

    /// Straight between two points, in metres, as `Position::distance_m` of the two positions.
    pub(crate) fn distance_m(&self, a: [f64; 2], b: [f64; 2]) -> f64 {
        let (a, b) = (self.to_ecef_m(a), self.to_ecef_m(b));
        (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(latitude_deg: f64, longitude_deg: f64) {
        let origin = Position::new(latitude_deg, longitude_deg).unwrap();
        let plane = Plane::new(origin);
        assert!(plane.to_position([0.0, 0.0]).distance_m(origin) < 1e-3);
        let (a, b) = ([60_000.0, 30_000.0], [60_300.0, 30_400.0]);
        let distance_m = plane.to_position(a).distance_m(plane.to_position(b));
        assert!((distance_m - 500.0).abs() < 0.2, "{distance_m} m");
        assert!((distance_m - plane.distance_m(a, b)).abs() < 0.01);
    }

    #[test]
    fn distances_on_the_plane_are_distances_at_sea() {
        check(28.2, -94.2);
        check(0.0, 0.0);
        check(-22.0, 180.0);
        check(57.5, -179.9);
    }
}
