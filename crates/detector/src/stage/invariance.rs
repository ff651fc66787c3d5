//! What must not matter to anything that is found, counted or remembered: how large a batch is, into how many shards its
//! stages are divided, and on how many threads they run.

use std::time::Duration;

use maritime::{
    Mmsi, Position, PositionFix, Report, StaticReport, Text, Timestamp, VesselIdentity,
};
use proptest::prelude::*;
use rustc_hash::FxHashMap;

use crate::grid::Grid;
use crate::parameters::{LandMap, Parameters, PortList};
use crate::places::Places;
use crate::reorder::Heard;
use crate::stage::{Batch, Division, Fleet};
use crate::story::Story;
use crate::{Counters, Detector};

/// One report at a time: what is worked out beforehand is worked out of all there is.
const ONE_BY_ONE: Division =
    Division { shards: 1, on_threads: false, from: usize::MAX, alone_max: 1, together_max: 1 };

/// Ships of ordinary numbers, fishing gear by three sorts of numbers, and a coast station.
const NUMBERS: [u32; 14] = [
    219_000_001,
    219_000_002,
    219_000_003,
    311_000_222,
    311_000_223,
    538_005_541,
    538_005_542,
    636_014_932,
    636_014_933,
    982_190_001,
    900_000_123,
    992_191_001,
    992_191_002,
    2_191_000,
];

/// One who speaks, or several under one number: for every report milliseconds, metres north and east, and what it is.
type Speaker = Vec<(i64, i16, i16, Sort)>;

#[derive(Debug, Clone, Copy)]
enum Sort {
    Step,
    /// The same once more.
    Twice,
    /// Far away, and back with the next report.
    Astray,
    Coarse,
    Named(bool),
}

fn speaker() -> impl Strategy<Value = Speaker> {
    let millis = prop_oneof![
        4 => 0i64..12,
        3 => 10i64..40,
        2 => 60i64..900,
        1 => 900i64..4000,
    ];
    let millis = millis.prop_map(|seconds| seconds * 1000);
    let step = || prop_oneof![5 => -5i16..=5, 1 => -60i16..=60];
    let sort = prop_oneof![
        12 => Just(Sort::Step),
        3 => Just(Sort::Twice),
        2 => Just(Sort::Astray),
        1 => Just(Sort::Coarse),
        2 => any::<bool>().prop_map(Sort::Named),
    ];
    prop::collection::vec((millis, step(), step(), sort), 5..60)
}

fn fleet() -> impl Strategy<Value = Vec<Speaker>> {
    prop::collection::vec(speaker(), 2..NUMBERS.len() + 4)
}

/// In order of time. Some numbers have two ships.
fn reports(fleet: &[Speaker]) -> Vec<Report> {
    let mut reports = Vec::new();
    for (index, speaker) in fleet.iter().enumerate() {
        let mmsi = Mmsi::new(NUMBERS[index % NUMBERS.len()]).unwrap();
        let (mut millis, mut north_m, mut east_m) =
            (0, 400.0 * (index % 5) as f64, 400.0 * (index / 5) as f64);
        for &(after, north, east, sort) in speaker {
            millis += after;
            north_m += f64::from(north);
            east_m += f64::from(east);
            let observed_at = Timestamp::from_millis(1_709_000_000_000 + millis);
            let fix = |north_m: f64| {
                Report::Position(PositionFix {
                    mmsi,
                    observed_at,
                    position: Position::new(28.0 + north_m / 111_000.0, -94.0 + east_m / 98_000.0)
                        .unwrap(),
                    speed_knots: Some(0.4),
                    course_deg: None,
                    heading_deg: (index % 3 != 2).then_some(90.0),
                    coarse: matches!(sort, Sort::Coarse),
                    station: None,
                })
            };
            match sort {
                Sort::Step | Sort::Coarse => reports.push(fix(north_m)),
                Sort::Twice => reports.extend([fix(north_m), fix(north_m + 1.0)]),
                Sort::Astray => {
                    let times = f64::from(1 + (north + east).rem_euclid(7));
                    reports.push(fix(north_m + 60_000.0 * times));
                }
                Sort::Named(is_gear) => reports.push(Report::Static(StaticReport {
                    mmsi,
                    observed_at,
                    identity: VesselIdentity {
                        name: Text::new(if is_gear { "NET 7-85%" } else { "OSTSEE W 7" }),
                        ..VesselIdentity::default()
                    },
                    draught_m: None,
                    destination: None,
                })),
            }
        }
    }
    reports.sort_by_key(|report| (report.observed_at(), report.mmsi()));
    reports
}

