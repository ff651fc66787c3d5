//! The sea keeps its promises: determinism, truths that are true, coverage and intervals as stated.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use alongside_sea::{
    Area, Coverage, Kind, Place, Planted, Scenario, Simulation, TOGETHER_M, Transmission, Truth,
};
use decoder::{Decoder, Message, OutcomeKind};
use maritime::{Mmsi, MmsiKind, PositionFix, Report, Timestamp};

fn scenario(coverage: Coverage, planted: Planted) -> Scenario {
    Scenario {
        seed: 11,
        ships: 12,
        places: vec![
            Place { area: Area::GulfOfMexico, coverage },
            Place { area: Area::Dateline, coverage },
        ],
        planted,
        ..Scenario::default()
    }
}

fn bytes(scenario: &Scenario) -> Vec<u8> {
    let mut out = Vec::new();
    Simulation::new(scenario).unwrap().write_sentences(&mut out).unwrap();
    out
}

fn fixes(simulation: Simulation) -> HashMap<Mmsi, Vec<(PositionFix, Transmission)>> {
    let mut fixes: HashMap<Mmsi, Vec<_>> = HashMap::new();
    for transmission in simulation {
        if let Some(Report::Position(fix)) = transmission.report() {
            fixes.entry(fix.mmsi).or_default().push((fix, transmission));
        }
    }
    for of_one in fixes.values_mut() {
        of_one.sort_by_key(|(fix, _)| fix.observed_at);
        of_one.dedup_by_key(|(fix, _)| fix.observed_at);
    }
    fixes
}

/// Every instant of a truth, a minute apart, with the true distance.
fn distances(simulation: &Simulation, truth: &Truth) -> Vec<f64> {
    let minutes = truth.ended_at.millis_since(truth.started_at) / 60_000;
    (0..=minutes)
        .map(|minute| truth.started_at.plus_millis(60_000 * minute))
        .map(|at| simulation.true_distance_m(truth.pair, at).unwrap())
        .collect()
}

fn hours(truth: &Truth) -> f64 {
    truth.ended_at.millis_since(truth.started_at) as f64 / 3_600_000.0
}

#[test]
fn the_seed_decides_every_byte() {
    let mut scenario = scenario(Coverage::Mixed, Planted::every(1));
    scenario.duration = Duration::from_secs(11 * 3600);
    let first = bytes(&scenario);
    assert!(first == bytes(&scenario));
    scenario.seed += 1;
    assert!(first != bytes(&scenario));
}

#[test]
fn a_decoder_reads_what_was_sent_by_whom_it_was_heard_and_when() {
    let scenario = Scenario {
        duration: Duration::from_secs(11 * 3600),
        long_range_reports: true,
        base_station_interval: Some(Duration::from_secs(600)),
        ..scenario(Coverage::Mixed, Planted::every(1))
    };
    let mut decoder = Decoder::new();
    let mut types = HashSet::new();
    for transmission in Simulation::new(&scenario).unwrap() {
        let mut lines = Vec::new();
        let sentences = transmission.write_lines(&mut lines);
        let mut heard = Vec::new();
        decoder.push(&lines, &mut |outcome| {
            let OutcomeKind::Message(received) = outcome.kind else { panic!("{outcome:?}") };
            assert_eq!(outcome.lines as usize, sentences);
            heard.push(received);
        });
        let [received] = heard[..] else { panic!("{heard:?}") };
        assert_eq!(received.message, transmission.message);
        assert_eq!(received.received_at, Some(transmission.received_at));
        assert_eq!(received.station, Some(transmission.station));
        assert_eq!(received.channel, Some(transmission.channel));
        types.insert(received.message.header().message_type);
    }
    assert_eq!(types, HashSet::from([1, 3, 4, 5, 18, 24, 27]));
}

