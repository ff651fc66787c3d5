//! Ships on ways that a test makes up, and what the detector tells of them.

use maritime::{
    Dimensions, Event, EventKind, Mmsi, Position, PositionFix, Report, ShipType, StaticReport,
    Text, Timestamp, VesselIdentity,
};

use crate::formation::plane_m;
use crate::{Detector, Parameters};

/// Where a ship is so many minutes after the start: metres east and north of the place, and where the bow points.
pub(crate) type Way = fn(f64) -> (f64, f64, f64);

/// One ship of a scene. It reports every two minutes for as long as the scene lasts.
#[derive(Clone, Copy)]
pub(crate) struct Ship {
    pub(crate) mmsi: u32,
    pub(crate) name: &'static str,
    pub(crate) ship_type: u8,
    /// Length and beam, with the antenna a fifth of the length from the stern; none if 0.
    pub(crate) size_m: (u16, u16),
    pub(crate) way: Way,
}

/// The encounters as they are told last, in the order of their ids, and of the versions that stand.
pub(crate) fn encounters(place: (f64, f64), hours: u32, ships: &[Ship]) -> Vec<Event> {
    let mut detector = Detector::new(Parameters::default());
    let mut events = Vec::new();
    // Ten at night, UTC.
    let start = Timestamp::parse("2024-01-01T22:00:00Z").unwrap();
    for minute in (0..=hours * 60).step_by(2) {
        let observed_at = start.plus_millis(i64::from(minute) * 60_000);
        for ship in ships {
            let mmsi = Mmsi::new(ship.mmsi).unwrap();
            if minute % 6 == 0 {
                detector.push(&Report::Static(said(ship, mmsi, observed_at)), &mut events);
            }
            let fix = heard(ship, mmsi, place, minute, observed_at);
            detector.push(&Report::Position(fix), &mut events);
        }
    }
    detector.finish(&mut events);
    let mut last = std::collections::BTreeMap::new();
    for event in events.into_iter().filter(|event| event.kind() == EventKind::Encounter) {
        last.insert(event.id, event);
    }
    last.into_values().collect()
}

fn said(ship: &Ship, mmsi: Mmsi, observed_at: Timestamp) -> StaticReport {
    let (length_m, beam_m) = ship.size_m;
    let dimensions = Dimensions {
        bow_m: length_m - length_m / 5,
        stern_m: length_m / 5,
        port_m: beam_m / 2,
        starboard_m: beam_m - beam_m / 2,
    };
    StaticReport {
        mmsi,
        observed_at,
        identity: VesselIdentity {
            name: Text::new(ship.name),
            ship_type: Some(ShipType(ship.ship_type)),
            dimensions: (length_m > 0).then_some(dimensions),
            ..VesselIdentity::default()
        },
        draught_m: None,
        destination: None,
    }
}

fn heard(
    ship: &Ship,
    mmsi: Mmsi,
    (latitude_deg, longitude_deg): (f64, f64),
    minute: u32,
    observed_at: Timestamp,
) -> PositionFix {
    let (east_m, north_m, heading_deg) = (ship.way)(f64::from(minute));
    // Errors of the positions that are no chance: up to 3 m either way, and other ones for each ship.
    let error_m = |period: f64| 3.0 * libm::sin(f64::from(minute * (ship.mmsi % 7 + 3)) / period);
    let origin = ((latitude_deg * 600_000.0) as i64, (longitude_deg * 600_000.0) as i64);
    let [unit_m, _] = plane_m(origin, (origin.0, origin.1 + 1));
    let [_, north_unit_m] = plane_m(origin, (origin.0 + 1, origin.1));
    let degrees = |metres: f64, unit_m: f64| metres / unit_m / 600_000.0;
    let latitude_deg = latitude_deg + degrees(north_m + error_m(1.7), north_unit_m);
    let longitude_deg = longitude_deg + degrees(east_m + error_m(2.3), unit_m);
    PositionFix {
        mmsi,
        observed_at,
        position: Position::new(latitude_deg, longitude_deg).unwrap(),
        speed_knots: None,
        course_deg: None,
        heading_deg: Some(heading_deg.rem_euclid(360.0) as f32),
        coarse: false,
        station: None,
    }
}
