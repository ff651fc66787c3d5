//! Ships on plain ways, for tests.

use maritime::{Event, EventKind, Mmsi, Position, PositionFix, Report, Timestamp};

use crate::parameters::{LandMap, Parameters};
use crate::{Detector, Disposition};

/// The way of a ship on the plane about 28° N, in nautical miles east and north and hours since it began.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    longitude_deg: f64,
    at: (f64, f64),
    hour: f64,
    silent: bool,
    /// From and to, with the hours, of what was heard.
    legs: Vec<[(f64, f64, f64); 2]>,
}

impl Way {
    pub(crate) fn new(longitude_deg: f64) -> Self {
        Way { longitude_deg, at: (0.0, 0.0), hour: 0.0, silent: false, legs: Vec::new() }
    }

    pub(crate) fn at(mut self, x: f64, y: f64) -> Self {
        self.at = (x, y);
        self
    }

    pub(crate) fn to(mut self, x: f64, y: f64, hours: f64) -> Self {
        let from = (self.at.0, self.at.1, self.hour);
        self.hour += hours;
        self.at = (x, y);
        if !self.silent {
            self.legs.push([from, (x, y, self.hour)]);
        }
        self
    }

    pub(crate) fn stay(self, hours: f64) -> Self {
        let (x, y) = self.at;
        self.to(x, y, hours)
    }

    pub(crate) fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    pub(crate) fn heard(mut self) -> Self {
        self.silent = false;
        self
    }
}

/// The reports of some ships, one every two minutes, in order of time.
pub(crate) fn reports(ways: &[Way]) -> Vec<Report> {
    let mut reports = Vec::new();
    for (index, way) in ways.iter().enumerate() {
        for [from, to] in &way.legs {
            let minutes = |hour: f64| (hour * 60.0).round() as i64;
            let (first, last) = (minutes(from.2), minutes(to.2));
            let (x, y) = (to.0 - from.0, to.1 - from.1);
            for minute in (first..last).step_by(2) {
                let part = (minute - first) as f64 / (last - first) as f64;
                let north_deg = (from.1 + y * part) / 60.0;
                let east_deg = (from.0 + x * part) / 60.0 / 28f64.to_radians().cos();
                let longitude_deg =
                    (way.longitude_deg + east_deg + 180.0).rem_euclid(360.0) - 180.0;
                let hours = to.2 - from.2;
                reports.push(Report::Position(PositionFix {
                    mmsi: Mmsi::new(211_000_001 + index as u32).unwrap(),
                    observed_at: Timestamp::from_secs(1_704_067_200 + minute * 60),
                    position: Position::new(28.0 + north_deg, longitude_deg).unwrap(),
                    speed_knots: Some((x.hypot(y) / hours) as f32),
                    course_deg: Some(x.atan2(y).to_degrees().rem_euclid(360.0) as f32),
                    heading_deg: None,
                    coarse: false,
                    station: None,
                }));
            }
        }
    }
    reports.sort_by_key(|report| (report.observed_at(), report.mmsi()));
    reports
}

/// All versions of all events, with no map.
pub(crate) fn detect(reports: &[Report]) -> Vec<Event> {
    let parameters = Parameters { land: LandMap::None, ..Parameters::default() };
    let mut detector = Detector::new(parameters);
    let mut events = Vec::new();
    for report in reports {
        assert_eq!(detector.push(report, &mut events), Disposition::Accepted);
    }
    detector.finish(&mut events);
    events
}

pub(crate) fn kinds(events: &[Event], kind: EventKind) -> Vec<&Event> {
    events.iter().filter(|event| event.kind() == kind).collect()
}
