//! `alongside replay` as a user runs it: formats, stores, inputs, selections, exit codes.

use serde_json::Value;

use crate::program::{Desk, counted, gzip, read_some, sea, two_ships_csv};

/// The encounters in a result of the simulated sea that satisfy a profile.
const FLAGGED: usize = 3;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_table_tells_in_words_and_the_counters_add_up() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let outcome = desk.run(&["replay", "sea.nmea"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    for expected in ["  1. ", "  3. ", "off the coast", "in the median", "tanker", "MMSI "] {
        assert!(outcome.stdout.contains(expected), "{expected:?} is not in\n{}", outcome.stdout);
    }
    let counted = |name| counted(&outcome.stderr, name);
    assert_eq!(
        counted("received"),
        counted("accepted") + counted("+ rejected") + counted("+ late")
    );
    assert_eq!(counted("received"), sea().split(|&b| b == b'\n').count() as u64 - 1);
    assert!(outcome.stderr.contains("stored     alongside.gpkg"), "{}", outcome.stderr);
    assert_eq!(desk.names(), ["alongside.gpkg", "sea.nmea"]);
}

#[test]
fn every_format_tells_the_same_encounters() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let result = |format: &str| {
        let arguments =
            ["replay", "sea.nmea", "--store", "none", "--kind", "encounter", "--format", format];
        let outcome = desk.run(&arguments);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout
    };

    let ndjson = lines(&result("ndjson"));
    assert_eq!(ndjson.len(), FLAGGED);
    let json: Value = serde_json::from_str(&result("json")).unwrap();
    assert_eq!(json.as_array().unwrap(), &ndjson);

    let geojson: Value = serde_json::from_str(&result("geojson")).unwrap();
    let ids = |values: &[Value]| -> Vec<Value> { values.iter().map(|v| v["id"].clone()).collect() };
    assert_eq!(ids(geojson["features"].as_array().unwrap()), ids(&ndjson));

    let csv = result("csv");
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(rows.headers().unwrap().get(0), Some("event_id"));
    let in_rows: Vec<Value> = rows.records().map(|row| row.unwrap()[0].into()).collect();
    assert_eq!(in_rows, ids(&ndjson));

    assert_eq!(result("table").matches("off the coast\n").count(), FLAGGED);
}

#[test]
fn nothing_but_the_result_goes_to_standard_output_and_quiet_is_quiet() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let outcome = desk.run(&["replay", "sea.nmea", "--format", "json", "-q"]);
    assert!(serde_json::from_str::<Value>(&outcome.stdout).is_ok());
    assert_eq!(outcome.stderr, "");
}

#[test]
fn the_same_file_twice_leaves_one_copy_of_each_event() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let count = |table: &str| -> i64 {
        let store = rusqlite::Connection::open(desk.path("events.gpkg")).unwrap();
        store.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let replay = || desk.run(&["replay", "sea.nmea", "--store", "events.gpkg"]).code;
    assert_eq!(replay(), 0);
    let once = (count("encounters"), count("encounter_tracks"), count("vessels"));
    assert_eq!(replay(), 0);
    assert_eq!((count("encounters"), count("encounter_tracks"), count("vessels")), once);
    assert!(once.0 >= FLAGGED as i64 && once.1 >= 2 * FLAGGED as i64, "{once:?}");
    assert_eq!(count("runs"), 2);
}

#[test]
fn however_the_bytes_come_the_events_are_the_same() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    desk.write("packed/one", gzip(sea()));
    desk.write("sea.zst", zstd::encode_all(sea(), 1).unwrap());
    let expected = desk.events(&["sea.nmea"]);
    assert!(expected.lines().count() >= FLAGGED);
    assert_eq!(desk.events(&["packed"]), expected);
    assert_eq!(desk.events(&["sea.zst"]), expected);
    let arguments = ["replay", "-", "--format", "ndjson", "--store", "none", "--profile", "any"];
    assert_eq!(desk.run_with_input(&arguments, sea()).stdout, expected);
    assert_eq!(desk.run_with_input(&arguments, &gzip(sea())).stdout, expected);
}

#[test]
fn one_thread_and_two_tell_the_same_bytes() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let history = |threads: &str| {
        let arguments =
            ["replay", "sea.nmea", "--store", "none", "--format", "ndjson", "--history"];
        desk.run(&[&arguments[..], &["--threads", threads]].concat()).stdout
    };
    assert!(history("1").lines().count() > FLAGGED);
    assert_eq!(history("1"), history("2"));
    assert_eq!(desk.events(&["sea.nmea", "--threads", "1"]), desk.events(&["sea.nmea"]));
}

/// The sentences of one message stay together, as they do where files are cut at midnight.
fn messages() -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    let mut open = false;
    for line in std::str::from_utf8(sea()).unwrap().split_inclusive('\n') {
        if open {
            messages.last_mut().unwrap().push_str(line);
            open = false;
            continue;
        }
        open = line.contains("VDM,2,1,");
        messages.push(line.into());
    }
    messages
}

