//! Meetings and what only looks like one, planted in a simulated sea, on seeds that nothing was tuned to: each is to
//! be told in its own class.

use std::collections::BTreeMap;
use std::time::Duration;

use alongside_detector::{Detector, Parameters};
use maritime::{Event, EventId, EventKind, EventState};
use sea::{Area, Coverage, Kind, Place, Planted, Scenario, Simulation, Truth};

/// Two days of three places.
fn scenario(coverage: Coverage, seed: u64) -> Scenario {
    let place = |area| Place { area, coverage };
    let planted = Planted {
        dark_meeting: 0,
        dark_waiting: 0,
        infeasible_gap: 0,
        reception_hole: 0,
        identity_change: 0,
        ..Planted::every(12)
    };
    Scenario {
        seed,
        duration: Duration::from_secs(48 * 3600),
        ships: 30,
        places: [Area::GulfOfMexico, Area::GulfOfOman, Area::GulfOfGuinea].map(place).into(),
        planted,
        ..Scenario::default()
    }
}

/// The last telling of every encounter that stands.
fn detect(simulation: Simulation) -> Vec<Event> {
    let mut detector = Detector::new(Parameters::default());
    let mut events = Vec::new();
    for report in simulation.reports() {
        detector.push(&report, &mut events);
    }
    detector.finish(&mut events);
    let last: BTreeMap<EventId, Event> =
        events.into_iter().map(|event| (event.id, event)).collect();
    let stands = |event: &Event| {
        event.kind() == EventKind::Encounter
            && !matches!(event.state, EventState::Candidate | EventState::Retracted)
    };
    last.into_values().filter(stands).collect()
}

/// The longest encounter of a planted pair at its time.
fn found<'a>(events: &'a [Event], truth: &Truth) -> Option<&'a Event> {
    let of_pair = events.iter().filter(|event| {
        event.id.pair() == Some(truth.pair)
            && event.started_at < truth.ended_at
            && truth.started_at < event.ended_at
    });
    of_pair.max_by_key(|event| event.duration())
}

/// Whether an encounter of this kind may be told in that class: a meeting as a meeting without a sign of what for.
fn is_right(kind: Kind, class: &str) -> bool {
    kind.class().is_some_and(|expected| expected.name() == class)
        || kind.is_meeting() && class == "alongside"
}

#[track_caller]
fn check(coverage: Coverage, seeds: [u64; 3]) {
    let (mut right, mut all, mut missed) = (0, 0, Vec::new());
    let mut classes: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for seed in seeds {
        let simulation = Simulation::new(&scenario(coverage, seed)).unwrap();
        let truths = simulation.truths().to_vec();
        let events = detect(simulation);
        for truth in truths.iter().filter(|truth| truth.kind.class().is_some()) {
            let Some(event) = found(&events, truth) else { continue };
            let class = event.class.as_ref().expect("an encounter has a class");
            let is_right = is_right(truth.kind, class.class.name());
            *classes.entry((truth.kind.name(), class.class.name())).or_default() += 1;
            if !is_right {
                println!("seed {seed}: {} is told as {class:#?}", truth.kind.name());
                println!("{:#?}", event.meeting);
            }
            if truth.kind.is_meeting() {
                missed.extend((!is_right).then_some(truth.pair));
            } else {
                all += 1;
                right += u32::from(is_right);
            }
        }
    }
    println!("{coverage:?}: {right} of {all} confounders in their class; {classes:#?}");
    assert_eq!(missed, [], "meetings told as something else");
    assert!(f64::from(right) >= 0.95 * f64::from(all), "{right} of {all}");
}

#[test]
fn where_everything_is_heard() {
    check(Coverage::Terrestrial, [171, 174, 177]);
}

#[test]
fn where_a_station_hears_half() {
    check(Coverage::Mixed, [172, 175, 178]);
}

#[test]
fn where_satellites_pass() {
    check(Coverage::Satellite, [173, 176, 179]);
}
