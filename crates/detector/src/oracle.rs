//! The slow way, obviously right: every leg of every ship against every leg of every other ship, with
//! no grid, no order of arrival and nothing forgotten. The detector must find the same; and what must
//! not matter, must not.

use std::collections::BTreeMap;
use std::time::Duration;

use maritime::{
    Dimensions, Event, EventId, EventKind, EventState, Mmsi, Position, PositionFix, Report,
    StaticReport, Timestamp, VesselIdentity, VesselPair,
};
use proptest::prelude::*;

use crate::assess;
use crate::contact::EXCURSION_MILLIS_MAX;
use crate::fix::Fix;
use crate::leg::{Approach, Leg};
use crate::parameters::{LandMap, Parameters, PortList};
use crate::track::{Track, ecef_m};
use crate::{Detector, Disposition};

/// Start, end and time in contact of one encounter, in milliseconds.
type Found = (i64, i64, u64);

/// Every encounter however short is told, so that all can be compared; far from any map and without cells of
/// space, which lie otherwise in every place.
fn parameters() -> Parameters {
    let (land, ports) = (LandMap::None, PortList::None);
    let mut parameters = Parameters { land, ports, ..Parameters::default() };
    parameters.places.anchorage_vessels_min = 0;
    parameters.places.meetings_remembered = Duration::ZERO;
    parameters.encounter.candidate_after = Duration::ZERO;
    parameters.encounter.open_after = Duration::ZERO;
    parameters
}

fn all_pairs(reports: &[PositionFix], parameters: &Parameters) -> BTreeMap<VesselPair, Vec<Found>> {
    let mut ships: BTreeMap<Mmsi, Vec<Fix>> = BTreeMap::new();
    for report in reports {
        ships.entry(report.mmsi).or_default().push(Fix::new(report));
    }
    let legs: BTreeMap<Mmsi, Vec<Leg>> =
        ships.into_iter().map(|(mmsi, fixes)| (mmsi, legs(fixes, parameters))).collect();
    let mut found = BTreeMap::new();
    for (a, legs_of_a) in &legs {
        for (b, legs_of_b) in legs.range(a..).skip(1) {
            let encounters = encounters(legs_of_a, legs_of_b, parameters);
            if !encounters.is_empty() {
                found.insert(VesselPair::new(*a, *b).unwrap(), encounters);
            }
        }
    }
    found
}

fn legs(mut fixes: Vec<Fix>, parameters: &Parameters) -> Vec<Leg> {
    fixes.sort_by_key(|fix| fix.at);
    let leg_millis_max = parameters.leg_millis_max();
    let mut track = Track::new(0, fixes[0], ecef_m(&fixes[0]));
    let mut legs = Vec::new();
    for mut fix in fixes[1..].iter().copied() {
        let place = ecef_m(&fix);
        let joint = track.tip().joint(fix.at, place, &parameters.track, leg_millis_max);
        let Some(joint) = joint else {
            track = Track::new(0, fix, place);
            continue;
        };
        let has_leg = joint.leads_to(&mut fix, &parameters.leg);
        track.push(fix, place, i64::MAX / 2);
        if has_leg {
            legs.push(track.last_leg());
        }
    }
    legs
}

