//! Floods of invented ships beside honest ones: these are found, and what is remembered stays within its bounds.
//!
//! Small floods, so that it takes seconds. `ALONGSIDE_FLOOD` and `ALONGSIDE_GHOSTS` give the numbers of ships for larger
//! ones, which run with the default bounds.

use std::time::Instant;

use alongside_detector::{Bounds, Counters, Detector, LandMap, Parameters};
use maritime::{
    Event, EventState, Mmsi, Position, PositionFix, Report, StaticReport, Text, Timestamp,
    VesselIdentity,
};

const START_AT: Timestamp = Timestamp::from_secs(1_709_000_000);
/// Where the crowd is, and one honest pair in it.
const CROWD: (f64, f64) = (28.0, -94.0);
/// Where the other honest pair is.
const ALONE: (f64, f64) = (29.0, -92.0);

/// Numbers that look like chance and are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// In `[0, 1)`.
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A place within so many metres of another, north and east.
    fn near(&mut self, place: (f64, f64), metres: f64) -> (f64, f64) {
        let degrees = metres / 111_000.0;
        (
            place.0 + (2.0 * self.next() - 1.0) * degrees,
            place.1 + (2.0 * self.next() - 1.0) * degrees,
        )
    }
}

fn fix(mmsi: u32, second: i64, place: (f64, f64)) -> Report {
    Report::Position(PositionFix {
        mmsi: Mmsi::new(mmsi).unwrap(),
        observed_at: START_AT.plus_millis(second * 1000),
        position: Position::new(place.0, place.1).unwrap(),
        speed_knots: Some(0.2),
        course_deg: None,
        heading_deg: None,
        coarse: false,
        station: None,
    })
}

/// Two pairs, one in the crowd and one alone, 30 m apart; each ship speaks every five minutes at its own second.
fn honest(hours: i64) -> Vec<Report> {
    let mut reports = Vec::new();
    for step in 0..hours * 12 {
        for (index, (place, east)) in
            [(CROWD, 0.0), (CROWD, 1.0), (ALONE, 0.0), (ALONE, 1.0)].into_iter().enumerate()
        {
            let drift = step as f64 * 1e-5;
            let place = (place.0 + drift, place.1 + east * 30.0 / 98_000.0);
            reports.push(fix(311_000_001 + index as u32, step * 300 + index as i64 * 47, place));
        }
    }
    reports
}

/// The last version of the encounter of each of the two honest pairs, in order, and the counters.
fn detect(mut reports: Vec<Report>, bounds: Bounds) -> (Vec<Event>, Counters) {
    reports.sort_by_key(|report| (report.observed_at(), report.mmsi()));
    let parameters = Parameters { land: LandMap::None, bounds, ..Parameters::default() };
    let mut detector = Detector::new(parameters);
    let (mut events, mut told) = (Vec::new(), Vec::new());
    let is_honest = |event: &Event| {
        event.id.pair().is_some_and(|pair| {
            [pair.low(), pair.high()].iter().all(|mmsi| mmsi.get() / 10 == 31_100_000)
        })
    };
    let started = Instant::now();
    for report in &reports {
        detector.push(report, &mut events);
        told.extend(events.drain(..).filter(is_honest));
    }
    detector.finish(&mut events);
    told.extend(events.drain(..).filter(is_honest));
    let counters = *detector.counters();
    println!("{} reports in {:?}; {counters:?}", reports.len(), started.elapsed());
    let mut last: Vec<Event> = Vec::new();
    for event in told {
        match last.iter_mut().find(|known| known.id == event.id) {
            Some(known) => *known = event,
            None => last.push(event),
        }
    }
    last.retain(|event| event.state != EventState::Retracted);
    last.sort_by_key(|event| event.id);
    (last, counters)
}

/// Both pairs were found, from the first report to the last but for so many minutes.
#[track_caller]
fn check_found(found: &[Event], hours: i64, minutes_lost_max: [i64; 2]) {
    assert_eq!(found.len(), 2, "{:?}", found.iter().map(|event| event.id).collect::<Vec<_>>());
    for (event, minutes_max) in found.iter().zip(minutes_lost_max) {
        let lasts = event.duration().as_secs() as i64 / 60;
        assert!(lasts >= hours * 60 - 6 - minutes_max, "{} lasts {lasts} min", event.id);
        assert!(event.profiles.contains(&"sts".to_owned()), "{:?}", event.profiles);
    }
}

