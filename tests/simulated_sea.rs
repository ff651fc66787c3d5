//! How well planted meetings are found: the whole way, from sentences to the score. The seeds were not
//! tuned to.

#[path = "program/mod.rs"]
mod program;

use program::Desk;
use serde_json::Value;

#[track_caller]
fn score(seed: &str, coverage: &str, meetings: &str) -> Value {
    let desk = Desk::new();
    let scenario =
        ["--seed", seed, "--coverage", coverage, "--area", "yellow_sea", "--ships", "40"];
    let mut simulate = vec!["simulate", "--output", "sea.nmea", "--truth", "truth.ndjson"];
    simulate.extend(scenario);
    simulate.extend(["--meetings", meetings]);
    let outcome = desk.run(&simulate);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    desk.write("events.ndjson", desk.events(&["sea.nmea"]));
    let outcome =
        desk.run(&["score", "--format", "json", "--truth", "truth.ndjson", "events.ndjson"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn row<'a>(card: &'a Value, kind: &str) -> &'a Value {
    card["rows"].as_array().unwrap().iter().find(|row| row["kind"] == kind).unwrap()
}

#[test]
fn in_reach_of_the_shore_every_meeting_is_found_to_the_minute() {
    for seed in ["101", "102", "103"] {
        let card =
            score(seed, "terrestrial", "long=8,short=8,under_way=8,at_anchor=8,pilot=4,burst=4");
        for kind in ["long", "short", "under_way", "at_anchor"] {
            let row = row(&card, kind);
            assert_eq!(row["recall"], 1.0, "seed {seed}: {row}");
            for error in ["start_error_s_p50", "end_error_s_p50"] {
                assert!(row[error].as_f64().unwrap() < 60.0, "seed {seed}: {row}");
            }
        }
        for kind in ["pilot", "burst"] {
            assert_eq!(row(&card, kind)["found"], 0, "seed {seed}");
        }
        assert_eq!(card["found_unplanted"], 0, "seed {seed}");
    }
}

#[test]
fn long_meetings_far_out_are_found_by_satellite() {
    for seed in ["101", "102"] {
        let card = score(seed, "satellite", "long=10,burst=4");
        let long = row(&card, "long");
        assert!(long["recall"].as_f64().unwrap() >= 0.9, "seed {seed}: {long}");
        assert_eq!(row(&card, "burst")["found"], 0, "seed {seed}");
    }
}