#[test]
fn in_one_piece_or_cut_into_seven() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let messages = messages();
    for (at, piece) in messages.chunks(messages.len().div_ceil(7)).enumerate() {
        // Named against the order of time, which is told by what is in them.
        desk.write(&format!("pieces/{}.nmea", 9 - at), piece.concat());
    }
    assert_eq!(desk.events(&["pieces"]), desk.events(&["sea.nmea"]));
}

#[test]
fn shuffled_within_the_lateness() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    // Some 500 messages are heard in five minutes; some of them come up to ten minutes late already.
    let mut messages = messages();
    for piece in messages.chunks_mut(500) {
        piece.reverse();
    }
    desk.write("shuffled.nmea", messages.concat());
    let of = |file| desk.events(&[file, "--lateness", "30m"]);
    assert_eq!(of("shuffled.nmea"), of("sea.nmea"));
}

#[test]
fn the_last_version_in_the_history_is_the_result() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let outcome =
        desk.run(&["replay", "sea.nmea", "--store", "none", "--format", "ndjson", "--history"]);
    let mut last = std::collections::BTreeMap::new();
    for line in outcome.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        last.insert(event["id"].to_string(), line.to_owned());
    }
    for line in desk.events(&["sea.nmea"]).lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(last[&event["id"].to_string()], line);
    }
}

#[test]
fn a_selection_is_kept_to() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let found =
        |arguments: &[&str]| desk.events(&[&["ships.csv"], arguments].concat()).lines().count();
    assert_eq!(found(&[]), 1);
    assert_eq!(found(&["--until", "2024-01-01T00:10:00Z"]), 0);
    assert_eq!(found(&["--since", "2024-01-02"]), 0);
    assert_eq!(found(&["--bbox=-91,26,-89,28"]), 1);
    assert_eq!(found(&["--bbox", "-80,26,-79,28"]), 0);
}

#[test]
fn profiles_choose_what_is_shown() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let found = |arguments: &[&str]| {
        let all = ["replay", "ships.csv", "--store", "none", "--format", "ndjson"];
        desk.run(&[&all[..], arguments].concat()).stdout.lines().count()
    };
    assert_eq!(found(&["--profile", "gfw"]), 1);
    desk.write(
        "far.toml",
        "[[profile]]\nname = \"far\"\ndistance_m_max = 50\nduration_min = \"1h\"\n\
        speed_knots_p50_max = 2\ncoast_distance_m_min = 0\n",
    );
    assert_eq!(found(&["--config", "far.toml"]), 0);
    assert_eq!(found(&["--config", "far.toml", "--profile", "far", "--profile", "any"]), 1);
    let outcome = desk.run(&["replay", "ships.csv", "--store", "none", "--config", "far.toml"]);
    assert_eq!(outcome.stdout, "No encounters.\n");
    assert!(outcome.stderr.contains("--profile any shows them"), "{}", outcome.stderr);
}

#[test]
fn a_limit_says_how_many_more() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let outcome = desk.run(&["replay", "sea.nmea", "--store", "none", "--limit", "1"]);
    assert!(outcome.stdout.contains("2 more; --limit 3 shows all"), "{}", outcome.stdout);
}

#[test]
fn a_file_takes_the_result_when_it_is_whole() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let outcome = desk.run(&["replay", "ships.csv", "--store", "none", "--output", "table.txt"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""));
    assert!(desk.read("table.txt").contains("311000222"));
    assert_eq!(desk.names(), ["ships.csv", "table.txt"]);
}

#[test]
fn strict_minds_what_was_rejected() {
    let desk = Desk::new();
    desk.write("clean.csv", two_ships_csv("A", "B"));
    desk.write("dirty.csv", two_ships_csv("A", "B") + "311000222,never,1,2,3,A\n");
    let code =
        |arguments: &[&str]| desk.run(&[&["replay", "--store", "none"], arguments].concat()).code;
    assert_eq!(code(&["clean.csv", "--strict"]), 0);
    assert_eq!(code(&["dirty.csv"]), 0);
    assert_eq!(code(&["dirty.csv", "--strict"]), 3);
    desk.write("mixed/clean.csv", two_ships_csv("A", "B"));
    assert_eq!(code(&["mixed", "--strict"]), 0);
    desk.write("mixed/notes.txt", "not AIS at all\n");
    assert_eq!(code(&["mixed", "--strict"]), 3);
}

#[test]
fn what_a_selection_found_can_be_told_from_the_rest() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let since = ["--since", "2024-01-01T01:00:00Z", "--bbox=-91,26,-89,28"];
    for selection in [&[][..], &since] {
        let arguments = ["replay", "ships.csv", "--store", "events.gpkg"];
        assert_eq!(desk.run(&[&arguments[..], selection].concat()).code, 0);
    }
    let store = rusqlite::Connection::open(desk.path("events.gpkg")).unwrap();
    let mut query = store
        .prepare(
            "SELECT event_id, selection FROM encounters JOIN runs USING (run_id) ORDER BY event_id",
        )
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, String)> = rows.map(|row| row.unwrap()).collect();
    let id = |time: &str| format!("encounter-311000222-538005541-20240101T{time}Z");
    let selection = "--since 2024-01-01T01:00:00.000Z --bbox=-91,26,-89,28".to_owned();
    assert_eq!(rows, [(id("000000"), String::new()), (id("010000"), selection)]);
}

