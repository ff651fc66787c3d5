//! A place on the WGS 84 ellipsoid.

use core::fmt;

/// Semi-major axis of WGS 84, in metres.
pub const EQUATORIAL_RADIUS_M: f64 = 6_378_137.0;
/// First eccentricity of WGS 84, squared.
pub const ECCENTRICITY_SQUARED: f64 = 6.694_379_990_141_316e-3;
/// Metres in a nautical mile, by definition.
pub const METRES_PER_NAUTICAL_MILE: f64 = 1852.0;

/// A place at sea level: latitude and longitude in degrees on WGS 84, always within their ranges.
///
/// ```
/// use alongside_maritime::Position;
///
/// let position = Position::new(28.2504, -94.8597).unwrap();
/// let north = Position::new(28.2604, -94.8597).unwrap();
/// assert_eq!(position.distance_m(north).round(), 1108.0);
/// assert_eq!(Position::new(91.0, 181.0), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    latitude_deg: f64,
    longitude_deg: f64,
}

impl Position {
    /// `None` unless latitude is in `[-90, 90]` and longitude in `[-180, 180]`, in degrees. AIS sends
    /// 91 and 181 for "not available", and both are refused here.
    #[inline]
    pub fn new(latitude_deg: f64, longitude_deg: f64) -> Option<Self> {
        let valid =
            (-90.0..=90.0).contains(&latitude_deg) && (-180.0..=180.0).contains(&longitude_deg);
        valid.then_some(Position { latitude_deg, longitude_deg })
    }

    /// North positive, in `[-90, 90]`.
    #[inline]
    pub fn latitude_deg(self) -> f64 {
        self.latitude_deg
    }

    /// East positive, in `[-180, 180]`.
    #[inline]
    pub fn longitude_deg(self) -> f64 {
        self.longitude_deg
    }

    /// Earth-centred coordinates in metres: x towards 0° N 0° E, y towards 0° N 90° E, z north.
    ///
    /// Computed with `libm`, so that every machine gets the same bits.
    #[inline]
    pub fn to_ecef_m(self) -> [f64; 3] {
        let (sin_lat, cos_lat) = libm::sincos(self.latitude_deg.to_radians());
        let (sin_lon, cos_lon) = libm::sincos(self.longitude_deg.to_radians());
        let normal_m =
            EQUATORIAL_RADIUS_M / libm::sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat);
        [
            normal_m * cos_lat * cos_lon,
            normal_m * cos_lat * sin_lon,
            normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat,
        ]
    }

    /// Straight through the ellipsoid, in metres. Short of the way along the surface by 0.01 % at
    /// 300 km and by nothing that matters at the distances at which ships meet.
    pub fn distance_m(self, other: Position) -> f64 {
        let (a, b) = (self.to_ecef_m(), other.to_ecef_m());
        let squared: f64 = (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum();
        libm::sqrt(squared)
    }
}

/// `28.25040 -94.85970`: latitude, then longitude, about a metre.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.5} {:.5}", self.latitude_deg, self.longitude_deg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: (f64, f64), b: (f64, f64), expected_m: f64) {
        let distance_m =
            Position::new(a.0, a.1).unwrap().distance_m(Position::new(b.0, b.1).unwrap());
        assert!((distance_m - expected_m).abs() < 0.01, "{distance_m} m, expected {expected_m} m");
    }

    #[test]
    fn a_minute_of_arc_is_what_the_ellipsoid_says() {
        // One minute times the radius of curvature of WGS 84 there.
        check((0.0, 0.0), (0.0, 1.0 / 60.0), 1855.32);
        check((0.0, 0.0), (1.0 / 60.0, 0.0), 1842.90);
        check((60.0, 5.0), (60.0 + 1.0 / 60.0, 5.0), 1856.87);
    }

    #[test]
    fn the_antimeridian_and_the_pole_are_ordinary_places() {
        check((0.0, 179.99), (0.0, -179.99), 2226.39);
        check((90.0, 0.0), (90.0, 120.0), 0.0);
    }

    #[test]
    fn not_available_is_no_position() {
        assert_eq!(Position::new(91.0, 181.0), None);
        assert_eq!(Position::new(f64::NAN, 0.0), None);
    }
}
