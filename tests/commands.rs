//! The commands around `replay`: demo, simulate, score, config, completions, help.

use serde_json::Value;

use crate::program::Desk;

#[test]
fn the_demo_finds_what_it_planted_and_leaves_a_store() {
    let desk = Desk::new();
    let outcome = desk.run(&["demo"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    for expected in
        ["  1. ", " 15. ", "Beside what was planted:", "alongside-demo.gpkg", "alongside replay "]
    {
        assert!(outcome.stdout.contains(expected), "{expected:?} is not in\n{}", outcome.stdout);
    }
    let terrestrial = outcome.stdout.lines().find(|line| line.starts_with("  terrestrial"));
    let numbers = terrestrial.unwrap().split_whitespace().filter_map(|word| word.parse().ok());
    let [planted, found, _] = numbers.collect::<Vec<u32>>()[..] else { panic!("{terrestrial:?}") };
    assert!(planted > 10 && found == planted, "{terrestrial:?}");
    assert!(outcome.stdout.contains(" more; all are in alongside-demo.gpkg"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("--limit"), "{}", outcome.stdout);
    assert_eq!(desk.names(), ["alongside-demo.gpkg"]);
    assert_eq!(desk.run(&["demo"]).stdout, outcome.stdout);
}

#[test]
fn a_simulated_sea_can_be_replayed_and_scored() {
    let desk = Desk::new();
    let simulate = |output: &str, seed: &str| {
        let arguments = [
            "simulate",
            "--seed",
            seed,
            "--hours",
            "6",
            "--area",
            "dateline",
            "--ships",
            "5",
            "--meetings",
            "short=4,tow=1",
            "--output",
            output,
            "--truth",
            "truth.ndjson",
        ];
        let outcome = desk.run(&arguments);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
        std::fs::read(desk.path(output)).unwrap()
    };
    let bytes = simulate("sea.nmea.gz", "3");
    assert_eq!(simulate("again.nmea.gz", "3"), bytes);
    assert_ne!(simulate("other.nmea.gz", "4"), bytes);
    simulate("sea.nmea.gz", "3");

    let events = desk.events(&["sea.nmea.gz"]);
    let score = ["score", "--truth", "truth.ndjson", "-"];
    let outcome = desk.run_with_input(&score, events.as_bytes());
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("are planted meetings"), "{}", outcome.stdout);
    let outcome =
        desk.run_with_input(&[&score[..], &["--format", "json"]].concat(), events.as_bytes());
    let card: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(card["rows"][0]["kind"], "short");
    assert_eq!(card["rows"][0]["recall"], 1.0, "{card}");
}

#[test]
fn a_sea_that_cannot_be_is_refused() {
    let desk = Desk::new();
    let outcome = desk.run(&["simulate", "--hours", "3", "--meetings", "long=1"]);
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.stderr.contains("too short to plant a meeting of kind long"),
        "{}",
        outcome.stderr
    );
    let outcome = desk.run(&["simulate", "--meetings", "dance=1"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("the kinds are long, short"), "{}", outcome.stderr);
}

#[test]
fn a_score_names_the_line_that_is_something_else() {
    let desk = Desk::new();
    desk.write("truth.ndjson", "\n{\"kind\":1}\n");
    let outcome = desk.run(&["score", "--truth", "truth.ndjson", "-"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("truth.ndjson, line 2"), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("line 1 column").count(), 1, "{}", outcome.stderr);
}

#[test]
fn the_printed_configuration_is_good_and_changes_nothing() {
    let desk = Desk::new();
    let manual = desk.run(&["config", "print"]).stdout;
    desk.write("my.toml", &manual);
    let outcome = desk.run(&["config", "check", "my.toml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("my.toml is good; it says what is the default"),
        "{}",
        outcome.stdout
    );
    desk.write("my.toml", manual.replace("distance_m_in = 500.0", "distance_m_in = 400.0"));
    let outcome = desk.run(&["config", "check", "my.toml"]);
    assert!(outcome.stdout.ends_with("  contact.distance_m_in = 400.0\n"), "{}", outcome.stdout);
}

#[test]
fn completions_are_there_for_every_shell() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = desk.run(&["completions", shell]);
        assert_eq!(outcome.code, 0);
        assert!(outcome.stdout.contains("replay"), "{shell}");
    }
}

#[test]
fn help_has_examples() {
    let desk = Desk::new();
    let help = desk.run(&["--help"]);
    assert_eq!(help.code, 0);
    for command in [
        "replay",
        "dossier",
        "verify",
        "load",
        "serve",
        "doctor",
        "simulate",
        "score",
        "completions",
    ] {
        let help = desk.run(&[command, "--help"]).stdout;
        assert!(help.contains("Example") && help.contains("  alongside "), "{help}");
    }
    assert_eq!(
        desk.run(&["--version"]).stdout,
        concat!("alongside ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
