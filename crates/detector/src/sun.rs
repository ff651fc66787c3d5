//! Where the sun stands, to a hundredth of a degree or so: enough to tell night from day.

use crate::fix::radians;

/// Below this, in degrees, not even the horizon is seen: the end of civil twilight.
const NIGHT_DEG: f64 = -6.0;
/// Noon of the first of January 2000, from which astronomers count, in milliseconds since 1970.
const J2000_MILLIS: i64 = 946_728_000_000;

/// Whether the sun is more than 6° below the horizon at an instant, in milliseconds since 1970, and a place, in
/// units.
pub(crate) fn is_night(at: i64, place: (i64, i64)) -> bool {
    sin_elevation(at, place) < libm::sin(NIGHT_DEG.to_radians())
}

/// The low-precision solar coordinates of the Astronomical Almanac: within 0.01° between 1950 and 2050.
fn sin_elevation(at: i64, place: (i64, i64)) -> f64 {
    let days = (at - J2000_MILLIS) as f64 / 86_400_000.0;
    let anomaly = (357.529 + 0.985_600_28 * days).to_radians();
    let mean_longitude_deg = 280.459 + 0.985_647_36 * days;
    let longitude =
        (mean_longitude_deg + 1.915 * libm::sin(anomaly) + 0.020 * libm::sin(2.0 * anomaly))
            .to_radians();
    let obliquity = (23.439 - 0.000_000_36 * days).to_radians();
    let (sin_longitude, cos_longitude) = libm::sincos(longitude);
    let right_ascension = libm::atan2(libm::cos(obliquity) * sin_longitude, cos_longitude);
    let sin_declination = libm::sin(obliquity) * sin_longitude;
    let cos_declination = libm::sqrt(1.0 - sin_declination * sin_declination);
    let sidereal_deg = 280.460_62 + 360.985_647_366_29 * days;
    let hour_angle = sidereal_deg.to_radians() + radians(place.1 as f64) - right_ascension;
    let (sin_latitude, cos_latitude) = libm::sincos(radians(place.0 as f64));
    sin_latitude * sin_declination + cos_latitude * cos_declination * libm::cos(hour_angle)
}

#[cfg(test)]
mod tests {
    use maritime::Timestamp;

    use super::*;

    #[track_caller]
    fn check(time: &str, latitude_deg: f64, longitude_deg: f64, expected_deg: f64) {
        let units = |degrees: f64| (degrees * 600_000.0) as i64;
        let at = Timestamp::parse(time).unwrap().as_millis();
        let place = (units(latitude_deg), units(longitude_deg));
        let elevation_deg = libm::asin(sin_elevation(at, place)).to_degrees();
        assert!((elevation_deg - expected_deg).abs() < 0.1, "{elevation_deg}°");
        assert_eq!(is_night(at, place), expected_deg < -6.0);
    }

    #[test]
    fn the_sun_stands_where_almanacs_say() {
        // At solstices and an equinox, over the tropics, on the equator and at a pole.
        check("2024-06-20T12:01:50Z", 23.44, 0.0, 90.0);
        check("2024-12-21T11:58:00Z", -23.44, 0.0, 90.0);
        check("2024-03-20T18:07:30Z", 0.0, 0.0, 0.0);
        check("2024-03-20T06:07:30Z", 0.0, 180.0, 0.0);
        check("2024-12-21T09:20:00Z", 90.0, 0.0, -23.44);
        // Midnight of midsummer at the polar circle, and an hour angle of six hours, where the height is simple.
        check("2024-06-20T00:01:40Z", 66.56, 0.0, 0.0);
        check("2024-06-20T18:01:50Z", 30.0, 0.0, 11.47);
        check("2024-12-21T17:58:00Z", 60.0, 0.0, -20.15);
    }
}
