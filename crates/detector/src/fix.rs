//! A report as the geometry needs it: integers in the unit of AIS itself.

use maritime::{Position, PositionFix, Timestamp};

/// Longitudes and latitudes are held in 1/10 000 minute of arc, the unit in which AIS sends them, some
/// 0.19 m. Differences of integers are exact anywhere, across the 180th meridian too, and a table
/// made from sentences gives the same numbers as the sentences.
const UNITS_PER_DEGREE: f64 = 600_000.0;
const HALF_TURN: i64 = 180 * 600_000;

/// One report of a sub-track.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fix {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) latitude: i32,
    pub(crate) longitude: i32,
    /// Over ground, as sent; NaN if it was not. A plain float, because millions are kept.
    pub(crate) speed_knots: f32,
    /// Of the leg that leads here from the fix before; NaN if no leg does.
    pub(crate) leg_knots: f32,
    /// Of the bow, as sent; NaN if it was not.
    pub(crate) heading_deg: f32,
    /// Over ground, as sent; NaN if it was not.
    pub(crate) course_deg: f32,
}

impl Fix {
    /// A fix that no leg leads to yet.
    pub(crate) fn new(fix: &PositionFix) -> Self {
        let units = |degrees: f64| libm::round(degrees * UNITS_PER_DEGREE) as i64;
        Fix {
            at: fix.observed_at.as_millis(),
            latitude: units(fix.position.latitude_deg()) as i32,
            longitude: wrap(units(fix.position.longitude_deg())) as i32,
            speed_knots: fix.speed_knots.unwrap_or(f32::NAN),
            leg_knots: f32::NAN,
            heading_deg: fix.heading_deg.unwrap_or(f32::NAN),
            course_deg: fix.course_deg.unwrap_or(f32::NAN),
        }
    }

    pub(crate) fn observed_at(&self) -> Timestamp {
        Timestamp::from_millis(self.at)
    }

    pub(crate) fn position(&self) -> Position {
        position(i64::from(self.latitude), i64::from(self.longitude))
    }
}

/// The place at these units; longitudes are wrapped.
pub(crate) fn position(latitude: i64, longitude: i64) -> Position {
    Position::new(latitude as f64 / UNITS_PER_DEGREE, wrap(longitude) as f64 / UNITS_PER_DEGREE)
        .expect("units are within a half turn")
}

/// A longitude or a difference of two, into `[-180°, 180°)`.
pub(crate) fn wrap(longitude: i64) -> i64 {
    wrap_at(longitude, HALF_TURN)
}

/// [`wrap`] for quarters of a unit.
pub(crate) fn wrap_4(quarters: i64) -> i64 {
    wrap_at(quarters, 4 * HALF_TURN)
}

fn wrap_at(longitude: i64, half_turn: i64) -> i64 {
    // Nearly all are within already, and to divide is slow.
    if (-half_turn..half_turn).contains(&longitude) {
        return longitude;
    }
    (longitude + half_turn).rem_euclid(2 * half_turn) - half_turn
}

/// A number of units in radians.
pub(crate) fn radians(units: f64) -> f64 {
    (units / UNITS_PER_DEGREE).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_wrap_at_the_antimeridian() {
        assert_eq!(wrap(HALF_TURN), -HALF_TURN);
        assert_eq!(wrap((HALF_TURN - 1) - (1 - HALF_TURN)), -2);
        assert_eq!(wrap(-5), -5);
    }
}