fn encounters(a: &[Leg], b: &[Leg], parameters: &Parameters) -> Vec<Found> {
    // The spans within the outer and the inner distance, over all pairs of legs.
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for leg_of_a in a {
        for leg_of_b in b {
            let Some(approach) = Approach::new(leg_of_a, leg_of_b) else { continue };
            let within = |distance_m| approach.within(distance_m, approach.from, approach.to);
            outer.extend(within(parameters.contact.distance_m_out));
            inner.extend(within(parameters.contact.distance_m_in));
        }
    }
    let (outer, inner) = (joined(outer), joined(inner));
    // A contact lasts from the first moment inside to the last, unless the ships were outside in between,
    // or between the two distances for long.
    let mut contacts: Vec<(i64, i64)> = Vec::new();
    for (from, to) in inner {
        let same_outer = |last: i64| outer.iter().any(|span| span.0 <= last && to <= span.1);
        match contacts.last_mut() {
            Some(last) if same_outer(last.1) && from - last.1 <= EXCURSION_MILLIS_MAX => {
                last.1 = to
            }
            _ => contacts.push((from, to)),
        }
    }
    let gap_max = parameters.encounter.merge_gap_max.as_millis() as i64;
    let mut encounters: Vec<Found> = Vec::new();
    for (from, to) in contacts {
        match encounters.last_mut() {
            // The fleets of these tests stay within ten miles.
            Some(last) if from - last.1 < gap_max => {
                last.1 = to;
                last.2 += (to - from) as u64;
            }
            _ => encounters.push((from, to, (to - from) as u64)),
        }
    }
    encounters
}

/// Spans that touch become one.
fn joined(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// All versions of all encounters.
fn detect(reports: &[PositionFix], parameters: &Parameters) -> Vec<Event> {
    let mut detector = introduced(reports, parameters);
    let mut events = Vec::new();
    for report in reports {
        let disposition = detector.push(&Report::Position(*report), &mut events);
        assert_eq!(disposition, Disposition::Accepted);
    }
    detector.finish(&mut events);
    events.retain(|event| event.kind() == EventKind::Encounter);
    events
}

/// A detector that knows how large the ships are.
fn introduced(reports: &[PositionFix], parameters: &Parameters) -> Detector {
    let mut detector = Detector::new(parameters.clone());
    let mut mmsis: Vec<Mmsi> = reports.iter().map(|report| report.mmsi).collect();
    mmsis.sort_unstable();
    mmsis.dedup();
    let first_at = reports.iter().map(|report| report.observed_at).min().expect("somebody speaks");
    for mmsi in mmsis {
        let said = static_report(mmsi, first_at.minus(Duration::from_secs(60)));
        detector.push(&Report::Static(said), &mut Vec::new());
    }
    detector
}

/// How large a ship is, by its number in the fleet; one of four does not say.
pub(crate) fn static_report(mmsi: Mmsi, observed_at: Timestamp) -> StaticReport {
    let number = (mmsi.get() - FIRST_MMSI).min(EXCHANGED_SUM - FIRST_MMSI - mmsi.get()) as u16;
    let hull =
        Dimensions { bow_m: 10 + 40 * number, stern_m: 30, port_m: 2 * number, starboard_m: 10 };
    StaticReport {
        mmsi,
        observed_at,
        identity: VesselIdentity {
            dimensions: (number % 4 != 3).then_some(hull),
            ..VesselIdentity::default()
        },
        draught_m: None,
        destination: None,
    }
}

/// The number of the first ship, less one, and the sum of a number and the one it is exchanged for.
const FIRST_MMSI: u32 = 200_000_000;
const EXCHANGED_SUM: u32 = 900_000_000;

fn found(events: &[Event]) -> BTreeMap<VesselPair, Vec<Found>> {
    let mut last: BTreeMap<_, &Event> = BTreeMap::new();
    for event in events {
        last.insert((pair(event), event.started_at), event);
    }
    let mut found: BTreeMap<VesselPair, Vec<Found>> = BTreeMap::new();
    for event in last.into_values() {
        let meeting = event.meeting.as_ref().expect("an encounter is a meeting");
        let contact_millis = meeting.contact.as_millis() as u64;
        found.entry(pair(event)).or_default().push((
            event.started_at.as_millis(),
            event.ended_at.as_millis(),
            contact_millis,
        ));
    }
    found
}

fn pair(event: &Event) -> VesselPair {
    event.id.pair().expect("an encounter has two vessels")
}

/// The way of one ship: where it begins, and for every further report minutes and a step.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    first_minute: u16,
    start_m: (i16, i16),
    steps: Vec<(u8, i8, i8)>,
}

