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