/// How much there is room for.
#[derive(Debug, Clone, Copy)]
enum Room {
    Ample,
    FewVessels,
    CrowdedCells,
    FewPairs,
}

fn room() -> impl Strategy<Value = Room> {
    prop_oneof![
        3 => Just(Room::Ample),
        1 => Just(Room::FewVessels),
        1 => Just(Room::CrowdedCells),
        1 => Just(Room::FewPairs),
    ]
}

/// However short an encounter is, it is told.
fn parameters(room: Room, lateness: Duration) -> Parameters {
    let (land, ports) = (LandMap::None, PortList::None);
    let mut parameters = Parameters { lateness, land, ports, ..Parameters::default() };
    parameters.encounter.candidate_after = Duration::ZERO;
    parameters.encounter.open_after = Duration::from_secs(300);
    match room {
        Room::Ample => {}
        Room::FewVessels => parameters.bounds.vessels_max = 6,
        Room::CrowdedCells => parameters.bounds.presences_max = 3,
        Room::FewPairs => parameters.bounds.pairs_max = 2,
    }
    parameters
}

/// Everything that is told, what is remembered in the middle and before the end, and what was counted.
#[derive(PartialEq)]
struct Account {
    events: String,
    snapshots: [Vec<u8>; 2],
    counters: Counters,
}

impl Account {
    #[track_caller]
    fn check(&self, expected: &Account, division: &str) {
        assert_eq!(self.events, expected.events, "events by {division}");
        assert_eq!(self.counters, expected.counters, "counters by {division}");
        assert!(self.snapshots == expected.snapshots, "what is remembered differs by {division}");
    }
}

/// Begins with one division, and goes on with the other after a restart.
fn detect(reports: &[Report], parameters: &Parameters, divisions: [Division; 2]) -> Account {
    let mut events = Vec::new();
    let mut detector = Detector::new(parameters.clone()).divided(divisions[0]);
    let (before, after) = reports.split_at(reports.len() / 2);
    for report in before {
        detector.push(report, &mut events);
    }
    let middle = detector.snapshot();
    let mut detector =
        Detector::restore(&middle, parameters.clone()).unwrap().divided(divisions[1]);
    for report in after {
        detector.push(report, &mut events);
    }
    let end = detector.snapshot();
    detector.finish(&mut events);
    Account {
        events: format!("{events:?}"),
        snapshots: [middle, end],
        counters: *detector.counters(),
    }
}

fn batches_of(alone_max: usize) -> Division {
    Division { alone_max, ..ONE_BY_ONE }
}

fn shards(shards: usize, together_max: usize) -> Division {
    Division { shards, from: 2, together_max, ..ONE_BY_ONE }
}