fn way() -> impl Strategy<Value = Way> {
    let minutes = prop_oneof![6 => 1u8..12, 2 => 12u8..70, 1 => 70u8..200];
    let step = prop_oneof![3 => -2i8..=2, 1 => -60i8..=60];
    let steps = prop::collection::vec((minutes, step.clone(), step), 1..40);
    (0u16..300, (-1500i16..1500, -1500i16..1500), steps)
        .prop_map(|(first_minute, start_m, steps)| Way { first_minute, start_m, steps })
}

pub(crate) fn fleet() -> impl Strategy<Value = Vec<Way>> {
    prop::collection::vec(way(), 2..8)
}

/// The reports of a fleet about a place, in order of time. A step is so many tens of metres a minute,
/// so that some legs are too fast for a contact.
pub(crate) fn reports(fleet: &[Way], latitude_deg: f64, longitude_deg: f64) -> Vec<PositionFix> {
    let mut reports = Vec::new();
    for (index, way) in fleet.iter().enumerate() {
        let (mut minute, mut north_m, mut east_m) =
            (i64::from(way.first_minute), f64::from(way.start_m.0), f64::from(way.start_m.1));
        let mut report = |minute: i64, north_m: f64, east_m: f64| {
            // Whole units, so that a shift by whole degrees is exact.
            let units = |metres: f64, scale: f64| (metres / 0.1852 / scale).round() / 600_000.0;
            let longitude = longitude_deg + units(east_m, latitude_deg.to_radians().cos());
            reports.push(PositionFix {
                mmsi: Mmsi::new(FIRST_MMSI + 1 + index as u32).unwrap(),
                // Two ships of three speak at the same instants.
                observed_at: Timestamp::from_secs(
                    1_709_000_000 + minute * 60 + index as i64 % 3 / 2,
                ),
                position: Position::new(latitude_deg + units(north_m, 1.0), wrapped(longitude))
                    .unwrap(),
                speed_knots: None,
                course_deg: None,
                // One ship of three has no compass.
                heading_deg: (index % 3 != 2)
                    .then_some(((index as i64 * 37 + minute * 3) % 360) as f32),
                coarse: false,
                station: None,
            });
        };
        report(minute, north_m, east_m);
        for &(minutes, north, east) in &way.steps {
            minute += i64::from(minutes);
            north_m += f64::from(north) * 10.0 * f64::from(minutes).min(20.0);
            east_m += f64::from(east) * 10.0 * f64::from(minutes).min(20.0);
            report(minute, north_m, east_m);
        }
    }
    reports.sort_by_key(|report| (report.observed_at, report.mmsi));
    reports
}

fn wrapped(longitude_deg: f64) -> f64 {
    (longitude_deg + 180.0).rem_euclid(360.0) - 180.0
}

/// Who would have been heard is reckoned in cells of the earth and slots of the clock.
fn without_gaps() -> Parameters {
    let mut parameters = parameters();
    parameters.gap.silence_probability_min = f64::INFINITY;
    parameters
}

