//! What is wrong gives one clear message that names the file, and leaves whole what was there before.

#[path = "program/mod.rs"]
mod program;

use program::{Desk, Outcome, counted, gzip, sea, two_ships_csv};

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// One line of error, with every part of `expected`; nothing on standard output.
#[track_caller]
fn check(outcome: &Outcome, code: i32, expected: &[&str]) {
    assert_eq!(outcome.code, code, "{}{}", outcome.stdout, outcome.stderr);
    for part in expected {
        assert!(outcome.stderr.contains(part), "{part:?} is not in\n{}", outcome.stderr);
    }
    assert_eq!(outcome.stdout, "");
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
}

#[test]
fn a_file_that_is_not_there() {
    let desk = Desk::new();
    check(&desk.run(&["replay", "absent.nmea"]), 1, &["error: ", "absent.nmea", "No such file"]);
    assert!(desk.names().is_empty());
}

#[test]
fn a_directory_with_nothing_to_read() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("empty")).unwrap();
    check(
        &desk.run(&["replay", "empty"]),
        1,
        &["empty holds nothing that can be read", "expected"],
    );
    desk.write("pictures/a.png", PNG);
    check(&desk.run(&["replay", "pictures"]), 1, &["pictures", "a.png", "PNG", "expected"]);
}