#[test]
fn sentences_come_in_order_of_arrival_and_carry_when_they_were_heard() {
    let scenario = Scenario { late_share: 0.02, ..scenario(Coverage::Mixed, Planted::every(1)) };
    let mut last = Timestamp::MIN;
    let mut late = 0;
    let mut newest = Timestamp::MIN;
    for transmission in Simulation::new(&scenario).unwrap() {
        assert!(transmission.arrived_at >= last);
        assert!(transmission.received_at <= transmission.arrived_at);
        assert!(transmission.observed_at <= transmission.received_at);
        last = transmission.arrived_at;
        late += u32::from(transmission.received_at < newest.plus_millis(-60_000));
        newest = newest.max(transmission.received_at);
    }
    assert!(late > 100, "{late} late");
}

#[test]
fn truths_are_what_their_definitions_say() {
    for seed in [3, 4] {
        let scenario = Scenario { seed, ..scenario(Coverage::Terrestrial, Planted::every(10)) };
        let simulation = Simulation::new(&scenario).unwrap();
        assert_eq!(simulation.truths().len(), 10 * Kind::ALL.len());
        for truth in simulation.truths() {
            let distances_m = distances(&simulation, truth);
            let (h, min_m) = (hours(truth), truth.distance_m_min);
            let expected = match truth.kind {
                Kind::Long => (4.0..=25.0).contains(&h) && (5.0..200.0).contains(&min_m),
                Kind::Short => (50.0 / 60.0..=110.0 / 60.0).contains(&h) && min_m < 200.0,
                Kind::UnderWay => (2.0..=7.0).contains(&h) && min_m < 200.0,
                Kind::AtAnchor => (2.0..=19.0).contains(&h) && min_m < 200.0,
                Kind::AnchoredNeighbours => (150.0..760.0).contains(&min_m),
                Kind::SameBerth => h > 23.0 && (100.0..600.0).contains(&min_m),
                Kind::Tow => h > 2.0 && min_m < 500.0,
                Kind::PairTrawl => h > 2.9 && (100.0..450.0).contains(&min_m),
                Kind::Pilot => (8.0 / 60.0..0.6).contains(&h) && min_m < 150.0,
                Kind::Convoy => h > 3.9 && (150.0..2000.0).contains(&min_m),
                Kind::Overtaking => (0.05..0.5).contains(&h) && min_m < 460.0,
                Kind::Burst => h < 0.03 && min_m < 500.0,
                Kind::Bunkering => (1.5..=7.0).contains(&h) && min_m < 250.0,
                Kind::CrewBoat => (0.4..=1.7).contains(&h) && min_m < 250.0,
                Kind::Gear => (2.9..=10.1).contains(&h) && min_m < 400.0,
                Kind::DarkMeeting | Kind::DarkWaiting => (4.0..4.8).contains(&h) && min_m < 200.0,
                Kind::InfeasibleGap => (3.1..4.0).contains(&h) && min_m > 80_000.0,
                Kind::ReceptionHole => (4.0..=6.0).contains(&h) && min_m > 3000.0,
                Kind::IdentityChange => (0.1..1.0).contains(&h) && min_m == 0.0,
            };
            assert!(expected, "{}", truth.to_json());
            if truth.is_meeting() {
                let worst_m = distances_m.iter().copied().fold(0.0, f64::max);
                assert!(worst_m <= TOGETHER_M + 0.1, "{worst_m} m in {}", truth.to_json());
                for (at, sense) in [(truth.started_at, -1), (truth.ended_at, 1)] {
                    let distance_m = simulation.true_distance_m(truth.pair, at).unwrap();
                    assert!((distance_m - TOGETHER_M).abs() < 0.1, "{distance_m} m at {at}");
                    let outside = at.plus_millis(1000 * sense);
                    assert!(simulation.true_distance_m(truth.pair, outside).unwrap() > TOGETHER_M);
                }
            }
        }
    }
}

