//! What is wrong gives one clear message that names the file, and leaves whole what was there before.

use crate::program::{Desk, Outcome, counted, gzip, sea, two_ships_csv};

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
    desk.write("archive/ships.csv", two_ships_csv("A", "B"));
    for option in ["--output", "--store"] {
        let outcome = desk.run(&["replay", "archive", option, "archive/ships.csv"]);
        check(&outcome, 2, &[option, "archive/ships.csv would write over an input"]);
    }
    assert_eq!(desk.read("archive/ships.csv"), two_ships_csv("A", "B"));
    let outcome = desk.run(&["replay", "ships.csv", "--output", "x", "--store", "./x"]);
    check(&outcome, 2, &["the same file"]);
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
            "there is no profile \"gwf\": expected one of gfw, skylight, starboard, sts, or any",
        ),
        (&["--history"], "--history needs --format ndjson"),
        (&["--since", "2024-01-02", "--until", "2024-01-01"], "is not before"),
        (&["--since", "yesterday"], "is not a time"),
        (&["--bbox", "1,2,3"], "is not a box"),
        (&["--columns", "boat=x"], "is not a key"),
        (&["--lateness", "10"], "is not a duration"),
        (&["--lateness", "99999999d"], "is too long: expected at most 36525d"),
        (&["--format", "xml"], "possible values: table, ndjson, json, csv, geojson"),
        (&["--threads", "3"], "--threads"),
        (&["--profil", "gfw"], "a similar argument exists: '--profile'"),
    ] {
        let outcome = desk.run(&[&["replay", "ships.csv"], arguments].concat());
        check(&outcome, 2, &[expected]);
    }
    let simulate = ["simulate", "--output", "x", "--truth", "./x"];
    check(&desk.run(&simulate), 2, &["--output and --truth are the same"]);
    check(&desk.run(&["score", "--truth", "-", "-"]), 2, &["both standard input"]);
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
    for arguments in [
        &["replay", "sea.nmea", "--store", "none", "--output", "/dev/full"][..],
        &["simulate", "--hours", "24", "--output", "/dev/full"],
    ] {
        check(&desk.run(arguments), 1, &["cannot write to /dev/full: No space left"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_standard_output_is_told_by_every_command() {
    let desk = Desk::new();
    for arguments in
        [&["completions", "bash"][..], &["config", "print"], &["simulate", "--hours", "24"]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let outcome = Outcome::from(desk.command(arguments).stdout(full).output().unwrap());
        check(&outcome, 1, &["error: cannot write to standard output: No space left"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_never_ends_is_refused() {
    let desk = Desk::new();
    desk.write("truth.ndjson", "");
    let score = |truth, events| desk.run(&["score", "--truth", truth, events]);
    check(&score("/dev/zero", "x"), 1, &["/dev/zero, line 1: a line is longer than 1 MB"]);
    check(&score("truth.ndjson", "/dev/zero"), 1, &["/dev/zero, event 1: a line is longer"]);
    let outcome = desk.run(&["config", "check", "/dev/full"]);
    check(&outcome, 1, &["cannot read the configuration /dev/full: it is longer than 1 MB"]);
}

#[test]
fn where_everything_is_rejected_the_reasons_are_told() {
    let desk = Desk::new();
    let rows: String =
        (0..180).map(|second| format!("311000222,8/1/2024 {second},27.0,-90.0\n")).collect();
    desk.write("us.csv", format!("mmsi,time,lat,lon\n{rows}\n"));
    let outcome = desk.run(&["replay", "us.csv"]);
    let expected = "us.csv: all 180 records were rejected: bad time 180, such as \"8/1/2024 0\"";
    check(&outcome, 1, &[expected]);
    assert_eq!(desk.names(), ["us.csv"]);
    desk.write("ships.csv", two_ships_csv("A", "B"));
    let outcome = desk.run(&["replay", "us.csv", "ships.csv", "--store", "none"]);
    assert_eq!(outcome.code, 0);
    let warning = "warning: us.csv: all 180 records were rejected: bad time 180";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
}

#[test]
#[cfg(unix)]
fn a_name_of_a_file_cannot_write_on_the_terminal() {
    let desk = Desk::new();
    let name = "a\u{1b}[31m\u{202e}.csv";
    desk.write(name, "x\n");
    check(&desk.run(&["replay", name]), 1, &["error: a\\u{1b}[31m\\u{202e}.csv has no column"]);
    desk.write(&format!("mixed/{name}"), "x\n");
    desk.write("mixed/ships.csv", two_ships_csv("A", "B"));
    let outcome = desk.run(&["replay", "mixed", "--store", "s\u{1b}.gpkg"]);
    for expected in ["left out: mixed/a\\u{1b}[31m", "stored     s\\u{1b}.gpkg"] {
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
}

#[test]
#[cfg(unix)]
fn what_is_interrupted_leaves_nothing() {
    let desk = Desk::new();
    let mut command = desk.command(&["replay", "-", "--output", "events.json", "--format", "json"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // A pipe holds less than this, so once all of it is written the work has begun.
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, &sea()[..1_000_000]).unwrap();
    // The output and the store.
    let names = desk.names();
    assert!(names.len() == 2 && names.iter().all(|name| name.ends_with(".partial")), "{names:?}");
    let kill = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(kill.success());
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    assert!(desk.names().is_empty(), "{:?}", desk.names());
    drop(stdin);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_the_store() {
    let desk = Desk::new();
    desk.write("ships.csv", two_ships_csv("A", "B"));
    desk.write("sea.nmea", sea());
    assert_eq!(desk.run(&["replay", "ships.csv", "--store", "events.gpkg"]).code, 0);
    let before = events_in(&desk, "events.gpkg");

    let blocks = std::fs::metadata(desk.path("events.gpkg")).unwrap().len().div_ceil(512);
    let outcome = run_with_little_room(&desk, "replay sea.nmea --store events.gpkg", blocks);
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error: cannot keep what was found"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("events.gpkg"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("  3. "), "what was found is shown all the same");
    assert_eq!(desk.names(), ["events.gpkg", "sea.nmea", "ships.csv"]);
    assert_eq!(events_in(&desk, "events.gpkg"), before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_a_new_store_leaves_neither_store_nor_journal() {
    let desk = Desk::new();
    desk.write("sea.nmea", sea());
    for blocks in [8, 100, 300] {
        let outcome = run_with_little_room(&desk, "replay sea.nmea --store new.gpkg", blocks);
        assert_eq!(outcome.code, 1, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("new.gpkg"), "{}", outcome.stderr);
        assert_eq!(desk.names(), ["sea.nmea"], "{blocks}");
    }
}

/// Runs the program where no file may grow beyond so many blocks of 512 bytes, as where the disk is full.
#[cfg(target_os = "linux")]
fn run_with_little_room(desk: &Desk, arguments: &str, blocks: u64) -> Outcome {
    let program = env!("CARGO_BIN_EXE_alongside");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec '{program}' {arguments}");
    let mut command = std::process::Command::new("sh");
    Outcome::from(command.args(["-c", &script]).current_dir(desk.path(".")).output().unwrap())
}

fn events_in(desk: &Desk, name: &str) -> Vec<sink::EventRecord> {
    sink::GeoPackage::open(&desk.path(name)).unwrap().events().unwrap()
}