/// The events as they would be with other numbers, times and longitudes.
fn moved(events: &[Event], mmsi: impl Fn(Mmsi) -> Mmsi, millis: i64, east_deg: f64) -> Vec<String> {
    let place = |position: Position| {
        let longitude_deg = wrapped(position.longitude_deg() + east_deg);
        // To the half centimetre: adding degrees to degrees is not exact, everything else is.
        let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Position::new(rounded(position.latitude_deg()), rounded(longitude_deg)).unwrap()
    };
    let time = |at: Timestamp| at.plus_millis(millis);
    let mut moved: Vec<Event> = events.to_vec();
    for event in &mut moved {
        let [low, high] = [pair(event).low(), pair(event).high()].map(&mmsi);
        let pair = VesselPair::new(low, high).unwrap();
        event.id = EventId::new(event.kind(), pair, time(event.id.first_started_at()));
        for at in [
            &mut event.started_at,
            &mut event.started_at_latest,
            &mut event.ended_at,
            &mut event.ended_at_earliest,
            &mut event.as_of,
        ] {
            *at = time(*at);
        }
        event.started_at_earliest = event.started_at_earliest.map(time);
        event.ended_at_latest = event.ended_at_latest.map(time);
        event.position = place(event.position);
        for vessel in &mut event.vessels {
            vessel.mmsi = mmsi(vessel.mmsi);
            vessel.gaps = vessel.gaps.iter().map(|(from, to)| (time(*from), time(*to))).collect();
            for point in &mut vessel.track {
                point.observed_at = time(point.observed_at);
                point.position = place(point.position);
            }
        }
        let exchanged = !event.vessels.is_sorted_by_key(|vessel| vessel.mmsi);
        event.vessels.sort_by_key(|vessel| vessel.mmsi);
        let meeting = event.meeting.as_mut().expect("an encounter is a meeting");
        if exchanged {
            meeting.approach_knots.reverse();
            meeting.parting_knots.reverse();
        }
        meeting.third_vessels = meeting.third_vessels.iter().map(|third| mmsi(*third)).collect();
        meeting.third_vessels.sort_unstable();
        // Of encounters that begin in one second the numbers tell which is the first.
        let stand_in = VesselPair::new(Mmsi::new(1).unwrap(), Mmsi::new(2).unwrap()).unwrap();
        meeting.raft = meeting.raft.map(|raft| {
            EventId::new(EventKind::Encounter, stand_in, time(raft.first_started_at()))
        });
        // The sun does depend on the hour and the place.
        meeting.night_share = 0.0;
        event.reasons.retain(|reason| reason.rule != "night");
        event.score = assess::score(&event.reasons);
    }
    moved.sort_by_key(|event| (event.id, event.version));
    moved.iter().map(|event| format!("{event:?}")).collect()
}

fn unchanged(events: &[Event]) -> Vec<String> {
    moved(events, |mmsi| mmsi, 0, 0.0)
}

/// All versions of all events, where every report comes late by so many minutes.
fn detect_late(reports: &[PositionFix], delays: &[i64], parameters: &Parameters) -> Vec<Event> {
    let mut delays = delays.iter().cycle();
    let mut arriving = reports.to_vec();
    arriving.sort_by_cached_key(|report| {
        report.observed_at.as_millis() + delays.next().unwrap() * 60_000
    });
    let mut detector = introduced(reports, parameters);
    let mut events = Vec::new();
    for report in &arriving {
        detector.push(&Report::Position(*report), &mut events);
    }
    detector.finish(&mut events);
    let counters = detector.counters();
    assert_eq!((counters.late, counters.late_beyond_horizon), (counters.late_placed, 0));
    events
}

/// The one ship stays where it is. The other one lies beside it, goes away, and comes back nearly four hours later: of that
/// there is one leg of three hours, whose last report comes an hour late.
#[test]
fn who_comes_back_and_is_heard_late_goes_on_with_the_encounter() {
    let start = Timestamp::parse("2024-01-01").unwrap();
    let fix = |mmsi: u32, minute: i64, east_m: f64| PositionFix {
        mmsi: Mmsi::new(mmsi).unwrap(),
        observed_at: start.plus_millis(minute * 60_000),
        position: Position::new(0.0, east_m / 111_319.5).unwrap(),
        speed_knots: None,
        course_deg: None,
        heading_deg: None,
        coarse: false,
        station: None,
    };
    let stays = (0..=54).map(|step| fix(200_000_001, step * 10, 0.0));
    let beside = (0..=4).map(|step| fix(200_000_002, step * 10, 100.0));
    let away = (5..25).map(|step| fix(200_000_002, step * 10, 3_000.0));
    let back = [fix(200_000_002, 250, 600.0), fix(200_000_002, 425, -600.0)];
    let mut reports: Vec<PositionFix> = stays.chain(beside).chain(away).chain(back).collect();
    reports.sort_by_key(|report| (report.observed_at, report.mmsi));
    let late = reports.iter().rposition(|report| report.mmsi.get() == 200_000_002).unwrap();
    let delays: Vec<i64> = (0..reports.len()).map(|i| if i == late { 59 } else { 0 }).collect();
    let parameters = Parameters { lateness: Duration::from_secs(60), ..parameters() };

    let in_time = last_words(&detect(&reports, &parameters));
    assert_eq!(in_time.len(), 1);
    assert_eq!(last_words(&detect_late(&reports, &delays, &parameters)), in_time);
}

