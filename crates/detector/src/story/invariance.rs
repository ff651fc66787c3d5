//! What must not matter to the rest of the story: the order of arrival within the lateness, who has which number, and
//! where the work is interrupted.

use std::time::Duration;

use maritime::{Event, EventId, EventKind, Mmsi, Report, Subject, VesselPair};
use proptest::prelude::*;

use crate::parameters::{LandMap, Parameters};
use crate::story::samples::{Way, reports};
use crate::{Detector, Disposition};

/// Short silences and spells are told, so that random ships give many.
fn parameters() -> Parameters {
    let mut parameters = Parameters { land: LandMap::None, ..Parameters::default() };
    parameters.loitering.duration_min = Duration::from_secs(3600);
    parameters.loitering.update_every = Duration::from_secs(3600);
    parameters.gap.silence_min = Duration::from_secs(2400);
    parameters.gap.silence_probability_min = 0.0;
    parameters.dark.silence_probability_min = 0.0;
    parameters.dark.stay_min = Duration::from_secs(600);
    parameters.dark.score_min = 0.0;
    parameters
}

/// Ships that sail, drift and fall silent, each for some quarters of an hour.
fn fleet() -> impl Strategy<Value = Vec<Way>> {
    let leg = (any::<bool>(), 1u8..10, -8i8..8, -8i8..8);
    let way = (-10i8..10, -10i8..10, prop::collection::vec(leg, 2..10));
    let way = way.prop_map(|(x, y, legs)| {
        let (mut x, mut y) = (f64::from(x), f64::from(y));
        let mut way = Way::new(-94.0).at(x, y);
        for (heard, quarters, east, north) in legs {
            let hours = f64::from(quarters) / 4.0;
            (x, y) = (x + f64::from(east) * hours, y + f64::from(north) * hours);
            way = if heard { way.heard() } else { way.silent() };
            way = way.to(x, y, hours);
        }
        way
    });
    prop::collection::vec(way, 3..8)
}

fn detect(reports: &[Report], stops: &[usize]) -> Vec<Event> {
    let mut detector = Detector::new(parameters());
    let mut events = Vec::new();
    for (number, report) in reports.iter().enumerate() {
        if stops.contains(&number) {
            detector = Detector::restore(&detector.snapshot(), parameters()).unwrap();
        }
        assert_eq!(detector.push(report, &mut events), Disposition::Accepted);
    }
    detector.finish(&mut events);
    events.retain(|event| {
        matches!(event.kind(), EventKind::Loitering | EventKind::Gap | EventKind::DarkMeeting)
    });
    events
}

fn written(mut events: Vec<Event>) -> Vec<String> {
    events.sort_by_key(|event| (event.id, event.version));
    events.iter().map(|event| format!("{event:?}")).collect()
}

fn exchanged(mmsi: Mmsi) -> Mmsi {
    Mmsi::new(422_000_100 - mmsi.get()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn neither_the_order_of_arrival_nor_interruptions_matter(
        fleet in fleet(),
        delays in prop::collection::vec(0i64..600, 300),
        stops in prop::collection::vec(0usize..2000, 0..4),
    ) {
        let in_order = reports(&fleet);
        let mut shuffled = in_order.clone();
        let mut delays = delays.iter().cycle();
        shuffled.sort_by_cached_key(|report| {
            report.observed_at().as_millis() + delays.next().unwrap() * 1000
        });
        let expected = format!("{:?}", detect(&in_order, &[]));
        prop_assert_eq!(&format!("{:?}", detect(&shuffled, &[])), &expected);
        prop_assert_eq!(&format!("{:?}", detect(&in_order, &stops)), &expected);
    }

    #[test]
    fn exchanging_the_vessels_does_not_matter(fleet in fleet()) {
        let reports = reports(&fleet);
        let mut others = reports.clone();
        for report in &mut others {
            let Report::Position(fix) = report else { unreachable!("there are positions only") };
            fix.mmsi = exchanged(fix.mmsi);
        }
        let mut events = detect(&others, &[]);
        for event in &mut events {
            let subject = match event.id.subject() {
                Subject::Vessel(mmsi) => Subject::Vessel(exchanged(mmsi)),
                Subject::Pair(pair) => {
                    let [a, b] = [pair.low(), pair.high()].map(exchanged);
                    Subject::Pair(VesselPair::new(a, b).unwrap())
                }
                Subject::Area { .. } => unreachable!("these are about vessels"),
            };
            event.id = EventId::of(event.kind(), subject, event.id.first_started_at());
            for vessel in &mut event.vessels {
                vessel.mmsi = exchanged(vessel.mmsi);
            }
            event.vessels.sort_by_key(|vessel| vessel.mmsi);
        }
        prop_assert_eq!(written(events), written(detect(&reports, &[])));
    }
}

#[test]
fn random_fleets_give_events_of_every_kind() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = [0; 3];
    for _ in 0..20 {
        let fleet = fleet().new_tree(&mut runner).unwrap().current();
        for event in detect(&reports(&fleet), &[]) {
            match event.kind() {
                EventKind::Loitering => counts[0] += 1,
                EventKind::Gap => counts[1] += 1,
                _ => counts[2] += 1,
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 5), "{counts:?}");
}
