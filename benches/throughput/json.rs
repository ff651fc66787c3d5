//! Sentences in a file to messages as JSON: `alongside decode` beside gpsd's `gpsdecode`.

use std::process::{Command, Stdio};

use alongside_benches::{Done, Subject, lines, measure as measure_all, print_table};

use crate::program::{self, Input};
use crate::stream::Stream;

/// Once with the sentences alone and once with the lines as they came.
pub fn measure(stream: &Stream) {
    measure_one(&format!("Writing {} AIS sentences as JSON", stream.name), &stream.bare);
    measure_one(&format!("Writing {} lines, as they came, as JSON", stream.name), &stream.whole);
}

fn measure_one(title: &str, bytes: &[u8]) {
    let alongside = program::alongside();
    let input = Input::write(&alongside, bytes);
    // Either reads standard input, and either is counted by what it writes.
    let decode = || {
        let mut command = Command::new(&alongside);
        command.arg("decode");
        command
    };
    let gpsdecode = || {
        let mut command = Command::new("gpsdecode");
        command.arg("-j");
        command
    };
    let objects = |command: Command| Done::all(count_lines(command, &input));
    let done = objects(decode());
    let mut subjects = vec![Subject {
        name: "alongside decode",
        run: Box::new(|| {
            program::run(&mut decode(), &input.0);
            done
        }),
    }];
    let gpsdecode_done;
    if Command::new("gpsdecode").arg("-V").stdout(Stdio::null()).status().is_ok() {
        gpsdecode_done = objects(gpsdecode());
        subjects.push(Subject {
            name: "gpsdecode -j",
            run: Box::new(|| {
                program::run(&mut gpsdecode(), &input.0);
                gpsdecode_done
            }),
        });
    } else {
        println!("\ngpsdecode is skipped: it is not installed (Debian: gpsd-clients)");
    }
    print_table(title, "line", lines(bytes).count() as u64, &measure_all(subjects));
}

/// How many lines a program writes when it is given a file.
fn count_lines(mut command: Command, input: &Input) -> u64 {
    let file = std::fs::File::open(&input.0).expect("it was written");
    let output = command.stdin(file).stderr(Stdio::null()).output().expect("it was there just now");
    lines(&output.stdout).count() as u64
}
