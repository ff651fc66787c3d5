//! The reports of a track, packed: the column `reports` of `encounter_tracks`.
//!
//! A byte for the version of the form, then point after point, each as the differences to the one before: time in
//! milliseconds, latitude and longitude in the unit of AIS (1/10 000 minute), then speed and course in tenths and heading
//! in whole degrees, one more than that each and 0 for what is unknown, and 1 where the point ends a silence. All are
//! LEB128, those with a sign in zigzag. A point takes some ten bytes.

use maritime::{Position, Timestamp, TrackPoint};

/// Of the form.
const VERSION: u8 = 1;
/// 1/10 000 minute, in degrees.
const UNITS_PER_DEG: f64 = 600_000.0;

pub(crate) fn pack(track: &[TrackPoint]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(1 + 12 * track.len());
    packed.push(VERSION);
    let mut before = [0_i64; 3];
    for point in track {
        let now = [
            point.observed_at.as_millis(),
            (point.position.latitude_deg() * UNITS_PER_DEG).round() as i64,
            (point.position.longitude_deg() * UNITS_PER_DEG).round() as i64,
        ];
        for (now, before) in now.iter().zip(before) {
            let difference = now.wrapping_sub(before);
            write(&mut packed, (difference << 1 ^ difference >> 63) as u64);
        }
        before = now;
        write(&mut packed, known(point.speed_knots, 10.0));
        write(&mut packed, known(point.course_deg, 10.0));
        write(&mut packed, known(point.heading_deg, 1.0));
        write(&mut packed, u64::from(point.ends_silence));
    }
    packed
}

/// `None` if it is of another form, or damaged.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<TrackPoint>> {
    let mut rest = packed.strip_prefix(&[VERSION])?;
    let mut track = Vec::new();
    let mut now = [0_i64; 3];
    while !rest.is_empty() {
        for part in &mut now {
            let zigzag = read(&mut rest)?;
            *part = part.wrapping_add((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64));
        }
        let [at, latitude, longitude] = now;
        let position =
            Position::new(latitude as f64 / UNITS_PER_DEG, longitude as f64 / UNITS_PER_DEG)?;
        let mut number = |scale: f32| -> Option<Option<f32>> {
            let parts = read(&mut rest)?;
            Some(parts.checked_sub(1).map(|parts| parts as f32 / scale))
        };
        let (speed_knots, course_deg, heading_deg) = (number(10.0)?, number(10.0)?, number(1.0)?);
        track.push(TrackPoint {
            observed_at: Timestamp::from_millis(at),
            position,
            speed_knots,
            course_deg,
            heading_deg,
            ends_silence: read(&mut rest)? != 0,
        });
    }
    Some(track)
}

fn known(number: Option<f32>, scale: f32) -> u64 {
    number.map_or(0, |number| (number * scale).round() as u64 + 1)
}

fn write(packed: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        packed.push(number as u8 | 0x80);
        number >>= 7;
    }
    packed.push(number as u8);
}

fn read(packed: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = packed.split_first()?;
        *packed = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::track;

    #[test]
    fn a_track_is_read_as_it_was_packed() {
        let mut points = track(&[(28.25, -94.86), (28.260_005, -94.849_995), (-17.0, 180.0)]);
        points[1].speed_knots = None;
        points[1].course_deg = Some(359.9);
        points[2].speed_knots = Some(12.3);
        points[2].heading_deg = None;
        let packed = pack(&points);
        assert!(packed.len() < 60, "{} bytes", packed.len());
        let found = unpack(&packed).unwrap();
        assert_eq!(found.len(), 3);
        for (found, given) in found.iter().zip(&points) {
            assert!(found.position.distance_m(given.position) < 0.1);
            assert_eq!(TrackPoint { position: given.position, ..*found }, *given);
        }
        assert_eq!(unpack(&pack(&[])), Some(Vec::new()));
    }

    #[test]
    fn what_is_damaged_is_no_track() {
        let packed = pack(&track(&[(28.25, -94.86), (28.26, -94.85)]));
        for length in 2..packed.len() {
            // Cut between two points it is a shorter track.
            let cut = unpack(&packed[..length]);
            assert!(cut.is_none_or(|points| points.len() == 1), "{length}");
        }
        assert_eq!(unpack(b""), None);
        assert_eq!(unpack(b"\x02"), None);
        assert_eq!(unpack(&[1; 3]), None);
        assert_eq!(unpack(&[0xff; 64]), None);
    }
}
