//! Real recordings, where `ALONGSIDE_RECORDINGS` names a directory of them.

#[path = "program/mod.rs"]
mod program;

use std::collections::BTreeMap;

use maritime::Timestamp;
use program::{Desk, counted, recordings, text};
use serde_json::Value;

/// The encounters that satisfy a profile, by vessels and the hour of the start: pair, start, end.
fn flagged(desk: &Desk, arguments: &[&str]) -> BTreeMap<[u64; 2], Vec<(Timestamp, Timestamp)>> {
    let all = ["replay", "--store", "none", "--format", "ndjson"];
    let outcome = desk.run(&[&all[..], arguments].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut flagged: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in outcome.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let mmsi = |at: usize| event["vessels"][at]["mmsi"].as_u64().unwrap();
        let at = |name: &str| Timestamp::parse(event[name].as_str().unwrap()).unwrap();
        flagged.entry([mmsi(0), mmsi(1)]).or_default().push((at("started_at"), at("ended_at")));
    }
    flagged
}

#[test]
fn the_same_day_as_sentences_and_as_a_table_gives_the_same_encounters() {
    let Some(directory) = recordings() else { return };
    let desk = Desk::new();
    let sentences = directory.join("nmea-reencoded/atd2025_example.nmea.gz");
    let table = directory.join("tracks/atd2025_example_truth.csv.gz");
    let columns = "mmsi=track_id,time=time,lat=lat,lon=lon,sog=speed,cog=course";
    let by_sentences = flagged(&desk, &[text(&sentences)]);
    let by_table = flagged(&desk, &[text(&table), "--columns", columns]);
    assert!(by_sentences.len() > 100, "{}", by_sentences.len());
    assert_eq!(by_sentences.keys().collect::<Vec<_>>(), by_table.keys().collect::<Vec<_>>());
    // A sentence rounds the time to the second and the place to 0.2 m.
    for (pair, spans) in &by_sentences {
        let beside = &by_table[pair];
        assert_eq!(spans.len(), beside.len(), "{pair:?}");
        for (a, b) in spans.iter().zip(beside) {
            for millis in [a.0.millis_since(b.0), a.1.millis_since(b.1)] {
                assert!(millis.abs() <= 60_000, "{pair:?}: {a:?} and {b:?}");
            }
        }
    }
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
