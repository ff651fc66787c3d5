//! Sentences in a file to messages as JSON: `alongside decode` beside gpsd's `gpsdecode`.

use std::process::{Command, Stdio};

use alongside_benches::{Done, Subject, lines, measure as measure_all, print_table};

use crate::program::{self, Input};
use crate::stream::Stream;

/// The sentences alone, as tag blocks slow gpsdecode down nearly threefold.
pub fn measure(stream: &Stream) {
    let alongside = program::alongside();
    let input = Input::write(&alongside, &stream.bare);
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
    let count = lines(&stream.bare).count() as u64;
    let mut subjects = vec![Subject::new("alongside decode", count, || {
        program::run(&mut decode(), &input.0);
        done
    })];
    let gpsdecode_done;
    if Command::new("gpsdecode").arg("-V").output().is_ok() {
        gpsdecode_done = objects(gpsdecode());
        subjects.push(Subject::new("gpsdecode -j", count, || {
            program::run(&mut gpsdecode(), &input.0);
            gpsdecode_done
        }));
    } else {
        println!("\ngpsdecode is skipped: it is not installed (Debian: gpsd-clients)");
    }
    let title = format!("Writing {} AIS sentences as JSON", stream.name);
    print_table(&title, "line", &measure_all(subjects));
}

/// How many lines a program writes when it is given a file.
fn count_lines(mut command: Command, input: &Input) -> u64 {
    let file = std::fs::File::open(&input.0).expect("it was written");
    let output = command.stdin(file).stderr(Stdio::null()).output().expect("it was there just now");
    lines(&output.stdout).count() as u64
}
