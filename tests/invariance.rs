//! What must not matter does not: who of two has the lower number, where on earth they are, and when.
//! The same simulated sea is written anew with one of these changed, and what is found in it, with the
//! change undone, is the same line by line.

use std::collections::HashMap;
use std::time::Duration;

use maritime::{Report, StaticReport, Timestamp};
use sea::{Area, Coverage, Place, Planted, Scenario, Simulation};
use serde_json::{Value, json};

use crate::program::Desk;

/// Of longitude and latitude, in a degree.
const UNITS: f64 = 600_000.0;

/// What is changed in a sea.
#[derive(Clone, Copy, Default)]
struct Change {
    /// The lower number becomes the higher of every two.
    swaps_numbers: bool,
    /// Added to every longitude: as many hundredths of a degree, which are whole in the units of AIS and
    /// in the decimals of the result.
    east: i64,
    /// Added to every time.
    seconds: i64,
}

/// One row of a table: a position, with what was known of the ship then.
struct Row {
    mmsi: u32,
    observed_at: Timestamp,
    latitude: i64,
    longitude: i64,
    rest: String,
}

/// Eight hours with meetings of several kinds in the Gulf of Mexico, as a listener ashore hears them.
fn rows() -> Vec<Row> {
    let scenario = Scenario {
        seed: 11,
        duration: Duration::from_secs(8 * 3600),
        ships: 25,
        places: vec![Place { area: Area::GulfOfMexico, coverage: Coverage::Terrestrial }],
        planted: Planted {
            short: 4,
            tow: 2,
            pilot: 1,
            anchored_neighbours: 2,
            ..Planted::default()
        },
        ..Scenario::default()
    };
    let mut known: HashMap<u32, StaticReport> = HashMap::new();
    let mut rows = Vec::new();
    for report in Simulation::new(&scenario).unwrap().reports() {
        let mmsi = report.mmsi().get();
        let fix = match report {
            Report::Static(news) => {
                let known = known.entry(mmsi).or_insert(news);
                known.identity.update(&news.identity);
                known.draught_m = news.draught_m.or(known.draught_m);
                continue;
            }
            Report::Position(fix) => fix,
        };
        let units = |degrees: f64| (degrees * UNITS).round() as i64;
        rows.push(Row {
            mmsi,
            observed_at: fix.observed_at,
            latitude: units(fix.position.latitude_deg()),
            longitude: units(fix.position.longitude_deg()),
            rest: format!(
                "{},{},{}",
                cell(fix.speed_knots),
                cell(fix.course_deg),
                known.get(&mmsi).map_or(",,,,,".into(), identity_cells)
            ),
        });
    }
    rows
}

fn identity_cells(known: &StaticReport) -> String {
    let identity = &known.identity;
    let cells = [
        cell(identity.name.map(|name| name.to_string())),
        cell(identity.imo.map(|imo| imo.get())),
        cell(identity.ship_type.map(|ship_type| ship_type.0)),
        cell(identity.dimensions.map(|dimensions| dimensions.length_m())),
        cell(identity.dimensions.map(|dimensions| dimensions.beam_m())),
        cell(known.draught_m),
    ];
    cells.join(",")
}

fn cell(known: Option<impl ToString>) -> String {
    known.map_or(String::new(), |known| known.to_string())
}

impl Change {
    fn table(self, rows: &[Row]) -> String {
        let mut table =
            String::from("mmsi,time,lat,lon,sog,cog,name,imo,type,length,width,draught\n");
        for Row { mmsi, observed_at, latitude, longitude, rest } in rows {
            let mmsi = self.number(u64::from(*mmsi));
            let time = observed_at.plus_millis(self.seconds * 1000);
            let latitude_deg = *latitude as f64 / UNITS;
            let longitude_deg = wrapped(longitude + self.east * 6000, 600_000) as f64 / UNITS;
            table += &format!("{mmsi},{time},{latitude_deg:.10},{longitude_deg:.10},{rest}\n");
        }
        table
    }

    fn number(self, mmsi: u64) -> u64 {
        if self.swaps_numbers { 1_000_000_000 - mmsi } else { mmsi }
    }