/// What is known in the end of every encounter that is one.
fn last_words(events: &[Event]) -> Vec<String> {
    let mut last: BTreeMap<EventId, &Event> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind() == EventKind::Encounter) {
        let before = last.insert(event.id, event);
        assert_eq!(event.version, before.map_or(1, |before| before.version + 1));
    }
    let is_finding =
        |event: &&&Event| !matches!(event.state, EventState::Candidate | EventState::Retracted);
    let words = last.values().filter(is_finding).map(|event| {
        let mut meeting = event.meeting.clone().expect("an encounter is a meeting");
        // Whom else it knows of depends on when it was told.
        (meeting.parting_knots, meeting.third_vessels, meeting.raft) =
            ([None; 2], Vec::new(), None);
        let vessels: Vec<_> = event
            .vessels
            .iter()
            .map(|vessel| (vessel.observed, vessel.bridged, vessel.silence_max))
            .collect();
        let start = (event.started_at, event.started_at_earliest, event.started_at_latest);
        let end = (event.ended_at, event.ended_at_earliest);
        let class = event.class.as_ref().map(|class| class.class);
        let (position, profiles) = (event.position, &event.profiles);
        format!(
            "{:?} {start:?} {end:?} {position} {meeting:?} {vessels:?} {class:?} {profiles:?}",
            pair(event)
        )
    });
    let mut words: Vec<String> = words.collect();
    words.sort();
    words
}

