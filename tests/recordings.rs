//! Real recordings, where `ALONGSIDE_RECORDINGS` names a directory of them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use maritime::Timestamp;
use serde_json::Value;

use crate::program::{Desk, counted, recordings, text};

/// The encounters that satisfy a profile, by vessels: start and end of each.
type Flagged = BTreeMap<[u64; 2], Vec<(Timestamp, Timestamp)>>;

fn flagged(desk: &Desk, arguments: &[&str]) -> Flagged {
    let all = ["replay", "--store", "none", "--format", "ndjson"];
    let outcome = desk.run(&[&all[..], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut flagged = Flagged::new();
    for line in outcome.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["kind"] != "encounter" {
            continue;
        }
        let mmsi = |at: usize| event["vessels"][at]["mmsi"].as_u64().unwrap();
        let at = |name: &str| Timestamp::parse(event[name].as_str().unwrap()).unwrap();
        flagged.entry([mmsi(0), mmsi(1)]).or_default().push((at("started_at"), at("ended_at")));
    }
    flagged
}

#[test]
fn the_same_days_as_sentences_and_as_a_table_give_the_same_encounters() {
    let Some(directory) = recordings() else { return };
    let desk = Desk::new();
    let mut compared = 0;
    for sentences in files_in(&directory.join("nmea-reencoded")) {
        let name = sentences.file_name().unwrap().to_str().unwrap();
        let Some(name) = name.strip_suffix(".nmea.gz") else { continue };
        let tables = files_in(&directory.join("tracks"));
        let is_beside = |table: &&PathBuf| {
            let table = table.file_name().unwrap().to_str().unwrap();
            table.starts_with(name) && table.ends_with(".csv.gz")
        };
        let Some(table) = tables.iter().find(is_beside) else { continue };
        let columns: &[&str] = match header(table).split(',').any(|name| name == "track_id") {
            true => &["--columns", "mmsi=track_id"],
            false => &[],
        };
        let by_sentences = flagged(&desk, &[text(&sentences)]);
        let by_table = flagged(&desk, &[&[text(table)], columns].concat());
        check_same(&by_sentences, &by_table);
        println!("{name}: {} pairs", by_sentences.len());
        compared += by_sentences.len();
    }
    assert!(compared > 100, "{compared}");
}

/// A sentence rounds the time to the second and the place to 0.2 m.
#[track_caller]
fn check_same(by_sentences: &Flagged, by_table: &Flagged) {
    assert_eq!(by_sentences.keys().collect::<Vec<_>>(), by_table.keys().collect::<Vec<_>>());
    for (pair, spans) in by_sentences {
        let beside = &by_table[pair];
        assert_eq!(spans.len(), beside.len(), "{pair:?}");
        for (a, b) in spans.iter().zip(beside) {
            for millis in [a.0.millis_since(b.0), a.1.millis_since(b.1)] {
                assert!(millis.abs() <= 60_000, "{pair:?}: {a:?} and {b:?}");
            }
        }
    }
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn header(table: &Path) -> String {
    let unpacked = flate2::read::MultiGzDecoder::new(std::fs::File::open(table).unwrap());
    BufReader::new(unpacked).lines().next().unwrap().unwrap()
}

#[test]
fn every_recording_is_read_to_its_end() {
    let Some(directory) = recordings() else { return };
    let desk = Desk::new();
    let mut read = 0;
    for entry in std::fs::read_dir(directory.join("nmea")).unwrap() {
        let path = entry.unwrap().path();
        let outcome = desk.run(&[
            "replay",
            text(&path),
            "--store",
            "none",
            "--start-time",
            "2024-01-01",
            "--lateness",
            "1d",
        ]);
        assert!(!outcome.stderr.contains("panicked"), "{}: {}", path.display(), outcome.stderr);
        if outcome.code != 0 {
            // The recordings of receivers that hold no AIS at all.
            assert!(
                outcome.stderr.starts_with("error: "),
                "{}: {}",
                path.display(),
                outcome.stderr
            );
            println!("{}: {}", path.display(), outcome.stderr.trim());
            continue;
        }
        let counted = |name| counted(&outcome.stderr, name);
        assert_eq!(
            counted("received"),
            counted("accepted") + counted("+ rejected") + counted("+ late"),
            "{}",
            path.display()
        );
        read += 1;
    }
    assert!(read > 30, "{read}");
}