#[test]
fn a_picture_among_recordings_is_left_out_with_a_warning() {
    let desk = Desk::new();
    desk.write("mixed/a.png", PNG);
    desk.write("mixed/b.csv", two_ships_csv("A", "B"));
    let outcome = desk.run(&["replay", "mixed", "--store", "none"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("warning: left out: mixed/a.png"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("311000222"));
}

#[test]
fn a_file_that_is_something_else() {
    let desk = Desk::new();
    desk.write("a.png", PNG);
    check(&desk.run(&["replay", "a.png"]), 1, &["a.png", "PNG", "expected NMEA lines"]);
    desk.write("empty.nmea", "");
    check(&desk.run(&["replay", "empty.nmea"]), 1, &["empty.nmea", "expected"]);
    desk.write("noise", [0xfe, 0x00, 0x81, 0x0a].repeat(1000));
    check(&desk.run(&["replay", "noise"]), 1, &["noise", "expected"]);
}

#[test]
fn a_table_without_a_needed_column() {
    let desk = Desk::new();
    desk.write("no-lat.csv", "mmsi,time,lon\n311000222,2024-01-01T00:00:00Z,1\n");
    check(
        &desk.run(&["replay", "no-lat.csv"]),
        1,
        &["no-lat.csv", "no column for lat", "--columns"],
    );
    let outcome = desk.run(&["replay", "no-lat.csv", "--columns", "lat=phi"]);
    check(&outcome, 1, &["no column \"phi\" for lat"]);
}

#[test]
fn a_gzip_cut_short_is_read_as_far_as_it_goes() {
    let desk = Desk::new();
    let packed = gzip(sea());
    desk.write("cut.nmea.gz", &packed[..packed.len() * 9 / 10]);
    let outcome = desk.run(&["replay", "cut.nmea.gz"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("  1. "), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("warning: cut.nmea.gz ends in the middle"),
        "{}",
        outcome.stderr
    );
    assert_eq!(desk.run(&["replay", "cut.nmea.gz", "--strict"]).code, 3);
}

#[test]
fn a_line_without_end_is_one_rejection() {
    let desk = Desk::new();
    let mut bytes = sea()[..100_000].to_vec();
    bytes.push(b'\n');
    bytes.extend(std::iter::repeat_n(b'A', 10_000_000));
    bytes.push(b'\n');
    let so_far = bytes.len();
    bytes.extend(&sea()[..50_000]);
    desk.write("long.nmea", &bytes);
    desk.write("short.nmea", &bytes[..so_far - 10_000_001]);
    let rejected = |name: &str| {
        let outcome = desk.run(&["replay", name, "--store", "none"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let counted = |what| counted(&outcome.stderr, what);
        assert_eq!(
            counted("received"),
            counted("accepted") + counted("+ rejected") + counted("+ late")
        );
        counted("+ rejected")
    };
    assert!(rejected("long.nmea") > rejected("short.nmea"));
}

#[test]
fn a_store_that_is_something_else_is_refused_before_anything_is_read() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    desk.write("notes.gpkg", "my notes, which are no store at all\n");
    let outcome = desk.run(&["replay", "ships.csv", "--store", "notes.gpkg"]);
    check(&outcome, 1, &["notes.gpkg is not a GeoPackage", "--store none"]);
    assert_eq!(desk.read("notes.gpkg"), "my notes, which are no store at all\n");

    let other = rusqlite::Connection::open(desk.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").unwrap();
    drop(other);
    let before = std::fs::read(desk.path("other.db")).unwrap();
    let outcome = desk.run(&["replay", "ships.csv", "--store", "other.db"]);
    check(&outcome, 1, &["other.db is not a GeoPackage"]);
    assert_eq!(std::fs::read(desk.path("other.db")).unwrap(), before);

    let outcome = desk.run(&["replay", "ships.csv", "--store", "absent/events.gpkg"]);
    check(&outcome, 1, &["absent/events.gpkg", "No such file"]);
}

#[test]
fn an_input_is_not_written_over() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    for option in ["--output", "--store"] {
        let outcome = desk.run(&["replay", "ships.csv", option, "./ships.csv"]);
        check(&outcome, 2, &[option, "would write over an input"]);
    }
    let outcome = desk.run(&["replay", "ships.csv", "--output", "x", "--store", "x"]);
    check(&outcome, 2, &["the same file"]);
    assert_eq!(desk.read("ships.csv"), two_ships_csv("A", "B"));
}

#[test]
fn an_output_that_cannot_be_is_refused_before_anything_is_read() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let outcome = desk.run(&["replay", "ships.csv", "--output", "absent/x"]);
    check(&outcome, 1, &["cannot write to absent/x", "No such file"]);
    assert_eq!(desk.names(), ["ships.csv"]);
}

#[test]
fn what_is_asked_wrongly_is_a_usage_error() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    for (arguments, expected) in [
        (
            &["--profile", "gwf"][..],
            "there is no profile \"gwf\": expected one of gfw, sts, or any",
        ),
        (&["--history"], "--history needs --format ndjson"),
        (&["--since", "2024-01-02", "--until", "2024-01-01"], "is not before"),
        (&["--since", "yesterday"], "is not a time"),
        (&["--bbox", "1,2,3"], "is not a box"),
        (&["--columns", "boat=x"], "is not a key"),
        (&["--lateness", "10"], "is not a duration"),
        (&["--format", "xml"], "possible values: table, ndjson, json, csv, geojson"),
        (&["--threads", "3"], "--threads"),
        (&["--profil", "gfw"], "a similar argument exists: '--profile'"),
    ] {
        let outcome = desk.run(&[&["replay", "ships.csv"], arguments].concat());
        check(&outcome, 2, &[expected]);
    }
    check(&desk.run(&[]), 2, &["Usage: alongside"]);
    check(&desk.run(&["replay"]), 2, &["<FILE>"]);
    assert_eq!(desk.names(), ["ships.csv"]);
}

#[test]
fn a_configuration_that_makes_no_sense() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    desk.write("wrong.toml", "[contact]\ndistance_in = 400\n");
    let outcome = desk.run(&["replay", "ships.csv", "--config", "wrong.toml"]);
    check(&outcome, 1, &["wrong.toml is refused", "line 2", "did you mean `distance_m_in`?"]);
    check(&desk.run(&["config", "check", "wrong.toml"]), 1, &["distance_in"]);
    check(&desk.run(&["config", "check", "absent.toml"]), 1, &["absent.toml", "No such file"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_the_result() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = desk.command(&["replay", "sea.nmea", "--store", "none"]);
    let outcome = Outcome::from(command.stdout(full).output().unwrap());
    check(&outcome, 1, &["error: cannot write to standard output", "No space left"]);
    let outcome = desk.run(&["replay", "sea.nmea", "--store", "none", "--output", "/dev/full"]);
    check(&outcome, 1, &["cannot write to", "No space left"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_the_store() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    desk.write("sea.nmea", sea());
    assert_eq!(desk.run(&["replay", "ships.csv", "--store", "events.gpkg"]).code, 0);
    let before = events_in(&desk, "events.gpkg");

    // No file may grow beyond what the store is now, as where the disk is full.
    let blocks = std::fs::metadata(desk.path("events.gpkg")).unwrap().len().div_ceil(512);
    let script = format!(
        "trap '' XFSZ; ulimit -f {blocks}; exec '{}' replay sea.nmea --store events.gpkg",
        env!("CARGO_BIN_EXE_alongside")
    );
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(desk.path("."));
    let outcome = Outcome::from(command.output().unwrap());
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error: cannot keep encounters"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("events.gpkg"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("  3. "), "what was found is shown all the same");
    assert_eq!(events_in(&desk, "events.gpkg"), before);
}

fn events_in(desk: &Desk, name: &str) -> Vec<String> {
    let store = rusqlite::Connection::open(desk.path(name)).unwrap();
    let mut query = store.prepare("SELECT record FROM encounters ORDER BY event_id").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
}