/// Of ten reports three come up to this many minutes late.
fn delays(minutes_max: i64) -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![7 => Just(0i64), 3 => 0..=minutes_max], 300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_detector_finds_what_the_scan_of_all_pairs_finds(
        fleet in fleet(), latitude_deg in -75i32..75, longitude_deg in -180i32..180,
    ) {
        let reports = reports(&fleet, f64::from(latitude_deg), f64::from(longitude_deg));
        let parameters = parameters();
        prop_assert_eq!(
            found(&detect(&reports, &parameters)),
            all_pairs(&reports, &parameters)
        );
    }

    #[test]
    fn the_order_of_arrival_within_the_lateness_does_not_matter(
        fleet in fleet(), delays in prop::collection::vec(0i64..600, 300),
    ) {
        let in_order = reports(&fleet, 28.0, -94.0);
        let mut shuffled = in_order.clone();
        let mut delays = delays.iter().cycle();
        shuffled.sort_by_cached_key(|report| {
            report.observed_at.as_millis() + delays.next().unwrap() * 1000
        });
        let parameters = Parameters { land: LandMap::None, ..Parameters::default() };
        prop_assert_eq!(
            format!("{:?}", detect(&shuffled, &parameters)),
            format!("{:?}", detect(&in_order, &parameters))
        );
    }

    #[test]
    fn exchanging_the_vessels_does_not_matter(fleet in fleet()) {
        let reports = reports(&fleet, 28.0, -94.0);
        let exchanged = |mmsi: Mmsi| Mmsi::new(EXCHANGED_SUM - mmsi.get()).unwrap();
        let mut others = reports.clone();
        for report in &mut others {
            report.mmsi = exchanged(report.mmsi);
        }
        let parameters = parameters();
        prop_assert_eq!(
            moved(&detect(&others, &parameters), exchanged, 0, 0.0),
            unchanged(&detect(&reports, &parameters))
        );
    }

    #[test]
    fn neither_the_antimeridian_nor_any_other_place_matters(
        fleet in fleet(), latitude_deg in -80i32..80, east_deg in -180i32..180,
    ) {
        let latitude_deg = f64::from(latitude_deg);
        let here = reports(&fleet, latitude_deg, 0.0);
        let there = reports(&fleet, latitude_deg, 180.0);
        let elsewhere = reports(&fleet, latitude_deg, f64::from(east_deg));
        let parameters = without_gaps();
        let expected = unchanged(&detect(&here, &parameters));
        prop_assert_eq!(
            moved(&detect(&there, &parameters), |mmsi| mmsi, 0, -180.0), expected.clone());
        prop_assert_eq!(
            moved(&detect(&elsewhere, &parameters), |mmsi| mmsi, 0, -f64::from(east_deg)), expected);
    }

    #[test]
    fn neither_midnight_nor_a_leap_day_matters(fleet in fleet(), seconds in -40_000_000i64..40_000_000) {
        let reports = reports(&fleet, 28.0, -94.0);
        let mut later = reports.clone();
        for report in &mut later {
            report.observed_at = report.observed_at.plus_millis(seconds * 1000);
        }
        let parameters = without_gaps();
        prop_assert_eq!(
            moved(&detect(&later, &parameters), |mmsi| mmsi, -seconds * 1000, 0.0),
            unchanged(&detect(&reports, &parameters))
        );
    }

    #[test]
    fn what_comes_late_changes_what_was_found_into_what_would_have_been(
        fleet in fleet(), delays in delays(178), every_one in any::<bool>(),
    ) {
        let reports = reports(&fleet, 28.0, -94.0);
        let rules = if every_one { parameters() } else { Parameters { land: LandMap::None, ..Parameters::default() } };
        let parameters = Parameters {
            lateness: Duration::ZERO,
            revision_horizon: Duration::from_secs(180 * 60),
            ..rules
        };
        prop_assert_eq!(
            last_words(&detect_late(&reports, &delays, &parameters)),
            last_words(&detect(&reports, &parameters))
        );
    }

    #[test]
    fn so_it_does_with_a_shorter_horizon(fleet in fleet(), delays in delays(58)) {
        let reports = reports(&fleet, 28.0, -94.0);
        let parameters = Parameters { lateness: Duration::from_secs(60), ..parameters() };
        prop_assert_eq!(
            last_words(&detect_late(&reports, &delays, &parameters)),
            last_words(&detect(&reports, &parameters))
        );
    }

    #[test]
    fn what_comes_late_changes_nothing_elsewhere(
        fleet in fleet(), elsewhere in fleet(), delays in delays(178),
    ) {
        let mut all = reports(&fleet, 28.0, -94.0);
        let others = reports(&elsewhere, -35.0, 20.0).into_iter().map(|mut report| {
            report.mmsi = Mmsi::new(report.mmsi.get() + 100).unwrap();
            report
        });
        all.extend(others);
        all.sort_by_key(|report| (report.observed_at, report.mmsi));
        let is_elsewhere = |mmsi: Mmsi| mmsi.get() > 200_000_100;
        let mut delays = delays.iter().cycle();
        let delays: Vec<i64> = all
            .iter()
            .map(|report| if is_elsewhere(report.mmsi) { 0 } else { *delays.next().unwrap() })
            .collect();
        let parameters = Parameters {
            lateness: Duration::ZERO,
            revision_horizon: Duration::from_secs(180 * 60),
            ..parameters()
        };
        let elsewhere = |mut events: Vec<Event>| {
            events.retain(|event| event.kind() == EventKind::Encounter);
            events.retain(|event| is_elsewhere(pair(event).low()));
            format!("{events:?}")
        };
        prop_assert_eq!(
            elsewhere(detect_late(&all, &delays, &parameters)),
            elsewhere(detect(&all, &parameters))
        );
    }
}
