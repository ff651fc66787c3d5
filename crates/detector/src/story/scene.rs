//! Scenes for the tests of the chapters: who reports what when, and what is told of it.

use std::collections::BTreeMap;

use maritime::{
    Event, EventId, EventKind, Imo, Mmsi, Position, PositionFix, Report, StaticReport, Text,
    Timestamp, VesselIdentity,
};

use crate::Detector;
use crate::parameters::Parameters;

/// Minutes count from this instant.
const BEGINNING_SECS: i64 = 1_709_000_000;

/// Reports in any order of time.
#[derive(Debug, Default, Clone)]
pub(super) struct Scene {
    pub(super) reports: Vec<Report>,
}

impl Scene {
    /// The ship is there, at that minute.
    pub(super) fn at(&mut self, mmsi: u32, minute: f64, latitude_deg: f64, longitude_deg: f64) {
        self.reports.push(Report::Position(PositionFix {
            mmsi: Mmsi::new(mmsi).unwrap(),
            observed_at: minute_at(minute),
            position: Position::new(latitude_deg, longitude_deg).unwrap(),
            speed_knots: Some(0.0),
            course_deg: None,
            heading_deg: None,
            coarse: false,
            station: None,
        }));
    }

    /// The ship lies there and reports every five minutes, the last minute left out.
    pub(super) fn lies(&mut self, mmsi: u32, minutes: (u32, u32), place: (f64, f64)) {
        for minute in (minutes.0..minutes.1).step_by(5) {
            self.at(mmsi, f64::from(minute), place.0, place.1);
        }
    }

    /// The ship says that about itself every six minutes, the last minute left out.
    pub(super) fn says(&mut self, mmsi: u32, minutes: (u32, u32), identity: VesselIdentity) {
        for minute in (minutes.0..minutes.1).step_by(6) {
            self.reports.push(Report::Static(StaticReport {
                mmsi: Mmsi::new(mmsi).unwrap(),
                observed_at: minute_at(f64::from(minute) + 0.5),
                identity,
                draught_m: None,
                destination: None,
            }));
        }
    }

    /// Every version of every event.
    pub(super) fn told(&self, parameters: &Parameters) -> Vec<Event> {
        let mut reports = self.reports.clone();
        reports.sort_by_key(|report| report.observed_at());
        told(&reports, parameters)
    }

    /// The last version of every event of a kind that was not retracted.
    pub(super) fn found(&self, kind: EventKind, parameters: &Parameters) -> Vec<Event> {
        let mut last: BTreeMap<EventId, Event> = BTreeMap::new();
        for event in self.told(parameters) {
            assert_eq!(event.version, last.get(&event.id).map_or(1, |known| known.version + 1));
            last.insert(event.id, event);
        }
        let events = last.into_values();
        events
            .filter(|event| event.kind() == kind)
            .filter(|event| event.state != maritime::EventState::Retracted)
            .collect()
    }
}

/// What is told of reports in the order in which they come.
pub(super) fn told(reports: &[Report], parameters: &Parameters) -> Vec<Event> {
    let mut detector = Detector::new(parameters.clone());
    let mut events = Vec::new();
    for report in reports {
        detector.push(report, &mut events);
    }
    detector.finish(&mut events);
    events
}

pub(super) fn minute_at(minute: f64) -> Timestamp {
    Timestamp::from_millis(BEGINNING_SECS * 1000 + (minute * 60_000.0) as i64)
}

pub(super) fn named(name: &str, callsign: &str, imo: u32) -> VesselIdentity {
    VesselIdentity {
        name: Text::new(name),
        callsign: Text::new(callsign),
        imo: Imo::new(imo),
        ..VesselIdentity::default()
    }
}

/// What must hold of the chapters whatever is reported: by ships that share numbers, names and places, jump, fall
/// silent and call themselves otherwise.
mod tests {
    use maritime::EventState;
    use proptest::prelude::*;

    use super::*;
    use crate::parameters::{DisplacementRules, Watchlist, WatchlistEntry};

