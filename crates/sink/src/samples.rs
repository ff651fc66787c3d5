//! Events for the tests of this crate.

use std::time::Duration;

use maritime::{
    Classification, Dimensions, Event, EventId, EventKind, EventState, EventVessel, Figure, Imo,
    Meeting, MeetingClass, Mmsi, Position, Reason, ShipType, Subject, Surroundings, Text,
    Timestamp, TrackPoint, VesselIdentity, VesselPair,
};

use crate::{DeadLetterRecord, Provenance};

/// Two vessels in the Gulf of Mexico, one of them with a name that means harm.
pub(crate) fn event() -> Event {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let started_at = Timestamp::parse("2024-01-01T00:14:07.250Z").unwrap();
    let ended_at = started_at.plus(minutes(19 * 60));
    let (low, high) = (Mmsi::new(311_000_222).unwrap(), Mmsi::new(538_005_541).unwrap());
    let pair = VesselPair::new(low, high).unwrap();
    Event {
        id: EventId::new(EventKind::Encounter, pair, started_at),
        version: 3,
        state: EventState::Closed,
        vessels: vec![
            EventVessel {
                identity: VesselIdentity {
                    imo: Imo::new(9_074_729),
                    name: Text::new("GULF \"ONE\""),
                    callsign: Text::new("C6AB1"),
                    ship_type: Some(ShipType(84)),
                    dimensions: Some(Dimensions {
                        bow_m: 224,
                        stern_m: 50,
                        port_m: 20,
                        starboard_m: 28,
                    }),
                },
                draught_m_before: Some(8.1),
                draught_m_after: Some(14.9),
                observed: Duration::from_millis(51_230_499),
                bridged: Duration::from_millis(16_269_501),
                silence_max: minutes(60),
                gaps: vec![(started_at.minus(minutes(600)), started_at.minus(minutes(300)))],
                watchlists: vec!["OFAC SDN by IMO".into()],
                track: track(&[(28.25, -94.86), (28.26, -94.85), (28.27, -94.85)]),
                ..EventVessel::new(low)
            },
            EventVessel {
                identity: VesselIdentity {
                    name: Text::new("=HYPERLINK(\"//X.Y\")"),
                    ..VesselIdentity::default()
                },
                observed: Duration::from_secs(48_811),
                bridged: Duration::from_secs(18_689),
                silence_max: minutes(90),
                track: track(&[(28.2501, -94.8601), (28.2601, -94.8501)]),
                ..EventVessel::new(high)
            },
        ],
        started_at,
        started_at_earliest: Some(started_at.minus(minutes(10))),
        started_at_latest: started_at.plus(minutes(10)),
        ended_at,
        ended_at_earliest: ended_at.minus(minutes(10)),
        ended_at_latest: None,
        position: Position::new(28.250_400_04, -94.859_699_96).unwrap(),
        place: Surroundings {
            coast_distance_m: Some(86_273.0),
            port: Some(("Port Fourchon".into(), 92_000.0)),
            meetings_nearby: Some(3),
            ..Surroundings::default()
        },
        meeting: Some(Box::new(Meeting {
            contact: minutes(18 * 60 + 45),
            distance_m_min: 61.2,
            distance_m_p50: 129.0,
            distance_m_p95: 181.449,
            contact_within_m: [
                (50, Duration::ZERO),
                (100, minutes(10)),
                (200, Duration::from_secs(67_000)),
                (500, minutes(18 * 60 + 45)),
            ],
            speed_knots_p50: 0.55,
            hull_gap_m_p50: Some(4.0),
            hull_gap_uncertainty_m: Some(12.0),
            approach_knots: [Some(9.5), None],
            ..Meeting::default()
        })),
        figures: Vec::new(),
        class: Some(Classification {
            class: MeetingClass::PossibleTransfer,
            confidence: 0.8,
            reasons: vec![Reason { rule: "hull_gap", weight: 0.5, text: "hull at hull".into() }],
        }),
        profiles: vec!["gfw".into(), "sts".into()],
        score: 0.83,
        reasons: vec![
            Reason { rule: "tankers", weight: 0.3, text: "both are tankers".into() },
            Reason { rule: "near_port", weight: -0.05, text: "+9 km from =\"PORT\"".into() },
        ],
        as_of: Timestamp::parse("2024-01-02").unwrap(),
    }
}

/// The first of the two, silent on another day.
pub(crate) fn gap() -> Event {
    let started_at = Timestamp::parse("2024-01-03T00:00:00Z").unwrap();
    let ended_at = started_at.plus(Duration::from_secs(6 * 3600));
    let event = event();
    let mmsi = event.vessels[0].mmsi;
    let vessel = EventVessel { identity: event.vessels[0].identity, ..EventVessel::new(mmsi) };
    Event {
        id: EventId::of(EventKind::Gap, Subject::Vessel(mmsi), started_at),
        vessels: vec![vessel],
        started_at,
        started_at_earliest: Some(started_at),
        started_at_latest: started_at,
        ended_at,
        ended_at_earliest: ended_at,
        ended_at_latest: Some(ended_at),
        position: Position::new(28.0, -94.0).unwrap(),
        place: Surroundings::default(),
        meeting: None,
        figures: vec![
            Figure { name: "silence_probability", value: 0.93 },
            Figure { name: "distance_m", value: 12_000.0 },
        ],
        class: None,
        profiles: Vec::new(),
        score: 0.4,
        reasons: vec![Reason { rule: "gap", weight: 0.4, text: "not heard for 6 h".into() }],
        ..event
    }
}

/// A report every ten minutes.
pub(crate) fn track(places_deg: &[(f64, f64)]) -> Vec<TrackPoint> {
    let first = Timestamp::parse("2023-12-31T23:14:00Z").unwrap();
    let point = |(i, &(latitude_deg, longitude_deg))| TrackPoint {
        observed_at: first.plus_millis(600_000 * i as i64),
        position: Position::new(latitude_deg, longitude_deg).unwrap(),
        speed_knots: Some(0.5),
        course_deg: None,
        heading_deg: Some(271.0),
        ends_silence: i == 1,
    };
    places_deg.iter().enumerate().map(point).collect()
}

pub(crate) fn provenance() -> Provenance {
    Provenance { software_version: "0.1.0".into(), parameters_hash: "c0ffee".into() }
}

/// A letter without the message in it.
pub(crate) fn dead_letter() -> DeadLetterRecord {
    DeadLetterRecord {
        topic: "ais.events".into(),
        partition: 0,
        offset: 7,
        told_at: Timestamp::from_secs(0),
        source: "test".into(),
        schema_version: 1,
        key: None,
        reason: "not an event".into(),
        attempts: 1,
        payload: None,
        payload_hex: None,
    }
}
