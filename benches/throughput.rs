//! How fast, beside others: `cargo bench -p alongside-benches`. `README.md` says what is measured and
//! what is left out.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use alongside_benches::{Measured, Subject, measure, print_table};
use decoder::{Decoder, OutcomeKind};
use detector::{Detector, Parameters};
use maritime::Report;
use sea::{Scenario, Simulation};

fn main() {
    // `cargo test --benches` and the like only ask whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let tagged = sentences();
    let bare = without_tag_blocks(&tagged);
    let lines = memchr::memchr_iter(b'\n', &bare).count() as u64;
    print_table("Decoding", "line", lines, &decoding(&tagged, &bare));

    let reports: Vec<Report> =
        Simulation::new(&scenario()).expect("it is valid").reports().collect();
    print_table("Detecting", "report", reports.len() as u64, &detecting(&reports));

    print_table("Replaying a file", "line", lines, &replaying(&tagged));
}

/// A day at sea: at least a million sentences.
fn scenario() -> Scenario {
    Scenario { ships: 400, ..Scenario::default() }
}

fn sentences() -> Vec<u8> {
    let mut sentences = Vec::new();
    let simulation = Simulation::new(&scenario()).expect("the scenario is valid");
    simulation.write_sentences(&mut sentences).expect("memory takes all");
    sentences
}

/// For the peers, which are given no more than they can read.
fn without_tag_blocks(tagged: &[u8]) -> Vec<u8> {
    let mut bare = Vec::with_capacity(tagged.len());
    for line in lines(tagged) {
        let start = memchr::memrchr(b'\\', line).map_or(0, |end| end + 1);
        bare.extend_from_slice(&line[start..]);
        bare.push(b'\n');
    }
    bare
}

fn decoding(tagged: &[u8], bare: &[u8]) -> Vec<Measured> {
    let bare_lines: Vec<&str> =
        lines(bare).map(|line| std::str::from_utf8(line).expect("sentences are ASCII")).collect();
    measure(vec![
        Subject { name: "alongside", run: Box::new(|| decode(bare)) },
        Subject { name: "alongside, with tag blocks", run: Box::new(|| decode(tagged)) },
        Subject {
            name: "split lines and verify checksums only",
            run: Box::new(|| lines(bare).filter(|line| checksum_holds(line)).count() as u64),
        },
        Subject {
            name: "ais 0.12",
            run: Box::new(|| {
                let mut parser = ais::AisParser::new();
                let messages = bare_lines.iter().filter(|line| {
                    let parsed = parser.parse(line.as_bytes(), true);
                    black_box(matches!(parsed, Ok(ais::AisFragments::Complete(_))))
                });
                messages.count() as u64
            }),
        },
        Subject {
            name: "nmea-parser 0.11",
            run: Box::new(|| {
                let mut parser = nmea_parser::NmeaParser::new();
                let messages = bare_lines.iter().filter(|line| {
                    let parsed = parser.parse_sentence(line);
                    black_box(!matches!(
                        parsed,
                        Err(_) | Ok(nmea_parser::ParsedMessage::Incomplete)
                    ))
                });
                messages.count() as u64
            }),
        },
    ])
}

fn decode(bytes: &[u8]) -> u64 {
    let mut decoder = Decoder::new();
    let mut messages = 0;
    let mut each = |outcome: decoder::Outcome| {
        if let OutcomeKind::Message(received) = &outcome.kind {
            black_box(received);
            messages += 1;
        }
    };
    decoder.push(bytes, &mut each);
    decoder.finish(&mut each);
    messages
}

fn detecting(reports: &[Report]) -> Vec<Measured> {
    measure(vec![Subject {
        name: "alongside, one core",
        run: Box::new(|| {
            let mut detector = Detector::new(Parameters::default());
            let mut events = Vec::new();
            for report in reports {
                detector.push(report, &mut events);
                events.clear();
            }
            detector.finish(&mut events);
            detector.counters().events
        }),
    }])
}

/// The program itself, on a file, from its start to its end.
fn replaying(tagged: &[u8]) -> Vec<Measured> {
    let program = program();
    let file = program.with_file_name("throughput.nmea");
    std::fs::write(&file, tagged).expect("the target directory takes a file");
    let replay = |threads: &'static str| {
        let (program, file) = (program.clone(), file.clone());
        move || {
            let status = Command::new(&program)
                .args(["replay", "--format", "ndjson", "--store", "none", "--threads", threads])
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .expect("the program starts");
            assert!(status.success());
            1
        }
    };
    let measured = measure(vec![
        Subject { name: "alongside replay --threads 2", run: Box::new(replay("2")) },
        Subject { name: "alongside replay --threads 1", run: Box::new(replay("1")) },
    ]);
    std::fs::remove_file(&file).expect("it was written");
    measured
}

/// The program, built as users build it.
fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("benches is in the workspace");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--package", "alongside"])
        .current_dir(root)
        .status()
        .expect("cargo starts");
    assert!(built.success(), "the program does not build");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    target.join("release").join("alongside")
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', bytes).map(move |end| {
        let line = &bytes[start..end];
        start = end + 1;
        line
    })
}

fn checksum_holds(line: &[u8]) -> bool {
    let Some(star) = memchr::memchr(b'*', line) else { return false };
    let sum = line[1..star].iter().fold(0, |sum, byte| sum ^ byte);
    let stated = line.get(star + 1..star + 3).and_then(|hex| std::str::from_utf8(hex).ok());
    stated.and_then(|hex| u8::from_str_radix(hex, 16).ok()) == Some(sum)
}