#[test]
fn no_ship_outruns_itself() {
    let scenario = scenario(Coverage::Terrestrial, Planted::every(6));
    let mut simulation = Simulation::new(&scenario).unwrap();
    let mut seen: HashMap<Mmsi, (Timestamp, Timestamp)> = HashMap::new();
    for transmission in simulation.by_ref() {
        let at = transmission.observed_at;
        let span = seen.entry(transmission.mmsi()).or_insert((at, at));
        *span = (span.0.min(at), span.1.max(at));
    }
    for (mmsi, (from, to)) in seen {
        let mut at = from;
        while at < to {
            let (here, speed_knots) = simulation.true_position(mmsi, at).unwrap();
            let (there, _) = simulation.true_position(mmsi, at.plus_millis(1000)).unwrap();
            let implied_knots = here.distance_m(there) * 3600.0 / 1852.0;
            assert!(implied_knots < 30.0, "{mmsi} makes {implied_knots} kn at {at}");
            assert!(
                (implied_knots - speed_knots).abs() < 1.5,
                "{mmsi}: {implied_knots} kn at {at}"
            );
            at = at.plus_millis(47_000);
        }
    }
}

#[test]
fn only_planted_pairs_stay_near_each_other() {
    let scenario = Scenario { ships: 60, ..scenario(Coverage::Terrestrial, Planted::every(10)) };
    let mut simulation = Simulation::new(&scenario).unwrap();
    let mut spans: HashMap<Mmsi, (Timestamp, Timestamp)> = HashMap::new();
    for transmission in simulation.by_ref() {
        let at = transmission.observed_at;
        let span = spans.entry(transmission.mmsi()).or_insert((at, at));
        *span = (span.0.min(at), span.1.max(at));
    }
    let planted: Vec<_> = simulation.truths().iter().map(|truth| truth.pair).collect();
    let mut together: HashMap<_, u32> = HashMap::new();
    let mut at = scenario.started_at;
    while at < scenario.started_at.plus(scenario.duration) {
        let slow: Vec<_> = spans
            .iter()
            .filter(|(_, (from, to))| (*from..=*to).contains(&at))
            .map(|(mmsi, _)| (*mmsi, simulation.true_position(*mmsi, at).unwrap()))
            .filter(|(_, (_, speed_knots))| *speed_knots < 8.0)
            .collect();
        for (i, (a, (a_at, _))) in slow.iter().enumerate() {
            for (b, (b_at, _)) in &slow[..i] {
                let pair = maritime::VesselPair::new(*a, *b).unwrap();
                if a_at.distance_m(*b_at) < TOGETHER_M && !planted.contains(&pair) {
                    *together.entry(pair).or_default() += 1;
                }
            }
        }
        at = at.plus_millis(300_000);
    }
    // Ships making for an anchorage may pass others there; none stays for a quarter of an hour.
    assert!(together.values().all(|steps| *steps < 3), "{together:?}");
}

#[test]
fn reports_lie_near_the_truth_and_come_at_their_intervals() {
    let scenario =
        Scenario { lost_share: 0.0, ..scenario(Coverage::Terrestrial, Planted::every(1)) };
    let mut simulation = Simulation::new(&scenario).unwrap();
    let heard: Vec<Transmission> = simulation.by_ref().collect();
    let mut gaps_s: HashMap<&str, Vec<f64>> = HashMap::new();
    let mut last: HashMap<Mmsi, PositionFix> = HashMap::new();
    for fix in heard.iter().filter_map(Transmission::report) {
        let Report::Position(fix) = fix else { continue };
        let (truly, _) = simulation.true_position(fix.mmsi, fix.observed_at).unwrap();
        let error_m = truly.distance_m(fix.position);
        assert!(error_m < 25.0, "{} is {error_m} m off at {}", fix.mmsi, fix.observed_at);
        if let Some(before) = last.insert(fix.mmsi, fix) {
            let gap_s = fix.observed_at.millis_since(before.observed_at) as f64 / 1000.0;
            let knots = fix.speed_knots.unwrap();
            let group = if knots > 14.5 && knots < 22.0 { "fast" } else { "slow" };
            gaps_s.entry(group).or_default().push(gap_s);
        }
    }
    for (group, expected_s) in [("slow", 10.0), ("fast", 6.0)] {
        let gaps_s = gaps_s.get_mut(group).unwrap();
        gaps_s.sort_by(f64::total_cmp);
        assert_eq!(gaps_s[gaps_s.len() / 2], expected_s);
    }
}

