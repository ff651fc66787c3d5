//! How well planted meetings are found: the whole way, from sentences to the score. The seeds were not
//! tuned to.

use serde_json::Value;

use crate::program::Desk;

/// Open sea and roadsteads for sixty of each kind.
const AREAS: [&str; 5] =
    ["gulf_of_mexico", "gulf_of_oman", "yellow_sea", "gulf_of_guinea", "dateline"];

/// The score of what is found in a sea in which there is `planted`, for so many `hours`.
#[track_caller]
fn score(seed: &str, coverage: &str, hours: &str, planted: &str) -> Value {
    let desk = Desk::new();
    let mut simulate = vec!["simulate", "--output", "sea.nmea.gz", "--truth", "truth.ndjson"];
    simulate.extend(["--seed", seed, "--coverage", coverage, "--hours", hours, "--ships", "40"]);
    simulate.extend(AREAS.iter().flat_map(|area| ["--area", area]));
    simulate.extend(["--meetings", planted]);
    let outcome = desk.run(&simulate);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    desk.write("events.ndjson", desk.events(&["sea.nmea.gz"]));
    let outcome =
        desk.run(&["score", "--format", "json", "--truth", "truth.ndjson", "events.ndjson"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Everything that is planted by thirty, in a coverage: the figures of the README stand for sixty of each and three seeds.
fn everything(seed: &str, coverage: &str) -> Value {
    let planted = "long=30,short=30,under_way=30,at_anchor=30,anchored_neighbours=30,same_berth=30,tow=30,\
                   pair_trawl=30,pilot=30,convoy=30,overtaking=30,burst=30,bunkering=30,crew_boat=30,gear=30";
    score(seed, coverage, "24", planted)
}

/// Of what is no meeting and was told as an encounter, the share that was told in its own class.
fn class_share(card: &Value) -> f64 {
    let rows = card["rows"].as_array().unwrap().iter();
    let confounders = rows.filter(|row| row["is_meeting"] == false && row["class"].is_string());
    let (mut found, mut in_class) = (0.0, 0.0);
    for row in confounders {
        found += row["found"].as_f64().unwrap();
        in_class += row["in_class"].as_f64().unwrap();
    }
    in_class / found
}

#[track_caller]
fn check_recall(card: &Value, kind: &str, at_least: f64) {
    let row = row(card, kind);
    assert!(row["recall"].as_f64().unwrap() >= at_least, "{row}");
}

fn row<'a>(card: &'a Value, kind: &str) -> &'a Value {
    card["rows"].as_array().unwrap().iter().find(|row| row["kind"] == kind).unwrap()
}

#[test]
fn in_reach_of_the_shore_every_meeting_is_found_to_the_minute() {
    let planted = "long=60,short=60,under_way=60,at_anchor=60,pilot=60,burst=60";
    let card = score("101", "terrestrial", "24", planted);
    for kind in ["long", "short", "under_way", "at_anchor"] {
        let row = row(&card, kind);
        assert_eq!((&row["planted"], &row["recall"]), (&60.into(), &1.0.into()), "{row}");
        for error in ["start_error_s_p50", "end_error_s_p50"] {
            assert!(row[error].as_f64().unwrap() < 60.0, "{row}");
        }
    }
    for kind in ["pilot", "burst"] {
        assert_eq!(row(&card, kind)["found"], 0);
    }
    assert_eq!(card["found_unplanted"], 0);
    let coverage = &card["coverages"][0];
    assert_eq!((&coverage["planted"], &coverage["recall"]), (&240.into(), &1.0.into()));
    assert_eq!(coverage["precision"], 1.0);
}

#[test]
fn long_meetings_are_found_where_half_of_the_sea_is_out_of_reach() {
    let card = score("102", "mixed", "24", "long=60,burst=60");
    let long = row(&card, "long");
    assert!(long["recall"].as_f64().unwrap() >= 0.98, "{long}");
    assert_eq!(row(&card, "burst")["found"], 0);
}

#[test]
fn long_meetings_far_out_are_found_by_satellite() {
    let card = score("103", "satellite", "24", "long=60,burst=60");
    let long = row(&card, "long");
    assert!(long["recall"].as_f64().unwrap() >= 0.9, "{long}");
    assert!(card["precision"].as_f64().unwrap() >= 0.9, "{card}");
    assert_eq!(row(&card, "burst")["found"], 0);
}

#[test]
fn by_satellite_meetings_of_hours_are_found_and_what_only_looks_like_one_is_told_apart() {
    let card = everything("105", "satellite");
    check_recall(&card, "long", 0.9);
    check_recall(&card, "under_way", 0.85);
    check_recall(&card, "at_anchor", 0.8);
    assert!(card["precision"].as_f64().unwrap() >= 0.9, "{card}");
    assert!(class_share(&card) >= 0.93, "{card}");
    assert_eq!(row(&card, "burst")["found"], 0);
}

#[test]
fn in_mixed_reach_what_only_looks_like_a_meeting_is_told_in_its_own_class() {
    let card = everything("106", "mixed");
    for kind in ["long", "under_way", "at_anchor"] {
        check_recall(&card, kind, 0.96);
    }
    assert!(card["precision"].as_f64().unwrap() >= 0.95, "{card}");
    assert!(class_share(&card) >= 0.95, "{card}");
    assert_eq!(row(&card, "burst")["found"], 0);
}

#[test]
fn who_is_silent_meets_nobody_in_what_was_heard() {
    let planted = "dark_meeting=10,infeasible_gap=10,reception_hole=10,identity_change=10";
    let card = score("104", "terrestrial", "96", planted);
    assert_eq!(card["found"], 0, "{card}");
    assert_eq!(card["dark"][0]["planted"], 10);
    assert_eq!(card["identity_changes"][0]["planted"], 10);
}