/// So many ships that speak once or twice, anywhere in a part of the sea, with a name of their own.
fn invented(count: u32, hours: i64) -> Vec<Report> {
    let mut numbers = Numbers(1);
    let mut reports = Vec::new();
    for ship in 0..count {
        let mmsi = 400_000_000 + ship;
        let second = (numbers.next() * (hours * 3600 - 60) as f64) as i64;
        let place = numbers.near(CROWD, 400_000.0);
        reports.push(fix(mmsi, second, place));
        if ship % 3 == 0 {
            reports.push(fix(mmsi, second + 30, place));
        }
        if ship % 5 == 0 {
            let name = Text::new(&format!("GHOST {ship}"));
            reports.push(Report::Static(StaticReport {
                mmsi: Mmsi::new(mmsi).unwrap(),
                observed_at: START_AT.plus_millis(second * 1000 + 500),
                identity: VesselIdentity { name, ..VesselIdentity::default() },
                draught_m: None,
                destination: None,
            }));
        }
    }
    reports
}

#[test]
fn a_flood_of_invented_numbers_leaves_honest_traffic_served() {
    let (count, bounds) = match larger("ALONGSIDE_FLOOD") {
        Some(count) => (count, Bounds::default()),
        None => (200_000, Bounds { vessels_max: 20_000, ..Bounds::default() }),
    };
    let vessels_max = bounds.vessels_max as u64;
    let mut reports = honest(3);
    reports.extend(invented(count, 3));
    let (found, counters) = detect(reports, bounds);
    check_found(&found, 3, [0, 0]);
    assert_eq!(counters.at_bounds.vessels_refused, 0);
    let forgotten = counters.at_bounds.vessels_forgotten;
    assert!(forgotten + vessels_max >= u64::from(count), "{forgotten} forgotten");
}

/// As the environment asks for.
fn larger(variable: &str) -> Option<u32> {
    std::env::var(variable).ok().and_then(|count| count.parse().ok())
}

/// Ghosts that lie within so many metres and speak every ten minutes, from some ten minutes after the start on.
fn ghosts(count: u32, metres: f64, hours: i64, steps_later: i64) -> Vec<Report> {
    let mut numbers = Numbers(2);
    let places: Vec<_> = (0..count).map(|_| numbers.near(CROWD, metres)).collect();
    let mut reports = Vec::new();
    for step in steps_later..hours * 6 {
        for (ship, place) in (0..).zip(&places) {
            let second = step * 600 + i64::from(ship * 7919 % 600);
            reports.push(fix(400_000_000 + ship, second, numbers.near(*place, 10.0)));
        }
    }
    reports
}

#[test]
fn ghosts_in_one_cell_hide_no_honest_meeting() {
    let (count, bounds) = match larger("ALONGSIDE_GHOSTS") {
        Some(count) => (count, Bounds::default()),
        None => (5000, Bounds { presences_max: 200, pairs_max: 9, ..Bounds::default() }),
    };
    let mut reports = honest(2);
    reports.extend(ghosts(count, 2000.0, 2, 0));
    let (found, counters) = detect(reports, bounds);
    // Among thousands that are as new as they are, it takes them a while to find each other.
    check_found(&found, 2, [45, 0]);
    assert!(counters.at_bounds.presences_displaced > 0);
}

#[test]
fn ghosts_on_one_spot_leave_a_bounded_number_of_encounters() {
    let bounds = Bounds { pairs_max: 12, ..Bounds::default() };
    let mut reports = honest(2);
    reports.extend(ghosts(600, 220.0, 2, 3));
    let (found, counters) = detect(reports, bounds);
    check_found(&found, 2, [0, 0]);
    let begun_and_kept = counters.encounters - counters.at_bounds.pairs_displaced;
    assert!(begun_and_kept <= 602 * 12 / 2 + 1, "{begun_and_kept} encounters");
}

#[test]
fn too_many_reports_at_a_time_leave_before_their_time() {
    let bounds = Bounds { reports_held_max: 3, ..Bounds::default() };
    let (found, counters) = detect(honest(2), bounds);
    check_found(&found, 2, [0, 0]);
    assert!(counters.at_bounds.reports_hurried > 0);
}
