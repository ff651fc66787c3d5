//! A sea on which everything happens that can be told, cut anywhere: what is told stays the same, byte for byte.

use std::collections::BTreeMap;

use alongside_detector::{Detector, Parameters, Watchlist, WatchlistEntry};
use maritime::{
    Event, EventKind, Imo, Mmsi, Position, PositionFix, Report, StaticReport, StationId, Text,
    Timestamp, VesselIdentity,
};
use proptest::prelude::*;
use proptest::sample::Index;

const START_AT: Timestamp = Timestamp::from_secs(1_709_000_000);
const HOURS: i64 = 30;

/// Far out in the Gulf of Mexico.
const SEA: (f64, f64) = (26.0, -92.0);

fn mmsi(ship: u32) -> Mmsi {
    Mmsi::new(311_000_000 + ship).unwrap()
}

fn fix(ship: u32, minute: i64, (latitude_deg, longitude_deg): (f64, f64)) -> Report {
    Report::Position(PositionFix {
        mmsi: mmsi(ship),
        observed_at: START_AT.plus_millis(minute * 60_000 + i64::from(ship) * 1_000),
        position: Position::new(latitude_deg, longitude_deg).unwrap(),
        speed_knots: Some(0.5),
        course_deg: None,
        heading_deg: ship.is_multiple_of(2).then_some(90.0),
        coarse: false,
        station: Some(StationId::new("r003669945")),
    })
}

fn said(ship: u32, minute: i64, name: &str, imo: Option<u32>) -> Report {
    Report::Static(StaticReport {
        mmsi: mmsi(ship),
        observed_at: START_AT.plus_millis(minute * 60_000),
        identity: VesselIdentity {
            name: Text::new(name),
            imo: imo.and_then(Imo::new),
            ..VesselIdentity::default()
        },
        draught_m: Some(8.0 + (minute / 600) as f32),
        destination: None,
    })
}

/// North and east of a place, in metres.
fn at(place: (f64, f64), north_m: f64, east_m: f64) -> (f64, f64) {
    (place.0 + north_m / 111_000.0, place.1 + east_m / 100_000.0)
}

fn sea() -> Vec<Report> {
    let mut reports = Vec::new();
    for minute in (0..HOURS * 60).step_by(6) {
        let hour = minute as f64 / 60.0;
        let way_m = hour * 1852.0;
        // Ordinary traffic, by which it is known that the receiver works.
        for ship in 0..24u32 {
            let lane = at(SEA, f64::from(ship) * 4_000.0 - 48_000.0, 11.0 * way_m - 250_000.0);
            reports.push(fix(ship, minute, lane));
        }
        // Two lie side by side for some hours and part; a third joins them.
        let apart_m = (hour - 9.0).max(0.0) * 9_000.0;
        reports.push(fix(30, minute, at(SEA, 3_000.0, 0.3 * way_m)));
        reports.push(fix(31, minute, at(SEA, 3_080.0 + apart_m, 0.3 * way_m)));
        let nearing_m = (5.0 - hour).max(0.0) * 9_000.0;
        reports.push(fix(32, minute, at(SEA, 2_900.0 - nearing_m, 0.3 * way_m)));
        // Two are silent for six hours at the same time, 30 km apart before and 20 after.
        if !(8.0..14.0).contains(&hour) {
            let near_m = if hour < 8.0 { 15_000.0 } else { 10_000.0 };
            reports.push(fix(40, minute, at(SEA, -20_000.0 - near_m, 0.2 * way_m)));
            reports.push(fix(41, minute, at(SEA, -20_000.0 + near_m, 0.2 * way_m)));
        }
        // One falls silent for good.
        if hour < 20.0 {
            reports.push(fix(42, minute, at(SEA, 22_000.0, 0.2 * way_m)));
        }
        // One is elsewhere all at once, one of them on land.
        let jumps_m = if hour > 11.0 { 60_000.0 } else { 0.0 };
        reports.push(fix(50, minute, at(SEA, 40_000.0 + jumps_m, 0.0)));
        let ashore = if hour > 12.0 { (31.5, -97.0) } else { at(SEA, 42_000.0, 3_000.0) };
        reports.push(fix(51, minute, ashore));
        // Eight are all in one place for a while.
        for ship in 60..68u32 {
            let home = at(SEA, -40_000.0, f64::from(ship - 60) * 3_000.0);
            let circle = at((25.0, -91.5), f64::from(ship - 60) * 100.0, 0.0);
            let is_away = (15.0..18.0).contains(&hour);
            reports.push(fix(ship, minute, if is_away { circle } else { home }));
        }
    }
    for minute in (0..HOURS * 60).step_by(30) {
        let changed = minute > 13 * 60;
        reports.push(said(30, minute, if changed { "BRAVO STAR" } else { "ALFA MOON" }, None));
        // Two under one number of a hull.
        reports.push(said(31, minute, "CHARLIE", Some(9_074_729)));
        reports.push(said(32, minute, "DELTA", (minute > 300).then_some(9_074_729)));
    }
    reports.sort_by_key(|report| (report.observed_at(), report.mmsi()));
    reports
}

fn parameters() -> Parameters {
    let listed =
        WatchlistEntry { list: "EU".into(), mmsi: Some(mmsi(41)), ..WatchlistEntry::default() };
    let list = Watchlist { file: "list.csv".into(), entries: vec![listed] };
    let mut parameters = Parameters { watchlists: vec![list], ..Parameters::default() };
    // So that bounds are reached as well.
    parameters.bounds.pairs_max = 6;
    parameters
}

/// The events of a detector that is written and read again before each of these reports.
fn detect(reports: &[Report], cuts: &[usize]) -> Vec<Event> {
    let mut detector = Detector::new(parameters());
    let mut events = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        if cuts.contains(&index) {
            let snapshot = detector.snapshot();
            detector = Detector::restore(&snapshot, parameters()).unwrap();
            assert_eq!(detector.snapshot(), snapshot, "written again");
        }
        detector.push(report, &mut events);
    }
    detector.finish(&mut events);
    events
}

#[test]
fn everything_happens_on_this_sea() {
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for event in detect(&sea(), &[]) {
        *kinds.entry(event.kind().name()).or_default() += 1;
    }
    println!("{kinds:?}");
    for kind in [
        EventKind::Encounter,
        EventKind::Loitering,
        EventKind::Gap,
        EventKind::DarkMeeting,
        EventKind::IdentityChange,
        EventKind::IdentityConflict,
        EventKind::Jump,
        EventKind::Displacement,
        EventKind::OnLand,
        EventKind::WatchlistHit,
    ] {
        assert!(kinds.contains_key(kind.name()), "no {}: {kinds:?}", kind.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_anywhere_changes_no_event_of_any_kind(
        cuts in prop::collection::vec(any::<Index>(), 1..5),
    ) {
        let reports = sea();
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(reports.len())).collect();
        let (cut, whole) = (detect(&reports, &cuts), detect(&reports, &[]));
        prop_assert_eq!(cut.len(), whole.len());
        for (cut, whole) in cut.iter().zip(&whole) {
            prop_assert_eq!(format!("{:?}", cut), format!("{:?}", whole));
        }
    }
}