#[test]
fn the_lateness_advised_is_beyond_the_one_in_force() {
    let desk = Desk::new();
    // The file goes back to its beginning, as badly merged recordings do.
    let late: String = (0..3)
        .map(|minute| format!("311000333,2024-01-01T00:{minute:02}:00Z,27.0,-80.0,0.1,C\n"))
        .collect();
    desk.write("ships.csv", two_ships_csv("A", "B") + &late);
    let stderr = |lateness: &str| {
        desk.run(&["replay", "ships.csv", "--store", "none", "--lateness", lateness]).stderr
    };
    for lateness in ["0s", "10m", "30m"] {
        assert!(stderr(lateness).contains("run again with --lateness 45m"), "{}", stderr(lateness));
    }
    assert!(!stderr("45m").contains("--lateness"), "{}", stderr("45m"));
}

#[test]
fn late_reports_are_counted_and_the_advice_helps() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let messages = messages();
    let (first_half, second_half) = messages.split_at(messages.len() / 2);
    desk.write("swapped.nmea", second_half.concat() + &first_half.concat());
    let outcome = desk.run(&["replay", "swapped.nmea", "--store", "none", "--strict"]);
    assert_eq!(outcome.code, 3);
    assert!(counted(&outcome.stderr, "+ late") > 1000);
    let advice = outcome.stderr.split("--lateness ").nth(1).unwrap().lines().next().unwrap();
    let with_advice = |file| desk.events(&[file, "--strict", "--lateness", advice]);
    assert_eq!(with_advice("swapped.nmea"), with_advice("sea.nmea"));
}

#[test]
fn a_name_from_the_air_is_text_everywhere() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("\u{1b}[31mRED\u{202e}", "=HYPERLINK(\"//X.Y\")"));
    let outcome = desk.run(&["replay", "ships.csv", "--store", "none"]);
    assert!(outcome.stdout.contains("\\u{1b}[31mRED\\u{202e}"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains('\u{1b}') && !outcome.stdout.contains('\u{202e}'));
    let csv = desk.run(&["replay", "ships.csv", "--store", "none", "--format", "csv"]).stdout;
    assert!(csv.contains("\"'=HYPERLINK(\"\"//X.Y\"\")\""), "{csv}");
    assert!(csv.contains("\\u{1b}[31mRED\\u{202e}"), "{csv}");
    for format in ["csv", "ndjson", "json", "geojson"] {
        let arguments = ["replay", "ships.csv", "--store", "none", "--format", format];
        let outcome = desk.run(&arguments);
        assert!(!outcome.stdout.contains(['\u{1b}', '\u{202e}']), "{}", outcome.stdout);
    }
}

#[test]
fn no_colour_where_nobody_sees_it() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    for no_color in ["", "1"] {
        let mut command = desk.command(&["replay", "ships.csv", "--store", "none"]);
        let output = command.env("NO_COLOR", no_color).output().unwrap();
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
    }
}

#[test]
fn a_reader_may_go_away() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let (some, outcome) =
        read_some(&mut desk.command(&["replay", "sea.nmea", "--format", "ndjson"]), 10);
    assert_eq!((some.len(), outcome.code), (10, 0), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("rror"), "{}", outcome.stderr);
    let (_, outcome) = read_some(&mut desk.command(&["simulate", "--hours", "48"]), 10);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

/// One class A report without any time.
const TIMELESS: &str = "!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\n";

#[test]
fn a_recording_without_time_needs_one() {
    let desk = Desk::new();
    desk.write("timeless.nmea", TIMELESS.repeat(3));
    let outcome = desk.run(&["replay", "timeless.nmea"]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("timeless.nmea has positions but no time"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("--start-time"), "{}", outcome.stderr);
    assert_eq!(desk.names(), ["timeless.nmea"]);
    let outcome = desk.run(&["replay", "timeless.nmea", "--start-time", "2024-01-01"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let expected = "timeless.nmea has no time in it but the seconds of its position reports";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
}

#[test]
fn a_start_time_that_is_not_needed_is_not_passed_over_in_silence() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let arguments = ["replay", "ships.csv", "--store", "none", "-q"];
    assert_eq!(desk.run(&arguments).stderr, "");
    let outcome = desk.run(&[&arguments[..], &["--start-time", "2023-01-01"]].concat());
    let expected = "warning: ships.csv says its own time, so --start-time was passed over\n";
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, expected));
}

#[test]
fn columns_are_named_where_they_are_unusual() {
    let desk = Desk::new();
    desk.write("usual.csv", two_ships_csv("A", "B"));
    let unusual =
        two_ships_csv("A", "B").replacen("mmsi,time,lat,lon,sog", "boat,t,phi,lambda,v", 1);
    desk.write("unusual.csv", unusual);
    let columns = "mmsi=boat,time=t,lat=phi,lon=lambda,sog=v";
    assert_eq!(desk.events(&["unusual.csv", "--columns", columns]), desk.events(&["usual.csv"]));
}
