//! Parsed reports in, events out, on one core.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use alongside_benches::{Done, Measured, Subject, measure as measure_all, print_table};
use decoder::{Decoder, Message, OutcomeKind, Received};
use detector::{Detector, Parameters};
use maritime::{Mmsi, PositionFix, Report};

use crate::database::Database;
use crate::stream::{recordings, unpacked};
use crate::world::World;

/// Two worlds that differ in their size: some millions of reports of each.
const SMALL: World = World {
    ships: 2_000,
    ships_per_sea: 200,
    duration: Duration::from_secs(48 * 3600),
    interval: Duration::from_secs(60),
};
/// Long enough for the database to find meetings of two hours.
const LARGE: World = World { ships: 60_000, duration: Duration::from_secs(135 * 60), ..SMALL };
/// A recording is read again and again until it is so many reports.
const RECORDED_MIN: usize = 1_000_000;

/// Worlds of two sizes, a database on the same reports, and recordings.
pub fn measure() {
    let worlds = [SMALL, LARGE].map(|world| (world, timed(&world)));
    let mut databases: Vec<Database> = Vec::new();
    for (_, reports) in &worlds {
        databases.extend(Database::with(reports));
    }
    let recorded = recorded();

    let mut subjects = Vec::new();
    for (world, reports) in &worlds {
        let name = format!("alongside, {} ships", world.ships);
        subjects.push(Subject::new(name, reports.len() as u64, move || detect(reports)));
    }
    for ((world, reports), database) in worlds.iter().zip(&mut databases) {
        let name = format!("DuckDB {}, {} ships", database.version, world.ships);
        subjects.push(Subject::new(name, reports.len() as u64, move || database.find_meetings()));
    }
    for (name, reports) in &recorded {
        let times = RECORDED_MIN.div_ceil(reports.len());
        let count = (times * reports.len()) as u64;
        subjects.push(Subject::new(format!("alongside, {name}"), count, move || {
            let each = std::iter::repeat_n(reports, times).map(|reports| detect(reports).results);
            Done::all(each.sum())
        }));
    }
    let measured = measure_all(subjects);
    let (databases_measured, alone): (Vec<Measured>, Vec<Measured>) =
        measured.into_iter().partition(|subject| subject.name.starts_with("DuckDB"));
    for (alongside, database) in alone.iter().zip(databases_measured) {
        print_table("Detecting beside a database", "report", &[alongside.clone(), database]);
    }
    print_table("Detecting in worlds of two sizes and in recordings", "report", &alone);
}

fn timed(world: &World) -> Vec<Report> {
    let started_at = Instant::now();
    let reports: Vec<Report> = world.hear().collect();
    println!(
        "simulated {} reports of {} ships in {:.0} s",
        reports.len(),
        world.ships,
        started_at.elapsed().as_secs_f64()
    );
    reports
}

fn detect(reports: &[Report]) -> Done {
    let mut detector = Detector::new(Parameters::default());
    let mut events = Vec::new();
    for report in reports {
        detector.push(report, &mut events);
        events.clear();
    }
    detector.finish(&mut events);
    Done::all(detector.counters().events)
}

/// The positions in the folder `nmea-reencoded` of the recordings, by file, with what they are.
fn recorded() -> Vec<(String, Vec<Report>)> {
    let Some(folder) = recordings() else { return Vec::new() };
    unpacked(&folder.join("nmea-reencoded"))
        .iter()
        .map(|bytes| {
            let reports = decoded(bytes);
            let ships: HashSet<Mmsi> = reports.iter().map(Report::mmsi).collect();
            (format!("recorded, {} ships", ships.len()), reports)
        })
        .collect()
}

/// The positions of class A with their times.
fn decoded(bytes: &[u8]) -> Vec<Report> {
    let mut reports = Vec::new();
    let mut decoder = Decoder::new();
    let mut each = |outcome: decoder::Outcome| {
        if let OutcomeKind::Message(received) = outcome.kind {
            reports.extend(report(&received));
        }
    };
    decoder.push(bytes, &mut each);
    decoder.finish(&mut each);
    reports
}

/// At the time of its tag block, which is that of the position there.
fn report(received: &Received) -> Option<Report> {
    let Message::PositionReport(said) = &received.message else { return None };
    Some(Report::Position(PositionFix {
        mmsi: said.header.mmsi()?,
        observed_at: received.received_at?,
        position: said.position()?,
        speed_knots: said.speed_knots(),
        course_deg: said.course_deg(),
        heading_deg: said.heading_deg(),
        coarse: false,
        station: None,
    }))
}