    /// What the line of an event would be without the change. The flag goes with the number and is left
    /// out.
    fn undone(self, line: &str) -> String {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let start = event["id"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
        for name in [
            "started_at",
            "started_at_earliest",
            "started_at_latest",
            "ended_at",
            "ended_at_earliest",
            "ended_at_latest",
            "as_of",
        ] {
            if let Some(time) = event[name].as_str() {
                let time = Timestamp::parse(time).unwrap().plus_millis(-self.seconds * 1000);
                event[name] = json!(time.to_string());
            }
        }
        let millionths = (event["longitude_deg"].as_f64().unwrap() * 1e6).round() as i64;
        event["longitude_deg"] = json!(wrapped(millionths - self.east * 10_000, 1_000_000));
        for vessel in event["vessels"].as_array_mut().unwrap() {
            vessel["mmsi"] = json!(self.number(vessel["mmsi"].as_u64().unwrap()));
            vessel["flag"] = Value::Null;
        }
        if self.swaps_numbers {
            for name in [
                "vessels",
                "observed_s",
                "bridged_s",
                "silence_max_s",
                "approach_knots",
                "parting_knots",
            ] {
                event[name].as_array_mut().unwrap().reverse();
            }
        }
        // Day and night, and the cell of a place, are not the same elsewhere; and the paragraph names all of it.
        for name in ["night_share", "h3_cell", "explanation"] {
            event[name] = Value::Null;
        }
        let reasons = event["reasons"].as_array_mut().unwrap();
        reasons.retain(|reason| reason["rule"] != "night");
        if let Some(third) = event["third_vessels"].as_array_mut() {
            for mmsi in third.iter_mut() {
                *mmsi = json!(self.number(mmsi.as_u64().unwrap()));
            }
            third.sort_by_key(Value::as_u64);
        }
        // The raft bears the name of one of the meetings in it.
        event["raft"] = json!(event["raft"].is_string());
        // In words one vessel comes before the other.
        for reason in event["reasons"].as_array_mut().unwrap() {
            let text = reason["text"].as_str().unwrap().to_owned();
            let mut words: Vec<&str> = text.split([' ', ',', ':']).collect();
            words.sort_unstable();
            reason["text"] = json!(words.join(" "));
        }
        let start = Timestamp::parse(&civil(&start)).unwrap().plus_millis(-self.seconds * 1000);
        let pair = [0, 1].map(|at: usize| event["vessels"][at]["mmsi"].as_u64().unwrap());
        event["id"] = json!(format!("{pair:?} {start}"));
        event.to_string()
    }
}

/// `20240101T001407Z` as it is usually written.
fn civil(compact: &str) -> String {
    let part = |from: usize, to: usize| &compact[from..to];
    let date = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    format!("{date}T{}:{}:{}Z", part(9, 11), part(11, 13), part(13, 15))
}

/// A longitude, into `[-180°, 180°)`.
fn wrapped(longitude: i64, in_a_degree: i64) -> i64 {
    (longitude + 180 * in_a_degree).rem_euclid(360 * in_a_degree) - 180 * in_a_degree
}

/// Every version of every event, in any order, as if nothing had been changed.
fn events(desk: &Desk, rows: &[Row], change: Change) -> Vec<String> {
    desk.write("sea.csv", change.table(rows));
    // What is learned of a place is learned by cells, whose borders lie elsewhere, and so is who could be heard, which
    // tells what a gap is; and there are other ports.
    desk.write(
        "no-places.toml",
        "[map]\nland = \"none\"\nports = \"none\"\n[places]\nanchorage_vessels_min = 0\n\
         meetings_remembered = \"0s\"\n[score]\nnight = 0\n[gap]\nsilence_min = \"24h\"\n",
    );
    let arguments = "replay sea.csv --config no-places.toml --lateness 1h --store none \
                     --format ndjson --history";
    let outcome = desk.run(&arguments.split_whitespace().collect::<Vec<_>>());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("rejected 0 + late 0"), "{}", outcome.stderr);
    // The other kinds are found by cells, or have none to compare with.
    let encounters = outcome.stdout.lines().filter(|line| line.contains("\"kind\":\"encounter\""));
    let mut events: Vec<String> = encounters.map(|line| change.undone(line)).collect();
    events.sort();
    events
}

#[track_caller]
fn check(changes: impl FnOnce(&[Value]) -> Vec<Change>) {
    let desk = Desk::new();
    let rows = rows();
    let expected = events(&desk, &rows, Change::default());
    assert!(expected.len() > 30, "{}", expected.len());
    let told: Vec<Value> =
        expected.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for change in changes(&told) {
        let found = events(&desk, &rows, change);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), expected.len());
    }
}

#[test]
fn who_has_the_lower_number_does_not_matter() {
    check(|_| vec![Change { swaps_numbers: true, ..Change::default() }]);
}

#[test]
fn the_180th_meridian_is_an_ordinary_place() {
    check(|events| {
        let across = |event: &Value| {
            let hundredths = event["longitude_deg"].as_i64().unwrap() / 10_000;
            Change { east: 18_000 - hundredths, ..Change::default() }
        };
        events.iter().filter(|event| event["state"] == "closed").take(4).map(across).collect()
    });
}

#[test]
fn midnight_a_leap_day_and_the_end_of_a_month_are_ordinary_times() {
    check(|events| {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let closed = events.iter().find(|event| event["state"] == "closed").unwrap();
        let started_at = at(closed["started_at"].as_str().unwrap());
        let before = |text: &str| Change {
            seconds: at(text).millis_since(started_at) / 1000,
            ..Change::default()
        };
        vec![
            before("2024-02-28T23:40:03Z"),
            before("2024-02-29T23:40:03Z"),
            before("2023-12-31T23:40:03Z"),
        ]
    });
}