#[test]
fn static_data_come_every_six_minutes() {
    let scenario = Scenario {
        lost_share: 0.0,
        late_share: 0.0,
        ..scenario(Coverage::Terrestrial, Planted::every(1))
    };
    let mut last: HashMap<(Mmsi, u8), Timestamp> = HashMap::new();
    let mut gaps_s = Vec::new();
    for transmission in Simulation::new(&scenario).unwrap() {
        let part = match transmission.message {
            Message::StaticVoyage(_) => 0,
            Message::StaticDataA(_) => 1,
            Message::StaticDataB(_) => 2,
            _ => continue,
        };
        let at = transmission.received_at;
        if let Some(before) = last.insert((transmission.mmsi(), part), at) {
            gaps_s.push(at.millis_since(before) / 1000);
        }
    }
    gaps_s.retain(|gap_s| *gap_s > 1);
    gaps_s.sort();
    assert!((355..=365).contains(&gaps_s[0]) && (359..=361).contains(&gaps_s[gaps_s.len() / 2]));
}

#[test]
fn mixed_coverage_hears_some_well_and_some_hardly() {
    let planted = Planted { long: 24, ..Planted::default() };
    let simulation = Simulation::new(&scenario(Coverage::Mixed, planted)).unwrap();
    let truths = simulation.truths().to_vec();
    let fixes = fixes(simulation);
    let mut shares: Vec<f64> = truths
        .iter()
        .map(|truth| {
            let during =
                |fix: &PositionFix| (truth.started_at..truth.ended_at).contains(&fix.observed_at);
            let heard = fixes[&truth.pair.low()].iter().filter(|(fix, _)| during(fix)).count();
            heard as f64 * 10.0 / (hours(truth) * 3600.0)
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    assert!(shares[0] < 0.1 && shares[shares.len() - 1] > 0.9, "{shares:?}");
}

#[test]
fn satellites_hear_ten_minutes_at_a_time() {
    let simulation = Simulation::new(&scenario(Coverage::Satellite, Planted::every(2))).unwrap();
    let mut received: HashMap<String, Vec<Timestamp>> = HashMap::new();
    for transmission in simulation {
        let at = transmission.received_at;
        received.entry(transmission.station.to_string()).or_default().push(at);
    }
    assert_eq!(received.len(), 2);
    for of_one in received.values_mut() {
        of_one.sort();
        let mut from = of_one[0];
        let mut passes = 1;
        for two in of_one.windows(2) {
            let silence_s = two[1].millis_since(two[0]) / 1000;
            if silence_s > 600 {
                assert!(two[0].millis_since(from) <= 602_000);
                assert!((1400..=81 * 60).contains(&silence_s), "{silence_s} s of silence");
                from = two[1];
                passes += 1;
            }
        }
        assert!((15..=42).contains(&passes), "{passes} passes");
    }
}

#[test]
fn a_burst_is_heard_once_and_never_again() {
    for coverage in Coverage::ALL {
        let planted = Planted { burst: 10, ..Planted::default() };
        let simulation = Simulation::new(&scenario(coverage, planted)).unwrap();
        let truths = simulation.truths().to_vec();
        let fixes = fixes(simulation);
        for truth in truths {
            for mmsi in [truth.pair.low(), truth.pair.high()] {
                let Some(of_one) = fixes.get(&mmsi) else { continue };
                let (first, last) =
                    (of_one[0].0.observed_at, of_one[of_one.len() - 1].0.observed_at);
                assert!(last.millis_since(first) < 80_000);
            }
        }
    }
}

#[test]
fn draughts_change_across_a_transfer_and_complement() {
    let planted = Planted { long: 6, ..Planted::default() };
    let simulation = Simulation::new(&scenario(Coverage::Terrestrial, planted)).unwrap();
    let truths = simulation.truths().to_vec();
    let mut draughts: HashMap<Mmsi, Vec<f32>> = HashMap::new();
    for report in simulation.reports() {
        if let Report::Static(report) = report {
            draughts.entry(report.mmsi).or_default().extend(report.draught_m);
        }
    }
    for truth in truths {
        let change_m = |mmsi: Mmsi| {
            let of_one = draughts.get(&mmsi).filter(|sent| sent.len() > 1)?;
            Some(of_one[of_one.len() - 1] - of_one[0])
        };
        let Some((low, high)) = change_m(truth.pair.low()).zip(change_m(truth.pair.high())) else {
            // A class B fishing vessel sends none.
            continue;
        };
        assert!(low * high < 0.0, "{low} and {high} m");
    }
}

#[test]
fn hundreds_can_be_planted_in_one_scenario() {
    let scenario = Scenario {
        places: Area::ALL.map(|area| Place { area, coverage: Coverage::Terrestrial }).to_vec(),
        planted: Planted::every(60),
        ..Scenario::default()
    };
    let simulation = Simulation::new(&scenario).unwrap();
    assert_eq!(simulation.truths().len(), 60 * Kind::ALL.len());
}

/// Who was heard when.
fn heard(simulation: Simulation) -> HashMap<Mmsi, Vec<Timestamp>> {
    let mut heard: HashMap<Mmsi, Vec<Timestamp>> = HashMap::new();
    for transmission in simulation {
        heard.entry(transmission.mmsi()).or_default().push(transmission.observed_at);
    }
    heard
}

#[test]
fn ships_are_silent_while_their_truth_says_so_and_heard_before_and_after() {
    let planted = Planted {
        dark_meeting: 6,
        dark_waiting: 6,
        infeasible_gap: 6,
        reception_hole: 6,
        ..Planted::default()
    };
    let mut scenario = scenario(Coverage::Terrestrial, planted);
    scenario.duration = Duration::from_secs(96 * 3600);
    let simulation = Simulation::new(&scenario).unwrap();
    let truths = simulation.truths().to_vec();
    let heard = heard(simulation);
    for truth in truths {
        let mmsis = [truth.pair.low(), truth.pair.high()];
        let dark = truth.silences.iter().flatten().count();
        assert_eq!(
            dark,
            if truth.kind == Kind::DarkWaiting { 1 } else { 2 },
            "{}",
            truth.to_json()
        );
        for (mmsi, silence) in mmsis.into_iter().zip(truth.silences) {
            let Some((from, to)) = silence else { continue };
            let during = |at: &&Timestamp| (from..to).contains(*at);
            assert_eq!(heard[&mmsi].iter().find(during), None, "{mmsi} in {}", truth.to_json());
            for at in [from.plus_millis(-300_000), to.plus_millis(300_000)] {
                let near = |one: &Timestamp| one.millis_since(at).abs() < 300_000;
                assert!(heard[&mmsi].iter().any(near), "{mmsi} at {at} in {}", truth.to_json());
            }
            if truth.kind.is_dark_meeting() {
                assert!(from < truth.started_at && truth.ended_at < to);
            }
        }
    }
}

#[test]
fn nobody_in_a_hole_is_heard() {
    let mut scenario =
        scenario(Coverage::Terrestrial, Planted { reception_hole: 4, ..Planted::default() });
    scenario.ships = 60;
    let mut simulation = Simulation::new(&scenario).unwrap();
    let truths = simulation.truths().to_vec();
    let mut inside = 0;
    let all: Vec<_> = simulation.by_ref().filter_map(|heard| heard.report()).collect();
    for report in all {
        let Report::Position(fix) = report else { continue };
        inside += truths
            .iter()
            .filter(|truth| (truth.started_at..truth.ended_at).contains(&fix.observed_at))
            .filter(|truth| truth.position.distance_m(fix.position) < 3000.0)
            .count();
    }
    assert_eq!(inside, 0);
}

#[test]
fn ships_that_could_not_have_met_could_not() {
    let planted = Planted { infeasible_gap: 10, ..Planted::default() };
    let simulation = Simulation::new(&scenario(Coverage::Satellite, planted)).unwrap();
    for truth in simulation.truths() {
        let [a, b] = truth.silences.map(Option::unwrap);
        let (from, to) = (a.0.min(b.0), a.1.max(b.1));
        let mmsis = [truth.pair.low(), truth.pair.high()];
        let at = |time| mmsis.map(|mmsi| simulation.true_position(mmsi, time).unwrap().0);
        let ([a_from, b_from], [a_to, b_to]) = (at(from), at(to));
        let reach_m = to.millis_since(from) as f64 / 1000.0 * 22.0 * 1852.0 / 3600.0;
        // Whoever would come together went that way and back.
        let least_m = a_from.distance_m(b_from) + a_to.distance_m(b_to);
        assert!(least_m > 2.0 * reach_m, "{}", truth.to_json());
    }
}

#[test]
fn a_ship_that_changes_its_number_keeps_its_hull() {
    let planted = Planted { identity_change: 6, ..Planted::default() };
    let simulation = Simulation::new(&scenario(Coverage::Terrestrial, planted)).unwrap();
    let truths = simulation.truths().to_vec();
    let mut known = HashMap::new();
    for report in simulation.reports() {
        if let Report::Static(report) = report {
            known.insert(report.mmsi, (report.identity, report.observed_at));
        }
    }
    for truth in truths {
        let [(a, a_at), (b, b_at)] = [truth.pair.low(), truth.pair.high()].map(|mmsi| known[&mmsi]);
        assert!(a.imo.is_some() && a.imo == b.imo && a.dimensions == b.dimensions);
        assert!(a.name != b.name && a.callsign != b.callsign);
        assert!(a_at.min(b_at) <= truth.started_at && a_at.max(b_at) >= truth.ended_at);
    }
}

#[test]
fn net_buoys_look_like_net_buoys() {
    let planted = Planted { gear: 20, ..Planted::default() };
    let simulation = Simulation::new(&scenario(Coverage::Terrestrial, planted)).unwrap();
    let truths = simulation.truths().to_vec();
    let mut names = HashMap::new();
    for report in simulation.reports() {
        if let Report::Static(report) = report {
            names.extend(report.identity.name.map(|name| (report.mmsi, name.to_string())));
        }
    }
    for truth in truths {
        let [low, high] = [truth.pair.low(), truth.pair.high()];
        let buoys = [low, high].into_iter().filter(|mmsi| mmsi.kind() != MmsiKind::Ship);
        let mut named = buoys.filter_map(|mmsi| names.get(&mmsi));
        assert!(named.clone().count() > 0, "{}", truth.to_json());
        assert!(
            named.all(|name| name.ends_with('%') || name.ends_with('V')),
            "{}",
            truth.to_json()
        );
    }
}

#[test]
fn a_thinned_piece_of_a_sea_begins_when_somebody_listens_and_says_less() {
    let whole = scenario(Coverage::Terrestrial, Planted::every(1));
    let piece = Scenario {
        interval_min: Duration::from_secs(300),
        listened_from: Duration::from_secs(6 * 3600),
        ..whole.clone()
    };
    let listened_from = piece.started_at.plus(piece.listened_from);
    let heard = fixes(Simulation::new(&piece).unwrap());
    assert!(!heard.is_empty());
    for fixes in heard.values() {
        assert!(fixes.iter().all(|(fix, _)| fix.observed_at >= listened_from));
        for pair in fixes.windows(2) {
            let apart_millis = pair[1].0.observed_at.millis_since(pair[0].0.observed_at);
            // Fixes are of the full second, and slots are chosen some seconds around the interval.
            assert!(apart_millis >= 295_000, "{apart_millis} ms");
        }
    }
    let truths = |scenario| Simulation::new(scenario).unwrap().truths().to_vec();
    assert_eq!(truths(&piece), truths(&whole));
}

#[test]
fn truths_survive_the_way_through_text() {
    let simulation = Simulation::new(&scenario(Coverage::Satellite, Planted::every(1))).unwrap();
    for truth in simulation.truths() {
        assert_eq!(Truth::from_json(&truth.to_json()).unwrap(), *truth);
    }
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let nowhere = Scenario { places: Vec::new(), ..Scenario::default() };
    let refusal = Simulation::new(&nowhere).unwrap_err();
    assert_eq!(refusal.to_string(), "the scenario names no place");
    let brief = Scenario { duration: Duration::from_secs(3600), ..Scenario::default() };
    let refusal = Simulation::new(&brief).unwrap_err();
    assert_eq!(refusal.to_string(), "1 h are too short to plant a meeting of kind long");
}