/// Reports come up to so many seconds late.
fn arriving(mut reports: Vec<Report>, delays_s: &[i64]) -> Vec<Report> {
    let mut delays_s = delays_s.iter().cycle();
    reports.sort_by_cached_key(|report| {
        report.observed_at().as_millis() + delays_s.next().unwrap() * 1000
    });
    reports
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn neither_batches_nor_shards_matter(
        fleet in fleet(),
        room in room(),
        lateness_s in prop_oneof![Just(0u64), Just(600)],
        delays_s in prop::collection::vec(prop_oneof![3 => Just(0i64), 1 => 0i64..600], 50),
    ) {
        let reports = arriving(reports(&fleet), &delays_s);
        let parameters = parameters(room, Duration::from_secs(lateness_s));
        let expected = detect(&reports, &parameters, [ONE_BY_ONE; 2]);
        for most in [2, 3, 4, 5, 7, 11, 16, 64, 128, 1000] {
            detect(&reports, &parameters, [batches_of(most); 2])
                .check(&expected, &format!("batches of {most}"));
        }
        for count in [1, 2, 7, 64] {
            for most in [3, 16, 1000] {
                detect(&reports, &parameters, [shards(count, most), shards(64 / count, most)])
                    .check(&expected, &format!("{count} shards, batches of {most}"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn threads_do_not_matter(fleet in fleet(), room in room()) {
        let reports = reports(&fleet);
        let parameters = parameters(room, Duration::from_secs(600));
        let expected = detect(&reports, &parameters, [ONE_BY_ONE; 2]);
        for count in [2, 7] {
            let division = Division { on_threads: true, ..shards(count, 1000) };
            detect(&reports, &parameters, [division; 2])
                .check(&expected, &format!("{count} threads"));
        }
    }
}

/// Without any of this the comparisons would say little.
#[test]
fn random_fleets_reach_every_bound() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for room in [Room::Ample, Room::FewVessels, Room::CrowdedCells, Room::FewPairs] {
        let mut counters = Counters::default();
        let mut told = 0;
        for _ in 0..20 {
            let fleet = fleet().new_tree(&mut runner).unwrap().current();
            let parameters = parameters(room, Duration::from_secs(600));
            let found = detect(&reports(&fleet), &parameters, [ONE_BY_ONE; 2]).counters;
            told += found.events;
            counters.repeated += found.repeated;
            counters.not_ships += found.not_ships;
            counters.encounters += found.encounters;
            let (sum, found) = (&mut counters.at_bounds, found.at_bounds);
            sum.vessels_forgotten += found.vessels_forgotten;
            sum.sub_tracks_displaced += found.sub_tracks_displaced;
            sum.presences_displaced += found.presences_displaced;
            sum.pairs_displaced += found.pairs_displaced;
        }
        let bounds = counters.at_bounds;
        let at_bound = match room {
            Room::Ample => bounds.sub_tracks_displaced,
            Room::FewVessels => bounds.vessels_forgotten,
            Room::CrowdedCells => bounds.presences_displaced,
            Room::FewPairs => bounds.pairs_displaced,
        };
        let counts = [told, counters.repeated, counters.not_ships, counters.encounters, at_bound];
        assert!(counts.iter().all(|&count| count > 10), "{room:?}: {counts:?}");
    }
}

/// How many of these, of whom nothing was known before, are worked out at a time.
#[track_caller]
fn check_batch(reports: &[Report], expected: usize) {
    let parameters = parameters(Room::Ample, Duration::ZERO);
    let (by_mmsi, story, places) = (FxHashMap::default(), Story::default(), Places::default());
    let fleet =
        Fleet { by_mmsi: &by_mmsi, vessels: &[], tracks: &[], story: &story, places: &places };
    let heard: Vec<Heard<'_>> = reports.iter().map(Heard::from).collect();
    for count in [1, 2, 7] {
        let mut grid = Grid::new(700.0, 100);
        let mut batch = Batch::new(shards(count, 1000));
        assert_eq!(batch.work_out(&heard, fleet, &mut grid, &parameters), expected, "{count}");
    }
}

#[test]
fn a_batch_ends_only_where_more_must_be_known() {
    let fix = |mmsi: u32, second: i64| {
        Report::Position(PositionFix {
            mmsi: Mmsi::new(mmsi).unwrap(),
            observed_at: Timestamp::from_secs(1_709_000_000 + second),
            position: Position::new(28.0, -94.0).unwrap(),
            speed_knots: None,
            course_deg: None,
            heading_deg: None,
            coarse: false,
            station: None,
        })
    };
    let said = |mmsi: u32, second: i64| {
        Report::Static(StaticReport {
            mmsi: Mmsi::new(mmsi).unwrap(),
            observed_at: Timestamp::from_secs(1_709_000_000 + second),
            identity: VesselIdentity::default(),
            draught_m: None,
            destination: None,
        })
    };
    // The third says the same as the first.
    let begin = [fix(311_000_222, 0), fix(311_000_223, 0), fix(311_000_222, 1)];
    check_batch(&begin, 3);
    // From the last one a leg leads back to one that begins in the same batch.
    check_batch(&[&begin[..], &[fix(311_000_222, 6)]].concat(), 3);
    check_batch(&[said(311_000_222, 0), fix(311_000_222, 1), fix(311_000_223, 2)], 3);
    // Whether it is gear depends on its name.
    check_batch(&[said(992_191_001, 0), fix(311_000_222, 1), fix(992_191_001, 2)], 2);
}
