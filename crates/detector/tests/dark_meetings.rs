//! Dark meetings planted in a simulated sea, on seeds that nothing was tuned to.

use std::collections::BTreeMap;
use std::time::Duration;

use alongside_detector::{Detector, Parameters};
use maritime::{Event, EventId, EventKind};
use sea::{Area, Candidate, Coverage, DarkScore, Findings, Place, Planted, Scenario, Simulation};

/// Three days of two places.
fn scenario(coverage: Coverage, seed: u64) -> Scenario {
    let place = |area| Place { area, coverage };
    Scenario {
        seed,
        duration: Duration::from_secs(72 * 3600),
        ships: 60,
        places: vec![place(Area::GulfOfMexico), place(Area::GulfOfGuinea)],
        planted: Planted {
            dark_meeting: 12,
            dark_waiting: 12,
            infeasible_gap: 8,
            reception_hole: 4,
            ..Planted::every(2)
        },
        ..Scenario::default()
    }
}

fn dark_score(coverage: Coverage, seed: u64) -> DarkScore {
    let simulation = Simulation::new(&scenario(coverage, seed)).unwrap();
    let truths = simulation.truths().to_vec();
    let mut detector = Detector::new(Parameters::default());
    let mut events = Vec::new();
    for report in simulation.reports() {
        detector.push(&report, &mut events);
    }
    detector.finish(&mut events);
    let last: BTreeMap<EventId, Event> =
        events.into_iter().map(|event| (event.id, event)).collect();
    let dark = last.into_values().filter(|event| event.kind() == EventKind::DarkMeeting);
    let dark_meetings = dark
        .map(|event| Candidate {
            pair: event.id.pair().expect("two ships meet"),
            started_at: event.started_at,
            ended_at: event.ended_at,
            position: Some(event.position),
            score: event.score,
        })
        .collect();
    let card = sea::score(&truths, &Findings { dark_meetings, ..Findings::default() });
    let [score] = card.dark.try_into().expect("one coverage");
    score
}

#[track_caller]
fn check(coverage: Coverage, seeds: std::ops::Range<u64>, share_min: f64) {
    let (mut planted, mut found_top, mut infeasible) = (0, 0, 0);
    for seed in seeds {
        let score = dark_score(coverage, seed);
        println!("seed {seed}: {score:?}");
        planted += score.planted;
        found_top += score.found_top;
        infeasible += score.infeasible;
    }
    assert_eq!(infeasible, 0, "of pairs that cannot have met");
    let share = found_top as f64 / planted as f64;
    assert!(share >= share_min, "{found_top} of {planted} are among the first");
}

#[test]
fn within_reach_of_stations_dark_meetings_come_first() {
    check(Coverage::Terrestrial, 901..903, 0.8);
}

#[test]
fn at_the_edge_of_the_reach_of_stations_most_dark_meetings_come_first() {
    check(Coverage::Mixed, 901..903, 0.75);
}

#[test]
fn by_satellite_most_dark_meetings_come_first() {
    check(Coverage::Satellite, 904..906, 0.75);
}