    const SHIPS: [u32; 6] =
        [311_000_222, 311_000_333, 351_000_111, 620_000_222, 200_000_001, 998_000_001];
    /// Two near each other, one across the 180th meridian, one on land, one far.
    const PLACES: [(f64, f64); 6] = [
        (28.0, -90.0),
        (28.001, -90.001),
        (28.0, 179.999),
        (28.0, -179.999),
        (30.6, -91.9),
        (-40.0, 10.0),
    ];
    const NAMES: [(&str, &str, u32); 5] = [
        ("ALFA STAR", "3FAB1", 9_074_729),
        ("BRAVO", "3FAB2", 9_187_629),
        ("ALFA STAR", "3FAB1", 0),
        ("NET 12.5V", "", 0),
        ("", "3FAB2", 9_074_729),
    ];

    fn parameters() -> Parameters {
        let entry = WatchlistEntry {
            list: "EU".into(),
            imo: Imo::new(9_074_729),
            names: vec!["Bravo".into()],
            ..WatchlistEntry::default()
        };
        let defaults = Parameters::default();
        let displacement = DisplacementRules { vessels_min: 3, ..defaults.displacement.clone() };
        let watchlists = vec![Watchlist { file: "eu.csv".into(), entries: vec![entry] }];
        Parameters { displacement, watchlists, ..defaults }
    }

    /// Each step: minutes since the one before, who, and where or what name, and how often.
    fn scene() -> impl Strategy<Value = Scene> {
        let minutes = prop_oneof![6 => 0u32..10, 2 => 10u32..100, 1 => 100u32..3000];
        let step = (minutes, 0..SHIPS.len(), 0..PLACES.len() + NAMES.len(), 1u32..5);
        prop::collection::vec(step, 1..150).prop_map(|steps| {
            let mut scene = Scene::default();
            let mut minute = 0;
            for (minutes, ship, what, times) in steps {
                minute += minutes;
                match PLACES.get(what) {
                    Some(&place) => scene.lies(SHIPS[ship], (minute, minute + 5 * times), place),
                    None => {
                        let (name, callsign, imo) = NAMES[what - PLACES.len()];
                        let identity = named(name, callsign, imo);
                        scene.says(SHIPS[ship], (minute, minute + 6 * times), identity);
                    }
                }
            }
            scene.reports.sort_by_key(|report| report.observed_at());
            scene
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn no_chapter_minds_the_order_of_arrival(
            scene in scene(), delays in prop::collection::vec(0i64..600, 300),
        ) {
            let mut shuffled = scene.reports.clone();
            let mut delays = delays.iter().cycle();
            shuffled.sort_by_cached_key(|report| {
                report.observed_at().as_millis() + delays.next().unwrap() * 1000
            });
            let parameters = parameters();
            prop_assert_eq!(
                format!("{:?}", told(&shuffled, &parameters)),
                format!("{:?}", told(&scene.reports, &parameters))
            );
        }

        #[test]
        fn every_event_is_well_formed(scene in scene()) {
            let mut known: BTreeMap<EventId, (u32, EventState)> = BTreeMap::new();
            let mut as_of = Timestamp::MIN;
            for event in scene.told(&parameters()) {
                let (version, state) = known.get(&event.id).copied().unwrap_or((0, EventState::Candidate));
                prop_assert_eq!(event.version, version + 1, "{:?}", event);
                // An encounter goes on when its ships meet again, a hit when the list names the ship again.
                let comes_back =
                    matches!(event.kind(), EventKind::Encounter | EventKind::WatchlistHit);
                prop_assert!(
                    comes_back || event.state >= state,
                    "{:?} after {:?}", event, state
                );
                known.insert(event.id, (event.version, event.state));
                prop_assert!(event.started_at <= event.ended_at, "{:?}", event);
                prop_assert!(event.started_at <= event.as_of, "{:?}", event);
                prop_assert!((0.0..=1.0).contains(&event.score), "{:?}", event);
                prop_assert!(!event.reasons.is_empty() || event.state == EventState::Retracted);
                prop_assert!((1..=64).contains(&event.vessels.len()));
                prop_assert!(event.vessels.is_sorted_by_key(|vessel| vessel.mmsi));
                as_of = as_of.max(event.as_of);
            }
            let last_at = scene.reports.iter().map(|report| report.observed_at()).max();
            prop_assert!(as_of <= last_at.unwrap());
        }
    }
}
